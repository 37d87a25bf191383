// Convolution, and its two gradients as operations of their own: the gradient for the input is the transposed
// convolution as well, so each of them is differentiated by the others.
// Shapes: x [B, ...spatial, C], kernel [...k, C / groups, N], out [B, ...outputs, N].
import { UnaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation, type Emitter } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { broadcastTo } from './arithmetic.ts';
import { gemmWorkspace, packedBytes, type ProductForm } from './matmul-workspace.ts';
import {
  blockRows,
  convolveInputWorkspace,
  convolveKernelWorkspace,
  convolveWorkspace,
  paysByWinograd,
  readsInPlace,
  totalOf,
  WINOGRAD_KERNEL_WORKSPACE,
  winogradKernelBytes,
  winogradWorkspace,
  type ConvolutionProduct,
} from './convolution-workspace.ts';
import type { Place } from '../program.ts';
import { reshape } from './shape.ts';
import type { UnaryName } from './unary.ts';
import { threeAxes, type Window } from './window.ts';

export interface ConvolutionAttributes {
  window: Window;
  groups: number;
  /** The kernel's own shape, where the node's input is something made of it. */
  kernelShape: Shape;
  /** Set by the fusion pass; a last input is then the bias. */
  bias?: boolean;
  activation?: UnaryName;
  alpha?: number;
  beta?: number;
  /** Set by the packing pass: the kernel is what `packKernel` made, */
  packed?: boolean;
  /** and that is the transformed kernel of Winograd's filtering. */
  winograd?: boolean;
}

const attributesOf = (node: Node) => node.attributes as unknown as ConvolutionAttributes;

/** How a convolution is computed. */
export type ConvolutionAlgorithm = 'product' | 'depthwise' | 'rows';

/** Of a convolution to `n` channels. */
export function algorithmOf({ window, groups, kernelShape }: ConvolutionAttributes): ConvolutionAlgorithm {
  const one = (values: readonly number[]) => values.every((value) => value === 1);
  const [channels, n] = kernelShape.slice(-2) as [number, number];
  if (channels === 1 && n === groups && groups > 1) return 'depthwise';
  const isProduct =
    groups === 1 && one(window.kernelSize) && one(window.stride) && sameShape(window.input, window.output);
  return isProduct ? 'product' : 'rows';
}

/** Columns and depth of a convolution's products. */
function productOf(attributes: ConvolutionAttributes, batch: number): ConvolutionProduct {
  const { window, groups, kernelShape, packed = false } = attributes;
  const [n, k] = [kernelShape.at(-1)! / groups, sizeOf(kernelShape.slice(0, -1))];
  return { window, batch, groups, channels: kernelShape.at(-2)! * groups, n, k, packed };
}

/** The operands that all instructions of a window share. */
function windowOperands({ window }: ConvolutionAttributes, batch: number, channels: number) {
  const [depth, height, width] = threeAxes(window.input, 1);
  const [outDepth, outHeight, outWidth] = threeAxes(window.output, 1);
  const [kernelDepth, kernelHeight, kernelWidth] = threeAxes(window.kernelSize, 1);
  const [strideDepth, strideHeight, strideWidth] = threeAxes(window.stride, 1);
  const [dilationDepth, dilationHeight, dilationWidth] = threeAxes(window.dilation, 1);
  const [beforeDepth, beforeHeight, beforeWidth] = threeAxes(window.before, 0);
  return {
    batch,
    depth,
    height,
    width,
    channels,
    outDepth,
    outHeight,
    outWidth,
    kernelDepth,
    kernelHeight,
    kernelWidth,
    strideDepth,
    strideHeight,
    strideWidth,
    dilationDepth,
    dilationHeight,
    dilationWidth,
    beforeDepth,
    beforeHeight,
    beforeWidth,
  };
}

/** The end of a convolution: its bias, its activation. */
function endOperands(emitter: Emitter, node: Node) {
  const { bias, activation = 'Linear', alpha = 0, beta = 0 } = attributesOf(node);
  return { bias: bias ? emitter.at(node.inputs.at(-1)!) : 0, activation: UnaryKind[activation], alpha, beta };
}

/** A product of rows [m, k] with a matrix [k, n]: what a convolution of one pixel is, and its gradients. */
function emitProduct(
  emitter: Emitter,
  places: { out: Place; a: Place; b: Place },
  end: ReturnType<typeof endOperands> | typeof noEnd,
  { m, n, k }: { m: number; n: number; k: number },
  form: ProductForm,
): void {
  const { transposeA = false, transposeB = false, packed = false } = form;
  emitter.emit('Gemm', {
    ...places,
    ...end,
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
    workspace: emitter.workspace(gemmWorkspace(m, n, k, form)),
  });
}

const noEnd = { bias: 0, activation: UnaryKind.Linear, alpha: 0, beta: 0 };

const expectShapes = (what: string, node: Shape, expected: Shape) => {
  if (!sameShape(node, expected))
    throw new ShapeError(`${what}: expected ${formatShape(expected)}, got ${formatShape(node)}`);
};

defineOperation('convolution', {
  packed: packedConvolution,
  infer([x, kernel], attributes) {
    const { window, groups, kernelShape, packed } = attributes as unknown as ConvolutionAttributes;
    const batch = x!.shape[0]!;
    expectShapes('convolution: input', x!.shape, [batch, ...window.input, kernelShape.at(-2)! * groups]);
    if (!packed) expectShapes('convolution: kernel', kernel!.shape, kernelShape);
    return { shape: [batch, ...window.output, kernelShape.at(-1)!], dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [x, kernel] = node.inputs as [Node, Node];
    const { window, groups, kernelShape } = attributesOf(node);
    const shared = { window, groups, kernelShape };
    return [graph.add('convolutionInput', [dOut, kernel], shared), graph.add('convolutionKernel', [x, dOut], shared)];
  },
  lower(emitter, node) {
    const [x, kernel] = node.inputs as [Node, Node];
    const attributes = attributesOf(node);
    const batch = x.shape[0]!;
    const algorithm = algorithmOf(attributes);
    const product = productOf(attributes, batch);
    if (algorithm === 'product') {
      const places = { out: emitter.at(node), a: emitter.at(x), b: emitter.at(kernel) };
      const { n, k, packed } = product;
      return emitProduct(emitter, places, endOperands(emitter, node), { m: totalOf(product), n, k }, { packed });
    }
    const operands = {
      ...windowOperands(attributes, batch, x.shape.at(-1)!),
      out: emitter.at(node),
      x: emitter.at(x),
      kernel: emitter.at(kernel),
      ...endOperands(emitter, node),
    };
    if (algorithm === 'depthwise') return emitter.emit('Depthwise', operands);
    if (attributes.winograd) {
      const outChannels = node.shape.at(-1)!;
      const workspace = emitter.workspace(winogradWorkspace(product));
      return emitter.emit('ConvolveWinograd', { ...operands, outChannels, workspace });
    }
    return emitter.emit('Convolve', {
      ...operands,
      outChannels: node.shape.at(-1)!,
      groups: attributes.groups,
      packed: Number(product.packed),
      rows: blockRows(product.k),
      workspace: emitter.workspace(convolveWorkspace(product)),
    });
  },
});

// The transposed convolution: x from out. Inputs: out, kernel (and a bias [C]).
defineOperation('convolutionInput', {
  packed: packedConvolution,
  infer([out, kernel], attributes) {
    const { window, groups, kernelShape, packed } = attributes as unknown as ConvolutionAttributes;
    const batch = out!.shape[0]!;
    expectShapes('convolutionInput: gradient', out!.shape, [batch, ...window.output, kernelShape.at(-1)!]);
    if (!packed) expectShapes('convolutionInput: kernel', kernel!.shape, kernelShape);
    return { shape: [batch, ...window.input, kernelShape.at(-2)! * groups], dtype: 'f32' };
  },
  gradient(graph, node, dX) {
    const [out, kernel] = node.inputs as [Node, Node];
    const { window, groups, kernelShape } = attributesOf(node);
    const shared = { window, groups, kernelShape };
    return [graph.add('convolution', [dX, kernel], shared), graph.add('convolutionKernel', [dX, out], shared)];
  },
  lower(emitter, node) {
    const [out, kernel] = node.inputs as [Node, Node];
    const attributes = attributesOf(node);
    const batch = out.shape[0]!;
    const product = productOf(attributes, batch);
    if (algorithmOf(attributes) === 'product') {
      const places = { out: emitter.at(node), a: emitter.at(out), b: emitter.at(kernel) };
      const { n: k, k: n, packed } = product;
      const end = endOperands(emitter, node);
      return emitProduct(emitter, places, end, { m: totalOf(product), n, k }, { packed, transposeB: !packed });
    }
    const operands = {
      ...windowOperands(attributes, batch, node.shape.at(-1)!),
      x: emitter.at(node),
      out: emitter.at(out),
      kernel: emitter.at(kernel),
    };
    if (algorithmOf(attributes) === 'depthwise' && !attributes.bias && !attributes.activation)
      return emitter.emit('DepthwiseInput', operands);
    return emitter.emit('ConvolveInput', {
      ...operands,
      ...endOperands(emitter, node),
      outChannels: out.shape.at(-1)!,
      groups: attributes.groups,
      packed: Number(product.packed),
      rows: blockRows(product.k),
      workspace: emitter.workspace(convolveInputWorkspace(product)),
    });
  },
});

// The gradient for the kernel, from x and out's gradient.
defineOperation('convolutionKernel', {
  infer([x, out], attributes) {
    const { window, groups, kernelShape } = attributes as unknown as ConvolutionAttributes;
    const batch = x!.shape[0]!;
    expectShapes('convolutionKernel: input', x!.shape, [batch, ...window.input, kernelShape.at(-2)! * groups]);
    expectShapes('convolutionKernel: gradient', out!.shape, [batch, ...window.output, kernelShape.at(-1)!]);
    return { shape: kernelShape, dtype: 'f32' };
  },
  gradient(graph, node, dKernel) {
    const [x, out] = node.inputs as [Node, Node];
    return [
      graph.add('convolutionInput', [out, dKernel], node.attributes),
      graph.add('convolution', [x, dKernel], node.attributes),
    ];
  },
  lower(emitter, node) {
    const [x, out] = node.inputs as [Node, Node];
    const attributes = attributesOf(node);
    const batch = x.shape[0]!;
    const product = productOf(attributes, batch);
    if (algorithmOf(attributes) === 'product') {
      const places = { out: emitter.at(node), a: emitter.at(x), b: emitter.at(out) };
      const { n, k: m } = product;
      return emitProduct(emitter, places, noEnd, { m, n, k: totalOf(product) }, { transposeA: true });
    }
    const operands = {
      ...windowOperands(attributes, batch, x.shape.at(-1)!),
      kernel: emitter.at(node),
      x: emitter.at(x),
      out: emitter.at(out),
    };
    if (algorithmOf(attributes) === 'depthwise') return emitter.emit('DepthwiseKernel', operands);
    return emitter.emit('ConvolveKernel', {
      ...operands,
      outChannels: out.shape.at(-1)!,
      groups: attributes.groups,
      rows: blockRows(product.k),
      workspace: emitter.workspace(convolveKernelWorkspace(product)),
    });
  },
});

interface PackAttributes extends ConvolutionAttributes {
  /** For the transposed convolution. */
  transposed: boolean;
}

/** The matrix that PackB packs for each group. */
function packedMatrix({ groups, kernelShape, transposed }: PackAttributes) {
  const [columns, rows] = [kernelShape.at(-1)! / groups, sizeOf(kernelShape.slice(0, -1))];
  return transposed ? { n: rows, k: columns } : { n: columns, k: rows };
}

// The kernel as the products read it: for each group what PackB makes of it, or the 36 matrices of Winograd's filtering.
defineOperation('packKernel', {
  infer(_inputs, attributes) {
    const options = attributes as unknown as PackAttributes;
    const [channels, filters] = options.kernelShape.slice(-2) as [number, number];
    const { n, k } = packedMatrix(options);
    const bytes = options.winograd ? winogradKernelBytes(filters, channels) : options.groups * packedBytes(n, k);
    return { shape: [bytes / 4], dtype: 'f32' };
  },
  lower(emitter, node) {
    const options = node.attributes as unknown as PackAttributes;
    const [kernel] = node.inputs as [Node];
    const [channels, outChannels] = options.kernelShape.slice(-2) as [number, number];
    if (options.winograd) {
      const workspace = emitter.workspace(WINOGRAD_KERNEL_WORKSPACE);
      const places = { out: emitter.at(node), kernel: emitter.at(kernel), workspace };
      return emitter.emit('ConvolveWinogradKernel', { ...places, channels, outChannels });
    }
    const { n, k } = packedMatrix(options);
    for (let group = 0; group < options.groups; group++)
      emitter.emit('PackB', {
        out: emitter.at(node, (group * packedBytes(n, k)) / 4),
        b: emitter.at(kernel, (group * outChannels) / options.groups),
        n,
        k,
        strideB: outChannels,
        transposeB: Number(options.transposed),
      });
  },
});

/**
 * x [B, ...spatial, C] with kernel [...k, C / groups, N]. A channel that goes to several of its own (C = groups < N, the
 * depth multiplier) is repeated first, so that every one of them is a depthwise convolution.
 */
export function convolution(graph: Graph, x: Node, kernel: Node, window: Window, groups = 1): Node {
  const [channels, n] = kernel.shape.slice(-2) as [number, number];
  if (channels > 1 || groups === 1 || n === groups)
    return graph.add('convolution', [x, kernel], { window, groups, kernelShape: kernel.shape });
  const apart = reshape(graph, x, [...x.shape, 1]);
  const repeated = reshape(graph, broadcastTo(graph, apart, [...x.shape, n / groups]), [...x.shape.slice(0, -1), n]);
  return graph.add('convolution', [repeated, kernel], { window, groups: n, kernelShape: kernel.shape });
}

/** x [B, ...window.output, N] with kernel [...k, C / groups, N], to [B, ...window.input, C]. */
export const transposedConvolution = (graph: Graph, x: Node, kernel: Node, window: Window, groups = 1): Node =>
  graph.add('convolutionInput', [x, kernel], { window, groups, kernelShape: kernel.shape });

/** What a convolution becomes when its kernel stays as it is; undefined where it reads that as stored. */
function packedConvolution(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined {
  const transposed = node.operation === 'convolutionInput';
  const attributes = attributesOf(node);
  if (attributes.packed || algorithmOf(attributes) === 'depthwise') return undefined;
  const [x, kernel, ...rest] = inputs as [Node, Node, ...Node[]];
  const { window, groups, kernelShape } = attributes;
  const product = productOf(attributes, 1);
  const gathers = algorithmOf(attributes) === 'rows';
  if (transposed && gathers && readsInPlace(product)) return undefined;
  const winograd = !transposed && gathers && paysByWinograd(product);
  const form = winograd ? { packed: true, winograd } : { packed: true };
  const packed = graph.add('packKernel', [kernel], { window, groups, kernelShape, transposed, ...form });
  return graph.add(node.operation, [x, packed, ...rest], { ...node.attributes, ...form });
}
