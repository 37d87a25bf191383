// docs/operations.md is made from the operations that there are, what their tests measured (docs/operations.json) and what
// peers have (docs/operations-peers.json); here it is found out of date. To make it anew:
//   UPDATE_OPERATIONS=1 npx vitest run --project simd --project relaxed --project debug test/graph test/layers
//   UPDATE_DOCS=1 npx vitest run --project host test/docs/operations.test.ts
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { operationNames, operationOf } from '../../src/graph/operation.ts';
import '../../src/graph/operations/index.ts';
import { folder, readTested, type Tested } from '../helpers/record.ts';
import { root } from './documents.ts';

interface Peer {
  readonly tfjs: string;
  readonly onnx: string;
  readonly torch: string;
}

interface Peers {
  readonly versions: Readonly<Record<'tfjs' | 'onnx' | 'torch', string>>;
  readonly operations: Readonly<Record<string, Peer>>;
}

const path = (name: string) => join(root, 'docs', name);
const peers: Peers = JSON.parse(readFileSync(path('operations-peers.json'), 'utf8'));
const update = Boolean(process.env['UPDATE_DOCS']);

/** One significant digit, upwards. */
function roundUp(error: number): number {
  if (error === 0) return 0;
  const digit = 10 ** Math.floor(Math.log10(error));
  return Number((Math.ceil(error / digit) * digit).toPrecision(1));
}

/** What has been measured since the last time, over what was known. */
function gather(known: Readonly<Record<string, Tested>>): Record<string, Tested> {
  if (!existsSync(folder)) return { ...known };
  const found: Record<string, { variants: Set<string>; forward?: number; gradient?: number }> = {};
  for (const file of readdirSync(folder))
    for (const line of readFileSync(join(folder, file), 'utf8').trim().split('\n')) {
      const { operation, side, error, variant } = JSON.parse(line) as {
        operation: string;
        side: 'forward' | 'gradient';
        error: number;
        variant: string;
      };
      const entry = (found[operation] ??= { variants: new Set() });
      entry.variants.add(variant);
      entry[side] = Math.max(entry[side] ?? 0, error);
    }
  rmSync(folder, { recursive: true });
  const order = ['simd', 'relaxed', 'debug'];
  return Object.fromEntries(
    Object.entries({ ...known, ...found })
      .map(([name, { variants, forward, gradient }]) => [
        name,
        {
          variants: order.filter((variant) => [...variants].includes(variant)),
          ...(forward !== undefined && { forward: roundUp(forward) }),
          ...(gradient !== undefined && { gradient: roundUp(gradient) }),
        },
      ] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const text = (error: number | undefined) => (error === undefined ? '' : error === 0 ? 'exact' : error.toExponential(0));

/** An operation of a gradient is a part of the one that it belongs to. */
const isOwn = (name: string) => !/Backward$|^(convolutionInput|convolutionKernel)$/.test(name);

function render(tested: Readonly<Record<string, Tested>>): string {
  const rows = operationNames()
    .filter(isOwn)
    .toSorted()
    .map((name) => {
      const operation = operationOf(name);
      const kind = operation.source ? 'source' : operation.view ? 'view' : '';
      const { variants = [], forward, gradient } = tested[name] ?? {};
      const peer = peers.operations[name];
      const cells = [
        `\`${name}\``,
        operation.gradient ? 'yes' : kind || 'none',
        variants.join(' '),
        text(forward),
        text(gradient),
        peer?.tfjs ?? '',
        peer?.onnx ?? '',
        peer?.torch ?? '',
      ];
      return `| ${cells.join(' | ')} |`;
    });
  const { versions } = peers;
  return `${[
    '# Operations of the graph',
    '',
    'Made by `test/docs/operations.test.ts` from the operations that are defined, from what their tests measure and from `docs/operations-peers.json`; the test fails where this page is out of date, and says how it is made anew.',
    '',
    '- **Gradient**: whether there is a rule; a source has no inputs, a view no instruction of its own.',
    '- **Tested on**: the builds of the core on which it was checked by itself, forward against `reference/` in float64 and its gradient against finite differences of that. The others are checked inside their layers, losses and optimizers.',
    '- **Error**: the worst of all cases on any build, relative to the largest magnitude of the result, rounded upwards. Every run of the tests holds the operation to it.',
    `- **Peers**: TensorFlow.js wasm ${versions.tfjs} (its kernel, and whether its gradient runs on wasm), ONNX (operator, ${versions.onnx}), PyTorch ${versions.torch}. Empty where there is no counterpart.`,
    '',
    '| operation | gradient | tested on | error | gradient error | TensorFlow.js wasm | ONNX | PyTorch |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')}\n`;
}

test('docs/operations.md is what the operations, their tests and the peers give', () => {
  const tested = update ? gather(readTested()) : readTested();
  const rendered = render(tested);
  if (update) {
    writeFileSync(path('operations.json'), `${JSON.stringify(tested, null, 2)}\n`);
    writeFileSync(path('operations.md'), rendered);
  }
  expect(readFileSync(path('operations.md'), 'utf8')).toBe(rendered);
});

test('every operation that is named is one', () => {
  const names = operationNames();
  for (const name of [...Object.keys(readTested()), ...Object.keys(peers.operations)]) expect(names).toContain(name);
});
