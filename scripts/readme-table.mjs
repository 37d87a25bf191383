// Writes the README's table of measured numbers from bench/results/peers.md: the rows that have a goal, reached or
// not, between the markers `bench:begin` and `bench:end`. `--check` only tells whether it is current, and fails if not.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './files.mjs';

const cellsOf = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** @param {string} peers the text of bench/results/peers.md @returns {string} markdown */
export function readmeTable(peers) {
  const lines = peers.split('\n');
  const start = lines.findIndex((line) => line.startsWith('| work'));
  if (start === -1) throw new Error('bench/results/peers.md has no table');
  const facts = lines.filter((line) => /^(Measured on|\d+ interleaved rounds|Versions:)/.test(line));
  const rows = [];
  let [work, ours] = ['', ''];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break;
    const [name, own, ...rest] = cellsOf(line);
    if (name) [work, ours] = [name, own];
    const [against, theirs, ratio, goal, reached] = rest;
    if (goal) rows.push([work, ours, against, theirs, ratio, goal, reached]);
  }
  const table = [
    '| work | neurite | against | theirs | ratio | goal | reached |',
    '| --- | --: | --- | --: | --: | --: | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
  return [
    ...facts,
    '',
    ...table,
    '',
    'Command: `npm run bench:peers`. All rows: [bench/results/peers.md](bench/results/peers.md).',
  ].join('\n');
}

/** @param {string} readme @param {string} peers @returns {string} the README with the table of these results */
export function withTable(readme, peers) {
  const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->'];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from === -1 || to < from) throw new Error('README.md has no markers bench:begin and bench:end');
  return `${readme.slice(0, from + begin.length)}\n${readmeTable(peers)}\n${readme.slice(to)}`;
}

if (process.argv[1] === import.meta.filename) {
  const path = join(root, 'README.md');
  const readme = readFileSync(path, 'utf8');
  const current = withTable(readme, readFileSync(join(root, 'bench/results/peers.md'), 'utf8'));
  if (current === readme) console.log('README.md: the table is current');
  else if (process.argv.includes('--check')) {
    console.log('README.md: the table is not that of bench/results/peers.md; run node scripts/readme-table.mjs');
    process.exitCode = 1;
  } else {
    writeFileSync(path, current);
    console.log('README.md: the table was written');
  }
}
