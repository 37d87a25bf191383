// Runs one of the benchmarks, which are TypeScript: bundled with the library's sources into build/bench, then imported.
//   node bench/run.mjs alone [--quick]     node bench/run.mjs peers [--quick]     node bench/run.mjs browser [--quick]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildCore } from '../scripts/build-core.mjs';
import { root } from '../scripts/files.mjs';

/** Bundles bench/<name>.ts and says where it is. */
export async function bundle(name, options = {}) {
  const outdir = join(root, 'build/bench');
  mkdirSync(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: { [name.replaceAll('/', '-')]: `bench/${name}.ts` },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    charset: 'utf8',
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    // The peers' own files are loaded from where they are installed.
    external: ['*.wasm'],
    logLevel: 'warning',
    ...options,
  });
  return join(outdir, `${name.replaceAll('/', '-')}.mjs`);
}

if (process.argv[1] === import.meta.filename) {
  await buildCore();
  const [name, ...rest] = process.argv.slice(2);
  process.argv = [process.argv[0], await bundle(name), ...rest];
  await import(pathToFileURL(process.argv[1]).href);
}
