// npm run bench:peers: the peers, installed in bench/peers, do the same work as the library, in turns, one at a time.
// Writes bench/results/peers.json and peers.md. A peer that does not install or does not start is named and skipped; a
// result that differs from ours is printed and counts as failed (exit code 1).
//   --quick   few short rounds     --no-install   take the peers as they are     --only TEXT   the works whose name has it
// (`start-up` and `bytes` are names too): nothing is written then
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatSeconds } from '../src/node/bench/table.ts';
import { describeMachine, machineLine } from '../src/node/bench/machine.ts';
import { median } from '../src/node/bench/statistics.ts';
import { Child } from './lib/child.ts';
import { contest, type Contest, type ContestFailure, type ContestOptions, type Entry } from './lib/contest.ts';
import { compareContest, compareStartUps, compareWires, compareWithPeak, type Comparison } from './lib/goals.ts';
import { installPeers, nodeOf, wantedPeers } from './lib/install.ts';
import { markdownReport, type PeerResults } from './lib/markdown.ts';
import { emptyProgram, measureStartUps, ourProgram, peerPrograms } from './lib/startup.ts';
import { ourWire, peerWires } from './lib/wire.ts';
import { families } from './works/index.ts';
import { peers, type Goal, type ShareGoal } from './works/work.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'bench/peers');
const results = join(root, 'bench/results');
// Inside the peers' folder, so that the suites find their packages; apart for each checkout that shares that folder.
const checkout = createHash('sha256').update(root).digest('hex').slice(0, 8);
const cache = join(folder, 'node_modules/.cache/neurite-bench', checkout);
const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, 'no-install': { type: 'boolean' }, only: { type: 'string' } },
});
const isQuick = values.quick === true;
const isWanted = ({ work }: { work: string }): boolean => !values.only || work.includes(values.only);
const options: ContestOptions = isQuick
  ? { rounds: 5, sample: 10, warmUp: 80 }
  : { rounds: 25, sample: 40, warmUp: 600 };

/** The script is not bundled into this one: it finds its files by its own place. */
const { bundle } = (await import(join(root, 'bench/lib/bundle.mjs'))) as typeof import('./lib/bundle.mjs');

/** The suites: their file, the package that they need, their environment. */
const suites = [
  {
    name: peers.wasm,
    file: 'tensorflow',
    needs: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
    environment: { BACKEND: 'wasm' },
  },
  { name: peers.ort, file: 'onnxruntime', needs: ['onnxruntime-web'] },
  { name: peers.jax, file: 'jax', needs: ['@jax-js/jax'] },
  { name: peers.brain, file: 'brain', needs: ['brain.js'] },
  { name: peers.synaptic, file: 'synaptic', needs: ['synaptic'] },
  {
    name: peers.cpu,
    file: 'tensorflow',
    needs: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-cpu'],
    environment: { BACKEND: 'cpu' },
  },
  { name: peers.library, file: 'library', needs: [] },
];

interface Peer {
  readonly child: Child;
  readonly works: ReadonlySet<string>;
}

const log = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const installed = values['no-install'] ? { versions: wantedPeers(folder), missing: {} } : await installPeers(folder);
  for (const [name, reason] of Object.entries(installed.missing)) log(`skipped: ${name} did not install: ${reason}`);
  if (installed.missing['node']) throw new Error(`bench:peers needs Node 24: ${installed.missing['node']}`);
  mkdirSync(cache, { recursive: true });
  const machine = describeMachine('relaxed');
  log(machineLine(machine));
  const node = nodeOf(folder);
  const report: Report = { notes: {}, skipped: {}, nodes: {}, comparisons: [], failures: [] };
  const ours = await start('neurite', 'ours', [node], {}, report.notes);
  const others = await startPeers(node, installed.missing, report);
  report.nodes['relaxed'] = (await ours.child.hello()).node;
  report.comparisons.push(...(await ownShares(ours, 'relaxed')), ...(await plainShares(report)));
  const noise: number[] = [];
  for (const goal of families.flatMap(({ goals }) => goals).filter(isWanted))
    noise.push(await raceFor(goal, ours, others, report));
  for (const { child } of [ours, ...others]) child.close();
  if (isWanted({ work: 'start-up' })) report.comparisons.push(...(await startUps(node, report.skipped)));
  if (isWanted({ work: 'bytes' })) report.comparisons.push(...(await wires(report.skipped)));
  const { versions } = installed;
  write({ machine, versions, noise: noise.length ? median(noise) : 0, rounds: options.rounds, ...report });
  if (report.failures.length) process.exitCode = 1;
}

/** What is found out on the way. */
interface Report {
  readonly notes: Record<string, string>;
  readonly skipped: Record<string, string>;
  readonly nodes: Record<string, string>;
  readonly comparisons: Comparison[];
  readonly failures: ContestFailure[];
}

/** Every peer that is installed and starts; the others are named. */
async function startPeers(
  node: string,
  missing: Readonly<Record<string, string>>,
  { notes, skipped }: Report,
): Promise<Peer[]> {
  const started: Peer[] = [];
  for (const { name, file, needs, environment = {} } of suites) {
    const lacking = needs.find((one) => one in missing);
    try {
      if (lacking) throw new Error(`${lacking} did not install: ${missing[lacking]}`);
      started.push(await start(name, file, [node], environment, notes));
    } catch (error) {
      skipped[name] = (error as Error).message.split('\n')[0]!;
      log(`skipped: ${name}: ${skipped[name]}`);
    }
  }
  return started;
}

/** The shares of the plain build, where this is the Node that it is measured on. */
async function plainShares({ nodes, skipped }: Report): Promise<Comparison[]> {
  if (!process.versions.node.startsWith('20.')) {
    skipped['plain SIMD on Node 20'] = `this runs on Node ${process.versions.node}`;
    log(`skipped: plain SIMD on Node 20: ${skipped['plain SIMD on Node 20']}`);
    return [];
  }
  const plain = await start('neurite', 'ours', [process.execPath], { NEURITE_VARIANT: 'simd' }, {});
  nodes['plain'] = process.version;
  const comparisons = await ownShares(plain, 'simd');
  plain.child.close();
  return comparisons;
}

/** Races one work; returns the spread of our rounds. */
async function raceFor(goal: Goal, ours: Peer, others: readonly Peer[], report: Report): Promise<number> {
  const done = await race(goal, ours, others);
  report.failures.push(...done.failures);
  report.comparisons.push(...compareContest(goal, done));
  done.failures.forEach(({ name, work, reason }) => log(`FAILED ${name}, ${work}: ${reason}`));
  log(`${goal.label}: ${done.measured.map(({ name, median }) => `${name} ${formatSeconds(median)}`).join(', ')}`);
  return done.measured[0]!.spread;
}

async function start(
  name: string,
  file: string,
  node: readonly string[],
  environment: Record<string, string>,
  notes: Record<string, string>,
): Promise<Peer> {
  const script = await bundle(`suites/${file}`, { outdir: cache, packages: 'bundle' });
  const child = new Child(name, node, script, { ...environment, NEURITE_ROOT: root });
  const { works, note } = await child.hello();
  notes[name] ??= note;
  return { child, works: new Set(works) };
}

/** Ours against all that can do the work, or what stands for it. */
function race({ work, substitutes = [], judge }: Goal, ours: Peer, others: readonly Peer[]): Promise<Contest> {
  const entries = others.flatMap(({ child, works }): Entry[] => [
    ...(works.has(work) ? [{ participant: child, work }] : []),
    ...substitutes
      .filter((one) => works.has(one.work))
      .map(({ name, ...one }) => ({ participant: child, ...one, ...(name && { name: name(child.name) }) })),
  ]);
  return contest({ participant: ours.child, work }, entries, { ...options, ...(judge && { judge }) });
}

/** Our rates as shares of the machine's peak, or of another work of ours: all against the same in one contest. */
async function ownShares({ child }: Peer, variant: 'relaxed' | 'simd'): Promise<Comparison[]> {
  const wanted = families
    .flatMap(({ shares = [] }) => shares)
    .filter((one) => one.atLeast[variant] !== undefined && isWanted(one));
  const comparisons: Comparison[] = [];
  for (const yardstick of new Set(wanted.map(({ against }) => against.work))) {
    const group = wanted.filter(({ against }) => against.work === yardstick);
    comparisons.push(...(await sharesOf(child, group, yardstick, variant)));
  }
  return comparisons;
}

async function sharesOf(child: Child, group: readonly ShareGoal[], yardstick: string, variant: 'relaxed' | 'simd') {
  const entries = group.map(({ work }) => ({ participant: child, work }));
  // The yardstick is a piece of work like the others: it takes its turns among them.
  const { measured } = await contest({ participant: child, work: yardstick }, entries, {
    ...options,
    judge: () => undefined,
  });
  const [peak, ...ours] = measured;
  return ours.map((one, i) => {
    const { work, flops, against, atLeast } = group[i]!;
    return compareWithPeak(
      `${work}, ${variant === 'simd' ? 'plain SIMD, Node 20' : 'relaxed SIMD, Node 24'}`,
      { ...one, flops },
      { name: against.name, samples: peak!.samples, flops: against.flops },
      atLeast[variant]!,
    );
  });
}

async function startUps(node: string, skipped: Record<string, string>): Promise<Comparison[]> {
  const programs = [ourProgram(root), emptyProgram, ...peerPrograms(cache)];
  const { results: times, failures } = await measureStartUps(programs, {
    node,
    folder: cache,
    rounds: isQuick ? 5 : 15,
  });
  for (const [name, reason] of Object.entries(failures)) {
    skipped[`start-up of ${name}`] = reason;
    log(`skipped: start-up of ${name}: ${reason}`);
  }
  const ours = times.find(({ name }) => name === 'neurite');
  if (!ours) throw new Error(`start-up: ${failures['neurite']}`);
  log(`start-up: ${times.map(({ name, median }) => `${name} ${formatSeconds(median)}`).join(', ')}`);
  return compareStartUps(
    ours,
    times.filter((one) => one !== ours),
  );
}

async function wires(skipped: Record<string, string>): Promise<Comparison[]> {
  const sizes: Record<string, number> = {};
  for (const [name, wire] of Object.entries(peerWires)) {
    try {
      sizes[name] = (await wire(folder)).gzip;
    } catch (error) {
      skipped[`bytes of ${name}`] = (error as Error).message.split('\n')[0]!;
      log(`skipped: bytes of ${name}: ${skipped[`bytes of ${name}`]}`);
    }
  }
  return compareWires((await ourWire(join(root, 'dist'), 'relaxed')).gzip, sizes);
}

function write(all: PeerResults): void {
  console.log(markdownReport(all));
  if (values.only) return;
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'peers.json'), `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(join(results, 'peers.md'), markdownReport(all));
}

await main();
