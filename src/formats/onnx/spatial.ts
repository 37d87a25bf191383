// What convolutions and pools share: kernel, stride, dilation and padding from a node's attributes.
import { NeuriteError } from '../../core/errors.ts';
import type { Call } from './operator.ts';

export interface Spatial {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The sizes of the result. */
  readonly out: readonly number[];
}

/**
 * @param sizes those of the axes that the kernel goes over
 * @param kernel where the node's own attribute does not say
 */
export function spatialOf(call: Call, sizes: readonly number[], kernel?: readonly number[]): Spatial {
  const { attributes } = call;
  const shape = attributes.ints('kernel_shape') ?? kernel;
  if (!shape || shape.length !== sizes.length || shape.some((size) => !(size > 0)))
    throw new NeuriteError(`a kernel [${shape?.join(', ') ?? ''}] over ${sizes.length} axes`);
  const stride = attributes.ints('strides') ?? sizes.map(() => 1);
  const dilation = attributes.ints('dilations') ?? sizes.map(() => 1);
  if ([...stride, ...dilation].some((step) => !(step > 0))) throw new NeuriteError('a stride or dilation below 1');
  const span = shape.map((size, i) => dilation[i]! * (size - 1) + 1);
  const automatic = attributes.string('auto_pad', 'NOTSET');
  const ceil = attributes.flag('ceil_mode');
  const pads = attributes.ints('pads') ?? sizes.flatMap(() => [0, 0]);
  const before: number[] = [];
  const after: number[] = [];
  const out: number[] = [];
  sizes.forEach((size, i) => {
    const step = stride[i]!;
    if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
      out[i] = Math.ceil(size / step);
      const total = Math.max(0, (out[i]! - 1) * step + span[i]! - size);
      before[i] = automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      after[i] = total - before[i]!;
      return;
    }
    before[i] = automatic === 'VALID' ? 0 : pads[i]!;
    after[i] = automatic === 'VALID' ? 0 : pads[i + sizes.length]!;
    const room = (size + before[i]! + after[i]! - span[i]!) / step;
    out[i] = (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
    // A window that would begin in the padding behind is left out.
    if (ceil && (out[i]! - 1) * step >= size + before[i]!) out[i]!--;
    if (!(out[i]! >= 0)) throw new NeuriteError(`a kernel over ${span[i]} elements does not fit ${size}`);
  });
  return { kernel: shape, stride, dilation, before, after, out };
}

/** The padding behind that the windows really reach, where they are rounded up. */
export const reachedPadding = (
  { kernel, stride, dilation, before, out }: Spatial,
  sizes: readonly number[],
): number[] =>
  sizes.map((size, i) =>
    Math.max(0, (out[i]! - 1) * stride[i]! + dilation[i]! * (kernel[i]! - 1) + 1 - size - before[i]!),
  );
