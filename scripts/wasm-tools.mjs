// The module shaker of src/export/wasm, bundled for scripts that run before anything is built.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './files.mjs';

/** @returns {Promise<typeof import('../src/export/wasm/index.ts')>} */
export async function wasmTools() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/export/wasm/index.ts'],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  const { text } = outputFiles[0];
  const folder = join(root, 'node_modules/.cache/neurite');
  const path = join(folder, `wasm-tools-${createHash('sha256').update(text).digest('hex').slice(0, 20)}.mjs`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path)) writeFileSync(path, text);
  return import(pathToFileURL(path).href);
}
