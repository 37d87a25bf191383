// No golden case is left out: each file is read by a test, and each case is named in one that reads its file.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = import.meta.dirname;
const files = readdirSync(folder);
const tests = files
  .filter((name) => name.endsWith('.test.ts') && name !== 'every-case.test.ts')
  .map((name) => readFileSync(join(folder, name), 'utf8'));
const subjects = files.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));

/** The names of a file's cases. */
const namesOf = (subject: string): string[] => {
  const { cases } = JSON.parse(readFileSync(join(folder, `${subject}.json`), 'utf8')) as { cases: { name: string }[] };
  return [...new Set(cases.map(({ name }) => name))];
};

/** Files whose cases one `test.each` takes, all but those that are named. */
const whole: Readonly<Record<string, string>> = { optimizers: 'test.each(stepsCases)' };

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

test('there are the files that ../shared/golden has', () => {
  expect(subjects).toEqual(['activations', 'layers', 'losses', 'optimizers', 'schedules', 'training']);
});

test.each(subjects)('%s: every case is named by a test that reads the file', (subject) => {
  const readers = tests.filter((source) => source.includes(`'${subject}'`) || source.includes(`${subject}.json`));
  expect(readers.length).toBeGreaterThan(0);
  const all = whole[subject];
  if (all !== undefined) return expect(readers.some((source) => source.includes(all))).toBe(true);
  const left = namesOf(subject).filter(
    (name) => !readers.some((source) => new RegExp(String.raw`(?<![\w-])${escaped(name)}(?![\w-])`).test(source)),
  );
  return expect(left).toEqual([]);
});
