// Matrix products over leading axes that broadcast: one product for each pair of matrices.
// Shapes: a [..., M, K] times b [..., K, N] (stored [..., N, K] where transposeB).
import { UnaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { broadcastShape, stridesIn } from './broadcast.ts';
import { gemmWorkspace } from './matmul-workspace.ts';
import { sumTo } from './reduce.ts';
import { transpose } from './shape.ts';

function dimensions(a: Node, b: Node, transposeB: boolean) {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [first, second] = b.shape.slice(-2) as [number, number];
  const [rows, n] = transposeB ? [second, first] : [first, second];
  const leadA = a.shape.slice(0, -2);
  const leadB = b.shape.slice(0, -2);
  return { m, n, k, rows, leadA, leadB };
}

/** Which matrix of an operand each product reads. */
function matricesOf(batch: readonly number[], lead: readonly number[]): number[] {
  const strides = stridesIn(batch, lead);
  let places = [0];
  batch.forEach((size, axis) => {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * strides[axis]!));
  });
  return places;
}

defineOperation('matmulBatch', {
  infer([a, b], attributes) {
    const transposeB = attributes['transposeB'] as boolean;
    if (a!.shape.length < 2 || b!.shape.length < 2)
      throw new ShapeError(`matmul: expected matrices, got ${formatShape(a!.shape)} and ${formatShape(b!.shape)}`);
    const { m, n, k, rows, leadA, leadB } = dimensions(a!, b!, transposeB);
    if (rows !== k)
      throw new ShapeError(
        `matmul: ${formatShape(a!.shape)} and ${formatShape(b!.shape)} do not multiply: ${k} is not ${rows}`,
      );
    return { shape: [...broadcastShape('matmul', leadA, leadB), m, n], dtype: 'f32' };
  },
  // dA = dOut · Bᵀ, dB = Aᵀ · dOut (of a stored transpose: dOutᵀ · A)
  gradient(graph, node, dOut) {
    const [a, b] = node.inputs as [Node, Node];
    const transposeB = node.attributes['transposeB'] as boolean;
    const dB = transposeB
      ? matmulBatch(graph, transpose(graph, dOut), a)
      : matmulBatch(graph, transpose(graph, a), dOut);
    return [sumTo(graph, matmulBatch(graph, dOut, b, { transposeB: !transposeB }), a.shape), sumTo(graph, dB, b.shape)];
  },
  lower(emitter, node) {
    const [a, b] = node.inputs as [Node, Node];
    const transposeB = node.attributes['transposeB'] as boolean;
    const { m, n, k, leadA, leadB } = dimensions(a, b, transposeB);
    const batch = node.shape.slice(0, -2);
    if (sizeOf(node.shape) === 0) return;
    const placesB = matricesOf(batch, leadB);
    const options = { transposeA: false, transposeB, packed: false };
    const workspace = emitter.workspace(gemmWorkspace(m, n, k, options));
    matricesOf(batch, leadA).forEach((placeA, i) =>
      emitter.emit('Gemm', {
        out: emitter.at(node, i * m * n),
        a: emitter.at(a, placeA * m * k),
        b: emitter.at(b, placesB[i]! * n * k),
        bias: 0,
        m,
        n,
        k,
        strideOut: n,
        strideA: k,
        strideB: transposeB ? k : n,
        transposeA: 0,
        transposeB: Number(transposeB),
        packed: 0,
        accumulate: 0,
        activation: UnaryKind.Linear,
        alpha: 0,
        beta: 0,
        workspace,
      }),
    );
  },
});

/** a · b over leading axes that broadcast. */
export const matmulBatch = (graph: Graph, a: Node, b: Node, { transposeB = false } = {}): Node =>
  graph.add('matmulBatch', [a, b], { transposeB });
