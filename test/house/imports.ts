// Reads the imports of a source file and says which house rules they break. The rules are data (house.ts), so that the tests of the check can use others.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** One import: where it stands, and the file (from the repository's root) or the package that it names. */
export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** A path from the root for a relative import; null for a package. */
  readonly target: string | null;
}

/** What a place of the house may import. */
export interface Rule {
  /** A folder or a file; of several that hold a file, the longest one counts. */
  readonly place: string;
  /** Folders and files beside its own: the table's column, whether any of them is in use yet or not. */
  readonly may: readonly string[];
  /** What the table does not have, and why. It must be in use. */
  readonly besides?: readonly string[];
  readonly why?: string;
  /** Packages; `node:` stands for all of Node's own, `*` for any. */
  readonly packages?: readonly string[];
}

// Every import of the house begins a line (the formatter sees to that); `import(…)` may stand anywhere.
const patterns = [
  /^\s*(?:import|export)\b(?:\s+type\b)?[\w\s{},*$]*?\bfrom\s*['"]([^'"\n]+)['"]/gm,
  /^\s*import\s*['"]([^'"\n]+)['"]/gm,
  /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g,
];

/** The specifiers of all imports of a text: static, for types, re-exported, and dynamic ones with a literal. */
export function specifiersOf(text: string): string[] {
  const code = text.replace(/^\s*\/\/.*$/gm, '').replace(/^\s*\/\*\*[\s\S]*?\*\//gm, '');
  return patterns.flatMap((pattern) => Array.from(code.matchAll(pattern), ([, specifier]) => specifier!));
}

export function importsOf(from: string, text: string): Import[] {
  return specifiersOf(text).map((specifier) => ({ from, specifier, target: targetOf(from, specifier) }));
}

function targetOf(from: string, specifier: string): string | null {
  if (specifier.startsWith('/')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return null;
  const path = normalize(join(dirname(from), specifier));
  // AssemblyScript leaves the extension out.
  return path.startsWith('assembly/') && !path.endsWith('.ts') ? `${path}.ts` : path;
}

const holds = (place: string, path: string) => path === place || path.startsWith(`${place}/`);

/** The rule for a file: the one of the longest place that holds it. */
export function ruleFor(path: string, rules: readonly Rule[]): Rule | undefined {
  return rules.filter(({ place }) => holds(place, path)).toSorted((a, b) => b.place.length - a.place.length)[0];
}

/** Why an import is not allowed, or null. */
export function violation({ from, specifier, target }: Import, rules: readonly Rule[]): string | null {
  const rule = ruleFor(from, rules);
  if (!rule) return `${from} is in no room of the house`;
  const { place, packages = [] } = rule;
  const may = [...rule.may, ...(rule.besides ?? [])];
  if (target === null) {
    const name = specifier.startsWith('node:') ? 'node:' : specifier;
    const allowed = packages.some((each) => each === '*' || each === name || name.startsWith(`${each}/`));
    return allowed ? null : `${from} imports the package ${specifier}, which ${place} may not`;
  }
  const isAllowed =
    may.includes('*') || ruleFor(target, rules)?.place === place || may.some((each) => holds(each, target));
  return isAllowed ? null : `${from} imports ${target}, which ${place} may not`;
}

/** Whether a relative import names a file that is there. */
export const isThere = (root: string, { target }: Import): boolean => target === null || existsSync(join(root, target));
