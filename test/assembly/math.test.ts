// The error bounds that assembly/math.ts states, over all floats: every 8,191st bit pattern and the edges.
import { expect, test } from 'vitest';
import { erf, erfcScaled, normalCdf, power, sigmoid, ulp } from '../../reference/math.ts';
import { mathProbe, type ProbeName } from '../helpers/math-probe.ts';
import { testRandom } from '../helpers/kernel.ts';

const probe = await mathProbe();

const edges = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028235e38, 1, -1];
const thresholds = [
  88.72283, 88.72284, 89, -87.33655, -103.97207, -103.97208, -104, 0.34657, 20, -18, 1048575, 1048576,
];

/** Floats of every binade, both signs: each 8,191st bit pattern, the edges and where the functions change course. */
function allFloats(stride = 8191): Float32Array {
  const words = new Uint32Array(Math.floor(2 ** 32 / stride));
  for (let i = 0; i < words.length; i++) words[i] = i * stride;
  const quiet = new Float32Array(words.buffer).map((x) => (Number.isNaN(x) ? NaN : x));
  return Float32Array.from([...quiet, ...edges, ...thresholds, ...thresholds.map((x) => -x)]);
}
const floats = allFloats();

/** The worst error in ulp, and the input it is at; a wrong NaN, infinity or sign of a zero counts as an infinite error. */
function worstError(out: Float32Array, exact: (i: number) => number): { error: number; index: number } {
  let error = 0;
  let index = -1;
  for (let i = 0; i < out.length; i++) {
    const e = errorInUlp(out[i]!, exact(i));
    if (e > error) [error, index] = [e, i];
  }
  return { error, index };
}

function errorInUlp(value: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(value, rounded)) return 0;
  if (Number.isNaN(exact) || Number.isNaN(value)) return Infinity;
  if (exact === 0 || !Number.isFinite(exact)) return Infinity;
  // one binade beyond the largest float, so that a result that just overflows is an error of some ulp and no more
  const bounded = Number.isFinite(value) ? value : Math.sign(value) * 2 ** 128;
  const target = Math.abs(exact) > 2 ** 128 ? Math.sign(exact) * 2 ** 128 : exact;
  return Math.abs(bounded - target) / ulp(target);
}

const bounds: [ProbeName, number, (x: number) => number][] = [
  ['exp', 1.5, Math.exp],
  ['log', 1.5, Math.log],
  ['tanh', 3, Math.tanh],
  ['sigmoid', 2.5, sigmoid],
  ['sigmoidBounded', 2.5, (x) => sigmoid(Math.max(-87, Math.min(88, x)))],
  ['erf', 3, erf],
  ['log1p', 2, Math.log1p],
  ['expm1', 2, Math.expm1],
  ['sin', 2, Math.sin],
  ['cos', 2, Math.cos],
  ['gauss', 1.5, (x) => Math.exp((-x * x) / 2)],
];

test.each(bounds)('%s: within %f ulp over all floats', (name, bound, exact) => {
  const { error, index } = worstError(probe(name, floats), (i) => exact(floats[i]!));
  expect(error, `at ${floats[index]}`).toBeLessThanOrEqual(bound);
});

test.each(bounds)('%s: within %f ulp near its turns', (name, bound, exact) => {
  const next = testRandom(7);
  const x = Float32Array.from({ length: 100_000 }, (_, i) => next(-1, 1) * [0.5, 2, 20, 110][i % 4]!);
  const { error, index } = worstError(probe(name, x), (i) => exact(x[i]!));
  expect(error, `at ${x[index]}`).toBeLessThanOrEqual(bound);
});

/** Φ(−a) exp(a²/2). */
const scaledTail = (a: number) => (a < 2.9 ? normalCdf(-a) * Math.exp((a * a) / 2) : erfcScaled(a / Math.SQRT2) / 2);

test('scaledTail: within 5 ulp from 0 to 14.5', () => {
  const x = Float32Array.from({ length: 50_000 }, (_, i) => (14.5 * i) / 50_000);
  const { error, index } = worstError(probe('scaledTail', x), (i) => scaledTail(x[i]!));
  expect(error, `at ${x[index]}`).toBeLessThanOrEqual(5);
});

test('tanh and erf: never beyond 1', () => {
  for (const name of ['tanh', 'erf'] as const) expect(probe(name, floats).every((y) => !(Math.abs(y) > 1))).toBe(true);
});

test('gradual underflow: exp of −88 to −104 has the denormal results', () => {
  const x = Float32Array.from({ length: 4096 }, (_, i) => -87 - (17 * i) / 4096);
  const { error } = worstError(probe('exp', x), (i) => Math.exp(x[i]!));
  expect(error).toBeLessThanOrEqual(1.5);
});

test('pow: within 0.6 ulp for bases and exponents of every size', () => {
  const next = testRandom(3);
  const n = 200_000;
  const x = Float32Array.from({ length: n }, () => Math.exp(88 * next() ** 3) * (next() < -0.8 ? -1 : 1));
  const y = Float32Array.from({ length: n }, (_, i) =>
    i % 3 ? next(-4, 4) : i % 2 ? next(-100, 100) : Math.round(next(-40, 40)),
  );
  const { error, index } = worstError(probe('pow', x, y), (i) => power(x[i]!, y[i]!));
  expect(error, `at ${x[index]}, ${y[index]}`).toBeLessThanOrEqual(0.6);
});

test('pow: the edges are those of IEEE 754', () => {
  const values = [...edges, 2, -2, 3, -3, 0.5, -0.5, 2.5, -2.5, 16777216, 16777217, -16777218, 33554431];
  const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
  const x = Float32Array.from(pairs, ([a]) => a);
  const y = Float32Array.from(pairs, ([, b]) => b);
  const out = probe('pow', x, y);
  for (let i = 0; i < pairs.length; i++)
    expect(errorInUlp(out[i]!, power(x[i]!, y[i]!)), `pow(${x[i]}, ${y[i]}) = ${out[i]}`).toBeLessThanOrEqual(0.6);
});
