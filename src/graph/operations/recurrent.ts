// The time loop of a recurrent layer as one operation, and its gradient: a second loop, then the weights' gradients as
// products over all steps at once. Not here: the inputs' part of the gates (a matmul of the layer), initial values.
// Shapes: B batch, T time, H units, G gates; rows are [B, T], or [T, B] where `timeMajor`.
import { RecurrentKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation, type Emitter } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { multiply } from './arithmetic.ts';
import { matmul } from './matmul.ts';
import {
  gatesOf,
  packedRecurrentBytes,
  recurrentBackwardWorkspace,
  recurrentWorkspace,
  type RecurrentName,
} from './recurrent-workspace.ts';
import { concatenate, part, reshape, slice } from './shape.ts';

export type { RecurrentName } from './recurrent-workspace.ts';

/** What an input of the operation is. */
type Role = 'projected' | 'kernel' | 'bias' | 'mask' | 'dropout' | 'hidden0' | 'cell0';

/** Values that the operation gives. */
export type RecurrentResult = 'output' | 'hidden' | 'cell';

export interface RecurrentAttributes {
  readonly kind: RecurrentName;
  /** Whether the output holds the state after every step, [B, T, H], or the last alone, [B, H]. */
  readonly sequences: boolean;
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Whether the states in a reversed output stand in the order in which they arose, not where their inputs stand. */
  readonly processingOrder: boolean;
  /** Whether `projected` is [T, B, G·H]. */
  readonly timeMajor: boolean;
}

interface Attributes extends RecurrentAttributes {
  readonly roles: readonly Role[];
  /** Whether the values are kept that a gradient needs; the pass `forget` sets it to false where there is none. */
  readonly saves: boolean;
  /** Set by the packing pass, with the kernel's units: the kernel is what `packRecurrent` made. */
  readonly packed?: number;
}

const attributesOf = (node: Node) => node.attributes as unknown as Attributes;

/** The inputs of the operation by what they are. */
function inputsOf(node: Node): Partial<Record<Role, Node>> & { projected: Node; kernel: Node } {
  const { roles } = attributesOf(node);
  return Object.fromEntries(roles.map((role, i) => [role, node.inputs[i]])) as ReturnType<typeof inputsOf>;
}

function sizesOf(inputs: readonly Node[], { kind, timeMajor, packed }: Attributes) {
  const [projected, kernel] = inputs as [Node, Node];
  const [first, second] = projected.shape as [number, number];
  const units = packed ?? kernel.shape[0]!;
  const { gates, saved } = gatesOf[kind];
  return { batch: timeMajor ? second : first, time: timeMajor ? first : second, units, gates, saved };
}

/** Where the values of the flat result lie: name to first element and shape. */
function layout(inputs: readonly Node[], attributes: Attributes) {
  const { batch, time, units, saved } = sizesOf(inputs, attributes);
  const isLstm = attributes.kind === 'Lstm';
  const rows = batch * time;
  const shapes: Record<string, Shape> = {
    output: attributes.sequences ? [batch, time, units] : [batch, units],
    hidden: [batch, units],
    ...(isLstm && { cell: [batch, units] }),
    ...(attributes.saves && { gates: [rows, saved * units], previous: [rows, units] }),
    ...(attributes.saves && isLstm && { previousCell: [rows, units] }),
  };
  return place(shapes);
}

/** Values one behind the other. */
function place(shapes: Readonly<Record<string, Shape>>) {
  const places: Record<string, { offset: number; shape: Shape }> = {};
  let size = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    places[name] = { offset: size, shape };
    size += sizeOf(shape);
  }
  return { places, size };
}

function expectShapes(inputs: readonly Node[], attributes: Attributes): void {
  const { batch, time, units, gates } = sizesOf(inputs, attributes);
  const expected: Record<Role, Shape> = {
    projected: attributes.timeMajor ? [time, batch, gates * units] : [batch, time, gates * units],
    kernel: attributes.packed ? [packedRecurrentBytes(attributes.kind, units) / 4] : [units, gates * units],
    bias: [gates * units],
    mask: [batch, time],
    dropout: [batch, units],
    hidden0: [batch, units],
    cell0: [batch, units],
  };
  attributes.roles.forEach((role, i) => {
    if (!sameShape(inputs[i]!.shape, expected[role]))
      throw new ShapeError(
        `recurrent: expected ${role} ${formatShape(expected[role])}, got ${formatShape(inputs[i]!.shape)}`,
      );
  });
}

/** The operands that say how a step's rows lie. */
function rowOperands(node: Node, { batch, time, units }: ReturnType<typeof sizesOf>) {
  const { kind, sequences, reverse, processingOrder, timeMajor } = attributesOf(node);
  const backwards = reverse && !processingOrder;
  return {
    kind: RecurrentKind[kind],
    batch,
    time,
    units,
    strideOut: sequences ? time * units : units,
    stepOut: backwards ? -units : units,
    sequences: Number(sequences),
    strideRow: timeMajor ? 1 : time,
    stepRow: timeMajor ? batch : 1,
    reverse: Number(reverse),
    /** The element of the output at which step 0 begins. */
    start: sequences && backwards ? (time - 1) * units : 0,
  };
}

const placeOf = (emitter: Emitter, node: Node | undefined) => (node ? emitter.at(node) : 0);

defineOperation('recurrent', {
  packed: packedRecurrent,
  infer(inputs, given) {
    const attributes = given as unknown as Attributes;
    expectShapes(inputs, attributes);
    return { shape: [layout(inputs, attributes).size], dtype: 'f32' };
  },
  lower(emitter, node) {
    const attributes = attributesOf(node);
    const { projected, kernel, bias, mask, dropout, hidden0, cell0 } = inputsOf(node);
    const sizes = sizesOf(node.inputs, attributes);
    const { places } = layout(node.inputs, attributes);
    const at = (name: string, start = 0) => (places[name] ? emitter.at(node, places[name].offset + start) : 0);
    const { start, ...rows } = rowOperands(node, sizes);
    emitter.emit('Recurrent', {
      ...rows,
      out: at('output', start),
      hidden: at('hidden'),
      cell: at('cell'),
      gates: at('gates'),
      previous: at('previous'),
      previousCell: at('previousCell'),
      projected: emitter.at(projected),
      kernel: emitter.at(kernel),
      bias: placeOf(emitter, bias),
      mask: placeOf(emitter, mask),
      dropout: placeOf(emitter, dropout),
      hidden0: placeOf(emitter, hidden0),
      cell0: placeOf(emitter, cell0),
      packed: Number(attributes.packed !== undefined),
      workspace: emitter.workspace(
        recurrentWorkspace(attributes.kind, sizes.batch, sizes.units, attributes.packed !== undefined),
      ),
    });
  },
});

/** The loop with a kernel that is packed ahead, where no gradient reads the kernel as it is stored. */
function packedRecurrent(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined {
  const attributes = attributesOf(node);
  if (attributes.packed || attributes.saves) return undefined;
  const [projected, kernel, ...rest] = inputs as [Node, Node, ...Node[]];
  const units = kernel.shape[0]!;
  const packed = graph.add('packRecurrent', [kernel], { kind: attributes.kind });
  return graph.add('recurrent', [projected, packed, ...rest], { ...node.attributes, packed: units });
}

defineOperation('packRecurrent', {
  infer: ([kernel], { kind }) => ({
    shape: [packedRecurrentBytes(kind as RecurrentName, kernel!.shape[0]!) / 4],
    dtype: 'f32',
  }),
  lower(emitter, node) {
    const [kernel] = node.inputs as [Node];
    const kind = RecurrentKind[node.attributes['kind'] as RecurrentName];
    emitter.emit('PackRecurrent', {
      out: emitter.at(node),
      kernel: emitter.at(kernel),
      kind,
      units: kernel.shape[0]!,
    });
  },
});

// One value of the flat result. It takes the inputs of the operation too, to which it carries the gradient.
defineOperation('recurrentResult', {
  infer([flat], { result }) {
    const { places } = layout(flat!.inputs, attributesOf(flat!));
    return { shape: places[result as string]!.shape, dtype: 'f32' };
  },
  view(node) {
    const [flat] = node.inputs as [Node];
    return layout(flat.inputs, attributesOf(flat)).places[node.attributes['result'] as string]!.offset;
  },
  gradient(graph, node, dOut) {
    const [flat] = node.inputs as [Node];
    return [null, ...inputGradients(graph, flat, node.attributes['result'] as RecurrentResult, dOut)];
  },
});

/** The gradients of the inputs of `flat`, in their order. */
function inputGradients(graph: Graph, flat: Node, result: RecurrentResult, dOut: Node): (Node | null)[] {
  const { roles, kind } = attributesOf(flat);
  const both = graph.add('recurrentBackward', [dOut, flat, ...flat.inputs], { ...flat.attributes, result });
  const { places } = backwardLayout(flat.inputs, attributesOf(flat));
  const value = (name: string) => part(graph, both, places[name]!.offset, places[name]!.shape);
  const { projected } = inputsOf(flat);
  const { batch, time, units, gates } = sizesOf(flat.inputs, attributesOf(flat));
  const rows = [batch * time, gates * units];
  const dSums = part(graph, both, places[kind === 'GruResetAfter' ? 'recurrent' : 'projected']!.offset, rows);
  return roles.map((role) => {
    if (role === 'projected') return part(graph, both, places['projected']!.offset, projected.shape);
    if (role === 'kernel') return kernelGradient(graph, flat, dSums);
    if (role === 'bias') return graph.add('reduce', [dSums], { kind: 'Sum', from: 0, to: 1 });
    return role === 'hidden0' || role === 'cell0' ? value(role) : null;
  });
}

/** dKernel = (state before each step, as the product saw it)ᵀ · dSums, over the rows of all steps. */
function kernelGradient(graph: Graph, flat: Node, dSums: Node): Node {
  const attributes = attributesOf(flat);
  const { places } = layout(flat.inputs, attributes);
  const { batch, time, units } = sizesOf(flat.inputs, attributes);
  const saved = (name: string) => part(graph, flat, places[name]!.offset, places[name]!.shape);
  const { dropout } = inputsOf(flat);
  let previous = saved('previous');
  if (dropout) {
    const [spread, steps] = attributes.timeMajor
      ? [
          [1, batch, units],
          [time, batch, units],
        ]
      : [
          [batch, 1, units],
          [batch, time, units],
        ];
    const thinned = multiply(graph, reshape(graph, previous, steps), reshape(graph, dropout, spread));
    previous = reshape(graph, thinned, previous.shape);
  }
  if (attributes.kind !== 'GruResetBefore') return matmul(graph, previous, dSums, { transposeA: true });
  const gated = slice(graph, saved('gates'), 1, 3 * units, units);
  const first = matmul(graph, previous, slice(graph, dSums, 1, 0, 2 * units), { transposeA: true });
  const last = matmul(graph, gated, slice(graph, dSums, 1, 2 * units, units), { transposeA: true });
  return concatenate(graph, [first, last], 1);
}

function backwardLayout(inputs: readonly Node[], attributes: Attributes) {
  const { batch, time, units, gates } = sizesOf(inputs, attributes);
  const rows = [batch * time, gates * units];
  return place({
    projected: rows,
    ...(attributes.kind === 'GruResetAfter' && { recurrent: rows }),
    ...(attributes.roles.includes('hidden0') && { hidden0: [batch, units] }),
    ...(attributes.roles.includes('cell0') && { cell0: [batch, units] }),
  });
}

// Inputs: the gradient of one result, the flat result of the forward pass, and its inputs.
defineOperation('recurrentBackward', {
  infer([, , ...inputs], attributes) {
    return { shape: [backwardLayout(inputs, attributes as unknown as Attributes).size], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [dOut, flat] = node.inputs as [Node, Node];
    const attributes = attributesOf(flat);
    const result = node.attributes['result'] as RecurrentResult;
    const { kernel, mask, dropout } = inputsOf(flat);
    const sizes = sizesOf(flat.inputs, attributes);
    const { places } = layout(flat.inputs, attributes);
    const saved = (name: string) => (places[name] ? emitter.at(flat, places[name].offset) : 0);
    const own = backwardLayout(flat.inputs, attributes).places;
    const at = (name: string) => (own[name] ? emitter.at(node, own[name].offset) : 0);
    const { start, ...rows } = rowOperands(flat, sizes);
    emitter.emit('RecurrentBackward', {
      ...rows,
      dProjected: at('projected'),
      dRecurrent: at('recurrent'),
      dHidden0: at('hidden0'),
      dCell0: at('cell0'),
      dOut: result === 'output' ? emitter.at(dOut, start) : 0,
      dHidden: result === 'hidden' ? emitter.at(dOut) : 0,
      dCell: result === 'cell' ? emitter.at(dOut) : 0,
      gates: saved('gates'),
      previous: saved('previous'),
      previousCell: saved('previousCell'),
      kernel: emitter.at(kernel),
      mask: placeOf(emitter, mask),
      dropout: placeOf(emitter, dropout),
      workspace: emitter.workspace(recurrentBackwardWorkspace(attributes.kind, sizes.batch, sizes.units)),
    });
  },
});

export interface RecurrentInputs {
  /** The inputs' part of the gates' sums, with its bias: [B, T, G·H] (or [T, B, G·H]). */
  readonly projected: Node;
  /** [H, G·H] */
  readonly kernel: Node;
  /** [G·H], added to the recurrent product alone. */
  readonly bias?: Node | undefined;
  /** [B, T], 0 at padding. */
  readonly mask?: Node | undefined;
  /** [B, H], multiplies the state in the product, at every step the same. */
  readonly dropout?: Node | undefined;
  /** [B, H]: the states before the first step; zeros where left out. */
  readonly hidden0?: Node | undefined;
  readonly cell0?: Node | undefined;
}

/** The states of a recurrent layer: as its output, and after the last step. The cell state is that of an LSTM. */
export function recurrent(
  graph: Graph,
  inputs: RecurrentInputs,
  attributes: RecurrentAttributes,
): { output: Node; hidden: Node; cell?: Node } {
  const given = Object.entries(inputs).filter(([, node]) => node) as [Role, Node][];
  const nodes = given.map(([, node]) => node);
  const flat = graph.add('recurrent', nodes, { ...attributes, roles: given.map(([role]) => role), saves: true });
  const value = (result: RecurrentResult) => graph.add('recurrentResult', [flat, ...nodes], { result });
  const states = { output: value('output'), hidden: value('hidden') };
  return attributes.kind === 'Lstm' ? { ...states, cell: value('cell') } : states;
}
