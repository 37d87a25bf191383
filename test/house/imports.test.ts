// Imports point down the table of the house (house.ts), and only src/node and src/cli use packages.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rules } from './house.ts';
import { importsOf, isThere, ruleFor, specifiersOf, violation, type Import } from './imports.ts';

const root = join(import.meta.dirname, '../..');
const folders = ['assembly', 'src', 'reference', 'test', 'examples', 'bench', 'web'];
const isSource = (path: string) => /\.(ts|mts|js|mjs)$/.test(path) && !/(^|\/)(node_modules|golden)\//.test(path);

/** Some places of the table have nothing in them yet. */
const isBuilt = (place: string) => existsSync(join(root, place));

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter(isSource);
}

const imports: Import[] = folders
  .filter(isBuilt)
  .flatMap(sourcesIn)
  .filter((path) => path !== relative(root, import.meta.filename)) // its imports are made up
  .flatMap((path) => importsOf(path, readFileSync(join(root, path), 'utf8')));

describe('the house', () => {
  test('imports point down the table', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.map((each) => violation(each, rules)).filter(Boolean)).toEqual([]);
  });

  test('every imported file is there', () => {
    // dist/ and the generated files come with `npm run build`, which `npm test` runs first.
    const gone = imports.filter((each) => !isThere(root, each) && !each.target!.startsWith('dist/'));
    expect(gone.map(({ from, specifier }) => `${from}: ${specifier}`)).toEqual([]);
  });

  test('nothing that ships imports the tests, the references or the benchmarks', () => {
    const shipped = imports.filter(({ from }) => /^(src|assembly)\//.test(from));
    expect(shipped.filter(({ target }) => target && /^(test|reference|bench|examples)\//.test(target))).toEqual([]);
  });

  test.each(rules.filter(({ place, besides }) => besides && isBuilt(place)))(
    '$place still needs what it imports beside the table, and says why',
    ({ place, besides = [], why }) => {
      const own = imports.filter(({ from }) => ruleFor(from, rules)?.place === place);
      expect(besides.filter((each) => !own.some(({ target }) => target?.startsWith(each)))).toEqual([]);
      expect(why).toMatch(/\w/);
    },
  );
});

describe('the check of imports', () => {
  const broken = (from: string, text: string) =>
    importsOf(from, text)
      .map((each) => violation(each, rules))
      .filter(Boolean);

  test('an import of the graph by the core is refused', () => {
    expect(broken('src/core/memory.ts', "import { Graph } from '../graph/graph.ts';\n")).toEqual([
      'src/core/memory.ts imports src/graph/graph.ts, which src/core may not',
    ]);
  });

  test('an import down the table, or within a room, is allowed', () => {
    expect(broken('src/graph/passes/fuse.ts', "import '../graph.ts';\nimport '../../core/errors.ts';\n")).toEqual([]);
  });

  test('an import for types alone counts', () => {
    expect(broken('src/core/a.ts', "import type { Model } from '../model/model.ts';\n")).toHaveLength(1);
    expect(broken('src/core/a.ts', "let model: import('../model/model.ts').Model;\n")).toHaveLength(1);
  });

  test('a package in a room for browsers is refused', () => {
    expect(broken('src/model/save.ts', "import { readFileSync } from 'node:fs';\n")).toEqual([
      'src/model/save.ts imports the package node:fs, which src/model may not',
    ]);
    expect(broken('src/node/files.ts', "import { readFileSync } from 'node:fs';\n")).toEqual([]);
  });

  test('a file outside of every room is refused', () => {
    expect(broken('src/attic/a.ts', "import '../core/errors.ts';\n")).toEqual([
      'src/attic/a.ts is in no room of the house',
    ]);
  });

  test('every form of an import is read, and comments are not', () => {
    const text = [
      "import a, { b } from './one';",
      "import {\n  type c,\n  d,\n} from './two';",
      "export * as e from './three';",
      "export { f } from './four';",
      "import './five';",
      "const g = await import('./six');",
      "// import h from './no';",
      "/**\n * @example import i from './no';\n */",
      "const text = `from './no'`;",
    ].join('\n');
    expect(specifiersOf(text).toSorted()).toEqual(['./five', './four', './one', './six', './three', './two']);
  });
});
