// The documents as the tests see them: their files, their code blocks with the output that they claim, their links.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Block {
  /** `README.md:12`, the line on which the code begins. */
  readonly name: string;
  readonly folder: string;
  readonly code: string;
  /** What it must print; undefined where the document does not say. */
  readonly output: string | undefined;
  /** Where that output stands in the document's text, if it is a block of its own. */
  readonly outputRange: readonly [from: number, to: number] | undefined;
}

export interface Document {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

/** README, CONTRIBUTING, CHANGELOG and everything in docs/. */
export function documents(): Document[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path))
    .toSorted();
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inDocs].map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

/** A block of ```ts, and the ```text block that follows it, if one does. ```ts fragment is not run. */
const blockPattern = /^```ts\n([\s\S]*?)^```$(?:\s*^```text\n([\s\S]*?)^```$)?/gm;

export function blocksOf({ path, text }: Document): Block[] {
  return Array.from(text.matchAll(blockPattern), (match) => {
    const [whole, code, printed] = match as unknown as [string, string, string | undefined];
    const line = text.slice(0, match.index).split('\n').length + 1;
    const from = printed === undefined ? -1 : match.index + whole.lastIndexOf('```text\n') + '```text\n'.length;
    return {
      name: `${path}:${line}`,
      folder: dirname(join(root, path)),
      code,
      output: printed?.trimEnd() ?? promised(code),
      outputRange: printed === undefined ? undefined : [from, from + printed.length],
    };
  });
}

/** The output that comments promise: `console.log(x); // prints: 4.24`. */
function promised(code: string): string | undefined {
  const lines = Array.from(code.matchAll(/\/\/ prints: (.*)$/gm), ([, line]) => line!.trimEnd());
  return lines.length ? lines.join('\n') : undefined;
}

/** The files and headings that a document points to: `guide/data.md#csv` as seen from the repository. */
export function linksOf({ path, text }: Document): { file: string; heading: string | undefined }[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file, heading] = target.split('#') as [string, string?];
      return { file: file === '' ? path : relative(root, join(root, dirname(path), file)), heading };
    });
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf({ text }: Document): string[] {
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
