import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeTable, withTable } from '../../scripts/readme-table.mjs';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

test('README: the table of measured numbers is that of bench/results/peers.md', () => {
  expect(withTable(read('README.md'), read('bench/results/peers.md'))).toBe(read('README.md'));
});

test('readmeTable: rows with a goal are kept under the name of their work, the others left out', () => {
  const peers = [
    'Measured on 2026-01-01 at commit abc.',
    '',
    '| work | ours | against | theirs | ratio | to reach | reached |',
    '| --- | --: | --- | --: | --: | --: | --: |',
    '| product | 1 ms | A | 2 ms | 2.00 × | 1.50 × | yes |',
    '|  |  | B | 3 ms | 3.00 × |  |  |',
    '|  |  | C | 1 ms | 1.00 × | 1.50 × | **no** |',
    '',
  ].join('\n');
  const table = readmeTable(peers);
  expect(table).toContain('| product | 1 ms | A | 2 ms | 2.00 × | 1.50 × | yes |');
  expect(table).toContain('| product | 1 ms | C | 1 ms | 1.00 × | 1.50 × | **no** |');
  expect(table).not.toContain('| B |');
});

test('readmeTable: a file without a table is refused', () => {
  expect(() => readmeTable('nothing')).toThrow('no table');
  expect(() => withTable('no markers', '| work |\n| --- |\n')).toThrow('no markers');
});
