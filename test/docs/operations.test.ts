// docs/operations.md is made from the operations that there are, what their tests measured (docs/operations.json) and what
// peers have (docs/operations-peers.json); here it is found out of date. helpers/record.ts says how it is made anew.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { operationNames, operationOf } from '../../src/graph/operation.ts';
import '../../src/graph/operations/index.ts';
import { layerTypes } from '../../src/layers/layer.ts';
import '../../src/layers/core.ts';
import '../../src/layers/shape.ts';
import '../../src/layers/others.ts';
import { folder, howToUpdate, layerKey, readTested, type Measured, type Side, type Tested } from '../helpers/record.ts';
import { root } from './documents.ts';
import type { Counterpart, PeerName } from './peers/peer.ts';

type Peers = Readonly<
  Record<PeerName, { readonly version: string; readonly operations: Readonly<Record<string, readonly Counterpart[]>> }>
>;

const path = (name: string) => join(root, 'docs', name);
const peers: Peers = JSON.parse(readFileSync(path('operations-peers.json'), 'utf8'));
const update = Boolean(process.env['UPDATE_DOCS']);

/** The power of ten above twice an error: another machine may round otherwise, and its runs are held to it too. */
const roundUp = (error: number): number => (error === 0 ? 0 : Number(`1e${Math.ceil(Math.log10(2 * error))}`));

const order = ['simd', 'relaxed', 'debug'];

/** What was known and what has been measured since: bounds only grow, so that a run of some tests forgets nothing. */
function gather(known: Readonly<Record<string, Tested>>): Record<string, Tested> {
  if (!existsSync(folder)) return { ...known };
  const found: Record<string, { variants: Set<string>; forward?: number; gradient?: number }> = {};
  const note = (operation: string, side: Side, error: number, variant: string) => {
    const entry = (found[operation] ??= { variants: new Set() });
    entry.variants.add(variant);
    entry[side] = Math.max(entry[side] ?? 0, error);
  };
  for (const file of readdirSync(folder))
    for (const line of readFileSync(join(folder, file), 'utf8').trim().split('\n')) {
      const { operation, side, error, variant } = JSON.parse(line) as Measured;
      note(operation, side, roundUp(error), variant);
    }
  rmSync(folder, { recursive: true });
  for (const [operation, { variants, ...sides }] of Object.entries(known))
    for (const [side, error] of Object.entries(sides))
      for (const variant of variants.split(' ')) note(operation, side as Side, error, variant);
  const byName = Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    byName.map(([name, { variants, ...errors }]) => [
      name,
      { variants: order.filter((variant) => variants.has(variant)).join(' '), ...errors },
    ]),
  );
}

const text = (error: number | undefined) => (error === undefined ? '' : error === 0 ? 'exact' : error.toExponential(0));

/** An operation of a gradient is a part of the one that it belongs to. */
const isOwn = (name: string) => !/Backward$|^(convolutionInput|convolutionKernel)$/.test(name);

/** The counterparts that run, those without a gradient apart with what is missing for it. */
function counterparts(list: readonly Counterpart[] = []): string {
  const running = list.filter(({ fails }) => fails === undefined);
  const differentiable = running.filter(({ gradient }) => gradient === undefined || gradient === 'yes');
  const others = running.filter((one) => !differentiable.includes(one));
  const missing = others.map(({ name, gradient }) => (gradient === 'no rule' ? name : `${name} (lacks ${gradient})`));
  return [differentiable.map(({ name }) => name).join(', '), missing.length ? `no gradient: ${missing.join(', ')}` : '']
    .filter(Boolean)
    .join('; ');
}

function row(name: string, tested: Readonly<Record<string, Tested>>): string {
  const operation = operationOf(name);
  const kind = operation.source ? 'source' : operation.view ? 'view' : '';
  const { variants = '', forward, gradient } = tested[name] ?? {};
  const cells = [
    `\`${name}\``,
    operation.gradient ? 'yes' : kind || 'none',
    variants,
    text(forward),
    text(gradient),
    ...(['tensorflow', 'onnxruntime', 'jax'] as const).map((peer) => counterparts(peers[peer].operations[name])),
  ];
  return `| ${cells.join(' | ')} |`;
}

const render = (tested: Readonly<Record<string, Tested>>): string =>
  `${[
    '# Operations of the graph',
    '',
    'Made by `test/docs/operations.test.ts` from the operations that are defined, from what their tests measure (`docs/operations.json`) and from what the peers have (`docs/operations-peers.json`); the test fails where this page is out of date, and says how it is made anew.',
    '',
    '- **Gradient**: whether there is a rule; a source has no inputs, a view no instruction of its own.',
    '- **Tested on**: the builds of the core on which it was checked by itself or inside a layer, forward against `reference/` in float64 and its gradient against finite differences of that. The others are checked inside losses and optimizers.',
    '- **Error**: a bound of all cases on all builds, relative to the largest magnitude of the result, a power of ten. Every run of the tests holds the operation to it.',
    `- **Peers**: TensorFlow.js' wasm backend ${peers.tensorflow.version} (kernels), ONNX Runtime Web's ${peers.onnxruntime.version} (operators; it has no gradients) and jax-js' ${peers.jax.version} (functions). Each was run, forward and, where it differentiates, backward: what is named runs on WebAssembly. Empty where there is no counterpart.`,
    '',
    '| operation | gradient | tested on | error | gradient error | TensorFlow.js | ONNX Runtime Web | jax-js |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...operationNames()
      .filter(isOwn)
      .toSorted()
      .map((name) => row(name, tested)),
    '',
    '## Layers',
    '',
    'Each against a formula in float64 and its gradient against finite differences of that: the bounds over all models of the tests in which the layer stands.',
    '',
    '| layer | tested on | error | gradient error |',
    '| --- | --- | --- | --- |',
    ...layerTypes()
      .toSorted()
      .map((type) => {
        const { variants = '', forward, gradient } = tested[layerKey(type)] ?? {};
        return `| \`${type}\` | ${variants} | ${text(forward)} | ${text(gradient)} |`;
      }),
  ].join('\n')}\n`;

test('docs/operations.md is what the operations, their tests and the peers give', () => {
  const tested = update ? gather(readTested()) : readTested();
  const rendered = render(tested);
  if (update) {
    writeFileSync(path('operations.json'), `${JSON.stringify(tested, null, 2)}\n`);
    writeFileSync(path('operations.md'), rendered);
  }
  expect(readFileSync(path('operations.md'), 'utf8'), `out of date; ${howToUpdate}`).toBe(rendered);
});

test('every operation that is named is one', () => {
  const names = operationNames();
  const named = [
    Object.fromEntries(Object.entries(readTested()).filter(([name]) => !name.startsWith(layerKey('')))),
    ...Object.values(peers).map(({ operations }) => operations),
  ];
  for (const name of named.flatMap(Object.keys)) expect(names, howToUpdate).toContain(name);
});

/** Operations and layers whose errors cannot be told so: random ones, integers, and parts that are compared bit by bit. */
const otherwise = {
  dropout: 'test/layers/dropout.test.ts',
  embed: 'test/layers/embedding.test.ts',
  rowLosses: 'test/losses',
  scatterPixels: 'test/layers/pooling.test.ts',
  'layer paddingMask': 'test/layers/embedding.test.ts',
};

test('every operation with a gradient of its own is tested by itself or inside a layer', () => {
  const tested = readTested();
  const missing = operationNames().filter((name) => {
    const { gradient, stopsGradient } = operationOf(name);
    return isOwn(name) && gradient && !stopsGradient && !tested[name] && !Object.hasOwn(otherwise, name);
  });
  expect(missing, `no test measures them, or it was not written down: ${howToUpdate}`).toEqual([]);
});

test('every layer is checked against float64, its gradient by finite differences', () => {
  const tested = readTested();
  const missing = layerTypes().filter(
    (type) => tested[layerKey(type)]?.gradient === undefined && !Object.hasOwn(otherwise, layerKey(type)),
  );
  expect(missing, `no test checks them by checkModel, or it was not written down: ${howToUpdate}`).toEqual([]);
});
