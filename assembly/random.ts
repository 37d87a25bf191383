// Counter-based random numbers, Philox 4×32-10: a number is a function of its place, not of what came before it.
// The mapping, the same on the host (src/core/philox.ts):
//   counter = (block, step, stream, 0), key = (seedLow, seedHigh)
//   element i of a fill is made of word i % 4 of block ⌊i / 4⌋; a fill has step 0, dropout and noise the step of their counter
// Normal deviates 2k and 2k + 1 of a block are made of its words 2k and 2k + 1.
// source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011
import { Dropout, RandomFill, RandomKind, RandomValues } from './instructions';
import { madd, storeTail, loadTail } from './lanes';
import { ONE, constant, horner6, log_f32x4, sinOfQuadrant } from './math';

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/** 2⁻²⁴ */
const UNIT: usize = memory.data<f32>([5.96046448e-8], 4);
const MINUS_TWO: usize = memory.data<f32>([-2], 4);
const FOUR: usize = memory.data<f32>([4], 4);
const HALF_PI: usize = memory.data<f32>([1.57079637], 4);
/** Φ(2) − Φ(−2): the mass within two deviations. */
const CENTRAL_MASS: usize = memory.data<f32>([0.954499722], 4);
/** √2 erf⁻¹(u) / u as a polynomial in −ln(1 − u²) for |u| ≤ 0.9545, highest power first. */
const PROBIT_SERIES: usize = memory.data<f32>(
  [-6.30495788e-6, 9.02370593e-5, -0.000214252897, -0.00327893416, 0.0163255949, 0.328117698, 1.25331414],
  4,
);

// What `philoxBlocks` returns: word w of four consecutive blocks, a block a lane.
export let word0: v128 = i32x4(0, 0, 0, 0);
export let word1: v128 = i32x4(0, 0, 0, 0);
export let word2: v128 = i32x4(0, 0, 0, 0);
export let word3: v128 = i32x4(0, 0, 0, 0);

/** The even words (the low halves) of two vectors of 64-bit products. */
@inline
function lowHalves(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6);
}

@inline
function highHalves(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7);
}

/**
 * Philox 4×32-10 of four blocks at once, into word0 to word3: lane b is block `block` + b.
 * formula: ten rounds of (c0, c1, c2, c3) → (high(M1 c2) ⊕ c1 ⊕ k0, low(M1 c2), high(M0 c0) ⊕ c3 ⊕ k1, low(M0 c0)),
 *          the key growing by the Weyl constants between them
 */
export function philoxBlocks(block: u32, step: u32, stream: u32, last: u32, key0: u32, key1: u32): void {
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(step);
  let c2 = i32x4.splat(stream);
  let c3 = i32x4.splat(last);
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  for (let round = 0; round < 10; round++, key0 += WEYL_0, key1 += WEYL_1) {
    const low0 = i64x2.extmul_low_i32x4_u(c0, m0);
    const high0 = i64x2.extmul_high_i32x4_u(c0, m0);
    const low1 = i64x2.extmul_low_i32x4_u(c2, m1);
    const high1 = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(highHalves(low1, high1), c1), i32x4.splat(key0));
    c1 = lowHalves(low1, high1);
    c2 = v128.xor(v128.xor(highHalves(low0, high0), c3), i32x4.splat(key1));
    c3 = lowHalves(low0, high0);
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}

/** word0 to word3 from a block a lane to a block a vector: their sixteen values in the order of the elements. */
@inline
export function transposeWords(): void {
  const low01 = i32x4.shuffle(word0, word1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(word0, word1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(word2, word3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(word2, word3, 2, 6, 3, 7);
  word0 = i64x2.shuffle(low01, low23, 0, 2);
  word1 = i64x2.shuffle(low01, low23, 1, 3);
  word2 = i64x2.shuffle(high01, high23, 0, 2);
  word3 = i64x2.shuffle(high01, high23, 1, 3);
}

/**
 * Philox 4×32-10 of one block in place: six words at `address`, the counter and the key; the counter becomes the
 * output. For the published known answers.
 */
export function philox4x32(address: usize): void {
  philoxBlocks(
    load<u32>(address),
    load<u32>(address, 4),
    load<u32>(address, 8),
    load<u32>(address, 12),
    load<u32>(address, 16),
    load<u32>(address, 20),
  );
  transposeWords();
  v128.store(address, word0);
}

/** The top 24 bits as a number in [0, 1). */
@inline
export function unit(bits: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), constant(UNIT));
}

/** a + u (b − a), at most the float below b. */
@inline
function uniform(bits: v128, a: f32, b: f32): v128 {
  const x = madd(unit(bits), f32x4.splat(b - a), f32x4.splat(a));
  return f32x4.pmin(x, f32x4.splat(a < b ? below(b) : b));
}

/** The next float below x. */
function below(x: f32): f32 {
  if (x == 0) return reinterpret<f32>(0x80000001);
  const bits = reinterpret<i32>(x);
  return reinterpret<f32>(x > 0 ? bits - 1 : bits + 1);
}

/** √(−2 ln u) with u in (0, 1]: the radius of Box and Muller. */
function radius(bits: v128): v128 {
  const u = f32x4.add(unit(bits), constant(UNIT));
  return f32x4.sqrt(f32x4.mul(log_f32x4(u), constant(MINUS_TWO)));
}

/** sin(2π u + quadrant π/2): u is a whole number of quarter turns and a rest, exactly. */
function sinOfTurn(bits: v128, quadrant: i32): v128 {
  const quarters = f32x4.mul(unit(bits), constant(FOUR));
  const whole = f32x4.nearest(quarters);
  const r = f32x4.mul(f32x4.sub(quarters, whole), constant(HALF_PI));
  return sinOfQuadrant(r, i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(quadrant)));
}

/** word0 to word3, before they are transposed, to standard normal deviates by Box and Muller's method. */
@inline
export function normalWords(): void {
  const radius0 = radius(word0);
  const radius1 = radius(word2);
  word0 = f32x4.mul(radius0, sinOfTurn(word1, 1));
  word1 = f32x4.mul(radius0, sinOfTurn(word1, 0));
  word2 = f32x4.mul(radius1, sinOfTurn(word3, 1));
  word3 = f32x4.mul(radius1, sinOfTurn(word3, 0));
}

/** The normal quantile of the middle of the word's cell in ±(Φ(2) − Φ(−2)) / 2: a normal deviate within ±2. */
function truncatedNormal(bits: v128): v128 {
  // odd numbers in (−2²⁴, 2²⁴): no cell is favoured, none is 0
  const centred = i32x4.sub(v128.or(i32x4.shr_u(bits, 7), i32x4.splat(1)), i32x4.splat(16777216));
  const u = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(centred), constant(UNIT)), constant(CENTRAL_MASS));
  const one = constant(ONE);
  const w = f32x4.neg(log_f32x4(f32x4.mul(f32x4.sub(one, u), f32x4.add(one, u))));
  const z = f32x4.mul(u, horner6(PROBIT_SERIES, w));
  return f32x4.pmin(f32x4.pmax(z, f32x4.splat(-2)), f32x4.splat(2));
}

/** Four elements of which `left` (from below 0 to above 4) are there. */
function put(address: usize, value: v128, left: i32): void {
  if (left >= 4) v128.store(address, value);
  else if (left > 0) storeTail(address, value, left);
}

@inline
function finish(kind: u32, x: v128, a: f32, b: f32): v128 {
  if (kind == RandomKind.Uniform) return uniform(x, a, b);
  const z = kind == RandomKind.TruncatedNormal ? truncatedNormal(x) : x;
  return madd(z, f32x4.splat(b), f32x4.splat(a));
}

/** What a kind makes of word0 to word3, in the order of the elements. */
function finishWords(kind: u32, a: f32, b: f32): void {
  if (kind == RandomKind.Normal) normalWords();
  word0 = finish(kind, word0, a, b);
  word1 = finish(kind, word1, a, b);
  word2 = finish(kind, word2, a, b);
  word3 = finish(kind, word3, a, b);
  transposeWords();
}

/**
 * formula: Uniform a + (b − a) u, u the top 24 bits / 2²⁴; Normal a + b √(−2 ln u) (cos, sin)(2π u');
 *          TruncatedNormal a + b z, z the normal quantile of a uniform number, |z| ≤ 2
 * shapes:  out[n]
 * tail:    whole blocks are made, what is past the end is not written; a longer fill begins with a shorter one
 * edge:    Uniform never gives b (but where a = b); |Normal − a| ≤ 5.77 b, the granularity of 24 bits
 */
export function randomFill_f32(
  kind: u32,
  out: usize,
  n: u32,
  a: f32,
  b: f32,
  step: u32,
  seedLow: u32,
  seedHigh: u32,
  stream: u32,
): void {
  let block: u32 = 0;
  for (let rest = n; rest; rest -= min<u32>(rest, 16), out += 64, block += 4) {
    philoxBlocks(block, step, stream, 0, seedLow, seedHigh);
    finishWords(kind, a, b);
    const left = i32(min<u32>(rest, 16));
    put(out, word0, left);
    put(out + 16, word1, left - 4);
    put(out + 32, word2, left - 8);
    put(out + 48, word3, left - 12);
  }
}

export function execRandomFill(pc: usize): u32 {
  const i = changetype<RandomFill>(pc);
  randomFill_f32(i.kind, i.out, i.n, i.a, i.b, 0, i.seedLow, i.seedHigh, i.stream);
  return 0;
}

/** Standard normal numbers, or uniform ones in [0, 1), that are others at each step of the counter. */
export function execRandomValues(pc: usize): u32 {
  const i = changetype<RandomValues>(pc);
  const step = load<u32>(i.counter, 8);
  randomFill_f32(i.kind, i.out, i.n, 0, 1, step, load<u32>(i.counter), load<u32>(i.counter, 4), i.stream);
  return 0;
}

/** Four elements of dropout, of which `left` are there. */
@inline
function dropFour(out: usize, x: usize, bits: v128, rate: v128, scale: v128, left: i32): void {
  const factor = v128.and(scale, f32x4.ge(unit(bits), rate));
  if (left >= 4) v128.store(out, f32x4.mul(v128.load(x), factor));
  else if (left > 0) storeTail(out, f32x4.mul(loadTail(x, left), factor), left);
}

/**
 * formula: out[i] = x[i] / (1 − rate) where u[i] ≥ rate, else 0; u[i] the top 24 bits of the i-th word / 2²⁴
 * shapes:  out[n], x[n]; counter: four words, seed low, seed high, step, unused; i counts from 4 · firstBlock
 * alias:   out may be x
 * tail:    whole blocks are made, only what is there is read and written
 * edge:    NaN and infinity stay visible where they are dropped (times 0 is NaN); rate 0 keeps all
 */
export function dropout_f32(
  out: usize,
  x: usize,
  n: u32,
  dropRate: f32,
  counter: usize,
  stream: u32,
  firstBlock: u32,
): void {
  const rate = f32x4.splat(dropRate);
  const scale = f32x4.splat(1 / (1 - dropRate));
  let block = firstBlock;
  for (let rest = n; rest; rest -= min<u32>(rest, 16), out += 64, x += 64, block += 4) {
    philoxBlocks(block, load<u32>(counter, 8), stream, 0, load<u32>(counter), load<u32>(counter, 4));
    transposeWords();
    const left = i32(min<u32>(rest, 16));
    dropFour(out, x, word0, rate, scale, left);
    dropFour(out + 16, x + 16, word1, rate, scale, left - 4);
    dropFour(out + 32, x + 32, word2, rate, scale, left - 8);
    dropFour(out + 48, x + 48, word3, rate, scale, left - 12);
  }
}

export function execDropout(pc: usize): u32 {
  const i = changetype<Dropout>(pc);
  dropout_f32(i.out, i.x, i.n, i.rate, i.counter, i.stream, 0);
  return 0;
}
