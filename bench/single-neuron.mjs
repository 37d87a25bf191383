// What one neuron's weighted sum costs: a loop in JavaScript, against a call into a tiny WebAssembly
// module with the inputs copied in (element by element, or by TypedArray.set). The figures of
// docs/adr/0002. Run: node bench/single-neuron.mjs
import { cpus } from 'node:os';
import { compileString } from 'assemblyscript/asc';

const source = `
export function dot_f64(a: usize, b: usize, n: usize): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; i++) sum += load<f64>(a + (i << 3)) * load<f64>(b + (i << 3));
  return sum;
}
export function dot_f32(a: usize, b: usize, n: usize): f32 {
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4) sums = f32x4.add(sums, f32x4.mul(v128.load(a + (i << 2)), v128.load(b + (i << 2))));
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
}`;

const { binary, error } = await compileString(source, { optimizeLevel: 3, runtime: 'stub', enable: ['simd'] });
if (error) throw error;
const { instance } = await WebAssembly.instantiate(binary);
const { dot_f64, dot_f32, memory } = instance.exports;
memory.grow(1);
const doubles = new Float64Array(memory.buffer);
const singles = new Float32Array(memory.buffer);

function dotJs(weights, inputs) {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += weights[i] * inputs[i];
  return sum;
}

/** The four ways to get the sum of n weighted inputs, each a function of nothing. */
function ways(n) {
  const weights = Array.from({ length: n }, (_, i) => 1 / (i + 1));
  const inputs = Array.from({ length: n }, (_, i) => 1 - i / n);
  const inputs32 = Float32Array.from(inputs);
  doubles.set(weights, 0);
  singles.set(weights, 8 * n);
  return {
    'JavaScript loop': () => dotJs(weights, inputs),
    'wasm f64, copied by element': () => {
      for (let i = 0; i < n; i++) doubles[n + i] = inputs[i];
      return dot_f64(0, 8 * n, n);
    },
    'wasm f64, copied by set': () => {
      doubles.set(inputs, n);
      return dot_f64(0, 8 * n, n);
    },
    'wasm SIMD f32, copied by set': () => {
      singles.set(inputs32, 9 * n);
      return dot_f32(32 * n, 36 * n, n);
    },
  };
}

/** Nanoseconds for one call: median, minimum and maximum of 15 rounds. */
function measure(way, calls) {
  let sum = 0;
  const rounds = Array.from({ length: 18 }, () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) sum += way();
    return ((performance.now() - start) * 1e6) / calls;
  }).slice(3);
  if (!Number.isFinite(sum)) throw new Error('the sum is no number');
  rounds.sort((a, b) => a - b);
  return [rounds[7], rounds[0], rounds[14]].map((ns) => ns.toFixed(1));
}

console.log(`Node ${process.version}, ${cpus()[0].model.trim()}; ns for one weighted sum: median (minimum – maximum)`);
for (const n of [4, 16, 64, 256, 784]) {
  const all = ways(n);
  const expected = all['JavaScript loop']();
  for (const [name, way] of Object.entries(all)) {
    if (Math.abs(way() - expected) > 1e-5 * n) throw new Error(`${name} is wrong at n = ${n}`);
    const [median, least, most] = measure(way, Math.ceil(1e6 / (n + 10)));
    console.log(`n = ${n}`.padEnd(8), name.padEnd(30), `${median} (${least} – ${most})`);
  }
}
