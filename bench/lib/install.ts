// Installs the peers into bench/peers, apart from the library, at the exact versions of its lock file. One that cannot be
// installed is named with its reason; the others are measured all the same.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Installed {
  /** Versions by package, of those that are there. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why the others are not, by package. */
  readonly missing: Readonly<Record<string, string>>;
}

/** The packages that bench/peers/package.json asks for. */
export function wantedPeers(folder: string): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies;
}

function installedVersion(folder: string, name: string): string | undefined {
  const path = join(folder, 'node_modules', name, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version : undefined;
}

/** Runs npm in a folder. */
export type Npm = (folder: string, words: readonly string[]) => Promise<unknown>;

const npm: Npm = (folder, words) =>
  run('npm', [...words], { cwd: folder, maxBuffer: 1 << 26, shell: process.platform === 'win32' });

/** Where the Node of the package `node` is, once its own script has fetched it. */
export const nodeOf = (folder: string): string =>
  join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Installs what is not there at its version: all at once, or one by one when that fails. */
export async function installPeers(folder: string, execute: Npm = npm): Promise<Installed> {
  const wanted = wantedPeers(folder);
  const missing: Record<string, string> = {};
  const absent = () => Object.entries(wanted).filter(([name, version]) => installedVersion(folder, name) !== version);
  if (absent().length) {
    await execute(folder, ['ci', '--ignore-scripts']).catch(() => undefined);
    for (const [name, version] of absent())
      await execute(folder, ['install', '--no-save', '--ignore-scripts', `${name}@${version}`]).catch(
        (error: Error) => (missing[name] = lastLine(error)),
      );
  }
  if ('node' in wanted && !missing['node'] && !existsSync(nodeOf(folder)))
    await execute(folder, ['rebuild', 'node']).catch((error: Error) => (missing['node'] = lastLine(error)));
  for (const [name, version] of absent()) missing[name] ??= `${name}@${version} is not there after npm install`;
  const versions = Object.fromEntries(Object.entries(wanted).filter(([name]) => !(name in missing)));
  return { versions, missing };
}

/** What npm said, in a line. */
function lastLine(error: Error & { stderr?: string }): string {
  const lines = (error.stderr || error.message)
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  return lines.find((line) => line && !line.startsWith('npm warn')) ?? 'npm failed';
}
