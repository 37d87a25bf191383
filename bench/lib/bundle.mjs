// Bundles a TypeScript file of bench/ with the library's sources, for Node or for a browser.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../../scripts/files.mjs';

/** Bundles bench/<name>.ts into build/bench (or `outdir`) and says where it is. */
export async function bundle(name, options = {}) {
  const outdir = options.outdir ?? join(root, 'build/bench');
  const flat = name.replaceAll('/', '-');
  await build({
    absWorkingDir: root,
    entryPoints: { [flat]: `bench/${name}.ts` },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    charset: 'utf8',
    outdir,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    logLevel: 'warning',
    ...options,
  });
  return join(outdir, `${flat}.mjs`);
}
