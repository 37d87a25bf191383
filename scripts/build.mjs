// Builds what is published: the core, the library as ES modules (each variant of the core a chunk of its own, loaded
// only when it is the one in use), the command, and the type declarations. Prints one line.
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildCore } from './build-core.mjs';
import { buildLibrary, writeNotices } from './build-library.mjs';
import { root } from './files.mjs';

const dist = join(root, 'dist');
const started = performance.now();
await buildCore();
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
await Promise.all([
  buildLibrary(),
  promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root }).catch((error) => {
    throw new Error(`tsc failed:\n${error.stdout}${error.stderr}`);
  }),
]);
writeNotices();
chmodSync(join(dist, 'cli.js'), 0o755);
for (const variant of ['simd', 'relaxed', 'neuron-simd'])
  copyFileSync(join(root, 'build', `${variant}.wasm`), join(dist, `${variant}.wasm`));
console.log(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
