// The documents keep their word: every complete code block runs and prints what stands below it, every link leads
// somewhere, every public name is written about, every example passes its own checks.
// UPDATE_DOCS=1 writes what blocks really print into the documents.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { anchorsOf, blocksOf, documents, linksOf, root, type Block } from './documents.ts';
import { runPrograms, type Outcome, type Program } from './programs.ts';
import { exportedNames } from './public-names.ts';
import { typeErrors } from './types.ts';

const all = documents();
const blocks = all.flatMap((document) => blocksOf(document).map((block) => ({ document, block })));
const exampleFolder = join(root, 'examples');
const examples = readdirSync(exampleFolder)
  .filter((name) => name.endsWith('.ts'))
  .map((name): Program => ({
    name,
    folder: exampleFolder,
    code: readFileSync(join(exampleFolder, name), 'utf8'),
  }));
const programs: Program[] = [...blocks.map(({ block }) => block), ...examples];
const outcomes = new Map<Program, Outcome>();

beforeAll(async () => {
  (await runPrograms(programs)).forEach((outcome, i) => outcomes.set(programs[i]!, outcome));
  if (process.env['UPDATE_DOCS']) all.forEach(({ path }) => update(path));
}, 300_000);

function update(path: string): void {
  let text = readFileSync(join(root, path), 'utf8');
  for (const { block } of blocks.filter(({ document }) => document.path === path).toReversed()) {
    if (!block.outputRange) continue;
    const [from, to] = block.outputRange;
    text = `${text.slice(0, from)}${outcomes.get(block)!.output}\n${text.slice(to)}`;
  }
  writeFileSync(join(root, path), text);
}

describe('code blocks', () => {
  test.each(blocks.map(({ block }) => [block.name, block] as const))(
    '%s runs and prints what it says',
    (_name: string, block: Block) => {
      const { output, error } = outcomes.get(block)!;
      expect(error).toBeUndefined();
      if (block.output !== undefined && !process.env['UPDATE_DOCS']) expect(output.trimEnd()).toBe(block.output);
    },
  );

  test('all of them type-check', async () => {
    expect(await typeErrors(blocks.map(({ block }) => block))).toEqual([]);
  });

  test('the program that the README opens with has at most twelve lines', () => {
    const [first] = blocks.filter(({ document }) => document.path === 'README.md');
    expect(first!.block.code.trim().split('\n').length).toBeLessThanOrEqual(12);
    expect(first!.block.output).not.toBe('');
  });
});

describe('examples', () => {
  test.each(examples.map((example) => [example.name, example] as const))('%s passes its checks', (_name, example) => {
    const { output, error } = outcomes.get(example)!;
    expect(error).toBeUndefined();
    expect(output).not.toBe('');
  });
});

describe('links', () => {
  const leadsNowhere = ({ file, heading }: { file: string; heading: string | undefined }): boolean => {
    if (!existsSync(join(root, file))) return true;
    const target = all.find(({ path }) => path === file);
    return heading !== undefined && !(target && anchorsOf(target).includes(heading));
  };

  test.each(all.map((document) => [document.path, document] as const))(
    'every link of %s leads to a file, and to a heading where it names one',
    (_path, document) => {
      expect(linksOf(document).filter(leadsNowhere)).toEqual([]);
    },
  );
});

describe('public names', () => {
  // As code: 'add' in a sentence is no mention of the function.
  const code = all.flatMap(({ text }) => text.match(/^```[\s\S]*?^```|`[^`\n]+`/gm) ?? []).join('\n');
  const modules = [
    'src/node/index.ts',
    'src/node/inference.ts',
    'src/export/index.ts',
    'src/ops/index.ts',
    'src/node/onnx.ts',
    'src/interchange/index.ts',
    'src/data/datasets/index.ts',
    'src/biology/index.ts',
    'src/pictures/index.ts',
  ];

  test.each(modules)('every name that %s exports is written about', (path) => {
    const missing = [...exportedNames(join(root, path))].filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
    expect(missing).toEqual([]);
  });
});
