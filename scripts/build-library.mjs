// The library as ES modules, twice: for browsers, where a page loads no more than it uses, and for Node, where every file
// costs a millisecond at the start, so that there a program loads few and large ones (docs/adr/0011-start-up.md).
// The embedded bytes of the core are chunks of the first, to which the second points.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { rolldown } from 'rolldown';
import { root } from './files.mjs';

const dist = join(root, 'dist');
const dependencies = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies);

/** What a browser loads of others' packages: small, and imported by src/core and src/formats. */
const bundled = new Set(['@assemblyscript/loader', 'pbf']);
const external = dependencies.filter((name) => !bundled.has(name));
const isExternal = (id) => id.startsWith('node:') || external.some((name) => id === name || id.startsWith(`${name}/`));

const everywhere = {
  export: 'src/export/index.ts',
  ops: 'src/ops/index.ts',
  datasets: 'src/data/datasets/index.ts',
  biology: 'src/biology/index.ts',
  pictures: 'src/pictures/index.ts',
};
const browserEntries = {
  ...everywhere,
  index: 'src/index.ts',
  inference: 'src/inference/index.ts',
  onnx: 'src/formats/onnx/index.ts',
  formats: 'src/interchange/index.ts',
};
const nodeEntries = {
  ...Object.fromEntries(Object.entries(everywhere).map(([name, path]) => [`${name}-node`, path])),
  node: 'src/node/index.ts',
  'inference-node': 'src/node/inference.ts',
  'onnx-node': 'src/node/onnx.ts',
  'formats-node': 'src/node/formats.ts',
  cli: 'src/cli/main.ts',
};

/** Which files share a chunk, by the entries that load them at once: the first group that takes a file has it. */
const browserGroups = [
  ['base', (loads) => loads('index') && loads('biology', 'datasets')],
  ['inference', (loads) => loads('inference')],
  ['operations', (loads) => loads('index') && loads('ops', 'onnx')],
  ['library', (loads) => loads('index')],
];
const nodeGroups = [
  ['inference', (loads) => loads('inference-node')],
  ['library', (loads) => loads('node')],
];

/** Before the file of a package in an import, until it is known from where it is imported. */
const sharedMark = 'neurite-shared:/';

/** Packages that are loaded with the first file that needs them; Node takes the browsers' chunks of them. */
const packages = ['fflate', 'h5wasm', 'jsfive'];
const packageOf = (id) => packages.find((name) => id === name || id.includes(`/node_modules/${name}/`));
const isCoreBytes = (id) => /src\/core\/generated\/(simd|relaxed|debug|neuron-(simd|debug))/.test(id);

export async function buildLibrary() {
  const chunks = await bundle(browserEntries, browserGroups, { chunks: 'chunks', external: isExternal });
  const shared = new Map(
    chunks
      .filter(({ facadeModuleId }) => facadeModuleId)
      .map(({ facadeModuleId, fileName }) => [packageOf(facadeModuleId) ?? facadeModuleId, fileName]),
  );
  for (const name of packages) dropSourceMap(join(dist, shared.get(name)));
  const isShared = (id) => isCoreBytes(id) || packages.includes(id);
  await bundle(nodeEntries, nodeGroups, {
    chunks: 'node',
    external: (id) => isExternal(id) || isShared(id),
    paths: (id) => (packages.includes(id) ? sharedMark + shared.get(id) : isCoreBytes(id) ? `./${shared.get(id)}` : id),
  });
}

/** The map of a package that is one large text of bytes is larger than the package. */
function dropSourceMap(path) {
  rmSync(`${path}.map`);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
}

/** The licences of what is bundled. */
export function writeNotices() {
  const names = [...bundled, ...packages, 'pako'];
  const texts = names.map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version}\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : license}\n`;
  });
  writeFileSync(join(dist, 'THIRD-PARTY.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** @returns the chunks that were written */
async function bundle(input, groups, { chunks, external, paths }) {
  const bundle = await rolldown({
    cwd: root,
    input,
    external,
    platform: 'neutral',
    checks: { bundlerTimings: false },
    resolve: { mainFields: ['module', 'main'] },
  });
  const { output } = await bundle.write({
    dir: dist,
    format: 'es',
    minify: false,
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: `${chunks}/[name]-[hash].js`,
    paths,
    codeSplitting: { groups: chunkGroups(input, groups) },
    plugins: [{ name: 'minify', renderChunk: minify }],
  });
  await bundle.close();
  return output;
}

function chunkGroups(entries, groups) {
  let loadedBy;
  return groups.map(([name, belongs]) => ({
    debugName: name,
    name: (id, context) => {
      loadedBy ??= Object.fromEntries(Object.entries(entries).map(([entry, path]) => [entry, filesOf(path, context)]));
      return belongs((...some) => some.some((entry) => loadedBy[entry].has(id))) ? name : null;
    },
  }));
}

/** Every file that is loaded with one. */
function filesOf(path, context) {
  const found = new Set([join(root, path)]);
  for (const id of found) for (const next of context.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  return found;
}

/** ASCII is read faster than UTF-8, but the core's bytes are characters beyond it (docs/adr/0004). */
async function minify(code, { facadeModuleId, fileName }) {
  const isBinary = facadeModuleId && (isCoreBytes(facadeModuleId) || packageOf(facadeModuleId));
  const charset = isBinary ? 'utf8' : 'ascii';
  const located = code.replaceAll(sharedMark, fileName.includes('/') ? '../' : './');
  return transform(located, { minify: true, format: 'esm', target: 'es2022', charset, sourcemap: 'external' });
}
