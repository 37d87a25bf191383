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

interface States {
  h: number[];
  c: number[];
}

/** One step of one sample. `seen`: h as the product reads it; product(v, gate): v · kernel + bias of a gate. */
type Step = (before: States, seen: number[], x: number[][], product: (v: number[], gate: number) => number[]) => States;

const plus = (a: number[], b: number[]) => a.map((v, u) => v + b[u]!);
const times = (a: number[], b: number[]) => a.map((v, u) => v * b[u]!);
const blend = (z: number[], n: number[], h: number[]) => z.map((v, u) => (1 - v) * n[u]! + v * h[u]!);

const steps: Record<RecurrentKind, Step> = {
  Tanh: ({ c }, seen, x, product) => ({ h: plus(x[0]!, product(seen, 0)).map(Math.tanh), c }),
  Relu: ({ c }, seen, x, product) => ({ h: plus(x[0]!, product(seen, 0)).map((v) => Math.max(v, 0)), c }),
  Lstm({ c }, seen, x, product) {
    const gate = (g: number) => plus(x[g]!, product(seen, g));
    const [i, f, o] = [0, 1, 3].map((g) => gate(g).map(sigmoid)) as [number[], number[], number[]];
    const next = plus(times(f, c), times(i, gate(2).map(Math.tanh)));
    return { h: times(o, next.map(Math.tanh)), c: next };
  },
  GruResetAfter({ h, c }, seen, x, product) {
    const [r, z] = [0, 1].map((g) => plus(x[g]!, product(seen, g)).map(sigmoid)) as [number[], number[]];
    const n = plus(x[2]!, times(r, product(seen, 2))).map(Math.tanh);
    return { h: blend(z, n, h), c };
  },
  GruResetBefore({ h, c }, seen, x, product) {
    const [r, z] = [0, 1].map((g) => plus(x[g]!, product(seen, g)).map(sigmoid)) as [number[], number[]];
    const n = plus(x[2]!, product(times(r, seen), 2)).map(Math.tanh);
    return { h: blend(z, n, h), c };
  },
};

/** All steps of all samples. */
export function recurrent(given: RecurrentCase): RecurrentStates {
  const { kind, batch, time, units, x, kernel, bias, mask, dropout, hidden0, cell0, reverse = false } = given;
  const width = gateCount[kind] * units;
  const output = new Float64Array(batch * time * units);
  const hidden = new Float64Array(batch * units);
  const cell = new Float64Array(batch * units);
  const row = (data: ArrayLike<number> | undefined, sample: number, missing: number) =>
    Array.from({ length: units }, (_, u) => data?.[sample * units + u] ?? missing);
  const product = (v: number[], gate: number) =>
    v.map((_, u) => {
      const column = gate * units + u;
      return v.reduce((sum, value, k) => sum + value * kernel[k * width + column]!, bias?.[column] ?? 0);
    });
  for (let sample = 0; sample < batch; sample++) {
    let states: States = { h: row(hidden0, sample, 0), c: row(cell0, sample, 0) };
    const thin = row(dropout, sample, 1);
    for (let s = 0; s < time; s++) {
      const t = reverse ? time - 1 - s : s;
      const at = sample * time + t;
      const gates = Array.from({ length: gateCount[kind] }, (_, g) =>
        Array.from({ length: units }, (_unused, u) => x[at * width + g * units + u]!),
      );
      if (!mask || mask[at] !== 0) states = steps[kind](states, times(states.h, thin), gates, product);
      output.set(states.h, at * units);
    }
    hidden.set(states.h, sample * units);
    cell.set(states.c, sample * units);
  }
  return { output, hidden, cell };
}
