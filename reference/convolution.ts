// Convolution and its transpose in plain float64, one multiplication after the other, over any number of spatial axes.
// Shapes: x [B, ...input, C], kernel [...kernelSize, C / groups, N], out [B, ...output, N].

export interface ConvolutionShape {
  batch: number;
  input: readonly number[];
  output: readonly number[];
  kernelSize: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  before: readonly number[];
  channels: number;
  filters: number;
  groups: number;
}

const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * size, 1);

/** Every index of a box of sizes, the last axis fastest. */
export function* positionsOf(sizes: readonly number[]): Generator<number[]> {
  const index = sizes.map(() => 0);
  for (let count = product(sizes); count > 0; count--) {
    yield [...index];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < sizes[axis]!) break;
      index[axis] = 0;
    }
  }
}

export const offsetOf = (index: readonly number[], sizes: readonly number[]): number =>
  index.reduce((offset, at, axis) => offset * sizes[axis]! + at, 0);

/** Calls `term(x, kernel, out)` with the offsets of every product x · kernel that goes into an element of out. */
function eachTerm(shape: ConvolutionShape, term: (x: number, kernel: number, out: number) => void): void {
  const { batch, input, output, kernelSize, channels, filters, groups } = shape;
  const [perGroup, filtersPerGroup] = [channels / groups, filters / groups];
  const taps = [...positionsOf(kernelSize)];
  for (let b = 0; b < batch; b++)
    for (const o of positionsOf(output))
      for (const k of taps) {
        const at = o.map((p, axis) => p * shape.stride[axis]! - shape.before[axis]! + k[axis]! * shape.dilation[axis]!);
        if (at.some((p, axis) => p < 0 || p >= input[axis]!)) continue;
        const pixel = (b * product(input) + offsetOf(at, input)) * channels;
        const outPixel = (b * product(output) + offsetOf(o, output)) * filters;
        for (let c = 0; c < perGroup; c++)
          for (let n = 0; n < filters; n++) {
            const group = Math.floor(n / filtersPerGroup);
            const weight = (offsetOf(k, kernelSize) * perGroup + c) * filters + n;
            term(pixel + group * perGroup + c, weight, outPixel + n);
          }
      }
}

export function convolution(x: ArrayLike<number>, kernel: ArrayLike<number>, shape: ConvolutionShape): Float64Array {
  const out = new Float64Array(shape.batch * product(shape.output) * shape.filters);
  eachTerm(shape, (from, weight, to) => (out[to]! += x[from]! * kernel[weight]!));
  return out;
}

/** The transposed convolution: x from out. */
export function transposedConvolution(
  out: ArrayLike<number>,
  kernel: ArrayLike<number>,
  shape: ConvolutionShape,
): Float64Array {
  const x = new Float64Array(shape.batch * product(shape.input) * shape.channels);
  eachTerm(shape, (to, weight, from) => (x[to]! += out[from]! * kernel[weight]!));
  return x;
}

/** The gradient for the kernel, from x and the gradient of out. */
export function kernelGradient(x: ArrayLike<number>, out: ArrayLike<number>, shape: ConvolutionShape): Float64Array {
  const kernel = new Float64Array((product(shape.kernelSize) * shape.channels * shape.filters) / shape.groups);
  eachTerm(shape, (from, weight, to) => (kernel[weight]! += x[from]! * out[to]!));
  return kernel;
}
