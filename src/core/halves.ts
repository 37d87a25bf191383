// Floating-point numbers in 16 bits: float16 (IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction) and
// bfloat16 (the upper half of a float32). All of their values are float32 values.

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The number that a float16 is. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return (sign * fraction) / (1 << 24);
  return (sign * (1024 + fraction) * (1 << exponent)) / (1 << 25);
}

/** The nearest float16, ties to even; beyond its range ±∞. */
export function toHalf(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ the unit is 2⁻²⁴.
    float[0] = Math.abs(value);
    return sign | roundToEven(float[0]! * 2 ** 24);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** Float16 values as float32. */
export function expandHalves(halves: Uint16Array): Float32Array {
  const numbers = new Float32Array(halves.length);
  for (let index = 0; index < numbers.length; index++) numbers[index] = fromHalf(halves[index]!);
  return numbers;
}

/** Bfloat16 values as float32. */
export function expandBrainFloats(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let index = 0; index < words.length; index++) words[index] = halves[index]! << 16;
  return new Float32Array(words.buffer);
}
