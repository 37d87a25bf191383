// Recurrent layers in plain float64 loops, written as their papers have them: the oracle of the recurrent kernels.
// Gates in their order: simple h · LSTM i f g o · GRU r z n. Shapes: x [B, T, G·H], kernel [H, G·H], bias [G·H],
// mask [B, T], dropout, hidden0 and cell0 [B, H]; time goes from the last step to the first where `reverse`.
// Sources: Hochreiter and Schmidhuber 1997, Gers et al. 2000 (LSTM); Cho et al. 2014 (GRU); Gal and Ghahramani 2016
// (one dropout mask for all steps).

export type RecurrentKind = 'Tanh' | 'Relu' | 'Lstm' | 'GruResetAfter' | 'GruResetBefore';

export interface RecurrentCase {
  readonly kind: RecurrentKind;
  readonly batch: number;
  readonly time: number;
  readonly units: number;
  /** The inputs' part of the gates' sums. */
  readonly x: ArrayLike<number>;
  readonly kernel: ArrayLike<number>;
  readonly bias?: ArrayLike<number> | undefined;
  readonly mask?: ArrayLike<number> | undefined;
  readonly dropout?: ArrayLike<number> | undefined;
  readonly hidden0?: ArrayLike<number> | undefined;
  readonly cell0?: ArrayLike<number> | undefined;
  readonly reverse?: boolean;
}

export interface RecurrentStates {
  /** The state after each step, at the place of its input: [B, T, H]. */
  readonly output: Float64Array;
  /** The states after the last step in the order of processing: [B, H]. */
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
}

export const gateCount: Readonly<Record<RecurrentKind, number>> = {
  Tanh: 1,
  Relu: 1,
  Lstm: 4,
  GruResetAfter: 3,
  GruResetBefore: 3,
};

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** What the formula of one unit reads at one step. */
interface Unit {
  /** The inputs' part of a gate's sum. */
  x(gate: number): number;
  /** The states' part of it; of the GRU's reset before the product, of the last gate, that of r·h. */
  s(gate: number): number;
  /** The states before the step. */
  readonly h: number;
  readonly c: number;
}

const formulas: Record<RecurrentKind, (unit: Unit) => { h: number; c: number }> = {
  Tanh: ({ x, s, c }) => ({ h: Math.tanh(x(0) + s(0)), c }),
  Relu: ({ x, s, c }) => ({ h: Math.max(x(0) + s(0), 0), c }),
  Lstm({ x, s, c }) {
    const [i, f, o] = [sigmoid(x(0) + s(0)), sigmoid(x(1) + s(1)), sigmoid(x(3) + s(3))];
    const next = f * c + i * Math.tanh(x(2) + s(2));
    return { h: o * Math.tanh(next), c: next };
  },
  GruResetAfter({ x, s, h, c }) {
    const [r, z] = [sigmoid(x(0) + s(0)), sigmoid(x(1) + s(1))];
    return { h: (1 - z) * Math.tanh(x(2) + r * s(2)) + z * h, c };
  },
  GruResetBefore({ x, s, h, c }) {
    const z = sigmoid(x(1) + s(1));
    return { h: (1 - z) * Math.tanh(x(2) + s(2)) + z * h, c };
  },
};

/** All steps of all samples. */
export function recurrent(given: RecurrentCase): RecurrentStates {
  const { kind, batch, time, units, x, kernel, bias, mask, dropout, hidden0, cell0, reverse = false } = given;
  const width = gateCount[kind] * units;
  const output = new Float64Array(batch * time * units);
  const hidden = Float64Array.from({ length: batch * units }, (_, i) => hidden0?.[i] ?? 0);
  const cell = Float64Array.from({ length: batch * units }, (_, i) => cell0?.[i] ?? 0);
  const formula = formulas[kind];
  for (let sample = 0; sample < batch; sample++) {
    const h = hidden.subarray(sample * units, (sample + 1) * units);
    const c = cell.subarray(sample * units, (sample + 1) * units);
    for (let step = 0; step < time; step++) {
      const t = reverse ? time - 1 - step : step;
      const at = sample * time + t;
      const seen = h.map((value, u) => value * (dropout?.[sample * units + u] ?? 1));
      const product = (v: Float64Array, column: number) => {
        let sum = bias?.[column] ?? 0;
        for (let k = 0; k < units; k++) sum += v[k]! * kernel[k * width + column]!;
        return sum;
      };
      const reset = (v: Float64Array) => v.map((value, u) => value * sigmoid(x[at * width + u]! + product(seen, u)));
      const last = kind === 'GruResetBefore' ? reset(seen) : seen;
      const next = Array.from(h, (_, u) =>
        formula({
          x: (gate) => x[at * width + gate * units + u]!,
          s: (gate) => product(gate === 2 ? last : seen, gate * units + u),
          h: h[u]!,
          c: c[u]!,
        }),
      );
      if (!mask || mask[at] !== 0) next.forEach((states, u) => ([h[u], c[u]] = [states.h, states.c]));
      output.set(h, at * units);
    }
  }
  return { output, hidden, cell };
}
