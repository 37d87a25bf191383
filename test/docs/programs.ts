// Programs of documents and examples: bundled against the sources under the package's public names, then run in one
// process of their own, on the plain build, whose numbers are the same on every machine.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { root } from './documents.ts';

export interface Program {
  readonly name: string;
  readonly code: string;
  /** Where its relative imports begin. */
  readonly folder: string;
}

export interface Outcome {
  readonly output: string;
  readonly error?: string;
  readonly milliseconds: number;
}

const alias = {
  neurite: join(root, 'src/node/index.ts'),
  'neurite/export': join(root, 'src/export/index.ts'),
  'neurite/inference': join(root, 'src/node/inference.ts'),
  'neurite/ops': join(root, 'src/ops/index.ts'),
  'neurite/onnx': join(root, 'src/node/onnx.ts'),
  'neurite/formats': join(root, 'src/node/formats.ts'),
  'neurite/datasets': join(root, 'src/data/datasets/index.ts'),
  'neurite/pictures': join(root, 'src/pictures/index.ts'),
  'neurite/biology': join(root, 'src/biology/index.ts'),
};

const inMemory = (programs: readonly Program[]): Plugin => ({
  name: 'programs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^program:/ }, ({ path }) => ({ path, namespace: 'program' }));
    onLoad({ filter: /.*/, namespace: 'program' }, ({ path }) => {
      const { code, folder } = programs[Number(path.slice('program:'.length))]!;
      return { contents: code, loader: 'ts', resolveDir: folder };
    });
  },
});

export async function runPrograms(programs: readonly Program[]): Promise<Outcome[]> {
  const outdir = join(root, 'build/docs');
  mkdirSync(outdir, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'neurite-docs-'));
  try {
    await build({
      entryPoints: programs.map((_, i) => ({ in: `program:${i}`, out: `program${i}` })),
      outdir,
      outExtension: { '.js': '.mjs' },
      plugins: [inMemory(programs)],
      alias,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'silent',
    });
    const paths = programs.map((_, i) => join(outdir, `program${i}.mjs`));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, 'run-programs.mjs'), ...paths],
      { cwd: folder, env: { ...process.env, NEURITE_VARIANT: 'simd' }, maxBuffer: 64 * 1024 * 1024 },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
