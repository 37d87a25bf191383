// Linear interpolation along an axis, of which enlarging an image is made.
import { defineOperation, type Emitter } from '../operation.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph.ts';

interface InterpolationAttributes {
  axis: number;
  size: number;
  alignCorners: boolean;
  /** The shape of x, for the backward operation. */
  shape?: Shape;
}

const attributesOf = (node: Node) => node.attributes as unknown as InterpolationAttributes;

/**
 * Where output position i lies in x: the two neighbours and the weight of the higher one. With `alignCorners` the first
 * and the last positions of both lie on each other, else the edges of their outermost pixels do (as in PyTorch).
 */
export function interpolationRow(i: number, from: number, to: number, alignCorners: boolean) {
  const aligned = to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  const position = alignCorners ? aligned : Math.max(0, ((i + 0.5) * from) / to - 0.5);
  const low = Math.min(Math.floor(position), from - 1);
  return { low, high: Math.min(low + 1, from - 1), weight: position - low };
}

const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

function operandsOf(emitter: Emitter, node: Node, x: Shape) {
  const { axis, size, alignCorners } = attributesOf(node);
  const from = x[axis]!;
  const rows = Array.from({ length: size }, (_, i) => interpolationRow(i, from, size, alignCorners));
  return {
    table: emitter.table(rows.flatMap(({ low, high, weight }) => [low, high, bits(weight)])),
    outer: sizeOf(x.slice(0, axis)),
    axis: from,
    outAxis: size,
    inner: sizeOf(x.slice(axis + 1)),
  };
}

defineOperation('interpolate', {
  infer: ([x], { axis, size }) => ({ shape: x!.shape.with(axis as number, size as number), dtype: 'f32' }),
  gradient: (graph, node, dOut) => [
    graph.add('interpolateBackward', [dOut], { ...node.attributes, shape: node.inputs[0]!.shape }),
  ],
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    emitter.emit('Interpolate', { out: emitter.at(node), x: emitter.at(x), ...operandsOf(emitter, node, x.shape) });
  },
});

defineOperation('interpolateBackward', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'f32' }),
  lower(emitter, node) {
    const [dOut] = node.inputs as [Node];
    const operands = operandsOf(emitter, node, node.shape);
    emitter.emit('InterpolateBackward', { dX: emitter.at(node), dOut: emitter.at(dOut), ...operands });
  },
});

/** x with `size` positions along an axis, linearly between its own. */
export const interpolate = (graph: Graph, x: Node, axis: number, size: number, alignCorners: boolean): Node =>
  graph.add('interpolate', [x], { axis, size, alignCorners });
