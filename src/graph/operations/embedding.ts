// Rows of a table by integer indices, the mask of the indices that are not padding, and rows written behind those of a cache.
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';

const expectIndices = (what: string, indices: Node): void => {
  if (indices.dtype !== 'i32') throw new TypeError(`${what}: expected i32 indices, got ${indices.dtype}`);
};

// Stops the program where an index is out of range: src/model/guards.ts tells where.
defineOperation('embed', {
  infer([table, indices]) {
    expectIndices('embed', indices!);
    if (table!.shape.length !== 2)
      throw new ShapeError(`embed: expected a table of rows and columns, got ${formatShape(table!.shape)}`);
    return { shape: [...indices!.shape, table!.shape[1]!], dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [table, indices] = node.inputs as [Node, Node];
    return [graph.add('embedBackward', [dOut, indices], { ...node.attributes, rows: table.shape[0]! }), null];
  },
  lower(emitter, node) {
    const [table, indices] = node.inputs as [Node, Node];
    const [rows, columns] = table.shape as [number, number];
    emitter.emit('Embed', {
      out: emitter.at(node),
      table: emitter.at(table),
      indices: emitter.at(indices),
      n: sizeOf(indices.shape),
      rows,
      columns,
      padding: node.attributes['padding'] as number,
    });
  },
});

/** table[indices], zeros where an index is `padding` (−1: none). table [R, C], indices [...] i32 → [..., C]. */
export const embed = (graph: Graph, table: Node, indices: Node, padding = -1): Node =>
  graph.add('embed', [table, indices], { padding });

defineOperation('embedBackward', {
  infer: ([dOut], { rows }) => ({ shape: [rows as number, dOut!.shape.at(-1)!], dtype: 'f32' }),
  lower(emitter, node) {
    const [dOut, indices] = node.inputs as [Node, Node];
    const [rows, columns] = node.shape as [number, number];
    emitter.emit('EmbedBackward', {
      dTable: emitter.at(node),
      dOut: emitter.at(dOut),
      indices: emitter.at(indices),
      n: sizeOf(indices.shape),
      rows,
      columns,
      padding: node.attributes['padding'] as number,
    });
  },
});

defineOperation('indexMask', {
  infer([indices]) {
    expectIndices('indexMask', indices!);
    return { shape: indices!.shape, dtype: 'f32' };
  },
  stopsGradient: true,
  lower(emitter, node) {
    const [indices] = node.inputs as [Node];
    const operands = { n: sizeOf(node.shape), padding: node.attributes['padding'] as number };
    emitter.emit('IndexMask', { out: emitter.at(node), indices: emitter.at(indices), ...operands });
  },
});

/** 1 where an index is not `padding`, else 0. */
export const indexMask = (graph: Graph, indices: Node, padding: number): Node =>
  graph.add('indexMask', [indices], { padding });

// An effect that comes before what reads the cache.
defineOperation('appendRows', {
  infer: () => ({ shape: [0], dtype: 'f32' }),
  lower(emitter, node) {
    const [cache, x, positions] = node.inputs as [Node, Node, Node];
    const [batch, length, columns] = cache.shape as [number, number, number];
    emitter.emit('AppendRows', {
      cache: emitter.at(cache),
      x: emitter.at(x, node.attributes['offset'] as number),
      positions: emitter.at(positions),
      batch,
      rows: x.shape[1]!,
      columns,
      strideX: x.shape[2]!,
      length,
    });
  },
});

/** Writes `columns` of x [B, T, …] from `offset` on into cache [B, L, columns], from row positions[b, 0] on. */
export const appendRows = (graph: Graph, cache: Node, x: Node, positions: Node, offset: number): Node =>
  graph.add('appendRows', [cache, x, positions], { offset });
