// What the repository promises as a whole: no machine of somebody else's is named, the published names are there,
// and what a browser loads needs nothing from outside.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const leftOut = new Set(['.git', 'node_modules', 'dist', 'build', 'coverage']);

/** Every file of the repository, tracked or not, but what is installed or built. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (leftOut.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() ? [relative(root, path)] : [];
  });
}

// In parts, so that this file does not name them either.
const registryHosts = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'npmjs', 'com'],
  ['registry', 'yarnpkg', 'com'],
  ['registry', 'npmmirror', 'com'],
  ['npm', 'pkg', 'github', 'com'],
  ['npm', 'jsr', 'io'],
  ['files', 'pythonhosted', 'org'],
  ['static', 'crates', 'io'],
].map((parts) => parts.join('.'));

test('no file names the host of a package registry', () => {
  const naming = filesIn(root).filter((path) => {
    const text = readFileSync(join(root, path), 'latin1');
    return registryHosts.some((host) => text.includes(host));
  });
  expect(naming).toEqual([]);
});

test('the lock file has no addresses, and a checksum for every package', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> };
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  expect(installed.length).toBeGreaterThan(50);
  expect(installed.filter(([, entry]) => 'resolved' in entry).map(([path]) => path)).toEqual([]);
  expect(installed.filter(([, entry]) => !entry['integrity'] && !entry['inBundle']).map(([path]) => path)).toEqual([]);
});

describe('the package as built (npm run build)', () => {
  type Exports = string | { [condition: string]: Exports };
  const filesOf = (entry: Exports): string[] =>
    typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(filesOf);
  const manifest = JSON.parse(read('package.json')) as { exports: Exports; bin: Exports };

  test('every published name is a file', () => {
    const paths = [...filesOf(manifest.exports), ...filesOf(manifest.bin)];
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test.each(['index', 'ops', 'onnx', 'formats', 'datasets'])(
    'dist/%s.js and all that it loads import nothing from outside',
    async (name) => {
      const { inputs } = await graphOf(`dist/${name}.js`);
      const imports = Object.entries(inputs).flatMap(([path, input]) =>
        input.imports.map((each) => ({ from: path, ...each })),
      );
      expect(imports.filter(({ external }) => external)).toEqual([]);
      const naming = Object.keys(inputs).filter((path) => /["'`]node:/.test(read(path)));
      expect(naming).toEqual([]);
    },
  );

  test('the check sees what dist/node.js imports from Node', async () => {
    const { inputs } = await graphOf('dist/node.js');
    const imports = Object.values(inputs).flatMap((input) => input.imports);
    expect(imports.some(({ external, path }) => external && path.startsWith('node:'))).toBe(true);
  });
});

/** The modules that an entry reaches, static and dynamic imports alike; a package counts as external. */
async function graphOf(entry: string) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    outdir: 'nowhere',
    format: 'esm',
    splitting: true,
    platform: 'neutral',
    packages: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
}
