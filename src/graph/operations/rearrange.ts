// Elements moved by any pattern that goes axis by axis, and the choice between two arrays. Words of either type.
import { MISSING } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation, type Emitter } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { broadcastShape, broadcastTable } from './broadcast.ts';
import { sumTo } from './reduce.ts';
import { reshape, slice } from './shape.ts';
import { constant, scalar } from './sources.ts';

/** One axis of the result: by a stride in elements of x, or by a list of offsets (−1: no element, the fill). */
export interface WalkedAxis {
  readonly size: number;
  readonly stride?: number;
  readonly offsets?: readonly number[];
}

export interface RearrangeAttributes {
  readonly axes: readonly WalkedAxis[];
  /** Elements of x to skip. */
  readonly start: number;
  readonly fill: number;
}

const attributesOf = (node: Node) => node.attributes as unknown as RearrangeAttributes;

defineOperation('rearrange', {
  infer: ([x], attributes) => ({
    shape: (attributes as unknown as RearrangeAttributes).axes.map(({ size }) => size),
    dtype: x!.dtype,
  }),
  gradient: (graph, node, dOut) => [putBack(graph, node, dOut)],
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    if (sizeOf(node.shape) === 0) return;
    const { start, fill } = attributesOf(node);
    const axes = merged(attributesOf(node).axes);
    const places = { out: emitter.at(node), x: emitter.at(x, start) };
    if (emitTranspose(emitter, places, axes)) return;
    const table = walkTable(axes);
    emitter.emit('Rearrange', { ...places, rank: axes.length, table: emitter.table(table), fill: wordOf(fill, x) });
  },
});

/** Every element of dOut added to the one of x that it was read from. */
function putBack(graph: Graph, node: Node, dOut: Node): Node | null {
  const [x] = node.inputs as [Node];
  const { axes, start } = attributesOf(node);
  if (x.dtype !== 'f32') return null;
  if (sizeOf(node.shape) === 0) return graph.add('fill', [], { shape: x.shape, value: 0 });
  return putBackInOrder(graph, x.shape, axes, start, dOut) ?? putBackByPlaces(graph, x.shape, axes, start, dOut);
}

/** Of axes in another order, or repeated: summed where they are repeated, and walked the other way. */
function putBackInOrder(
  graph: Graph,
  shape: Shape,
  axes: readonly WalkedAxis[],
  start: number,
  dOut: Node,
): Node | undefined {
  if (start !== 0 || axes.some(({ offsets }) => offsets)) return undefined;
  const single = axes.map(({ size, stride }) => (stride === 0 ? 1 : size));
  const own = denseStrides(single);
  const walked = axes
    .map(({ stride = 0 }, axis) => ({ from: stride, size: single[axis]!, stride: own[axis]! }))
    .filter(({ size }) => size !== 1)
    .toSorted((a, b) => b.from - a.from);
  const dense = denseStrides(walked.map(({ size }) => size));
  if (walked.some(({ from }, i) => from !== dense[i]) || sizeOf(single) !== sizeOf(shape)) return undefined;
  const turned = walked.map(({ size, stride }) => ({ size, stride }));
  return reshape(graph, rearrange(graph, sumTo(graph, dOut, single), turned), shape);
}

/** By a list of all places; what was no element of x goes to a place behind its last. */
function putBackByPlaces(graph: Graph, shape: Shape, axes: readonly WalkedAxis[], start: number, dOut: Node): Node {
  const n = sizeOf(shape);
  let places = [start];
  for (const { size, stride = 0, offsets } of axes)
    places = places.flatMap((place) =>
      Array.from({ length: size }, (_, i) => {
        if (place < 0 || (offsets && offsets[i]! < 0)) return -1;
        return place + (offsets ? offsets[i]! : i * stride);
      }),
    );
  const data = Int32Array.from(places, (place) => (place < 0 ? n : place));
  const sums = graph.add('fill', [], { shape: [n + 1], value: 0 });
  const indices = constant(graph, data, [data.length]);
  const flat = reshape(graph, dOut, [data.length]);
  const all = graph.add('scatterElements', [sums, indices, flat], { kind: 'Add', axis: 0 });
  return reshape(graph, slice(graph, all, 0, 0, n), shape);
}

/** Neighbouring axes that are walked as one made one, those of size 1 left out. */
function merged(axes: readonly WalkedAxis[]): WalkedAxis[] {
  const result: WalkedAxis[] = [];
  for (const axis of axes) {
    const last = result.at(-1);
    if (axis.size === 1 && !axis.offsets) continue;
    if (last && !last.offsets && !axis.offsets && last.stride === axis.stride! * axis.size)
      result[result.length - 1] = { size: last.size * axis.size, stride: axis.stride! };
    else result.push(axis);
  }
  return result;
}

/** A transpose of the last two axes has a kernel of its own. Returns whether that is what the axes are. */
export function emitTranspose(
  emitter: Emitter,
  places: { out: ReturnType<Emitter['at']>; x: ReturnType<Emitter['at']> },
  axes: readonly WalkedAxis[],
): boolean {
  if (axes.length < 2 || axes.length > 3 || axes.some(({ offsets }) => offsets)) return false;
  const [columns, rows] = axes.slice(-2) as [WalkedAxis, WalkedAxis];
  const batch = axes.length === 3 ? axes[0]! : { size: 1, stride: 0 };
  if (columns.stride !== 1 || rows.stride !== columns.size) return false;
  if (axes.length === 3 && batch.stride !== rows.size * columns.size) return false;
  emitter.emit('Transpose', { ...places, batch: batch.size, rows: rows.size, columns: columns.size });
  return true;
}

function walkTable(axes: readonly WalkedAxis[]): number[] {
  const lists: number[] = [];
  const starts = axes.map(({ offsets }) => {
    if (!offsets) return 0;
    const start = 3 * axes.length + lists.length;
    for (const offset of offsets) lists.push(offset < 0 ? MISSING : offset);
    return start;
  });
  return [...axes.map(({ size }) => size), ...axes.map(({ stride = 0 }) => stride), ...starts, ...lists];
}

const scratch = new Float32Array(1);
/** A number as the word that holds it in an array of x's type. */
function wordOf(value: number, { dtype }: Node): number {
  if (dtype === 'i32') return value | 0;
  scratch[0] = value;
  return new Uint32Array(scratch.buffer)[0]!;
}

/** @throws ShapeError for an axis that leaves x */
export function rearrange(graph: Graph, x: Node, axes: readonly WalkedAxis[], { start = 0, fill = 0 } = {}): Node {
  let [least, greatest] = [start, start];
  for (const { size, stride = 0, offsets } of axes) {
    if (size === 0) return graph.add('rearrange', [x], { axes, start: 0, fill });
    if (offsets) {
      const present = offsets.filter((offset) => offset >= 0);
      if (present.length) greatest += present.reduce((a, b) => Math.max(a, b));
    } else if (stride < 0) least += stride * (size - 1);
    else greatest += stride * (size - 1);
  }
  const hasElements = axes.every(({ offsets }) => !offsets || offsets.some((offset) => offset >= 0));
  if (hasElements && (least < 0 || greatest >= sizeOf(x.shape)))
    throw new ShapeError(`rearrange: elements ${least} to ${greatest} are outside ${formatShape(x.shape)}`);
  return graph.add('rearrange', [x], { axes, start, fill });
}

/** The strides of a dense array. */
export function denseStrides(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

defineOperation('select', {
  infer([condition, a, b]) {
    if (condition!.dtype !== 'i32' || a!.dtype !== b!.dtype)
      throw new TypeError('select: expected an i32 condition and two values of one type');
    const shape = broadcastShape('select', broadcastShape('select', condition!.shape, a!.shape), b!.shape);
    return { shape, dtype: a!.dtype };
  },
  gradient(graph, node, dOut) {
    const [condition, a, b] = node.inputs as [Node, Node, Node];
    const none = scalar(graph, 0);
    return [
      null,
      sumTo(graph, select(graph, condition, dOut, none), a.shape),
      sumTo(graph, select(graph, condition, none, dOut), b.shape),
    ];
  },
  lower(emitter, node) {
    const [condition, a, b] = node.inputs as [Node, Node, Node];
    if (sizeOf(node.shape) === 0) return;
    const { rank, table } = broadcastTable(node.shape, condition.shape, a.shape, b.shape);
    emitter.emit('Select', {
      out: emitter.at(node),
      condition: emitter.at(condition),
      a: emitter.at(a),
      b: emitter.at(b),
      rank,
      table: emitter.table(table),
    });
  },
});

/** a where the condition (i32) is not 0, else b; broadcast. */
export const select = (graph: Graph, condition: Node, a: Node, b: Node): Node => graph.add('select', [condition, a, b]);
