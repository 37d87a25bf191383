// Runs every test (vitest prints as it goes) and ends with one line, alone and last: `N passed, N failed`, with
// `, N skipped` where there are any. Fails where a test fails, and where none has run.
//   node scripts/test.mjs [--fast] [what vitest takes: paths, --project NAME, …]
// `--fast` leaves out the suites named *.slow.test.ts, and says which.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './files.mjs';
import { countTests, summaryLine } from './test-summary.mjs';

/** A suite that has not ended by then never will. */
const limitMinutes = 15;

function slowSuites() {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.slow.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Runs vitest with its output passed on; resolves with its exit code, or why it has none. */
function runVitest(args, environment) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: limitMinutes * 60_000,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
}

const given = process.argv.slice(2);
const isFast = given.includes('--fast');
const folder = mkdtempSync(join(tmpdir(), 'neurite-test-'));
const report = join(folder, 'report.json');
const args = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];

const rest = given.filter((argument) => argument !== '--fast');
const ended = await runVitest([...args, ...rest], isFast ? { NEURITE_FAST: '1' } : {});
const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null;
rmSync(folder, { recursive: true, force: true });

if (ended === 'SIGKILL') console.log(`stopped: the tests had not ended after ${limitMinutes} minutes`);
if (isFast) console.log(`left out: ${slowSuites().join(', ') || 'nothing, there are no slow suites'}`);
const counts = countTests(results, ended);
if (counts.passed + counts.skipped === 0) console.log('no test has run to its end');
console.log(summaryLine(counts));
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
