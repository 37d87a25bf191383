// The main job over five seeds: `neurite train digits --layers 64 --epochs 60`, its accuracy on the 360 held-out
// digits and the seconds that the training took, each in a process of its own.
// Usage: node scripts/digits-accuracy.mjs [--json] [seed …]      (dist/ must be built)
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './files.mjs';

const asJson = process.argv.includes('--json');
const given = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const seeds = given.length ? given.map(Number) : [1, 2, 3, 4, 5];
const folder = mkdtempSync(join(tmpdir(), 'neurite-digits-'));

async function train(seed) {
  const args = [
    'train',
    'digits',
    '--layers',
    '64',
    '--epochs',
    '60',
    '--seed',
    String(seed),
    '--out',
    join(folder, 'digits.safetensors'),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'dist/cli.js'), ...args]);
  const [, right, of] = /accuracy .* \((\d+) of (\d+)\)/.exec(stdout);
  const [, seconds, variant] = /steps in ([\d.]+) s: .*\((\w+)\)/.exec(stdout);
  return { seed, accuracy: Number(right) / Number(of), seconds: Number(seconds), variant };
}

const runs = [];
try {
  for (const seed of seeds) {
    const run = await train(seed);
    runs.push(run);
    if (!asJson)
      console.log(`seed ${seed}: ${(100 * run.accuracy).toFixed(2)} %, trained in ${run.seconds} s (${run.variant})`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const mean = runs.reduce((sum, { accuracy }) => sum + accuracy, 0) / runs.length;
const median = runs.map(({ seconds }) => seconds).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)];
if (asJson) console.log(JSON.stringify({ mean, median, accuracies: runs.map(({ accuracy }) => accuracy), runs }));
else console.log(`mean accuracy ${(100 * mean).toFixed(2)} %, median time ${median} s`);
