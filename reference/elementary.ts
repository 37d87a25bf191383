// The elementary steps of models that are given as equations, one number at a time; masks are true or false here.

const sign = (x: number): number => (Number.isNaN(x) ? x : Math.sign(x));

/** Of numbers. */
export const elementary: Readonly<Record<string, (a: number, b: number, c: number) => number>> = {
  Copy: (a) => a,
  Negate: (a) => -a,
  Absolute: (a) => Math.abs(a),
  SquareRoot: (a) => Math.sqrt(a),
  Floor: (a) => Math.floor(a),
  Ceiling: (a) => Math.ceil(a),
  Truncate: (a) => Math.trunc(a),
  Sign: (a) => sign(a),
  Exponential: (a) => Math.exp(a),
  ExponentialMinusOne: (a) => Math.expm1(a),
  RelativeExponential: (a) => (a === 0 ? 1 : Math.expm1(a) / a),
  Logarithm: (a) => Math.log(a),
  Sine: (a) => Math.sin(a),
  Cosine: (a) => Math.cos(a),
  HyperbolicTangent: (a) => Math.tanh(a),
  Add: (a, b) => a + b,
  Subtract: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  Divide: (a, b) => a / b,
  Power: (a, b) => a ** b,
  Minimum: (a, b) => Math.min(a, b),
  Maximum: (a, b) => Math.max(a, b),
  MultiplyAdd: (a, b, c) => a * b + c,
  SubtractProduct: (a, b, c) => c - a * b,
};

/** Of numbers to masks. */
export const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  Equal: (a, b) => a === b,
  NotEqual: (a, b) => a !== b,
};
