// Elementary functions in float64: the oracle of assembly/math.ts. Slow and readable; Math.* is good to an ulp of a
// double here, which is 2⁻²⁹ of a float's. What Math lacks is by series and continued fraction.

/** The error function, by its Maclaurin series below 2 and through `erfc` beyond. */
export function erf(x: number): number {
  if (Math.abs(x) > 2) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
    if (sum === 0) break;
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** 1 − erf(x) without cancellation: for x > 2 exp(−x²) times Lentz's continued fraction. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x < 2) return 1 - erf(x);
  return x > 40 ? 0 : Math.exp(-x * x) * erfcScaled(x);
}

/** exp(x²) erfc(x) for x ≥ 1: 1 / (x + ½ / (x + 1 / (x + 3/2 / (x + …)))) / √π, from the inside out. */
export function erfcScaled(x: number): number {
  const depth = Math.ceil(20 + 400 / (x * x));
  let fraction = x;
  for (let k = depth; k > 0; k--) fraction = x + k / 2 / fraction;
  return 1 / fraction / Math.sqrt(Math.PI);
}

/** The normal distribution function, with relative accuracy in both tails. */
export function normalCdf(x: number): number {
  return x < 0 ? erfc(-x / Math.SQRT2) / 2 : 1 - erfc(x / Math.SQRT2) / 2;
}

/** The normal density. */
export function normalPdf(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

export function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

/** ln(1 + eˣ). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** xʸ as C and IEEE 754 have it: JavaScript differs in 1^NaN and (±1)^±∞. */
export function power(x: number, y: number): number {
  if (x === 1 || y === 0) return 1;
  if (x === -1 && Math.abs(y) === Infinity) return 1;
  return Math.pow(x, y);
}

/** The distance from one float to the next at |x|: the unit in the last place of a float. */
export function ulp(x: number): number {
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -126)));
  const unit = 2 ** (exponent - 23);
  return 2 ** exponent > Math.abs(x) && exponent > -126 ? unit / 2 : unit;
}
