// exp, log, pow, cos and sin with the same bits in every engine: only operations that IEEE 754 rounds exactly
// (+ − × ÷, conversions, the bits of a number). Math.exp and its like differ between engines in their last bits.
// Relative error at most 1e-14 where the result is a normal number (a test holds them against Math.*).
// Method: reduce the argument, sum the Taylor series, put the scale back; log carries a second word (hi + lo),
// so that pow loses nothing to a large exponent. Dekker 1971 for the exact products; Cody, Waite 1980 for the rest.

const bits = new DataView(new ArrayBuffer(8));

/** ln 2 in two words, the first with so few digits that its product with an exponent is exact. */
const ln2High = 0.6931471805592082;
const ln2Low = 7.371002565167799e-13;

/** π / 2 in three words, the first two of 33 bits. */
const halfPiHigh = 1.5707963267341256;
const halfPiMiddle = 6.077100506303966e-11;
const halfPiLow = 2.0222662487959506e-21;
const twoOverPi = 0.6366197723675814;

/** The largest argument of `cos` and `sin`: the product of its quadrant with a word of π / 2 is still exact. */
const largestAngle = 1048576;

/** Up to this power `pow` is a repeated product: exact where the products are, well within the bound elsewhere. */
const largestProduct = 32;

const expTerms = taylor(2, 13, (n) => 1 / factorial(n));
const cosTerms = taylor(2, 9, (k) => (k % 2 ? -1 : 1) / factorial(2 * k));
const sinTerms = taylor(1, 9, (k) => (k % 2 ? -1 : 1) / factorial(2 * k + 1));
const logTerms = taylor(1, 12, (k) => 1 / (2 * k + 1));

function taylor(first: number, last: number, term: (index: number) => number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => term(first + i));
}

/** Exact up to 18!, and rounded once beyond. */
function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

function horner(terms: readonly number[], x: number): number {
  let sum = 0;
  for (let i = terms.length - 1; i >= 0; i--) sum = sum * x + terms[i]!;
  return sum;
}

/** e to the x. */
export function exp(x: number): number {
  return expOfSum(x, 0);
}

/** The natural logarithm; −∞ at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  return logAsSum(x)[0];
}

/** x to the y, with the special values of `Math.pow`. */
export function pow(x: number, y: number): number {
  if (Number.isInteger(y) && y >= 0 && y <= largestProduct) return powInteger(x, y);
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const size = Math.abs(x);
  if (Math.abs(y) === Infinity) return size === 1 ? NaN : size > 1 === y > 0 ? Infinity : 0;
  if (x < 0 && !Number.isInteger(y)) return x === -Infinity ? (y > 0 ? Infinity : 0) : NaN;
  const negative = (x < 0 || Object.is(x, -0)) && Math.abs(y % 2) === 1;
  const result = powOfPositive(size, y);
  return negative ? -result : result;
}

/** x to the n ≥ 0 by repeated squaring; relative error about n · 1.1e-16, none where the products are exact. */
export function powInteger(x: number, n: number): number {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`powInteger: expected an integer n ≥ 0, got ${n}`);
  let result = 1;
  for (let square = x, rest = n; ; square *= square) {
    if (rest % 2 === 1) result *= square;
    rest = Math.floor(rest / 2);
    if (rest === 0) return result;
  }
}

/**
 * The cosine of x radians.
 * @throws RangeError where |x| > 2^20
 */
export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const [quadrant, high, low] = reduceAngle(x, 'cos');
  return ofQuadrant(quadrant + 1, high, low);
}

/**
 * The sine of x radians.
 * @throws RangeError where |x| > 2^20
 */
export function sin(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const [quadrant, high, low] = reduceAngle(x, 'sin');
  return ofQuadrant(quadrant, high, low);
}

/** 2^k, k in [−1022, 1023]. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** value · 2^k with one rounding, k in [−1100, 1100]. */
function scaleByPower(value: number, k: number): number {
  if (k > 1023) return value * powerOfTwo(1023) * powerOfTwo(k - 1023);
  if (k < -1022) return value * powerOfTwo(k + 100) * powerOfTwo(-100);
  return value * powerOfTwo(k);
}

/** The rounding error of the product a · b = p: a · b − p exactly (Dekker). */
function productError(a: number, b: number, p: number): number {
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** x as a sum of two numbers of at most 26 bits (Veltkamp). */
function halves(x: number): [number, number] {
  const shifted = 134217729 * x;
  const high = shifted - (shifted - x);
  return [high, x - high];
}

/** The rounding error of the sum a + b = s: a + b − s exactly (Knuth). */
function sumError(a: number, b: number, s: number): number {
  const bPart = s - a;
  return a - (s - bPart) + (b - bPart);
}

/** exp(x + tail), the tail far below x. */
function expOfSum(x: number, tail: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const k = Math.round(x * Math.LOG2E);
  const high = x - k * ln2High;
  const low = k * ln2Low - tail;
  const r = high - low;
  const error = high - r - low;
  return scaleByPower(1 + (r + (error + r * r * horner(expTerms, r))), k);
}

/** log x = high + low for a finite x > 0: x = m · 2^e, log m = 2 artanh s, s = (m − 1) / (m + 1). */
function logAsSum(x: number): [number, number] {
  const [m, e] = mantissa(x);
  const above = m + 1;
  const aboveError = m - (above - 1);
  const s = (m - 1) / above;
  const product = s * above;
  const sError = (m - 1 - product - productError(s, above, product) - s * aboveError) / above;
  const z = s * s;
  const exact = e * ln2High;
  const sum = exact + 2 * s;
  const low = sumError(exact, 2 * s, sum) + (2 * sError + 2 * s * z * horner(logTerms, z) + e * ln2Low);
  const high = sum + low;
  return [high, low - (high - sum)];
}

/** x = m · 2^e with m in [√½, √2). */
function mantissa(x: number): [number, number] {
  const subnormal = x < 2.2250738585072014e-308;
  bits.setFloat64(0, subnormal ? x * 18014398509481984 : x);
  const word = bits.getUint32(0);
  const e = (word >>> 20) - 1023 - (subnormal ? 54 : 0);
  bits.setUint32(0, (word & 0xfffff) | (1023 << 20));
  const m = bits.getFloat64(0);
  return m > Math.SQRT2 ? [m / 2, e + 1] : [m, e];
}

function powOfPositive(x: number, y: number): number {
  if (x === 0 || x === Infinity) return (x === 0) === y > 0 ? 0 : Infinity;
  const [high, low] = logAsSum(x);
  const product = y * high;
  if (!(Math.abs(product) < 800)) return product > 0 ? Infinity : 0;
  return expOfSum(product, productError(y, high, product) + y * low);
}

/** x = quadrant · π/2 + high + low, |high| ≤ π/4 or little more. */
function reduceAngle(x: number, name: string): [number, number, number] {
  if (Math.abs(x) > largestAngle) throw new RangeError(`${name}: expected |x| ≤ 2^20, got ${x}`);
  const quadrant = Math.round(x * twoOverPi);
  const first = x - quadrant * halfPiHigh;
  const middle = -quadrant * halfPiMiddle;
  const sum = first + middle;
  const low = sumError(first, middle, sum) - quadrant * halfPiLow;
  const high = sum + low;
  return [quadrant, high, low - (high - sum)];
}

/** sin(quadrant · π/2 + x + tail). */
function ofQuadrant(quadrant: number, x: number, tail: number): number {
  const turn = ((quadrant % 4) + 4) % 4;
  const value = turn % 2 === 0 ? sinNearZero(x, tail) : cosNearZero(x, tail);
  return turn < 2 ? value : -value;
}

function cosNearZero(x: number, tail: number): number {
  const z = x * x;
  return 1 - (z / 2 - (z * z * horner(cosTerms, z) - x * tail));
}

function sinNearZero(x: number, tail: number): number {
  const z = x * x;
  return x + (tail + x * z * horner(sinTerms, z));
}
