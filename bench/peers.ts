// npm run bench:peers: the peers, installed in bench/peers, do the same work as the library, in turns, one at a time.
// Writes bench/results/peers.json and peers.md. A peer that does not install or does not start is named and skipped; a
// result that differs from ours is printed and counts as failed (exit code 1).
//   --quick   few short rounds     --no-install   take the peers as they are
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatSeconds } from '../src/node/bench/table.ts';
import { describeMachine, machineLine } from '../src/node/bench/machine.ts';
import { peakFlops } from '../src/node/bench/peak.ts';
import { median } from '../src/node/bench/statistics.ts';
import { Child } from './lib/child.ts';
import { contest, type Contest, type ContestFailure, type ContestOptions, type Entry } from './lib/contest.ts';
import {
  compareContest,
  compareStartUps,
  compareWires,
  compareWithPeak,
  goals,
  peakGoals,
  peers,
  tuned,
  type Comparison,
  type Goal,
} from './lib/goals.ts';
import { installPeers, nodeOf, wantedPeers } from './lib/install.ts';
import { markdownReport, type PeerResults } from './lib/markdown.ts';
import { emptyProgram, measureStartUps, ourProgram, peerPrograms } from './lib/startup.ts';
import { ourWire, peerWires } from './lib/wire.ts';
import {
  ownProducts,
  productName,
  trainedNetworks,
  trainingName,
  tunedXorName,
  xorError,
  xorName,
} from './lib/works.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'bench/peers');
const results = join(root, 'bench/results');
const cache = join(folder, 'node_modules/.cache/neurite-bench');
const isQuick = process.argv.includes('--quick');
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
];

interface Peer {
  readonly child: Child;
  readonly works: ReadonlySet<string>;
}

const log = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const installed = process.argv.includes('--no-install')
    ? { versions: wantedPeers(folder), missing: {} }
    : await installPeers(folder);
  const skipped: Record<string, string> = {};
  for (const [name, reason] of Object.entries(installed.missing)) log(`skipped: ${name} did not install: ${reason}`);
  if (installed.missing['node']) throw new Error(`bench:peers needs Node 24: ${installed.missing['node']}`);
  mkdirSync(cache, { recursive: true });
  const machine = describeMachine('relaxed');
  log(machineLine(machine));
  const node = nodeOf(folder);
  const notes: Record<string, string> = {};
  const ours = await start('neurite', 'ours', [node], {}, notes);
  const others: Peer[] = [];
  for (const { name, file, needs, environment = {} } of suites) {
    const lacking = needs.find((one) => one in installed.missing);
    try {
      if (lacking) throw new Error(`${lacking} did not install: ${installed.missing[lacking]}`);
      others.push(await start(name, file, [node], environment, notes));
    } catch (error) {
      skipped[name] = (error as Error).message.split('\n')[0]!;
      log(`skipped: ${name}: ${skipped[name]}`);
    }
  }
  const failures: ContestFailure[] = [];
  const comparisons: Comparison[] = [];
  const noise: number[] = [];
  comparisons.push(...(await ownPeak(ours, 'relaxed')));
  const nodes: Record<string, string> = { relaxed: (await ours.child.hello()).node };
  if (process.versions.node.startsWith('20.')) {
    const plain = await start('neurite', 'ours', [process.execPath], { NEURITE_VARIANT: 'simd' }, {});
    nodes['plain'] = process.version;
    comparisons.push(...(await ownPeak(plain, 'simd')));
    plain.child.close();
  } else {
    skipped['plain SIMD on Node 20'] = `this runs on Node ${process.versions.node}`;
    log(`skipped: plain SIMD on Node 20: ${skipped['plain SIMD on Node 20']}`);
  }
  for (const goal of goals) {
    const done = await race(goal, ours, others);
    failures.push(...done.failures);
    noise.push(done.measured[0]!.spread);
    comparisons.push(...compareContest(goal, done));
    done.failures.forEach(({ name, work, reason }) => log(`FAILED ${name}, ${work}: ${reason}`));
    log(`${goal.label}: ${done.measured.map(({ name, median }) => `${name} ${formatSeconds(median)}`).join(', ')}`);
  }
  for (const { child } of [ours, ...others]) child.close();
  comparisons.push(...(await startUps(node, skipped)), ...(await wires(skipped)));
  const all: PeerResults = {
    machine,
    nodes,
    versions: installed.versions,
    notes,
    noise: median(noise),
    rounds: options.rounds,
    comparisons,
    failures,
    skipped,
  };
  write(all);
  if (failures.length) process.exitCode = 1;
}

async function start(
  name: string,
  file: string,
  node: readonly string[],
  environment: Record<string, string>,
  notes: Record<string, string>,
): Promise<Peer> {
  const script = await bundle(`suites/${file}`, { outdir: cache, packages: 'bundle' });
  const child = new Child(name, node, script, environment);
  const { works, note } = await child.hello();
  notes[name] ??= note;
  return { child, works: new Set(works) };
}

/** Ours against all that can do the work. */
function race({ work }: Goal, ours: Peer, others: readonly Peer[]): Promise<Contest> {
  // jax-js trains by SGD: it is timed against our Adam, and its losses are held against those of our SGD.
  const byDescent = trainedNetworks.find((name) => trainingName(name, 'Adam') === work);
  const descent = byDescent && trainingName(byDescent, 'SGD');
  const entries = others.flatMap(({ child, works }): Entry[] => {
    if (work === xorName && works.has(tunedXorName))
      return [
        { participant: child, work },
        { participant: child, work: tunedXorName, name: tuned(child.name) },
      ];
    if (works.has(work)) return [{ participant: child, work }];
    if (descent && works.has(descent)) return [{ participant: child, work: descent, checkedAgainst: descent }];
    return [];
  });
  const judge = work === xorName ? { judge: judgeError } : {};
  return contest({ participant: ours.child, work }, entries, { ...options, ...judge });
}

/** Training to a given error has no one result: the error itself is judged. */
const judgeError = ([error]: readonly number[], [ourError]: readonly number[]): string | undefined =>
  [error!, ourError!].every((value) => value <= xorError)
    ? undefined
    : `a trained network has an error of ${error}, ours of ${ourError}; at most ${xorError} is allowed`;

async function ownPeak({ child }: Peer, variant: 'relaxed' | 'simd'): Promise<Comparison[]> {
  const works = ownProducts.map(([m, n, k]) => ({ name: productName(m, n, k), flops: 2 * m * n * k }));
  const entries = works.map(({ name }) => ({ participant: child, work: name }));
  // The peak is a piece of work like the others: it takes its turns among them.
  const { measured } = await contest({ participant: child, work: 'peak' }, entries, {
    ...options,
    judge: () => undefined,
  });
  const [peak, ...products] = measured;
  return products.map((product, i) =>
    compareWithPeak(
      `${works[i]!.name}, ${variant === 'simd' ? 'plain SIMD, Node 20' : 'relaxed SIMD, Node 24'}`,
      { ...product, flops: works[i]!.flops },
      { samples: peak!.samples, flops: peakFlops },
      peakGoals[variant],
    ),
  );
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
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'peers.json'), `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(join(results, 'peers.md'), markdownReport(all));
  console.log(markdownReport(all));
}

await main();
