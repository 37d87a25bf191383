// File helpers of the build scripts.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const root = join(import.meta.dirname, '..');

/** Writes a file only where its text differs, so that time stamps tell the truth. */
export function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Where builds keep what they made before. */
export const cache = join(root, 'node_modules/.cache/neurite');

export const hashOf = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 20);
};

/** Writes a file under another name first: another process may be reading it. */
export function writeWhole(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, bytes);
  renameSync(`${path}.${process.pid}`, path);
}

/** Imports a TypeScript file with what it imports, which Node 20 cannot; `hash` names its text. */
export async function importTypeScript(path) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  const { text } = outputFiles[0];
  const hash = hashOf(text);
  const file = join(cache, `${hash}.mjs`);
  if (!existsSync(file)) writeWhole(file, text);
  return { hash, module: await import(pathToFileURL(file).href) };
}
