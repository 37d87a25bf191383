// The register tiles of a convolution: TILE_ROWS × 8, as those of the matrix product (linalg/tile.ts), but on rows that
// lie where the image has them. Nothing is gathered first: a row of the product is a pixel's address, and its elements
// are runs of neighbours at the same offsets from every pixel (implicit im2col).
// Six rows where multiply-add is one instruction, five where it is two; one step of the sum a turn, for the reasons
// given there. Addresses and strides are in bytes. Source of the table of pixels: Dukhan, The indirect convolution
// algorithm (2019).
import { madd } from '../lanes';

const six: bool = ASC_FEATURE_RELAXED_SIMD;

/**
 * formula: out[r, 8] = init[r, 8] + Σ over the runs, over their elements l: image[pixels[r] + offset + l] · b[l, 8]
 * shapes: pixels: TILE_ROWS addresses; runs to endRuns: an offset for each run; run: its bytes; b: rows of eight columns
 *   side by side, in the order of the sum; out and init have their rows strideOut and strideInit apart
 * alias: init may be out
 * edge: NaN and infinities as IEEE has them
 */
export function convolve_f32_tile(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  pixels: usize,
  b: usize,
  runs: usize,
  endRuns: usize,
  run: usize,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  init += strideInit;
  let c10 = v128.load(init);
  let c11 = v128.load(init, 16);
  init += strideInit;
  let c20 = v128.load(init);
  let c21 = v128.load(init, 16);
  init += strideInit;
  let c30 = v128.load(init);
  let c31 = v128.load(init, 16);
  init += strideInit;
  let c40 = v128.load(init);
  let c41 = v128.load(init, 16);
  init += strideInit;
  let c50 = six ? v128.load(init) : i32x4.splat(0);
  let c51 = six ? v128.load(init, 16) : i32x4.splat(0);
  for (; runs < endRuns; runs += 4) {
    const offset = load<usize>(runs);
    let a0 = load<usize>(pixels) + offset;
    let a1 = load<usize>(pixels, 4) + offset;
    let a2 = load<usize>(pixels, 8) + offset;
    let a3 = load<usize>(pixels, 12) + offset;
    let a4 = load<usize>(pixels, 16) + offset;
    let a5 = six ? load<usize>(pixels, 20) + offset : 0;
    for (const end = a0 + run; a0 < end; b += 32) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a4);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      a4 += 4;
      if (six) {
        x = v128.load32_splat(a5);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        a5 += 4;
      }
    }
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += strideOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += strideOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += strideOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  out += strideOut;
  v128.store(out, c40);
  v128.store(out, c41, 16);
  if (six) {
    v128.store(out + strideOut, c50);
    v128.store(out + strideOut, c51, 16);
  }
}

/**
 * formula: sums[r, 8] += Σ over the lines, over their pixels p: image[line + elements[r] + p · stepPixel] · d[p, 8]
 * shapes: sums: TILE_ROWS rows of eight side by side; elements: TILE_ROWS offsets from a pixel; lines to endLines: the
 *   address of the first pixel of each output line, of `width` pixels; the rows of d are stepD apart, line after line
 * edge: NaN and infinities as IEEE has them
 */
export function convolve_f32_kernel_tile(
  sums: usize,
  elements: usize,
  lines: usize,
  endLines: usize,
  width: u32,
  stepPixel: usize,
  d: usize,
  stepD: usize,
): void {
  let c00 = v128.load(sums);
  let c01 = v128.load(sums, 16);
  let c10 = v128.load(sums, 32);
  let c11 = v128.load(sums, 48);
  let c20 = v128.load(sums, 64);
  let c21 = v128.load(sums, 80);
  let c30 = v128.load(sums, 96);
  let c31 = v128.load(sums, 112);
  let c40 = v128.load(sums, 128);
  let c41 = v128.load(sums, 144);
  let c50 = six ? v128.load(sums, 160) : i32x4.splat(0);
  let c51 = six ? v128.load(sums, 176) : i32x4.splat(0);
  const bytesOfLine = stepPixel * width;
  for (; lines < endLines; lines += 4) {
    const line = load<usize>(lines);
    let a0 = line + load<usize>(elements);
    let a1 = line + load<usize>(elements, 4);
    let a2 = line + load<usize>(elements, 8);
    let a3 = line + load<usize>(elements, 12);
    let a4 = line + load<usize>(elements, 16);
    let a5 = six ? line + load<usize>(elements, 20) : 0;
    for (const end = a0 + bytesOfLine; a0 < end; d += stepD) {
      const b0 = v128.load(d);
      const b1 = v128.load(d, 16);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      x = v128.load32_splat(a4);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      a0 += stepPixel;
      a1 += stepPixel;
      a2 += stepPixel;
      a3 += stepPixel;
      a4 += stepPixel;
      if (six) {
        x = v128.load32_splat(a5);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        a5 += stepPixel;
      }
    }
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
  v128.store(sums, c40, 128);
  v128.store(sums, c41, 144);
  if (six) {
    v128.store(sums, c50, 160);
    v128.store(sums, c51, 176);
  }
}
