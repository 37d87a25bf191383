// Matrix products of values.
import { ShapeError } from '../../core/errors.ts';
import { formatShape } from '../../graph/graph.ts';
import * as operations from '../../graph/operations/index.ts';
import { broadcastShape } from '../../graph/operations/broadcast.ts';
import type { Builder, Value } from './builder.ts';
import { expand, reshape } from './movement.ts';

/** By NumPy's rules: vectors as rows or columns, leading axes broadcast. */
export function matmul(b: Builder, x: Value, y: Value): Value {
  if (!x.shape.length || !y.shape.length)
    throw new ShapeError(`no product of ${formatShape(x.shape)} and ${formatShape(y.shape)}`);
  const left = x.shape.length === 1 ? reshape(b, x, [1, ...x.shape]) : x;
  const right = y.shape.length === 1 ? reshape(b, y, [...y.shape, 1]) : y;
  const product = floatProduct(b, left, right);
  const shape = product.shape.filter(
    (_, axis) =>
      !(x.shape.length === 1 && axis === product.shape.length - 2) &&
      !(y.shape.length === 1 && axis === product.shape.length - 1),
  );
  return reshape(b, product, shape);
}

/** Of at least two axes each; a matrix that all products share makes them one. */
function floatProduct(b: Builder, x: Value, y: Value): Value {
  const isShared = y.shape.slice(0, -2).every((size) => size === 1);
  if (!isShared) return b.fromNode(x.type, operations.matmulBatch(b.graph, b.nodeOf(x), b.nodeOf(y)));
  const matrix = reshape(b, y, y.shape.slice(-2));
  const lead = broadcastShape('matmul', x.shape.slice(0, -2), y.shape.slice(0, -2));
  const node = operations.matmul(b.graph, b.nodeOf(x), b.nodeOf(matrix));
  return reshape(b, b.fromNode(x.type, node), [...lead, ...node.shape.slice(-2)]);
}

/** The same of integers, wrapping at 32 bits. */
export function integerMatmul(b: Builder, x: Value, y: Value): Value {
  const left = x.shape.length === 1 ? reshape(b, x, [1, ...x.shape]) : x;
  const right = y.shape.length === 1 ? reshape(b, y, [...y.shape, 1]) : y;
  const lead = broadcastShape('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2));
  const p = expand(b, left, [...lead, ...left.shape.slice(-2)]);
  const q = expand(b, right, [...lead, ...right.shape.slice(-2)]);
  const product = b.fromNode('int32', operations.integerMatmul(b.graph, b.nodeOf(p), b.nodeOf(q)));
  const shape = product.shape.filter(
    (_, axis) =>
      !(x.shape.length === 1 && axis === product.shape.length - 2) &&
      !(y.shape.length === 1 && axis === product.shape.length - 1),
  );
  return reshape(b, product, shape);
}
