// A network as the Neuromorphic Intermediate Representation (NIR) has it: nodes of a few types with their parameters, and
// edges between them, cycles included. Here are the description, the types of nodes and the check of what fits.
// Source: Pedersen et al., Neuromorphic intermediate representation, Nature Communications 15, 2024
import { FormatError, NeuriteError, ShapeError } from '../core/errors.ts';
import { nirShapes, withoutOnes, type NirShapes } from './nir-shapes.ts';
import { quote } from './numeric.ts';

/** Numbers of a node: row-major, of a shape; a single number has the shape []. */
export interface NirArray {
  readonly data: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

/** A node: `{ type: 'LIF', parameters: { tau, r, v_leak, v_threshold, v_reset } }`. Times are in seconds. */
export interface NirNode {
  readonly type: NirType;
  /** By the names of NIR; text is only the padding `same` or `valid`. */
  readonly parameters: Readonly<Record<string, NirArray | string>>;
  readonly metadata?: Readonly<Record<string, NirArray | string>>;
}

/** Nodes by name, and edges from one to another. */
export interface NirGraph {
  readonly nodes: Readonly<Record<string, NirNode>>;
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** The version of NIR that wrote it. */
  readonly version?: string;
  readonly metadata?: Readonly<Record<string, NirArray | string>>;
}

/** What a parameter is: a number for each element, a weight or a list of numbers, whole numbers, a padding. */
type Kind = 'elements' | 'numbers' | 'whole' | 'padding';

interface TypeRow {
  readonly needs: Readonly<Record<string, Kind>>;
  readonly may?: Readonly<Record<string, Kind>>;
}

const elements = (...names: string[]): Record<string, Kind> =>
  Object.fromEntries(names.map((name) => [name, 'elements' as const]));

const conv: TypeRow = {
  needs: {
    weight: 'numbers',
    bias: 'numbers',
    stride: 'whole',
    padding: 'padding',
    dilation: 'whole',
    groups: 'whole',
  },
  may: { input_shape: 'whole' },
};

const pool: TypeRow = { needs: { kernel_size: 'whole', stride: 'whole', padding: 'whole' } };

/** The types of nodes; of a neuron v_reset is 0 and w_in 1 where they are left out. */
const nirTypes = {
  Input: { needs: { shape: 'whole' } },
  Output: { needs: { shape: 'whole' } },
  Affine: { needs: { weight: 'numbers', bias: 'numbers' } },
  Linear: { needs: { weight: 'numbers' } },
  Scale: { needs: elements('scale') },
  Conv1d: conv,
  Conv2d: conv,
  SumPool2d: pool,
  AvgPool2d: pool,
  Flatten: { needs: { start_dim: 'whole', end_dim: 'whole' }, may: { input_type: 'whole' } },
  Delay: { needs: elements('delay') },
  Threshold: { needs: elements('threshold') },
  I: { needs: elements('r') },
  IF: { needs: elements('r', 'v_threshold'), may: elements('v_reset') },
  LI: { needs: elements('tau', 'r', 'v_leak') },
  LIF: { needs: elements('tau', 'r', 'v_leak', 'v_threshold'), may: elements('v_reset') },
  CubaLI: { needs: elements('tau_syn', 'tau_mem', 'r', 'v_leak'), may: elements('w_in') },
  CubaLIF: { needs: elements('tau_syn', 'tau_mem', 'r', 'v_leak', 'v_threshold'), may: elements('v_reset', 'w_in') },
} as const satisfies Record<string, TypeRow>;

/** A type of node, by NIR's name. */
export type NirType = keyof typeof nirTypes;

export const isNirType = (type: unknown): type is NirType => typeof type === 'string' && Object.hasOwn(nirTypes, type);

/** What a type needs and may have. */
export const nirParameters = (type: NirType): { needs: Record<string, Kind>; may: Record<string, Kind> } => {
  const row: TypeRow = nirTypes[type];
  return { needs: { ...row.needs }, may: { ...row.may } };
};

/** An array parameter that the check has found to be there. */
export const nirArray = (node: NirNode, name: string): NirArray => node.parameters[name] as NirArray;

/**
 * Whether a description holds together.
 * @returns the shapes of what comes into each node and of what leaves it, where they are known
 * @throws NeuriteError for unknown types of nodes, all of them; FormatError for parameters and edges, ShapeError for shapes
 *   that do not fit, all of them
 */
export function checkNir(graph: NirGraph, what: string): ReadonlyMap<string, NirShapes> {
  const nodes = Object.entries(graph.nodes);
  const unknown = nodes
    .filter(([, { type }]) => !isNirType(type))
    .map(([name, { type }]) => `${name} (${quote(type)})`);
  if (unknown.length > 0)
    throw new NeuriteError(
      `${what}: nodes of unknown type: ${listed(unknown)}; known types: ${Object.keys(nirTypes).join(', ')}`,
    );
  const unsound = [
    ...nodes.flatMap(([name, node]) =>
      parameterProblems(node).map((problem) => `${quote(name)} (${node.type}) ${problem}`),
    ),
    ...graph.edges.flatMap((edge) =>
      edge
        .filter((end) => !Object.hasOwn(graph.nodes, end))
        .map((end) => `the edge ${quote(edge[0])} → ${quote(edge[1])} has no node ${quote(end)}`),
    ),
  ];
  if (unsound.length > 0) throw new FormatError(`${what}: ${listed(unsound)}`);
  const { shapes, problems } = nirShapes(graph);
  const unfit = [...problems, ...edgeProblems(graph, shapes)];
  if (unfit.length > 0) throw new ShapeError(`${what}: ${listed(unfit)}`);
  return shapes;
}

const listed = (problems: readonly string[]): string =>
  problems.slice(0, 20).join('; ') + (problems.length > 20 ? `; and ${problems.length - 20} more` : '');

function parameterProblems({ type, parameters }: NirNode): string[] {
  const { needs, may } = nirParameters(type);
  const known = { ...needs, ...may };
  const missing = Object.keys(needs).filter((name) => !Object.hasOwn(parameters, name));
  return [
    ...missing.map((name) => `lacks ${name}`),
    ...Object.entries(parameters).flatMap(([name, value]) => {
      if (!Object.hasOwn(known, name)) return [`has an unknown parameter ${quote(name)}`];
      const problem = valueProblem(value, known[name]!);
      return problem === undefined ? [] : [`has ${name} ${problem}`];
    }),
  ];
}

function valueProblem(value: NirArray | string, kind: Kind): string | undefined {
  if (typeof value === 'string') {
    if (kind !== 'padding') return `${quote(value)} in the place of numbers`;
    return value === 'same' || value === 'valid' ? undefined : `${quote(value)}, neither "same" nor "valid"`;
  }
  const count = value.shape.reduce((product, size) => product * size, 1);
  if (value.data.length !== count) return `of ${value.data.length} numbers for the shape ${quote([...value.shape])}`;
  const isWhole = kind === 'whole' || kind === 'padding';
  if (isWhole && !value.data.every((x) => Number.isSafeInteger(x))) return 'that are not whole numbers';
  if (isWhole && value.shape.length > 1) return `of the shape ${quote([...value.shape])}`;
  return undefined;
}

function edgeProblems({ edges }: NirGraph, shapes: ReadonlyMap<string, NirShapes>): string[] {
  return edges.flatMap(([from, to]) => {
    const out = shapes.get(from)!.output;
    const into = shapes.get(to)!.input;
    if (!out || !into || withoutOnes(out) === withoutOnes(into)) return [];
    return [`${quote(from)} gives ${quote([...out])} where ${quote(to)} takes ${quote([...into])}`];
  });
}
