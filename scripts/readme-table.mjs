// Writes the README's figures from bench/results/peers.json; `--check` only tells whether they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../bench/lib/bundle.mjs';
import { root } from './files.mjs';

const { readmeBlock, withBlock } = await import(pathToFileURL(await bundle('lib/readme')).href);
const path = join(root, 'README.md');
const before = readFileSync(path, 'utf8');
const after = withBlock(before, readmeBlock(JSON.parse(readFileSync(join(root, 'bench/results/peers.json'), 'utf8'))));
const isCurrent = after === before;
if (process.argv.includes('--check')) {
  console.log(isCurrent ? 'README: its figures are current' : 'README: run node scripts/readme-table.mjs');
  process.exitCode = isCurrent ? 0 : 1;
} else {
  writeFileSync(path, after);
  console.log(isCurrent ? 'README: its figures were current' : 'README: figures written');
}
