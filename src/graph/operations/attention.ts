// Scaled dot-product attention of many heads on projected queries, keys and values. Shapes: B samples, Q queries, K keys,
// H heads of D columns; q is [B, Q, …], k and v [B, K, …], the heads' columns side by side from an offset on, so that
// one product can make all three.
import { KEY_TILE_WHOLE, QUERY_TILE } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation, type Emitter } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { gemmWorkspace } from './matmul-workspace.ts';
import { part } from './shape.ts';

/** A node and the column at which the heads begin. */
export interface Projected {
  readonly node: Node;
  readonly offset?: number;
}

interface AttentionAttributes {
  heads: number;
  size: number;
  offsets: [number, number, number];
  causal: boolean;
  scale: number;
  rate: number;
  stream: number;
  /** Which inputs follow q, k and v. */
  mask: boolean;
  positions: boolean;
}

const attributesOf = (node: Node) => node.attributes as unknown as AttentionAttributes;

const alignUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

/** What stands before the tiles in the workspace: assembly/nn/attentionTiles.ts. */
const headerBytes = 896;

/** The bytes of workspace of a product [m, k]·[k, n] and of every smaller one. */
function productWorkspace(m: number, n: number, k: number): number {
  const forms = [{ transposeB: true }, {}, { transposeA: true }];
  return (
    Math.max(gemmWorkspace(1, 1, k, { transposeA: true }), ...forms.map((form) => gemmWorkspace(m, n, k, form))) +
    16 * k
  );
}

/** The bytes that Attention (with one tile of scores) or AttentionBackward (with two) may write beside its results. */
export function attentionWorkspace(keys: number, size: number, tiles: 1 | 2): number {
  const width = Math.max(4, Math.min(keys, KEY_TILE_WHOLE));
  const [q, d] = [QUERY_TILE, Math.max(4, size)];
  const products = Math.max(
    productWorkspace(q, width, d),
    productWorkspace(q, d, width),
    productWorkspace(width, d, q),
  );
  return headerBytes + tiles * alignUp(4 * q * width) + products;
}

interface Forms {
  batch: number;
  queries: number;
  keys: number;
}

const formsOf = (q: Node, k: Node): Forms => ({ batch: q.shape[0]!, queries: q.shape[1]!, keys: k.shape[1]! });

function checkProjected(name: string, { shape }: Node, offset: number, width: number): void {
  if (shape.length !== 3 || shape[2]! < offset + width)
    throw new ShapeError(`attention: expected ${name} [B, T, ${width}], got ${formatShape(shape)}`);
}

/** The inputs behind q, k and v by what they are. */
const extrasOf = (inputs: readonly Node[], { mask, positions, rate }: AttentionAttributes) => ({
  mask: mask ? inputs[0] : undefined,
  positions: positions ? inputs[Number(mask)] : undefined,
  counter: rate > 0 ? inputs[Number(mask) + Number(positions)] : undefined,
});

const place = (emitter: Emitter, node: Node | undefined) => (node ? emitter.at(node) : 0);

const scalars = ({ heads, size, causal, scale, rate, stream }: AttentionAttributes) => ({
  heads,
  size,
  causal: Number(causal),
  scale,
  rate,
  stream,
});

defineOperation('attention', {
  infer(inputs, attributes) {
    const [q, k, v, ...rest] = inputs as [Node, Node, Node, ...Node[]];
    const options = attributes as unknown as AttentionAttributes;
    const width = options.heads * options.size;
    [q, k, v].forEach((node, i) => checkProjected('qkv'[i]!, node, options.offsets[i]!, width));
    const { batch, queries, keys } = formsOf(q, k);
    if (v.shape[1] !== keys || k.shape[0] !== batch || v.shape[0] !== batch)
      throw new ShapeError(`attention: keys ${formatShape(k.shape)} and values ${formatShape(v.shape)} differ`);
    const { mask } = extrasOf(rest, options);
    if (mask && (mask.shape.length !== 2 || mask.shape[0] !== batch || mask.shape[1] !== keys))
      throw new ShapeError(`attention: expected a mask [${batch}, ${keys}], got ${formatShape(mask.shape)}`);
    return { shape: [batch, queries, width], dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [q, k, v, ...rest] = node.inputs as [Node, Node, Node, ...Node[]];
    const attributes = attributesOf(node);
    const { mask, counter } = extrasOf(rest, attributes);
    // One node may be all three: its gradient then is one, with the columns of each.
    const distinct = [...new Set([q, k, v])];
    const sources = [q, k, v].map((source) => distinct.indexOf(source));
    const extras = [mask, counter].filter((extra): extra is Node => extra !== undefined);
    const all = graph.add('attentionBackward', [dOut, node, q, k, v, ...extras], { ...attributes, sources });
    const starts = startsOf(distinct);
    return [q, k, v].map((source, i) => {
      const number = sources[i]!;
      return sources.indexOf(number) === i ? part(graph, all, starts[number]!, source.shape) : null;
    });
  },
  lower(emitter, node) {
    const [q, k, v, ...rest] = node.inputs as [Node, Node, Node, ...Node[]];
    const attributes = attributesOf(node);
    const { mask, positions, counter } = extrasOf(rest, attributes);
    const forms = formsOf(q, k);
    const [atQ, atK, atV] = attributes.offsets;
    emitter.emit('Attention', {
      out: emitter.at(node),
      q: emitter.at(q, atQ),
      k: emitter.at(k, atK),
      v: emitter.at(v, atV),
      mask: place(emitter, mask),
      positions: place(emitter, positions),
      counter: place(emitter, counter),
      ...forms,
      strideQ: q.shape[2]!,
      strideK: k.shape[2]!,
      strideV: v.shape[2]!,
      ...scalars(attributes),
      workspace: emitter.workspace(attentionWorkspace(forms.keys, attributes.size, 1)),
    });
  },
});

/** Where each of some nodes begins in a buffer that holds them one after the other. */
function startsOf(nodes: readonly Node[]): number[] {
  let total = 0;
  return nodes.map(({ shape }) => {
    const start = total;
    total += sizeOf(shape);
    return start;
  });
}

// The gradients of q, k and v (each node once, `sources` says which is which), one after the other.
defineOperation('attentionBackward', {
  infer([, , ...inputs], attributes) {
    const sources = attributes['sources'] as number[];
    const size = inputs
      .slice(0, 3)
      .reduce((sum, { shape }, i) => sum + (sources.indexOf(sources[i]!) === i ? sizeOf(shape) : 0), 0);
    return { shape: [size], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [dOut, out, q, k, v, ...rest] = node.inputs as [Node, Node, Node, Node, Node, ...Node[]];
    const attributes = attributesOf(node);
    const sources = node.attributes['sources'] as [number, number, number];
    const { mask, counter } = extrasOf(rest, { ...attributes, positions: false });
    const forms = formsOf(q, k);
    const starts = startsOf([q, k, v].filter((_, i) => sources.indexOf(sources[i]!) === i));
    const [atQ, atK, atV] = attributes.offsets;
    const gradientAt = (i: number) => emitter.at(node, starts[sources[i]!]! + attributes.offsets[i]!);
    emitter.emit('Fill', { out: emitter.at(node), n: sizeOf(node.shape), value: 0 });
    emitter.emit('AttentionBackward', {
      dQ: gradientAt(0),
      dK: gradientAt(1),
      dV: gradientAt(2),
      dOut: emitter.at(dOut),
      out: emitter.at(out),
      q: emitter.at(q, atQ),
      k: emitter.at(k, atK),
      v: emitter.at(v, atV),
      mask: place(emitter, mask),
      counter: place(emitter, counter),
      ...forms,
      strideQ: q.shape[2]!,
      strideK: k.shape[2]!,
      strideV: v.shape[2]!,
      ...scalars(attributes),
      workspace: emitter.workspace(attentionWorkspace(forms.keys, attributes.size, 2)),
    });
  },
});

export interface AttentionOptions {
  readonly heads: number;
  /** Columns of a head. */
  readonly size: number;
  readonly causal?: boolean;
  /** 1 / √size by default. */
  readonly scale?: number;
  /** [B, K]: keys of which it is 0 are not seen. */
  readonly mask?: Node | undefined;
  /** i32 [B, Q]: only positions[b, 0] + Q of the keys are there. */
  readonly positions?: Node | undefined;
  readonly dropout?: { readonly rate: number; readonly counter: Node; readonly stream: number } | undefined;
}

/** softmax(scale · q·kᵀ)·v of each head: [B, Q, H·D]. */
export function attention(graph: Graph, q: Projected, k: Projected, v: Projected, options: AttentionOptions): Node {
  const { heads, size, causal = false, scale = 1 / Math.sqrt(size), mask, positions, dropout } = options;
  const extras = [mask, positions, dropout?.counter].filter((extra): extra is Node => extra !== undefined);
  return graph.add('attention', [q.node, k.node, v.node, ...extras], {
    heads,
    size,
    offsets: [q.offset ?? 0, k.offset ?? 0, v.offset ?? 0],
    causal,
    scale,
    rate: dropout?.rate ?? 0,
    stream: dropout?.stream ?? 0,
    mask: mask !== undefined,
    positions: positions !== undefined,
  });
}

// The weights of an attention node, for pictures: [B, H, Q, K]. Inputs and attributes are those of the node.
defineOperation('attentionWeights', {
  infer([q, k], { heads }) {
    const { batch, queries, keys } = formsOf(q!, k!);
    return { shape: [batch, heads as number, queries, keys], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [q, k, mask] = node.inputs as [Node, Node, Node?];
    const { heads, size, offsets, causal, scale } = attributesOf(node);
    const forms = formsOf(q, k);
    emitter.emit('AttentionWeights', {
      out: emitter.at(node),
      q: emitter.at(q, offsets[0]),
      k: emitter.at(k, offsets[1]),
      mask: place(emitter, mask),
      heads,
      size,
      ...forms,
      strideQ: q.shape[2]!,
      strideK: k.shape[2]!,
      causal: Number(causal),
      scale,
      workspace: emitter.workspace(
        headerBytes + productWorkspace(Math.max(4, forms.queries), Math.max(4, forms.keys), size),
      ),
    });
  },
});

/** What an attention node weighs its values with. */
export function attentionWeights(graph: Graph, node: Node): Node {
  const [q, k, , ...rest] = node.inputs as [Node, Node, Node, ...Node[]];
  const { mask } = extrasOf(rest, attributesOf(node));
  return graph.add('attentionWeights', mask ? [q, k, mask] : [q, k], node.attributes);
}
