// Whether a sum of doubles, each taken a whole number of times, is exactly zero: every finite double is
// a whole multiple of 2^-1074, so the question is one of whole numbers, and BigInt answers it.

const mantissaBits = 52n;
const mantissaMask = (1n << mantissaBits) - 1n;
const word = new DataView(new ArrayBuffer(8));

/** Whether Σ counts[i] · values[i] = 0 without any rounding; counts are whole, values finite. */
export function sumsToZero(counts: ArrayLike<number>, values: ArrayLike<number>): boolean {
  let total = 0n;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] !== 0) total += BigInt(counts[i]) * inSmallestUnits(values[i]);
  }
  return total === 0n;
}

/** value / 2^-1074, exact. */
function inSmallestUnits(value: number): bigint {
  word.setFloat64(0, value);
  const bits = word.getBigUint64(0);
  const mantissa = bits & mantissaMask;
  const exponent = (bits >> mantissaBits) & 0x7ffn;
  const magnitude = exponent === 0n ? mantissa : (mantissa | (1n << mantissaBits)) << (exponent - 1n);
  return value < 0 ? -magnitude : magnitude;
}
