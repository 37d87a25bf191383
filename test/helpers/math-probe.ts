// Compiles assembly/probe/math.ts for the variant under test, to call the functions of assembly/math.ts by themselves.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { variant } from './kernel.ts';

const root = join(import.meta.dirname, '../..');

/** In the order of `apply` in assembly/probe/math.ts. */
export const probeNames = [
  'exp',
  'log',
  'tanh',
  'sigmoid',
  'erf',
  'log1p',
  'expm1',
  'sin',
  'cos',
  'gauss',
  'scaledTail',
  'sigmoidBounded',
  'pow',
] as const;
export type ProbeName = (typeof probeNames)[number];

async function compiled(): Promise<string> {
  const path = join(root, 'build', `probe-${variant}.wasm`);
  const sources = ['assembly/math.ts', 'assembly/lanes.ts', 'assembly/probe/math.ts', 'asconfig.json'];
  const newest = Math.max(...sources.map((source) => statSync(join(root, source)).mtimeMs));
  if (existsSync(path) && statSync(path).mtimeMs > newest) return path;
  mkdirSync(join(root, 'build'), { recursive: true });
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const options = ['assembly/probe/math.ts', '--target', variant, '--outFile', path];
  await promisify(execFile)(process.execPath, [asc, ...options], { cwd: root });
  return path;
}

/** Runs one function of math.ts over arrays (y is for `pow` alone). */
export async function mathProbe() {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const imports = { env: { memory, abort: () => {} } };
  const { instance } = await WebAssembly.instantiate(readFileSync(await compiled()), imports);
  const run = instance.exports['probe'] as (index: number, out: number, x: number, y: number, n: number) => void;
  return (name: ProbeName, x: Float32Array, y?: Float32Array): Float32Array => {
    const bytes = Math.ceil(x.length / 4) * 16;
    const base = 65536;
    const missing = Math.ceil((base + 3 * bytes - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    new Float32Array(memory.buffer, base, x.length).set(x);
    if (y) new Float32Array(memory.buffer, base + bytes, y.length).set(y);
    run(probeNames.indexOf(name), base + 2 * bytes, base, base + bytes, bytes / 4);
    return new Float32Array(memory.buffer, base + 2 * bytes, x.length).slice();
  };
}
