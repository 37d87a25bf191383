// The entry by itself, bundled as a page would have it: which layers it knows, and what it leaves out.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '../../src');

const { metafile } = await build({
  entryPoints: [join(source, 'inference/index.ts')],
  bundle: true,
  splitting: true,
  format: 'esm',
  outdir: 'out',
  write: false,
  metafile: true,
  logLevel: 'silent',
});
const bundled = Object.keys(metafile.inputs).map((path) => path.replace(/^.*src\//, ''));

test('neurite/inference holds every file of layers', () => {
  const files = readdirSync(join(source, 'layers')).filter((name) => name.endsWith('.ts'));
  for (const name of files) expect(bundled).toContain(`layers/${name}`);
});

test('what a page with a dense network loads has no other layers, and no operations of theirs', () => {
  const [page] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint?.endsWith('inference/index.ts'));
  const loaded = new Set<string>();
  const visit = ({ inputs, imports }: typeof page & object) => {
    for (const path of Object.keys(inputs)) loaded.add(path.replace(/^.*src\//, ''));
    for (const { path, kind } of imports) if (kind === 'import-statement') visit(metafile.outputs[path]!);
  };
  visit(page!);
  expect([...loaded]).toContain('layers/core.ts');
  expect([...loaded].filter((path) => path.startsWith('layers/')).toSorted()).toEqual(
    ['activations', 'core', 'layer', 'shape'].map((name) => `layers/${name}.ts`),
  );
  expect([...loaded].filter((path) => /convolution|pooling|recurrent|attention|loss/.test(path))).toEqual([]);
});

test('neurite/inference holds nothing that trains', () => {
  const training = bundled.filter((path) =>
    /^(losses|metrics|optimizers|data\/dataset|model\/(fit|evaluate|trainer|gradients))/.test(path),
  );
  expect(training).toEqual([]);
});
