// Reading between elements: resizing along an axis, sampling at places that are data; determinants.
import { OutsideKind, SampleKind } from '../../core/generated/instructions.ts';
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { constant } from './sources.ts';

export type SampleName = keyof typeof SampleKind;
export type OutsideName = keyof typeof OutsideKind;

interface GridAttributes {
  kind: SampleName;
  outside: OutsideName;
  alignCorners: boolean;
}

defineOperation('resample', {
  infer([x, places, weights], attributes) {
    const axis = attributes['axis'] as number;
    if (places!.shape.length !== 2 || formatShape(places!.shape) !== formatShape(weights!.shape))
      throw new ShapeError(
        `resample: expected places and weights [n, taps], got ${formatShape(places!.shape)} and ${formatShape(weights!.shape)}`,
      );
    return { shape: x!.shape.with(axis, places!.shape[0]!), dtype: 'f32' };
  },
  // The matrix of weights the other way: for each element of x the results that it is part of.
  gradient(graph, node, dOut) {
    const [x, places, weights] = node.inputs as [Node, Node, Node];
    const axis = node.attributes['axis'] as number;
    const [from, by] = [places, weights].map(({ attributes }) => attributes['data'] as ArrayLike<number> | undefined);
    if (!from || !by) throw new NeuriteError(`${node.label || 'model'}: resampling by data has no gradient`);
    const lists = Array.from({ length: x.shape[axis]! }, (): [place: number, weight: number][] => []);
    const taps = places.shape[1]!;
    for (let i = 0; i < from.length; i++) if (by[i] !== 0) lists[from[i]!]!.push([Math.floor(i / taps), by[i]!]);
    const most = lists.reduce((longest, { length }) => Math.max(longest, length), 1);
    const table = (part: 0 | 1) =>
      lists.flatMap((list) => Array.from({ length: most }, (_, t) => list[t]?.[part] ?? 0));
    const shape = [lists.length, most];
    const turned = constant(graph, Int32Array.from(table(0)), shape);
    return [resample(graph, dOut, axis, turned, constant(graph, Float32Array.from(table(1)), shape)), null, null];
  },
  lower(emitter, node) {
    const [x, places, weights] = node.inputs as [Node, Node, Node];
    const axis = node.attributes['axis'] as number;
    emitter.emit('Resample', {
      out: emitter.at(node),
      x: emitter.at(x),
      places: emitter.at(places),
      weights: emitter.at(weights),
      outer: sizeOf(x.shape.slice(0, axis)),
      axis: x.shape[axis]!,
      inner: sizeOf(x.shape.slice(axis + 1)),
      n: places.shape[0]!,
      taps: places.shape[1]!,
    });
  },
});

/** Along an axis, each result the weighted sum of a few elements: places (i32) and weights are [n, taps]. */
export const resample = (graph: Graph, x: Node, axis: number, places: Node, weights: Node): Node =>
  graph.add('resample', [x, places, weights], { axis });

defineOperation('gridSample', {
  infer([x, grid]) {
    const rank = x!.shape.length - 2;
    const fits = grid!.shape.length === rank + 2 && grid!.shape.at(-1) === rank && grid!.shape[0] === x!.shape[0];
    if (!fits || rank < 1 || rank > 3)
      throw new ShapeError(`gridSample: grid ${formatShape(grid!.shape)} does not fit ${formatShape(x!.shape)}`);
    return { shape: [...x!.shape.slice(0, 2), ...grid!.shape.slice(1, -1)], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [x, grid] = node.inputs as [Node, Node];
    const { kind, outside, alignCorners } = node.attributes as unknown as GridAttributes;
    const sizes = x.shape.slice(2);
    if (sizeOf(node.shape) === 0) return;
    emitter.emit('GridSample', {
      kind: SampleKind[kind],
      outside: OutsideKind[outside],
      alignCorners: Number(alignCorners),
      out: emitter.at(node),
      x: emitter.at(x),
      grid: emitter.at(grid),
      batch: x.shape[0]!,
      channels: x.shape[1]!,
      points: sizeOf(grid.shape.slice(1, -1)),
      rank: sizes.length,
      table: emitter.table(sizes),
      workspace: emitter.workspace(32 * sizes.length),
    });
  },
});

/** x [B, C, sizes…] read at grid [B, …, rank], coordinates from −1 to 1, the innermost axis first. */
export const gridSample = (graph: Graph, x: Node, grid: Node, options: GridAttributes): Node =>
  graph.add('gridSample', [x, grid], { ...options });

defineOperation('determinant', {
  infer([x]) {
    const [rows, columns] = x!.shape.slice(-2);
    if (x!.shape.length < 2 || rows !== columns)
      throw new ShapeError(`determinant: expected square matrices, got ${formatShape(x!.shape)}`);
    return { shape: x!.shape.slice(0, -2), dtype: 'f32' };
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const n = x.shape.at(-1)!;
    const workspace = emitter.workspace(8 * n * n);
    emitter.emit('Determinant', { out: emitter.at(node), x: emitter.at(x), batch: sizeOf(node.shape), n, workspace });
  },
});

/** Of the last two axes. */
export const determinant = (graph: Graph, x: Node): Node => graph.add('determinant', [x]);
