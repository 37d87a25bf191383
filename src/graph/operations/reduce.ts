// Reductions along axes, and the sum that undoes a broadcast.
import { ArgReduceKind, ReduceKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { binary, broadcastTo, divide, multiply } from './arithmetic.ts';
import { reshape } from './shape.ts';
import { unary } from './unary.ts';

export type ReduceName = keyof typeof ReduceKind;
export type ArgReduceName = keyof typeof ArgReduceKind;

/** [outer, axis, inner] of a reduction over the adjacent axes `from` to `to` (excluded). */
const split = (shape: Shape, from: number, to: number) => ({
  outer: sizeOf(shape.slice(0, from)),
  axis: sizeOf(shape.slice(from, to)),
  inner: sizeOf(shape.slice(to)),
});

interface ReduceAttributes {
  kind: ReduceName;
  from: number;
  to: number;
}

const attributesOf = (node: Node) => node.attributes as unknown as ReduceAttributes;

/** The result's shape with the reduced axes kept as 1, so that it broadcasts against the input. */
const keptShape = (shape: Shape, from: number, to: number): number[] =>
  shape.map((size, axis) => (axis >= from && axis < to ? 1 : size));

defineOperation('reduce', {
  infer([x], { from, to }) {
    return { shape: [...x!.shape.slice(0, from as number), ...x!.shape.slice(to as number)], dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [x] = node.inputs as [Node];
    const { kind, from, to } = attributesOf(node);
    const kept = keptShape(x.shape, from, to);
    const spread = broadcastTo(graph, reshape(graph, dOut, kept), x.shape);
    switch (kind) {
      case 'Sum':
        return [spread];
      case 'Mean':
        return [unary(graph, 'Affine', spread, 1 / split(x.shape, from, to).axis, 0)];
      case 'SumOfSquares':
        return [multiply(graph, spread, unary(graph, 'Affine', x, 2, 0))];
      case 'SumOfAbsolutes':
        return [multiply(graph, spread, unary(graph, 'Sign', x))];
      case 'Product':
        return [divide(graph, multiply(graph, spread, reshape(graph, node, kept)), x)];
      default: {
        // Extremes: the elements that equal the extreme share its gradient.
        const isExtreme = binary(graph, 'Equal', x, reshape(graph, node, kept));
        const count = reshape(graph, reduceAdjacent(graph, 'Sum', isExtreme, from, to), kept);
        return [multiply(graph, spread, divide(graph, isExtreme, count))];
      }
    }
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const { kind, from, to } = attributesOf(node);
    emitter.emit('Reduce', {
      kind: ReduceKind[kind],
      out: emitter.at(node),
      x: emitter.at(x),
      ...split(x.shape, from, to),
    });
  },
});

const reduceAdjacent = (graph: Graph, kind: ReduceName, x: Node, from: number, to: number): Node =>
  graph.add('reduce', [x], { kind, from, to });

/** Axes given by the user, negative ones counted from the end, sorted; all of them when none are given. */
export function resolveAxes(what: string, rank: number, axes: readonly number[] | undefined): number[] {
  if (!axes) return Array.from({ length: rank }, (_, axis) => axis);
  const resolved = axes.map((axis) => {
    const at = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || at < 0 || at >= rank)
      throw new ShapeError(`${what}: axis ${axis} does not exist in ${rank} dimensions`);
    return at;
  });
  return [...new Set(resolved)].toSorted((a, b) => a - b);
}

/** A reduction over any axes (all by default), the reduced ones dropped or, with `keepDimensions`, left as 1. */
export function reduce(
  graph: Graph,
  kind: ReduceName,
  x: Node,
  options: { axes?: readonly number[] | undefined; keepDimensions?: boolean } = {},
): Node {
  const axes = resolveAxes(kind.toLowerCase(), x.shape.length, options.axes);
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const result = reduceRuns(graph, kind, x, axes);
  return options.keepDimensions ? reshape(graph, result, kept) : result;
}

/** One reduction for each run of adjacent axes, the last run first so that the others keep their numbers. */
function reduceRuns(graph: Graph, kind: ReduceName, x: Node, axes: number[]): Node {
  let result = x;
  let to = axes.length;
  let step = kind;
  // Over no axis each element is a sum of its own: squared or made positive all the same.
  if (to === 0 && (kind === 'SumOfSquares' || kind === 'SumOfAbsolutes')) return reduceAdjacent(graph, kind, x, 0, 0);
  while (to > 0) {
    let from = to - 1;
    while (from > 0 && axes[from - 1] === axes[from]! - 1) from--;
    result = reduceAdjacent(graph, step, result, axes[from]!, axes[to - 1]! + 1);
    if (kind === 'SumOfSquares' || kind === 'SumOfAbsolutes') step = 'Sum';
    to = from;
  }
  return result;
}

/** The sum of x over the axes along which `shape` was repeated to x's shape. */
export function sumTo(graph: Graph, x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1));
  const summed = axes.length ? reduce(graph, 'Sum', x, { axes, keepDimensions: true }) : x;
  return reshape(graph, summed, shape);
}

defineOperation('argReduce', {
  infer([x], { axis }) {
    if (x!.shape[axis as number] === 0)
      throw new ShapeError(`argReduce: axis ${axis} of ${formatShape(x!.shape)} is empty`);
    return { shape: x!.shape.toSpliced(axis as number, 1), dtype: 'i32' };
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const axis = node.attributes['axis'] as number;
    emitter.emit('ArgReduce', {
      kind: ArgReduceKind[node.attributes['kind'] as ArgReduceName],
      out: emitter.at(node),
      x: emitter.at(x),
      ...split(x.shape, axis, axis + 1),
    });
  },
});

/** The first index of the maximum or minimum along an axis, i32. */
export function argReduce(graph: Graph, kind: ArgReduceName, x: Node, axis = -1): Node {
  const [resolved] = resolveAxes('argReduce', x.shape.length, [axis]);
  return graph.add('argReduce', [x], { kind, axis: resolved });
}

// A guard: the program stops here when any element is NaN or infinite.
defineOperation('checkFinite', {
  infer: () => ({ shape: [0], dtype: 'f32' }),
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    emitter.emit('CheckFinite', { x: emitter.at(x), n: sizeOf(x.shape) });
  },
});
