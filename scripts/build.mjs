// Builds what is published: the core, the library as ES modules (each variant of the core a chunk of its own, loaded
// only when it is the one in use), the command, and the type declarations. Prints one line.
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildCore } from './build-core.mjs';
import { root } from './files.mjs';

const dist = join(root, 'dist');
const dependencies = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies);

/** What a browser loads of others' packages: small, and imported by src/core and src/formats. */
const bundled = new Set(['@assemblyscript/loader', 'pbf']);

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  outdir: dist,
  sourcemap: true,
  logLevel: 'warning',
};

/** For browsers and Node alike: nothing is left to import from outside; what browsers need is bundled. */
const library = {
  ...common,
  entryPoints: {
    index: 'src/index.ts',
    export: 'src/export/index.ts',
    inference: 'src/inference/index.ts',
    'inference-node': 'src/node/inference.ts',
    ops: 'src/ops/index.ts',
    datasets: 'src/data/datasets/index.ts',
    biology: 'src/biology/index.ts',
    pictures: 'src/pictures/index.ts',
    onnx: 'src/formats/onnx/index.ts',
    'onnx-node': 'src/node/onnx.ts',
    node: 'src/node/index.ts',
    cli: 'src/cli/main.ts',
  },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minify: true,
  keepNames: false,
  // Only what Node alone reaches (src/node, src/cli) imports packages.
  external: ['node:*', ...dependencies.filter((name) => !bundled.has(name))],
};

const started = performance.now();
await buildCore();
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
await Promise.all([
  build(library),
  promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root }).catch((error) => {
    throw new Error(`tsc failed:\n${error.stdout}${error.stderr}`);
  }),
]);
chmodSync(join(dist, 'cli.js'), 0o755);
for (const variant of ['simd', 'relaxed', 'neuron-simd'])
  copyFileSync(join(root, 'build', `${variant}.wasm`), join(dist, `${variant}.wasm`));
console.log(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
