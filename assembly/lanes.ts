// The v128 vocabulary of the kernels: fused or separate multiply-add, tails, horizontal sums.
// The only file that knows relaxed SIMD: `madd` is one rounding in the relaxed build and two in the
// plain one, decided when the core is compiled. Addresses are bytes; every access may be unaligned.

/** a · b + c on four lanes: fused in the relaxed build, multiply then add in the plain one. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a · b on four lanes, rounded as `madd` rounds. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** The first `count` (1 to 3) floats at `address`, the other lanes 0; nothing past them is read. */
@inline
export function loadTail(address: usize, count: u32): v128 {
  if (count == 1) return v128.load32_zero(address);
  const low = v128.load64_zero(address);
  return count == 2 ? low : v128.load_lane<f32>(address + 8, low, 2);
}

/** Writes the first `count` (1 to 3) lanes at `address`; nothing past them is touched. */
@inline
export function storeTail(address: usize, value: v128, count: u32): void {
  if (count == 1) {
    v128.store_lane<f32>(address, value, 0);
    return;
  }
  v128.store_lane<f64>(address, value, 0);
  if (count == 3) v128.store_lane<f32>(address + 8, value, 2);
}

/** `loadTail`, out of line. */
function loadPart(address: usize, count: u32): v128 {
  return loadTail(address, count);
}

/** Four floats at `address`, or where `count` is less than 4 its first 1 to 3, the other lanes 0. */
@inline
export function loadUpTo(address: usize, count: u32): v128 {
  return count >= 4 ? v128.load(address) : loadPart(address, count);
}

/** Writes four lanes at `address`, or where `count` is less than 4 the first 1 to 3. */
@inline
export function storeUpTo(address: usize, value: v128, count: u32): void {
  if (count >= 4) v128.store(address, value);
  else storeTail(address, value, count);
}

const LANE_NUMBERS: usize = memory.data<i32>([0, 1, 2, 3], 16);

/** All bits set in the first `count` lanes, none in the others; 4 or more set all. */
@inline
export function laneMask(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), v128.load(LANE_NUMBERS));
}

/** ((x0 + x2) + (x1 + x3)): the sum of the lanes, in an order that never changes. */
@inline
export function sumLanes(x: v128): f32 {
  const pairs = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}
