// Integers and booleans (i32 words): arithmetic with broadcasting, reductions, the matrix product; conversions between
// words; and the rarer functions of a float.
import { ConvertKind, IntegerKind, IntegerReduceKind, RareKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type DType, type Graph, type Node } from '../graph.ts';
import { multiply } from './arithmetic.ts';
import { broadcastShape, broadcastTable } from './broadcast.ts';
import { unary } from './unary.ts';

export type IntegerName = keyof typeof IntegerKind;
export type ConvertName = keyof typeof ConvertKind;
export type IntegerReduceName = keyof typeof IntegerReduceKind;
export type RareName = keyof typeof RareKind;

const expectType = (what: string, dtype: DType, nodes: readonly Node[]): void => {
  for (const node of nodes)
    if (node.dtype !== dtype) throw new TypeError(`${what}: expected ${dtype} operands, got ${node.dtype}`);
};

defineOperation('integer', {
  infer(inputs, { kind }) {
    expectType(String(kind), 'i32', inputs);
    return { shape: broadcastShape(String(kind).toLowerCase(), inputs[0]!.shape, inputs[1]!.shape), dtype: 'i32' };
  },
  lower(emitter, node) {
    const [a, b] = node.inputs as [Node, Node];
    if (sizeOf(node.shape) === 0) return;
    const { rank, table } = broadcastTable(node.shape, a.shape, b.shape);
    emitter.emit('Integer', {
      kind: IntegerKind[node.attributes['kind'] as IntegerName],
      out: emitter.at(node),
      a: emitter.at(a),
      b: emitter.at(b),
      rank,
      table: emitter.table(table),
    });
  },
  inPlace: [0, 1],
});

/** kind(a, b) of integers, wrapping at 32 bits. */
export const integer = (graph: Graph, kind: IntegerName, a: Node, b: Node): Node =>
  graph.add('integer', [a, b], { kind });

const readsFloats = (kind: ConvertName) => kind.startsWith('Float');
const writesFloats = (kind: ConvertName) => kind.endsWith('ToFloat');

defineOperation('convert', {
  infer([x], attributes) {
    const kind = attributes['kind'] as ConvertName;
    expectType(kind, readsFloats(kind) ? 'f32' : 'i32', [x!]);
    return { shape: x!.shape, dtype: writesFloats(kind) ? 'f32' : 'i32' };
  },
  // Constant but for its steps.
  stopsGradient: true,
  lower(emitter, node) {
    emitter.emit('Convert', {
      kind: ConvertKind[node.attributes['kind'] as ConvertName],
      out: emitter.at(node),
      x: emitter.at(node.inputs[0]!),
      n: sizeOf(node.shape),
    });
  },
  inPlace: [0],
});

/** Each word by `kind`. */
export const convert = (graph: Graph, kind: ConvertName, x: Node): Node => graph.add('convert', [x], { kind });

type Slope = (graph: Graph, x: Node, out: Node) => Node;

/** 1 / √(a x² + b) */
const inverseRoot =
  (a: number, b: number): Slope =>
  (graph, x) =>
    unary(graph, 'Reciprocal', unary(graph, 'Sqrt', unary(graph, 'Affine', unary(graph, 'Square', x), a, b)));
/** 1 / (a x² + 1) */
const inverseSquare =
  (a: number): Slope =>
  (graph, x) =>
    unary(graph, 'Reciprocal', unary(graph, 'Affine', unary(graph, 'Square', x), a, 1));

/** Derivatives; of a question (whether x is no number) there is none. */
const slopes: Partial<Record<RareName, Slope>> = {
  Tan: (graph, _x, out) => unary(graph, 'Affine', unary(graph, 'Square', out), 1, 1),
  Asin: inverseRoot(-1, 1),
  Acos: (graph, x, out) => unary(graph, 'Negate', slopes.Asin!(graph, x, out)),
  Atan: inverseSquare(1),
  Sinh: (graph, x) => rare(graph, 'Cosh', x),
  Cosh: (graph, x) => rare(graph, 'Sinh', x),
  Asinh: inverseRoot(1, 1),
  Acosh: inverseRoot(1, -1),
  Atanh: inverseSquare(-1),
};

defineOperation('rare', {
  infer([x], { kind }) {
    expectType(String(kind), 'f32', [x!]);
    return { shape: x!.shape, dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const slope = slopes[node.attributes['kind'] as RareName];
    return [slope ? multiply(graph, dOut, slope(graph, node.inputs[0]!, node)) : null];
  },
  lower(emitter, node) {
    emitter.emit('Rare', {
      kind: RareKind[node.attributes['kind'] as RareName],
      out: emitter.at(node),
      x: emitter.at(node.inputs[0]!),
      n: sizeOf(node.shape),
    });
  },
  inPlace: [0],
});

/** A function of one float that is slow and seldom wanted. */
export const rare = (graph: Graph, kind: RareName, x: Node): Node => graph.add('rare', [x], { kind });

defineOperation('integerReduce', {
  infer([x], { kind, axis }) {
    expectType(String(kind), 'i32', [x!]);
    return { shape: x!.shape.toSpliced(axis as number, 1), dtype: 'i32' };
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const axis = node.attributes['axis'] as number;
    emitter.emit('IntegerReduce', {
      kind: IntegerReduceKind[node.attributes['kind'] as IntegerReduceName],
      out: emitter.at(node),
      x: emitter.at(x),
      outer: sizeOf(x.shape.slice(0, axis)),
      axis: x.shape[axis]!,
      inner: sizeOf(x.shape.slice(axis + 1)),
    });
  },
});

/** Over one axis, which vanishes. */
export const integerReduce = (graph: Graph, kind: IntegerReduceName, x: Node, axis: number): Node =>
  graph.add('integerReduce', [x], { kind, axis });

defineOperation('integerMatmul', {
  infer([a, b]) {
    expectType('integerMatmul', 'i32', [a!, b!]);
    const [m, k] = a!.shape.slice(-2) as [number, number];
    const [rows, n] = b!.shape.slice(-2) as [number, number];
    const batch = a!.shape.slice(0, -2);
    if (k !== rows || formatShape(batch) !== formatShape(b!.shape.slice(0, -2)))
      throw new ShapeError(`integerMatmul: ${formatShape(a!.shape)} and ${formatShape(b!.shape)} do not multiply`);
    return { shape: [...batch, m, n], dtype: 'i32' };
  },
  lower(emitter, node) {
    const [a, b] = node.inputs as [Node, Node];
    const [m, n] = node.shape.slice(-2) as [number, number];
    const k = a.shape.at(-1)!;
    for (let i = 0; i < sizeOf(node.shape.slice(0, -2)); i++)
      emitter.emit('IntegerProduct', {
        out: emitter.at(node, i * m * n),
        a: emitter.at(a, i * m * k),
        b: emitter.at(b, i * k * n),
        m,
        n,
        k,
      });
  },
});

/** a [..., M, K] · b [..., K, N] of integers, of one batch shape. */
export const integerMatmul = (graph: Graph, a: Node, b: Node): Node => graph.add('integerMatmul', [a, b]);
