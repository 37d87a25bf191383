// docs/operations-peers.json says what the peers have of the graph's operations: found by running them, as
// bench/peers/package.json has them. UPDATE_PEERS=1 runs them and writes the file; they have to be installed
// (node bench/run.mjs peers does it), and jax-js' attention needs Node 22 or later.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.ts';
import { jax } from './peers/jax.ts';
import { onnxruntime } from './peers/onnxruntime.ts';
import { isInstalled, versionOf, type PeerName } from './peers/peer.ts';
import { tensorflow } from './peers/tensorflow.ts';

const path = join(root, 'docs/operations-peers.json');
const finders = { tensorflow, onnxruntime, jax };
const names = Object.keys(finders) as PeerName[];

if (process.env['UPDATE_PEERS'])
  test('the peers are run, and what they have is written down', { timeout: 300_000 }, async () => {
    expect(names.filter((name) => !isInstalled(name))).toEqual([]);
    const found: Record<string, unknown> = {};
    for (const name of names) found[name] = { version: versionOf(name), operations: await finders[name]() };
    writeFileSync(path, `${JSON.stringify(found, null, 2)}\n`);
  });

test.each(names)('what is said of %s was found with the version that bench/peers asks for', (name) => {
  const { version } = (JSON.parse(readFileSync(path, 'utf8')) as Record<PeerName, { version: string }>)[name];
  expect(
    version,
    'UPDATE_PEERS=1 npx vitest run --project host test/docs/operations-peers.test.ts writes it anew',
  ).toBe(versionOf(name));
});
