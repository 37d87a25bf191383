// Runs the real command: dist/cli.js in a process of its own, built first where it is missing or older than its
// sources (one builds, others wait).
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'dist/cli.js');
const lock = join(root, 'build/dist.lock');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

function newest(folder: string): number {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}

const isFresh = () => existsSync(command) && statSync(command).mtimeMs > Math.max(newest('src'), newest('scripts'));

/** Builds dist/ where it must be. */
export async function buildCommand(): Promise<void> {
  while (!isFresh()) {
    try {
      mkdirSync(lock);
    } catch {
      await sleep(100);
      continue;
    }
    try {
      await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
    } finally {
      rmSync(lock, { recursive: true });
    }
  }
}

/** Starts the command in a folder. */
export function startCommand(folder: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, NEURITE_DEBUG: '', ...env },
  });
}

/** What a started command has written when it ends. */
export function finished(child: ChildProcess): Promise<Finished> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => (written[name] += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...written }));
  });
}

/** Runs the command to its end; arguments as a list, or as a text that is split at its blanks. */
export function neurite(
  folder: string,
  args: string | readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  return finished(startCommand(folder, typeof args === 'string' ? args.split(/\s+/) : args, env));
}
