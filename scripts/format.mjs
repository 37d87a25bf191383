// Formats the tree with prettier; `--check` only tells what it would change, and fails.
// AssemblyScript puts decorators on functions, which no TypeScript parser takes: they are hidden as
// comments from prettier and brought back after it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './files.mjs';

const hidden = ['//', 'decorator '].join('@');
const hide = (text) => text.replace(/^(\s*)@(inline|unmanaged|lazy|final)$/gm, `$1${hidden}$2`);
const restore = (text) => text.replaceAll(hidden, '@');

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts', '*.mts', '*.mjs', '*.js'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path && !path.startsWith('test/golden/'));
const check = process.argv.includes('--check');
const options = { ...(await resolveConfig(join(root, 'package.json'))) };
let changed = 0;
for (const path of tracked) {
  const before = readFileSync(join(root, path), 'utf8');
  const after = restore(await format(hide(before), { ...options, filepath: path }));
  if (after === before) continue;
  changed++;
  if (check) console.log(`not formatted: ${path}`);
  else writeFileSync(join(root, path), after);
}
console.log(
  check
    ? `${tracked.length} files checked, ${changed} not formatted`
    : `${changed} of ${tracked.length} files formatted`,
);
if (check && changed) process.exit(1);
