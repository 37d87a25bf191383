// npm run bench: the library alone on this machine: kernels, predictions, training steps, start-up, bytes, memory.
// Prints a table and writes bench/results/<node>-<variant>.json and .svg. Exit code 1 when a result check fails.
//   --quick   few short rounds     --variant simd|relaxed     --only <group>
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCore } from '../src/core/core.ts';
import type { Variant } from '../src/core/features.ts';
import { casesOf } from '../src/node/bench/cases.ts';
import { describeMachine, machineLine, type Machine } from '../src/node/bench/machine.ts';
import { fitLoop, runOnce } from '../src/node/bench/models.ts';
import { networkModel, networks } from '../src/node/bench/networks.ts';
import { plotRows } from '../src/node/bench/plot.ts';
import { runSuite, type SuiteResult } from '../src/node/bench/suite.ts';
import { alignColumns, formatFailures, formatLimits, formatRows, formatSeconds } from '../src/node/bench/table.ts';
import { emptyProgram, measureStartUps, ourProgram } from './lib/startup.ts';
import { ourPrograms, ourWire } from './lib/wire.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, variant: { type: 'string' }, only: { type: 'string' } },
});
const rounds = values.quick ? { rounds: 5, sample: 3, warmUp: 20 } : { rounds: 31, sample: 10, warmUp: 150 };

async function main(): Promise<void> {
  const core = await loadCore({ variant: values.variant as Variant | undefined });
  const machine = describeMachine(core.variant);
  console.log(machineLine(machine));
  const cases = await casesOf(values.only ?? 'all', core.variant);
  const suite = await runSuite(cases, core.variant, rounds);
  console.log(`${formatLimits(suite.limits)}\n${formatRows(suite.rows)}`);
  if (suite.failures.length) console.log(formatFailures(suite.failures));
  const dist = join(root, 'dist');
  const wire = await ourWire(dist, core.variant);
  const wireFull = await ourWire(dist, core.variant, ourPrograms.full);
  const startUp = await startUps();
  const memory = await memories(core.variant);
  for (const [title, { files, gzip }] of Object.entries({ 'neurite/inference': wire, neurite: wireFull }))
    print(`bytes over the wire (gzip), ${title}`, [
      ...files.map((file) => [file.name, String(file.gzip)]),
      ['all', String(gzip)],
    ]);
  print(
    'start-up',
    startUp.map(({ name, median, minimum }) => [name, formatSeconds(median), formatSeconds(minimum)]),
  );
  print(
    'memory of a model, kB',
    memory.map(({ name, created, predicted, trained }) => [name, ...[created, predicted, trained].map(kilobytes)]),
    ['', 'created', 'predicted', 'trained'],
  );
  write({ machine, ...suite, wire, wireFull, startUp, memory });
  if (suite.failures.length) process.exitCode = 1;
}

const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(0);

function print(title: string, rows: readonly (readonly string[])[], head?: readonly string[]): void {
  console.log(`\n${title}\n${alignColumns(head ? [head, ...rows] : rows)}`);
}

async function startUps() {
  const folder = join(root, 'build/bench');
  const programs = [emptyProgram, ourProgram(root)];
  const { results, failures } = await measureStartUps(programs, {
    node: process.execPath,
    folder,
    rounds: values.quick ? 5 : 15,
  });
  for (const [name, reason] of Object.entries(failures)) throw new Error(`start-up of ${name}: ${reason}`);
  return results;
}

/** The bytes of a model's WebAssembly memory: new, after one prediction of one sample, after training with Adam. */
async function memories(variant: Variant) {
  const rows: { name: string; created: number; predicted: number; trained: number }[] = [];
  for (const [name, network] of Object.entries(networks)) {
    const model = await networkModel(network, { variant });
    const created = model.memory;
    runOnce(model, new Float32Array(network.sizes[0]!));
    const predicted = model.memory;
    if (network.output === 'linear') await fitLoop(model, network, 64)(1);
    rows.push({ name, created, predicted, trained: model.memory });
  }
  return rows;
}

function write(results: SuiteResult & { machine: Machine } & Record<string, unknown>): void {
  const { machine, rows } = results;
  const path = join(root, 'bench/results', `${machine.node}-${machine.variant}`);
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(`${path}.json`, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${path}.svg`, `${plotRows(rows, `share of the bound, ${machineLine(machine)}`)}\n`);
  console.log(`\nwritten: bench/results/${machine.node}-${machine.variant}.json and .svg`);
}

await main();
