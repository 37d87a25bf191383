// Reading and writing at indices.
import { NeuriteError } from '../../../core/errors.ts';
import { sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import type { ScatterName } from '../../../graph/operations/gather.ts';
import { convert } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { pick, reshape } from '../movement.ts';
import { hostData } from '../types.ts';

/** Entries along an axis at the indices' places: moved at once where these are known. */
export function gatherAlong(b: Builder, x: Value, indices: Value, axis: number): Value {
  const shape = x.shape.toSpliced(axis, 1, ...indices.shape);
  if (!indices.host || (!b.folds(x) && sizeOf(indices.shape) > 4096))
    return b.fromNode(x.type, operations.gather(b.graph, b.nodeOf(x), b.nodeOf(indices), axis));
  const size = x.shape[axis]!;
  const places = Array.from(indices.host.data, (index) => {
    const place = index < 0 ? index + size : index;
    if (!(place >= 0 && place < size))
      throw new NeuriteError(`index ${index} is outside the ${size} entries of axis ${axis}`);
    return place;
  });
  return reshape(b, pick(b, x, axis, places), shape);
}

defineOperator('Gather', (call) => {
  const x = call.input(0);
  return gatherAlong(call.build, x, call.input(1), resolveAxis(call.attributes.int('axis', 0), x.shape.length));
});

export function gatherElements(b: Builder, x: Value, indices: Value, axis: number): Value {
  return b.fromNode(x.type, operations.gatherElements(b.graph, b.nodeOf(x), b.nodeOf(indices), axis));
}

defineOperator('GatherElements', (call) => {
  const x = call.input(0);
  return gatherElements(call.build, x, call.input(1), resolveAxis(call.attributes.int('axis', 0), x.shape.length));
});

defineOperator('GatherND', (call) => {
  const { build, attributes } = call;
  const [x, indices] = [call.input(0), call.input(1)];
  const batchAxes = attributes.int('batch_dims', 0);
  return build.fromNode(
    x.type,
    operations.gatherTuples(build.graph, build.nodeOf(x), build.nodeOf(indices), batchAxes),
  );
});

const reductions: Record<string, ScatterName> = {
  none: 'Assign',
  add: 'Add',
  mul: 'Multiply',
  min: 'Minimum',
  max: 'Maximum',
};

function reductionOf(call: Call): ScatterName {
  const name = call.attributes.string('reduction', 'none');
  const kind = reductions[name];
  if (!kind) throw new NeuriteError(`unknown reduction "${name}"`);
  return kind;
}

defineOperator(['ScatterElements', 'Scatter'], (call) => {
  const { build } = call;
  const [x, indices, updates] = [call.input(0), call.input(1), call.input(2)];
  const axis = resolveAxis(call.attributes.int('axis', 0), x.shape.length);
  const node = operations.scatterElements(
    build.graph,
    reductionOf(call),
    build.nodeOf(x),
    build.nodeOf(indices),
    build.nodeOf(updates),
    axis,
  );
  return build.fromNode(x.type, node);
});

defineOperator('ScatterND', (call) => {
  const { build } = call;
  const [x, indices, updates] = [call.input(0), call.input(1), call.input(2)];
  const node = operations.scatterTuples(
    build.graph,
    reductionOf(call),
    build.nodeOf(x),
    build.nodeOf(indices),
    build.nodeOf(updates),
  );
  return build.fromNode(x.type, node);
});

defineOperator('TopK', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const axis = resolveAxis(attributes.int('axis', -1), x.shape.length);
  const k = call.inputs[1] ? build.numbers(call.inputs[1], '"k"')[0]! : attributes.int('k', 0);
  const { values, indices } = operations.topK(build.graph, build.nodeOf(x), axis, k, attributes.flag('largest', true));
  return [build.fromNode(x.type, values), build.fromNode('int64', indices)];
});

defineOperator('CumSum', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const axis = resolveAxis(build.numbers(call.input(1), 'the axis')[0]!, x.shape.length);
  const options = { exclusive: attributes.flag('exclusive'), reverse: attributes.flag('reverse') };
  return build.fromNode(x.type, operations.cumulativeSum(build.graph, build.nodeOf(x), axis, options));
});

// ---- results whose size depends on the values: these must be known before the model runs

/** The places of what is not 0, [rank, count]. */
defineOperator('NonZero', (call) => {
  const x = call.build.hostOf(call.input(0), 'what is not zero');
  const strides = operations.denseStrides(x.shape);
  const places = [...x.data.keys()].filter((i) => x.data[i] !== 0);
  const rank = x.shape.length;
  const data = hostData('int64', rank * places.length);
  for (let axis = 0; axis < rank; axis++)
    places.forEach(
      (place, i) => (data[axis * places.length + i] = Math.floor(place / strides[axis]!) % x.shape[axis]!),
    );
  return call.build.fromHost({ type: 'int64', shape: [rank, places.length], data });
});

defineOperator('Compress', (call) => {
  const { build, attributes } = call;
  const condition = build.hostOf(call.input(1), 'the condition').data;
  const x = attributes.has('axis') ? call.input(0) : reshape(build, call.input(0), [sizeOf(call.input(0).shape)]);
  const axis = resolveAxis(attributes.int('axis', 0), x.shape.length);
  const places = [...condition.keys()].filter((i) => condition[i] && i < x.shape[axis]!);
  return pick(build, x, axis, places);
});

/** The distinct entries along an axis (or of all elements), with where they first stand, which each is, and how often. */
defineOperator('Unique', (call) => {
  const { build, attributes } = call;
  const whole = build.hostOf(call.input(0), 'what is unique');
  const hasAxis = attributes.has('axis');
  const shape = hasAxis ? whole.shape : [whole.data.length];
  const axis = hasAxis ? resolveAxis(attributes.int('axis', 0), shape.length) : 0;
  const entries = entriesAlong(whole.data, shape, axis);
  const groups = new Map<string, { first: number; count: number; entry: number[] }>();
  const keys = entries.map((entry) => entry.join());
  keys.forEach((key, i) => {
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { first: i, count: 1, entry: entries[i]! });
  });
  const ordered = [...groups.entries()];
  if (attributes.flag('sorted', true)) ordered.sort(([, p], [, q]) => compareEntries(p.entry, q.entry));
  const ranks = new Map(ordered.map(([key], rank) => [key, rank]));
  const firsts = ordered.map(([, { first }]) => first);
  const counts = ordered.map(([, { count }]) => count);
  const value = build.fromHost({ ...whole, shape });
  const list = (numbers: number[]) => build.constant('int64', [numbers.length], numbers);
  return [pick(build, value, axis, firsts), list(firsts), list(keys.map((key) => ranks.get(key)!)), list(counts)];
});

function entriesAlong(data: ArrayLike<number>, shape: readonly number[], axis: number): number[][] {
  const inner = sizeOf(shape.slice(axis + 1));
  const size = shape[axis]!;
  const outer = sizeOf(shape.slice(0, axis));
  return Array.from({ length: size }, (_, k) =>
    Array.from(
      { length: outer * inner },
      (_unused, i) => data[(Math.floor(i / inner) * size + k) * inner + (i % inner)]!,
    ),
  );
}

function compareEntries(p: readonly number[], q: readonly number[]): number {
  const at = p.findIndex((value, i) => value !== q[i]);
  return at < 0 ? 0 : p[at]! - q[at]!;
}

/** Boxes kept one after another, best score first, but those that overlap one that was kept. */
defineOperator('NonMaxSuppression', (call) => {
  const { build, attributes } = call;
  const boxes = build.hostOf(call.input(0), 'the boxes');
  const scores = build.hostOf(call.input(1), 'the scores');
  const option = (index: number, otherwise: number) =>
    call.inputs[index] ? build.numbers(call.inputs[index], 'a bound')[0]! : otherwise;
  const [limit, overlap, threshold] = [option(2, 0), option(3, 0), option(4, -Infinity)];
  const [batches, classes, count] = scores.shape as [number, number, number];
  const isCentred = attributes.flag('center_point_box');
  const kept: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const corners = Array.from({ length: count }, (_, i) =>
      cornersOf(boxes.data.slice(4 * (batch * count + i), 4 * (batch * count + i) + 4), isCentred),
    );
    for (let kind = 0; kind < classes; kind++) {
      const own = scores.data.subarray((batch * classes + kind) * count, (batch * classes + kind + 1) * count);
      const order = [...own.keys()].filter((i) => own[i]! > threshold).toSorted((p, q) => own[q]! - own[p]! || p - q);
      const chosen: number[] = [];
      for (const i of order) {
        if (chosen.length >= limit) break;
        if (chosen.every((other) => overlapOf(corners[i]!, corners[other]!) <= overlap)) chosen.push(i);
      }
      for (const i of chosen) kept.push(batch, kind, i);
    }
  }
  return build.constant('int64', [kept.length / 3, 3], kept);
});

type Box = readonly [number, number, number, number];

/** [y1, x1, y2, x2] in either order of the corners, or [x, y, width, height] of the centre. */
function cornersOf([p, q, r, s]: ArrayLike<number> & Iterable<number>, isCentred: boolean): Box {
  if (isCentred) return [p! - r! / 2, q! - s! / 2, p! + r! / 2, q! + s! / 2];
  return [Math.min(p!, r!), Math.min(q!, s!), Math.max(p!, r!), Math.max(q!, s!)];
}

function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ([y1, x1, y2, x2]: Box) => (y2 - y1) * (x2 - x1);
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** Values put back where the pooling found them. */
defineOperator('MaxUnpool', (call) => {
  const { build, attributes } = call;
  const [x, indices] = [call.input(0), call.input(1)];
  const kernel = attributes.ints('kernel_shape')!;
  const strides = attributes.ints('strides') ?? kernel.map(() => 1);
  const pads = attributes.ints('pads') ?? kernel.flatMap(() => [0, 0]);
  const inferred = kernel.map(
    (size, i) => (x.shape[i + 2]! - 1) * strides[i]! + size - pads[i]! - pads[i + kernel.length]!,
  );
  const own = [...x.shape.slice(0, 2), ...inferred];
  const shape = call.inputs[2] ? build.numbers(call.inputs[2], 'the output shape') : own;
  // The indices count in the array that was pooled, whose shape is the inferred one.
  const flat = operations.scatterElements(
    build.graph,
    'Assign',
    build.nodeOf(build.constant('float32', [sizeOf(own)], new Float32Array(sizeOf(own)))),
    build.nodeOf(reshape(build, convert(build, indices, 'int32'), [sizeOf(indices.shape)])),
    build.nodeOf(reshape(build, x, [sizeOf(x.shape)])),
    0,
  );
  const unpooled = reshape(build, build.fromNode(x.type, flat), own);
  return padTo(build, unpooled, shape);
});

/** The last axes of x continued with zeros to `shape`. */
function padTo(b: Builder, x: Value, shape: readonly number[]): Value {
  return shape.reduce(
    (value, size, axis) =>
      size === value.shape[axis]
        ? value
        : pick(
            b,
            value,
            axis,
            Array.from({ length: size }, (_, i) => (i < value.shape[axis]! ? i : -1)),
          ),
    x,
  );
}
