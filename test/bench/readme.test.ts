import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PeerResults } from '../../bench/lib/markdown.ts';
import { markdownReport } from '../../bench/lib/markdown.ts';
import { readmeBlock, withBlock } from '../../bench/lib/readme.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const results = JSON.parse(read('bench/results/peers.json')) as PeerResults;

test('the figures of the README are those of bench/results/peers.json', () => {
  const readme = read('README.md');
  expect(withBlock(readme, readmeBlock(results))).toBe(readme);
});

test('bench/results/peers.md is made of peers.json', () => {
  expect(markdownReport(results)).toBe(read('bench/results/peers.md'));
});
