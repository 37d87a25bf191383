// Softmax and its logarithm over one row in float64: the oracle of assembly/nn/softmax.ts.

type Row = ArrayLike<number>;

export function logSoftmax(x: Row): number[] {
  const row = Array.from(x);
  const maximum = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = row.reduce((total, value) => total + Math.exp(value - maximum), 0);
  return row.map((value) => value - maximum - Math.log(sum));
}

export function softmax(x: Row): number[] {
  return logSoftmax(x).map(Math.exp);
}

/** dX = y (dOut − Σ dOut y), from the input. */
export function softmaxBackward(dOut: Row, x: Row): number[] {
  const y = softmax(x);
  const dot = y.reduce((total, value, i) => total + value * dOut[i]!, 0);
  return y.map((value, i) => value * (dOut[i]! - dot));
}

/** dX = dOut − softmax(x) Σ dOut, from the input. */
export function logSoftmaxBackward(dOut: Row, x: Row): number[] {
  const sum = Array.from(dOut).reduce((total, value) => total + value, 0);
  return softmax(x).map((value, i) => dOut[i]! - value * sum);
}
