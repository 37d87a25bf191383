// Reading and writing at indices that are data, running sums, and the greatest or least few.
// An index out of range stops the program.
import { ScatterKind } from '../../core/generated/instructions.ts';
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { defineOperation, type Emitter } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { denseStrides } from './rearrange.ts';
import { permute } from './permute.ts';
import { concatenate, part, reshape } from './shape.ts';
import { constant } from './sources.ts';

export type ScatterName = keyof typeof ScatterKind;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const zeros = (graph: Graph, shape: Shape): Node => graph.add('fill', [], { shape, value: 0 });

const expectIndices = (what: string, indices: Node): void => {
  if (indices.dtype !== 'i32') throw new TypeError(`${what}: expected i32 indices, got ${indices.dtype}`);
};

defineOperation('gather', {
  infer([x, indices], attributes) {
    const axis = attributes['axis'] as number;
    expectIndices('gather', indices!);
    if (axis < 0 || axis >= x!.shape.length)
      throw new ShapeError(`gather: axis ${axis} does not exist in ${formatShape(x!.shape)}`);
    return { shape: x!.shape.toSpliced(axis, 1, ...indices!.shape), dtype: x!.dtype };
  },
  // Each entry of dOut is added to the one of x that it was read from, with the axis first.
  gradient(graph, node, dOut) {
    const [x, indices] = node.inputs as [Node, Node];
    const axis = node.attributes['axis'] as number;
    const last = axis + indices.shape.length;
    const moved = permute(graph, dOut, [...range(axis, last), ...range(0, axis), ...range(last, dOut.shape.length)]);
    const rest = x.shape.toSpliced(axis, 1);
    const n = sizeOf(indices.shape);
    const updates = reshape(graph, moved, [n, ...rest]);
    const sums = scatterTuples(
      graph,
      'Add',
      zeros(graph, [x.shape[axis]!, ...rest]),
      reshape(graph, indices, [n, 1]),
      updates,
    );
    return [permute(graph, sums, [...range(1, axis + 1), 0, ...range(axis + 1, x.shape.length)]), null];
  },
  lower(emitter, node) {
    const [x, indices] = node.inputs as [Node, Node];
    const axis = node.attributes['axis'] as number;
    emitter.emit('Gather', {
      out: emitter.at(node),
      x: emitter.at(x),
      indices: emitter.at(indices),
      outer: sizeOf(x.shape.slice(0, axis)),
      axis: x.shape[axis]!,
      inner: sizeOf(x.shape.slice(axis + 1)),
      n: sizeOf(indices.shape),
    });
  },
});

/** x with its axis replaced by the axes of the indices. */
export const gather = (graph: Graph, x: Node, indices: Node, axis: number): Node =>
  graph.add('gather', [x, indices], { axis });

/** What the instructions of one index for each element share. */
function elementOperands(emitter: Emitter, x: Shape, sizes: Shape, axis: number) {
  const strides = denseStrides(x);
  const table = emitter.table([...sizes, ...strides.with(axis, 0)]);
  return { rank: sizes.length, table, axis: x[axis]!, strideAxis: strides[axis]! };
}

function checkElements(what: string, x: Node, indices: Node, axis: number): void {
  expectIndices(what, indices);
  const fits = x.shape.length === indices.shape.length && axis >= 0 && axis < x.shape.length;
  if (!fits || indices.shape.some((size, a) => a !== axis && size > x.shape[a]!))
    throw new ShapeError(
      `${what}: indices ${formatShape(indices.shape)} do not fit ${formatShape(x.shape)} along axis ${axis}`,
    );
}

defineOperation('gatherElements', {
  infer([x, indices], { axis }) {
    checkElements('gatherElements', x!, indices!, axis as number);
    return { shape: indices!.shape, dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const [x, indices] = node.inputs as [Node, Node];
    const axis = node.attributes['axis'] as number;
    return [scatterElements(graph, 'Add', zeros(graph, x.shape), indices, dOut, axis), null];
  },
  lower(emitter, node) {
    const [x, indices] = node.inputs as [Node, Node];
    emitter.emit('GatherElements', {
      out: emitter.at(node),
      x: emitter.at(x),
      indices: emitter.at(indices),
      ...elementOperands(emitter, x.shape, indices.shape, node.attributes['axis'] as number),
    });
  },
});

/** x where the index along one axis is indices[…]. */
export const gatherElements = (graph: Graph, x: Node, indices: Node, axis: number): Node =>
  graph.add('gatherElements', [x, indices], { axis });

/**
 * The gradient of what updates were put into: of sums all of it, of replaced elements none. (Where an element is replaced
 * twice, both updates get its gradient: which of them is last is not told.)
 * @throws NeuriteError for the other kinds, which have no gradient
 */
function keptBy(node: Node, dOut: Node, replaced: () => Node): Node {
  const kind = node.attributes['kind'] as ScatterName;
  if (kind === 'Add') return dOut;
  if (kind === 'Assign') return replaced();
  throw new NeuriteError(`${node.label || 'model'}: scattering by ${kind.toLowerCase()} has no gradient`);
}

function copyInto(emitter: Emitter, node: Node, x: Node): void {
  const n = sizeOf(x.shape);
  emitter.emit('Copy', { out: emitter.at(node), x: emitter.at(x), rows: 1, columns: n, strideOut: n, strideX: n });
}

defineOperation('scatterElements', {
  infer([x, indices, updates], { axis }) {
    checkElements('scatterElements', x!, indices!, axis as number);
    if (!sameShape(indices!.shape, updates!.shape) || updates!.dtype !== x!.dtype)
      throw new ShapeError(
        `scatterElements: updates ${formatShape(updates!.shape)} for indices ${formatShape(indices!.shape)}`,
      );
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const [, indices, updates] = node.inputs as [Node, Node, Node];
    const { axis } = node.attributes as { axis: number };
    const replaced = () => scatterElements(graph, 'Assign', dOut, indices, zeros(graph, updates.shape), axis);
    return [keptBy(node, dOut, replaced), null, gatherElements(graph, dOut, indices, axis)];
  },
  lower(emitter, node) {
    const [x, indices, updates] = node.inputs as [Node, Node, Node];
    copyInto(emitter, node, x);
    emitter.emit('ScatterElements', {
      kind: ScatterKind[node.attributes['kind'] as ScatterName],
      out: emitter.at(node),
      indices: emitter.at(indices),
      updates: emitter.at(updates),
      ...elementOperands(emitter, x.shape, indices.shape, node.attributes['axis'] as number),
      integers: Number(x.dtype === 'i32'),
    });
  },
});

/** x with updates put where the index along one axis is indices[…]. */
export const scatterElements = (
  graph: Graph,
  kind: ScatterName,
  x: Node,
  indices: Node,
  updates: Node,
  axis: number,
): Node => graph.add('scatterElements', [x, indices, updates], { kind, axis });

/** [batch axes…, tuples…, depth] of indices into x. */
function tupleShapes(what: string, x: Node, indices: Node, batchAxes: number) {
  expectIndices(what, indices);
  const depth = indices.shape.at(-1) ?? 0;
  const batch = x.shape.slice(0, batchAxes);
  const fits = sameShape(batch, indices.shape.slice(0, batchAxes)) && indices.shape.length > batchAxes;
  if (!fits || batchAxes + depth > x.shape.length)
    throw new ShapeError(`${what}: indices ${formatShape(indices.shape)} do not point into ${formatShape(x.shape)}`);
  const tuples = indices.shape.slice(batchAxes, -1);
  return { depth, batch, tuples, rest: x.shape.slice(batchAxes + depth) };
}

function tupleTable(emitter: Emitter, x: Shape, batchAxes: number, depth: number) {
  const last = batchAxes + depth;
  return emitter.table([...x.slice(batchAxes, last), ...denseStrides(x).slice(batchAxes, last)]);
}

defineOperation('gatherTuples', {
  infer([x, indices], { batchAxes }) {
    const { batch, tuples, rest } = tupleShapes('gatherTuples', x!, indices!, batchAxes as number);
    return { shape: [...batch, ...tuples, ...rest], dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const [x, indices] = node.inputs as [Node, Node];
    const batchAxes = node.attributes['batchAxes'] as number;
    const { batch, tuples, depth, rest } = tupleShapes('gatherTuples', x, indices, batchAxes);
    // The tuples of all batch entries in one, each led by its entry's own place.
    const entries = sizeOf(batch);
    const n = sizeOf(tuples);
    const own = reshape(graph, indices, [entries * n, depth]);
    const lead = constant(
      graph,
      Int32Array.from({ length: entries * n }, (_, i) => Math.floor(i / n)),
      [entries * n, 1],
    );
    const whole = batchAxes ? concatenate(graph, [lead, own], 1) : own;
    const shape = batchAxes ? [entries, ...x.shape.slice(batchAxes)] : x.shape;
    const updates = reshape(graph, dOut, [entries * n, ...rest]);
    return [reshape(graph, scatterTuples(graph, 'Add', zeros(graph, shape), whole, updates), x.shape), null];
  },
  lower(emitter, node) {
    const [x, indices] = node.inputs as [Node, Node];
    const batchAxes = node.attributes['batchAxes'] as number;
    const { batch, tuples, depth, rest } = tupleShapes('gatherTuples', x, indices, batchAxes);
    emitter.emit('GatherTuples', {
      out: emitter.at(node),
      x: emitter.at(x),
      indices: emitter.at(indices),
      batch: sizeOf(batch),
      n: sizeOf(tuples),
      inner: sizeOf(rest),
      depth,
      strideBatch: sizeOf(x.shape.slice(batchAxes)),
      table: tupleTable(emitter, x.shape, batchAxes, depth),
    });
  },
});

/** The parts of x that tuples of indices (the last axis) point at. */
export const gatherTuples = (graph: Graph, x: Node, indices: Node, batchAxes = 0): Node =>
  graph.add('gatherTuples', [x, indices], { batchAxes });

defineOperation('scatterTuples', {
  infer([x, indices, updates]) {
    const { tuples, rest } = tupleShapes('scatterTuples', x!, indices!, 0);
    if (!sameShape(updates!.shape, [...tuples, ...rest]) || updates!.dtype !== x!.dtype)
      throw new ShapeError(
        `scatterTuples: expected updates ${formatShape([...tuples, ...rest])}, got ${formatShape(updates!.shape)}`,
      );
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const [, indices, updates] = node.inputs as [Node, Node, Node];
    const replaced = () => scatterTuples(graph, 'Assign', dOut, indices, zeros(graph, updates.shape));
    return [keptBy(node, dOut, replaced), null, gatherTuples(graph, dOut, indices)];
  },
  lower(emitter, node) {
    const [x, indices, updates] = node.inputs as [Node, Node, Node];
    const { tuples, depth, rest } = tupleShapes('scatterTuples', x, indices, 0);
    copyInto(emitter, node, x);
    emitter.emit('ScatterTuples', {
      kind: ScatterKind[node.attributes['kind'] as ScatterName],
      out: emitter.at(node),
      indices: emitter.at(indices),
      updates: emitter.at(updates),
      n: sizeOf(tuples),
      inner: sizeOf(rest),
      depth,
      table: tupleTable(emitter, x.shape, 0, depth),
      integers: Number(x.dtype === 'i32'),
    });
  },
});

/** x with updates put where tuples of indices point. */
export const scatterTuples = (graph: Graph, kind: ScatterName, x: Node, indices: Node, updates: Node): Node =>
  graph.add('scatterTuples', [x, indices, updates], { kind });

const split = ({ shape }: Node, axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  axis: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
});

defineOperation('cumulativeSum', {
  infer: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // An element is part of all sums behind it: theirs go the other way.
  gradient(graph, node, dOut) {
    const { axis, exclusive, reverse } = node.attributes as { axis: number; exclusive: boolean; reverse: boolean };
    return [cumulativeSum(graph, dOut, axis, { exclusive, reverse: !reverse })];
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const { axis, exclusive, reverse } = node.attributes as { axis: number; exclusive: boolean; reverse: boolean };
    emitter.emit('CumulativeSum', {
      out: emitter.at(node),
      x: emitter.at(x),
      ...split(x, axis),
      exclusive: Number(exclusive),
      reverse: Number(reverse),
      integers: Number(x.dtype === 'i32'),
    });
  },
});

/** The running sums along an axis. */
export const cumulativeSum = (graph: Graph, x: Node, axis: number, { exclusive = false, reverse = false } = {}): Node =>
  graph.add('cumulativeSum', [x], { axis, exclusive, reverse });

defineOperation('topK', {
  infer([x], attributes) {
    const { k, axis } = attributes as { k: number; axis: number };
    if (!(k >= 0 && k <= x!.shape[axis]!))
      throw new ShapeError(`topK: ${k} of ${x!.shape[axis]} along axis ${axis} of ${formatShape(x!.shape)}`);
    return { shape: [2, ...x!.shape.with(axis, k)], dtype: x!.dtype };
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const { k, axis, largest } = node.attributes as { k: number; axis: number; largest: boolean };
    emitter.emit('TopK', {
      values: emitter.at(node),
      indices: emitter.at(node, sizeOf(node.shape) / 2),
      x: emitter.at(x),
      ...split(x, axis),
      k,
      largest: Number(largest),
      integers: Number(x.dtype === 'i32'),
    });
  },
});

// The words of a part, taken as integers: the indices lie in one buffer with the values.
defineOperation('integerPart', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'i32' }),
  view: (node) => node.attributes['offset'] as number,
});

/** The k greatest (or least) along an axis in order, and where they were (i32). */
export function topK(graph: Graph, x: Node, axis: number, k: number, largest = true): { values: Node; indices: Node } {
  const both = graph.add('topK', [x], { axis, k, largest });
  const shape = both.shape.slice(1);
  const indices = graph.add('integerPart', [both], { offset: sizeOf(shape), shape });
  // Floats are read again where they were, so that a gradient finds its way.
  const values = x.dtype === 'f32' ? gatherElements(graph, x, indices, axis) : part(graph, both, 0, shape);
  return { values, indices };
}
