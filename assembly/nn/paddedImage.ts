// An image as the tiles of a convolution read it: with its padding around it, so that no window hangs over an edge. Where
// there is none it is the sample as it lies; else a copy of one sample in the workspace.
import { WindowInstruction } from '../instructions';
import { bytes } from '../linalg/block';
import { together } from './window';
import { zeroRun } from './words';

/** A sample with its padding. Steps are in bytes. */
@unmanaged
export class PaddedImage {
  /** Its first pixel. */
  at: usize;
  stepLine: usize;
  stepPlane: usize;
}

/** How far the windows of an axis reach. */
@inline
export function reach(out: u32, stride: u32, kernel: u32, dilation: u32): u32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

/** Whether an axis has all that its windows read. */
@inline
function isInside(before: i32, reached: u32, size: u32): bool {
  return before <= 0 && <i32>reached - before <= <i32>size;
}

/** Whether the windows read beyond the edges of x. */
export function needsPadding(i: WindowInstruction): bool {
  return !(
    isInside(i.beforeDepth, reach(i.outDepth, i.strideDepth, i.kernelDepth, i.dilationDepth), i.depth) &&
    isInside(i.beforeHeight, reach(i.outHeight, i.strideHeight, i.kernelHeight, i.dilationHeight), i.height) &&
    isInside(i.beforeWidth, reach(i.outWidth, i.strideWidth, i.kernelWidth, i.dilationWidth), i.width)
  );
}

/** The bytes of a sample with its padding; 0 where it needs none. */
export function paddedBytes(i: WindowInstruction): usize {
  if (!needsPadding(i)) return 0;
  const depth = reach(i.outDepth, i.strideDepth, i.kernelDepth, i.dilationDepth);
  const height = reach(i.outHeight, i.strideHeight, i.kernelHeight, i.dilationHeight);
  const width = reach(i.outWidth, i.strideWidth, i.kernelWidth, i.dilationWidth);
  return bytes(depth * height * width * i.channels);
}

/** The sample at x in place: its windows begin `before` pixels into it (a negative padding). */
function inPlace(i: WindowInstruction, image: PaddedImage, x: usize): void {
  image.stepLine = bytes(i.width * i.channels);
  image.stepPlane = image.stepLine * i.height;
  image.at =
    x -
    image.stepPlane * <usize>i.beforeDepth -
    image.stepLine * <usize>i.beforeHeight -
    bytes(i.channels) * <usize>i.beforeWidth;
}

/** A copy of the sample at x with zeros around it, at `to`. */
function copied(i: WindowInstruction, image: PaddedImage, x: usize, to: usize): void {
  const depth = reach(i.outDepth, i.strideDepth, i.kernelDepth, i.dilationDepth);
  const height = reach(i.outHeight, i.strideHeight, i.kernelHeight, i.dilationHeight);
  const width = reach(i.outWidth, i.strideWidth, i.kernelWidth, i.dilationWidth);
  image.at = to;
  image.stepLine = bytes(width * i.channels);
  image.stepPlane = image.stepLine * height;
  for (let d: u32 = 0; d < depth; d++) {
    const atDepth: i32 = d - i.beforeDepth;
    for (let h: u32 = 0; h < height; h++, to += image.stepLine) {
      const atHeight: i32 = h - i.beforeHeight;
      if (<u32>atDepth >= i.depth || <u32>atHeight >= i.height) {
        zeroRun(to, width * i.channels);
        continue;
      }
      const line = x + bytes((atDepth * i.height + atHeight) * i.width * i.channels);
      together(to, line, -i.beforeWidth, i.width, width, i.channels, true);
    }
  }
}

/** The sample at x as its windows read it; `to`: paddedBytes of room. */
export function padImage(i: WindowInstruction, image: PaddedImage, x: usize, to: usize): void {
  if (needsPadding(i)) copied(i, image, x, to);
  else inPlace(i, image, x);
}
