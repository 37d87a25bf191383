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
function reach(out: u32, stride: u32, kernel: u32, dilation: u32): u32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

/** Whether an axis has all that its windows read. */
@inline
function isInside(before: i32, reached: u32, size: u32): bool {
  return before <= 0 && <i32>reached - before <= <i32>size;
}

/** Whether x has all that windows which reach over these sizes read. */
@inline
function isWhole(i: WindowInstruction, depth: u32, height: u32, width: u32): bool {
  return (
    isInside(i.beforeDepth, depth, i.depth) &&
    isInside(i.beforeHeight, height, i.height) &&
    isInside(i.beforeWidth, width, i.width)
  );
}

@inline
function reachDepth(i: WindowInstruction): u32 {
  return reach(i.outDepth, i.strideDepth, i.kernelDepth, i.dilationDepth);
}

@inline
function reachHeight(i: WindowInstruction): u32 {
  return reach(i.outHeight, i.strideHeight, i.kernelHeight, i.dilationHeight);
}

@inline
function reachWidth(i: WindowInstruction): u32 {
  return reach(i.outWidth, i.strideWidth, i.kernelWidth, i.dilationWidth);
}

/** The bytes of a sample with its padding; 0 where it needs none. */
export function paddedBytes(i: WindowInstruction): usize {
  if (isWhole(i, reachDepth(i), reachHeight(i), reachWidth(i))) return 0;
  return bytes(reachDepth(i) * reachHeight(i) * reachWidth(i) * i.channels);
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
function copied(
  i: WindowInstruction,
  image: PaddedImage,
  x: usize,
  to: usize,
  depth: u32,
  height: u32,
  width: u32,
): void {
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

/** The sample at x as windows read it that reach over these sizes; `to`: room for them. */
export function padImageTo(
  i: WindowInstruction,
  image: PaddedImage,
  x: usize,
  to: usize,
  depth: u32,
  height: u32,
  width: u32,
): void {
  if (isWhole(i, depth, height, width)) inPlace(i, image, x);
  else copied(i, image, x, to, depth, height, width);
}

/** The sample at x as its windows read it; `to`: paddedBytes of room. */
export function padImage(i: WindowInstruction, image: PaddedImage, x: usize, to: usize): void {
  padImageTo(i, image, x, to, reachDepth(i), reachHeight(i), reachWidth(i));
}
