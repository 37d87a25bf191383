// Operations that move or rename elements: reshape and parts (views, no instruction), transpose,
// concatenation and slices along an axis.
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';

defineOperation('reshape', {
  infer: ([x], { shape }) => ({ shape: shape as Shape, dtype: x!.dtype }),
  gradient: (graph, node, dOut) => [reshape(graph, dOut, node.inputs[0]!.shape)],
  view: () => 0,
});

/** The same elements under another shape; one size may be −1, which takes what is left. */
export function reshape(graph: Graph, x: Node, shape: Shape): Node {
  const resolved = resolveShape(x.shape, shape);
  return sameShape(x.shape, resolved) ? x : graph.add('reshape', [x], { shape: resolved });
}

/** @throws ShapeError when the sizes do not multiply to the same number */
export function resolveShape(from: Shape, to: Shape): number[] {
  const total = sizeOf(from);
  const known = to.filter((size) => size !== -1);
  const unknowns = to.length - known.length;
  if (to.some((size) => !Number.isInteger(size) || size < -1) || unknowns > 1)
    throw new ShapeError(`reshape: expected non-negative sizes with at most one -1, got ${formatShape(to)}`);
  const product = sizeOf(known);
  if (unknowns ? product === 0 || total % product !== 0 : product !== total)
    throw new ShapeError(`reshape: ${formatShape(from)} has ${total} elements and does not fit ${formatShape(to)}`);
  return to.map((size) => (size === -1 ? total / product : size));
}

// A contiguous part of a buffer with several results in it.
defineOperation('part', {
  infer: ([x], { shape }) => ({ shape: shape as Shape, dtype: x!.dtype }),
  // What reads a part carries the gradient around it, to the inputs of the fused operation.
  stopsGradient: true,
  view: (node) => node.attributes['offset'] as number,
});

/** The elements from `offset` on, as `shape`; a view. It has no gradient: it splits results of fused operations. */
export const part = (graph: Graph, x: Node, offset: number, shape: Shape): Node =>
  graph.add('part', [x], { offset, shape });

defineOperation('transpose', {
  infer([x]) {
    if (x!.shape.length < 2)
      throw new ShapeError(`transpose: expected at least 2 dimensions, got ${formatShape(x!.shape)}`);
    const [rows, columns] = x!.shape.slice(-2) as [number, number];
    return { shape: [...x!.shape.slice(0, -2), columns, rows], dtype: x!.dtype };
  },
  gradient: (graph, _node, dOut) => [graph.add('transpose', [dOut])],
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    emitter.emit('Transpose', {
      out: emitter.at(node),
      x: emitter.at(x),
      batch: sizeOf(x.shape.slice(0, -2)),
      rows,
      columns,
    });
  },
});

/** Exchanges the last two axes. */
export const transpose = (graph: Graph, x: Node): Node => graph.add('transpose', [x]);

defineOperation('concatenate', {
  infer(inputs, attributes) {
    const axis = attributes['axis'] as number;
    const [first] = inputs as [Node];
    for (const { shape, dtype } of inputs) {
      const fits =
        shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
      if (!fits || dtype !== first.dtype)
        throw new ShapeError(
          `concatenate: ${formatShape(shape)} does not join ${formatShape(first.shape)} along axis ${axis}`,
        );
    }
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return { shape: first.shape.with(axis, total), dtype: first.dtype };
  },
  gradient(graph, node, dOut) {
    const axis = node.attributes['axis'] as number;
    let start = 0;
    return node.inputs.map(({ shape }) => {
      const piece = slice(graph, dOut, axis, start, shape[axis]!);
      start += shape[axis]!;
      return piece;
    });
  },
  lower(emitter, node) {
    const axis = node.attributes['axis'] as number;
    const strideOut = sizeOf(node.shape.slice(axis));
    let start = 0;
    for (const x of node.inputs) {
      const columns = sizeOf(x.shape.slice(axis));
      emitter.emit('Copy', {
        out: emitter.at(node, start),
        x: emitter.at(x),
        rows: sizeOf(x.shape.slice(0, axis)),
        columns,
        strideOut,
        strideX: columns,
      });
      start += columns;
    }
  },
});

/** Joins along an axis. */
export const concatenate = (graph: Graph, inputs: readonly Node[], axis: number): Node =>
  graph.add('concatenate', inputs, { axis });

defineOperation('slice', {
  infer([x], attributes) {
    const { axis, start, length } = attributes as unknown as { axis: number; start: number; length: number };
    if (start < 0 || length < 0 || start + length > x!.shape[axis]!)
      throw new ShapeError(`slice: ${start} to ${start + length} is outside axis ${axis} of ${formatShape(x!.shape)}`);
    return { shape: x!.shape.with(axis, length), dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const { axis, start, length } = node.attributes as unknown as { axis: number; start: number; length: number };
    const { shape } = node.inputs[0]!;
    const zeros = (size: number) => graph.add('fill', [], { shape: shape.with(axis, size), value: 0 });
    return [concatenate(graph, [zeros(start), dOut, zeros(shape[axis]! - start - length)], axis)];
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const { axis, start } = node.attributes as unknown as { axis: number; start: number };
    const inner = sizeOf(x.shape.slice(axis + 1));
    const columns = sizeOf(node.shape.slice(axis));
    emitter.emit('Copy', {
      out: emitter.at(node),
      x: emitter.at(x, start * inner),
      rows: sizeOf(node.shape.slice(0, axis)),
      columns,
      strideOut: columns,
      strideX: sizeOf(x.shape.slice(axis)),
    });
  },
});

/** `length` entries along an axis, from `start` on. */
export const slice = (graph: Graph, x: Node, axis: number, start: number, length: number): Node =>
  graph.add('slice', [x], { axis, start, length });

defineOperation('fill', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'f32' }),
  lower(emitter, node) {
    emitter.emit('Fill', { out: emitter.at(node), n: sizeOf(node.shape), value: node.attributes['value'] as number });
  },
});
