// What one program for a whole step saves: the same instructions, with the same operands in the same memory,
//   (a) as one program, one call;
//   (b) each as a program of its own, one call each;
//   (c) as (b), with the operands written anew before each call, as a library of kernels has to.
// The figures of docs/adr/0001. Run: node scripts/build-core.mjs && node bench/one-call.mjs
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'build/bench');
mkdirSync(out, { recursive: true });
const names = {
  'src/index.ts': 'adam, dense, resolveLoss, sequential',
  'src/model/functions.ts': 'forwardFunction, trainFunction',
  'src/graph/program.ts': 'programBytes, writeProgram',
};
const contents = Object.entries(names).map(([path, list]) => `export { ${list} } from './${path}';`);
await build({
  stdin: { contents: contents.join('\n'), resolveDir: root },
  outfile: join(out, 'one-call.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { adam, dense, forwardFunction, programBytes, resolveLoss, sequential, trainFunction, writeProgram } =
  await import(join(out, 'one-call.mjs'));

/** The program of a step and the same instructions one by one, on one model's instance. */
function threeWays(model, executable) {
  const { instance } = model;
  const { memory } = instance;
  const resolve = (place) => executable.address(place);
  const single = executable.instructions.map((instruction) => {
    const bytes = programBytes([instruction]);
    return { instruction, address: memory.allocate(bytes), bytes };
  });
  const write = ({ instruction, address, bytes }) =>
    writeProgram(memory.u32.subarray(address / 4, (address + bytes) / 4), [instruction], resolve);
  single.forEach(write);
  return {
    instructions: single.length,
    whole: () => executable.run(),
    each: () => single.forEach(({ address }) => instance.run(address)),
    rewritten: () =>
      single.forEach((part) => {
        write(part);
        instance.run(part.address);
      }),
  };
}

/**
 * Microseconds of one call of each: the least of 25 rounds of some 20 ms, the ways in turn in every round, so that
 * other work on the machine hits all of them. The least, because that other work only adds.
 */
function measure(ways) {
  const timed = ways.map((work) => ({ work, calls: callsFor(work), least: Infinity }));
  for (let round = 0; round < 25; round++)
    for (const entry of timed) {
      const start = performance.now();
      for (let i = 0; i < entry.calls; i++) entry.work();
      entry.least = Math.min(entry.least, (1000 * (performance.now() - start)) / entry.calls);
    }
  return timed.map(({ least }) => least);
}

function callsFor(work) {
  for (let calls = 1; ; calls *= 2) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) work();
    if (performance.now() - start > 20) return calls;
  }
}

async function network(sizes) {
  const [features, ...units] = sizes;
  const layers = units.map((n, i) => dense(n, { activation: i < units.length - 1 ? 'relu' : 'linear' }));
  return sequential(layers, { inputShape: [features], seed: 1 });
}

async function predictCase(sizes, batch) {
  const model = await network(sizes);
  const { executable } = model.programs.get('bench', () => forwardFunction(model.topology, batch));
  executable.prepare();
  return [`predict ${sizes.join('-')}, batch ${batch}`, threeWays(model, executable)];
}

async function trainCase(sizes, batch) {
  const model = await network(sizes);
  const optimizer = adam();
  model.trainer.use(optimizer);
  const objective = {
    losses: [resolveLoss('crossEntropy')],
    lossWeights: [1],
    forms: ['indices'],
    targetShapes: [[batch]],
    sampleWeights: false,
  };
  const { executable } = model.programs.get('bench', () => trainFunction(model.topology, batch, objective, optimizer));
  executable.prepare();
  executable.input('input').forEach((_, i, values) => (values[i] = ((i * 7919) % 1000) / 1000));
  executable.input('target0').forEach((_, i, labels) => (labels[i] = i % sizes.at(-1)));
  model.trainer.beginStep(1e-6);
  if (!executable.run()) throw new Error('the step did not run to its end');
  return [`train step ${sizes.join('-')}, batch ${batch}, Adam`, threeWays(model, executable)];
}

console.log(`${cpus()[0].model}, Node ${process.versions.node}; microseconds, the least of 25 rounds`);
console.log('| work | instructions | one program | a call each | operands written too |');
console.log('| --- | --- | --- | --- | --- |');
for (const [name, ways] of [
  await predictCase([2, 8, 1], 1),
  await predictCase([784, 128, 10], 1),
  await trainCase([2, 8, 2], 4),
  await trainCase([784, 128, 10], 64),
]) {
  const times = measure([ways.whole, ways.each, ways.rewritten]);
  const digits = times[0] < 100 ? 2 : 0;
  console.log(`| ${name} | ${ways.instructions} | ${times.map((value) => value.toFixed(digits)).join(' | ')} |`);
}
