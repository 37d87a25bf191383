// Measures the core's matrix product against the multiply-add peak of the machine it runs on.
//   node bench/kernels/gemm.mjs [relaxed|simd] [filter]      (Node 20: --experimental-wasm-relaxed-simd)
// Every case is checked against a float64 product first (a sample of its elements), then all cases are timed in
// turns, and the best time of each counts. GFLOP/s is 2·m·n·k over that time; share is that over the peak.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { importTypeScript, root } from '../../scripts/files.mjs';
import { instructionTable } from '../../scripts/instruction-table.mjs';

const variant = process.argv[2] ?? 'relaxed';
const filter = new RegExp(process.argv[3] ?? '.');
const module = async (text) =>
  import(`data:text/javascript,${encodeURIComponent((await transform(text, { loader: 'ts' })).code)}`);
const { Opcode, operandLayouts } = await module(
  instructionTable(readFileSync(join(root, 'assembly/instructions.ts'), 'utf8'), 'assembly/instructions.ts'),
);

const memory = new WebAssembly.Memory({ initial: 1024 });
const load = async (path) =>
  (await WebAssembly.instantiate(readFileSync(join(root, path)), { env: { memory, abort() {} } })).instance.exports;

const core = await load(`build/${variant}.wasm`);
const { peakFlops, peakWork } = (await importTypeScript('src/node/bench/peak.ts')).module;
const peak = peakWork(variant);
let heap = (core.heapBase() + 4096) & ~63;
const f32 = new Float32Array(memory.buffer);
const u32 = new Uint32Array(memory.buffer);

/** Room for `length` floats, filled with numbers around 0. */
function place(length) {
  const address = heap;
  heap = (heap + length * 4 + 127) & ~63;
  for (let i = 0, x = length; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    f32[address / 4 + i] = x / 2 ** 31;
  }
  return address;
}

const floats = 5 << 20;
const [a, b, out, packed, workspace, program, bias] = [1 << 20, 1 << 20, 1 << 20, floats / 4, floats / 4, 64, 4096].map(
  place,
);

function write(at, opcode, operands) {
  u32[at / 4] = Opcode[opcode];
  operandLayouts[opcode].forEach(([name, type], i) => {
    const word = at / 4 + 1 + i;
    if (type === 'float') f32[word] = operands[name] ?? 0;
    else u32[word] = operands[name] ?? 0;
  });
  u32[at / 4 + 1 + operandLayouts[opcode].length] = Opcode.Halt;
}

/** A case: its name, its shape, its form. */
function product(m, n, k, form = {}) {
  const { ta = 0, tb = 0, pack = 0, relu = 0 } = form;
  const flags = [`${ta ? 'T' : 'N'}${tb ? 'T' : 'N'}`, pack && 'packed', relu && 'bias+relu'].filter(Boolean).join(' ');
  const stride = { strideOut: n, strideA: ta ? m : k, strideB: tb ? k : n };
  const operands = { m, n, k, a, b: pack ? packed : b, out, workspace, ...stride };
  Object.assign(operands, { transposeA: ta, transposeB: tb, packed: pack, activation: relu, bias: relu ? bias : 0 });
  const packB = () => {
    if (!pack) return;
    write(program, 'PackB', { out: packed, b, n, k, strideB: stride.strideB, transposeB: tb });
    core.run(program);
  };
  const prepare = () => write(program, 'Gemm', operands);
  const check = () => {
    packB();
    prepare();
    core.run(program);
    for (let s = 0; s < 20; s++) {
      const [row, column] = [(s * 7919) % m, (s * 104729) % n];
      let sum = relu ? f32[bias / 4 + column] : 0;
      for (let l = 0; l < k; l++)
        sum += f32[a / 4 + (ta ? l * m + row : row * k + l)] * f32[b / 4 + (tb ? column * k + l : l * n + column)];
      if (relu) sum = Math.max(sum, 0);
      const got = f32[out / 4 + row * n + column];
      if (!(Math.abs(got - sum) < 1e-4 * Math.sqrt(k))) throw new Error(`${flags}: ${got} instead of ${sum}`);
    }
  };
  const flops = 2 * m * n * k;
  const repeats = Math.max(1, Math.round(2e6 / flops));
  const run = () => {
    for (let i = 0; i < repeats; i++) core.run(program);
  };
  return {
    name: `${m}×${n}×${k} ${flags}`,
    check,
    prepare: () => (packB(), prepare()),
    run,
    work: flops * repeats,
    repeats,
  };
}

const forms = [{}, { tb: 1 }, { ta: 1 }, { ta: 1, tb: 1 }];
const cases = [
  ...[64, 128, 192, 256, 384, 512, 768, 1024].flatMap((s) => forms.map((form) => product(s, s, s, form))),
  ...forms.map((form) => product(33, 65, 17, form)),
  ...[64, 512].map((s) => product(s, s, s, { pack: 1, relu: 1 })),
  // predictions
  ...[
    [1, 8, 2],
    [1, 1, 8],
    [1, 128, 784],
    [1, 10, 128],
    [1, 512, 784],
    [1, 256, 512],
    [1, 10, 256],
    [1, 1, 784],
    [1, 1024, 1024],
  ].flatMap(([m, n, k]) => [product(m, n, k), product(m, n, k, { pack: 1, relu: 1 }), product(m, n, k, { tb: 1 })]),
  ...[2, 3, 4, 5, 8, 32].flatMap((m) => [
    product(m, 512, 784),
    product(m, 512, 784, { pack: 1 }),
    product(m, 10, 256, { pack: 1 }),
  ]),
  product(1024, 1, 1024),
  product(1024, 3, 1024),
  product(1024, 4, 256),
  product(256, 512, 784, { pack: 1, relu: 1 }),
  // a training step: forward, dW, dX
  ...[
    [64, 128, 784],
    [64, 10, 128],
    [64, 512, 784],
    [64, 256, 512],
    [32, 64, 64],
  ].flatMap(([m, n, k]) => [product(m, n, k, { relu: 1 }), product(k, n, m, { ta: 1 }), product(m, k, n, { tb: 1 })]),
].filter(({ name }) => filter.test(name));

const now = () => Number(process.hrtime.bigint());
/** Wall time, or for what takes milliseconds processor time: a neighbour's turn on the processor is not ours. */
const seconds = (run) => {
  const used = process.cpuUsage();
  const start = now();
  run();
  const wall = (now() - start) / 1e9;
  const { user, system } = process.cpuUsage(used);
  return wall > 2e-3 ? Math.min(wall, (user + system) / 1e6) : wall;
};

const peakCase = { name: 'peak', prepare() {}, run: () => peak.repeat(4), work: 4 * peakFlops };
const all = [peakCase, ...cases];
for (const one of cases) one.check();
f32.fill(0.25, bias / 4, bias / 4 + 1024);
const best = all.map(() => Infinity);
const warmUntil = now() + 1.5e9;
while (now() < warmUntil)
  for (const one of all) {
    one.prepare();
    one.run();
    if (now() > warmUntil) break;
  }
await new Promise((resolve) => setTimeout(resolve, 200));
const rounds = Number(process.env.ROUNDS ?? 25);
for (let round = 0; round < rounds; round++)
  all.forEach((one, i) => {
    one.prepare();
    one.run();
    for (let j = 0; j < (one.work > 5e7 ? 1 : 4); j++) best[i] = Math.min(best[i], seconds(one.run));
  });
const top = peakCase.work / best[0] / 1e9;
console.log(`node ${process.version} ${variant}: peak ${top.toFixed(1)} GFLOP/s`);
cases.forEach(({ name, work, repeats }, i) => {
  const rate = work / best[i + 1] / 1e9;
  const time = (best[i + 1] / repeats) * 1e6;
  console.log(
    name.padEnd(28),
    `${rate.toFixed(1)}`.padStart(6),
    (rate / top).toFixed(3),
    `${time.toFixed(2)} µs`.padStart(14),
  );
});
