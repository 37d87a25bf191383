// The matrix product, with bias and activation fused into its end by the fusion pass.
// Shapes: a [..., K] (leading axes are rows) times b [K, N]; `transposeA`/`transposeB` read a stored matrix the
// other way round, without copying it. M N K as in a product.
import { FEW_COLUMNS, UnaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { gemmWorkspace, packedBytes } from './matmul-workspace.ts';
import type { UnaryName } from './unary.ts';

export interface MatmulAttributes {
  transposeA: boolean;
  transposeB: boolean;
  /** Set by the fusion pass; the inputs are then a, b and, where `bias`, the bias [N]. */
  bias?: boolean;
  activation?: UnaryName;
  alpha?: number;
  beta?: number;
  /** Set by the packing pass: input b is what `packB` made, for a matrix of `columns` columns. */
  packed?: boolean;
  columns?: number;
}

const attributesOf = (node: Node) => node.attributes as unknown as MatmulAttributes;

/** Rows and columns of a product, and the length of its sums. */
function dimensions(a: Node, b: Node, { transposeA, transposeB, packed, columns }: MatmulAttributes) {
  const leading = transposeA ? [a.shape[1]!] : a.shape.slice(0, -1);
  const k = transposeA ? a.shape[0]! : a.shape.at(-1)!;
  const n = packed ? columns! : transposeB ? b.shape[0]! : b.shape[1]!;
  return { leading, m: sizeOf(leading), n, k };
}

defineOperation('matmul', {
  packed: packedProduct,
  infer(inputs, attributes) {
    const [a, b, bias] = inputs as [Node, Node, Node?];
    const options = attributes as unknown as MatmulAttributes;
    if (a.shape.length < 1 || (!options.packed && b.shape.length !== 2) || (options.transposeA && a.shape.length !== 2))
      throw new ShapeError(`matmul: expected matrices, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`);
    const { leading, n, k } = dimensions(a, b, options);
    const rows = options.transposeB ? b.shape[1]! : b.shape[0]!;
    if (!options.packed && rows !== k)
      throw new ShapeError(
        `matmul: ${formatShape(a.shape)} and ${formatShape(b.shape)} do not multiply: ${k} is not ${rows}`,
      );
    if (bias && sizeOf(bias.shape) !== n)
      throw new ShapeError(`matmul: expected a bias [${n}], got ${formatShape(bias.shape)}`);
    return { shape: [...leading, n], dtype: 'f32' };
  },
  // C = op(A)·op(B): dA = dC·op(B)ᵀ and dB = op(A)ᵀ·dC, each stored as A and B are.
  gradient(graph, node, dOut) {
    const [a, b] = node.inputs as [Node, Node];
    const { transposeA, transposeB } = attributesOf(node);
    const { m, n, k } = dimensions(a, b, attributesOf(node));
    const dC = graph.add('reshape', [dOut], { shape: [m, n] });
    const dA = transposeA
      ? matmul(graph, b, dC, { transposeA: transposeB, transposeB: true })
      : matmul(graph, dC, b, { transposeB: !transposeB });
    const flatA = transposeA ? a : graph.add('reshape', [a], { shape: [m, k] });
    const dB = transposeB
      ? matmul(graph, dC, flatA, { transposeA: true, transposeB: transposeA })
      : matmul(graph, flatA, dC, { transposeA: !transposeA });
    return [graph.add('reshape', [dA], { shape: a.shape }), dB];
  },
  lower(emitter, node) {
    const [a, b, bias] = node.inputs as [Node, Node, Node?];
    const attributes = attributesOf(node);
    const { m, n, k } = dimensions(a, b, attributes);
    const { transposeA, transposeB, packed = false, activation = 'Linear', alpha = 0, beta = 0 } = attributes;
    emitter.emit('Gemm', {
      out: emitter.at(node),
      a: emitter.at(a),
      b: emitter.at(b),
      bias: bias ? emitter.at(bias) : 0,
      m,
      n,
      k,
      strideOut: n,
      strideA: transposeA ? m : k,
      strideB: transposeB ? k : n,
      transposeA: Number(transposeA),
      transposeB: Number(transposeB),
      packed: Number(packed),
      accumulate: 0,
      activation: UnaryKind[activation],
      alpha,
      beta,
      workspace: emitter.workspace(gemmWorkspace(m, n, k, { transposeA, transposeB, packed })),
    });
  },
});

/** op(a)·op(b). */
export const matmul = (
  graph: Graph,
  a: Node,
  b: Node,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Node => graph.add('matmul', [a, b], { transposeA, transposeB });

defineOperation('packB', {
  infer([b], { transposeB }) {
    const [rows, columns] = b!.shape as [number, number];
    const [k, n] = transposeB ? [columns, rows] : [rows, columns];
    return { shape: [packedBytes(n, k) / 4], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [b] = node.inputs as [Node];
    const [rows, columns] = b.shape as [number, number];
    const transposeB = node.attributes['transposeB'] as boolean;
    const [k, n] = transposeB ? [columns, rows] : [rows, columns];
    const operands = { n, k, strideB: columns, transposeB: Number(transposeB) };
    emitter.emit('PackB', { out: emitter.at(node), b: emitter.at(b), ...operands });
  },
});

/** The product with packed weights, where that is a gain. */
function packedProduct(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined {
  const attributes = node.attributes as unknown as MatmulAttributes;
  const columns = node.shape.at(-1)!;
  if (attributes.packed || attributes.transposeA || columns <= FEW_COLUMNS) return undefined;
  const [a, b, ...rest] = inputs as [Node, Node, ...Node[]];
  const packed = graph.add('packB', [b], { transposeB: attributes.transposeB });
  return graph.add('matmul', [a, packed, ...rest], { ...attributes, transposeB: false, packed: true, columns });
}
