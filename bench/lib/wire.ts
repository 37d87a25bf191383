// Bytes over the wire: what a browser loads to predict with a dense network, each file compressed by gzip at its best
// level as a server would send it, bundled and minified where the library comes as sources.
import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Variant } from '../../src/core/features.ts';
import type { Pack } from '../../src/core/packs.ts';

export interface WireFile {
  readonly name: string;
  readonly raw: number;
  readonly gzip: number;
}

export interface Wire {
  readonly files: readonly WireFile[];
  readonly gzip: number;
}

const wireFile = (name: string, bytes: Uint8Array): WireFile => ({
  name,
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
});

const wire = (files: readonly WireFile[]): Wire => ({ files, gzip: files.reduce((sum, { gzip }) => sum + gzip, 0) });

/** What a user writes to predict with a dense network in a page, and the pack of the core that it then loads. */
export const ourPrograms = {
  /** With a network that is there already: `neurite/inference`. */
  inference: {
    pack: 'densePredict',
    text: `import { loadModel } from './inference.js';
      const model = await loadModel('model.safetensors');
      globalThis.predict = (values) => model.predict(values);`,
  },
  /** With one built in the page, which could be trained there: the package itself. */
  full: {
    pack: 'dense',
    text: `import { sequential, dense } from './index.js';
      globalThis.use = [sequential, dense];`,
  },
} as const satisfies Record<string, { readonly pack: Pack; readonly text: string }>;

/** The same for neurite as it is published: the program's bundle, what it loads at once, and the part of the core in use. */
export async function ourWire(
  dist: string,
  variant: Variant,
  { text: program, pack }: { readonly text: string; readonly pack: Pack } = ourPrograms.inference,
): Promise<Wire> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: dist, sourcefile: 'program.js' },
    bundle: true,
    splitting: true,
    metafile: true,
    minify: true,
    charset: 'utf8',
    format: 'esm',
    platform: 'browser',
    outdir: dist,
    write: false,
    logLevel: 'silent',
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(process.cwd(), path), contents]));
  const entry = Object.keys(metafile.outputs).find((path) =>
    metafile.outputs[path]!.entryPoint?.endsWith('program.js'),
  )!;
  const loaded = new Set<string>();
  const visit = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: target, kind } of metafile.outputs[path]!.imports)
      if (kind === 'import-statement' || basename(target).startsWith(`${variant}-${pack}-`)) visit(target);
  };
  visit(entry);
  return wire([...loaded].map((path) => wireFile(basename(path), files.get(path)!)));
}

/** A program of a few lines, bundled with the peer for a browser, and the files that it fetches beside it. */
export async function peerWire(folder: string, program: string, beside: readonly string[] = []): Promise<Wire> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  const others = beside.map((path) => wireFile(path, readFileSync(join(folder, 'node_modules', path))));
  return wire([wireFile('bundle', outputFiles[0]!.contents), ...others]);
}

/** Files as the package publishes them. */
export const fileWire = (folder: string, paths: readonly string[]): Wire =>
  wire(paths.map((path) => wireFile(path, readFileSync(join(folder, 'node_modules', path)))));

const simdModule = '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';

/** What the peers need, by the names of the table. */
export const peerWires: Readonly<Record<string, (folder: string) => Promise<Wire> | Wire>> = {
  'ORT Web': (folder) =>
    fileWire(folder, [
      'onnxruntime-web/dist/ort.wasm.bundle.min.mjs',
      'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
    ]),
  // As its documentation has it: the whole package and the backend.
  'TensorFlow.js wasm': (folder) =>
    peerWire(
      folder,
      `import * as tf from '@tensorflow/tfjs';
       import '@tensorflow/tfjs-backend-wasm';
       globalThis.tf = tf;`,
      [simdModule],
    ),
  'TensorFlow.js wasm, only core and layers': (folder) =>
    peerWire(
      folder,
      `import { setBackend, tensor } from '@tensorflow/tfjs-core';
       import '@tensorflow/tfjs-backend-wasm';
       import { sequential, layers } from '@tensorflow/tfjs-layers';
       globalThis.use = [setBackend, tensor, sequential, layers.dense];`,
      [simdModule],
    ),
  'jax-js': (folder) =>
    peerWire(folder, `import { numpy, nn, jit, init } from '@jax-js/jax'; globalThis.use = [numpy, nn, jit, init];`),
};
