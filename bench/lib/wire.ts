// Bytes over the wire: what a browser loads to predict with a dense network, each file compressed by gzip at its best
// level as a server would send it, bundled and minified where the library comes as sources.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Variant } from '../../src/core/features.ts';

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

/** dist/index.js with all that it imports, and the chunk of the one variant in use. */
export function ourWire(dist: string, variant: Variant): Wire {
  const seen = new Map<string, Uint8Array>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    const bytes = readFileSync(path);
    seen.set(path, bytes);
    const text = bytes.toString('utf8');
    for (const [, target] of text.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g)) visit(resolve(dirname(path), target!));
    for (const [, target] of text.matchAll(/\bimport\(\s*"(\.[^"]+)"\s*\)/g))
      if (target!.includes(`/${variant}-`)) visit(resolve(dirname(path), target!));
  };
  visit(join(dist, 'index.js'));
  return wire([...seen].map(([path, bytes]) => wireFile(relative(dist, path), bytes)));
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
