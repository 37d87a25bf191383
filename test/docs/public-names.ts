// The names that a module of src/ exports, types included, read from its text. It knows only the forms of export
// that the sources use.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Every exported name, those of `export *` included; `export * as x` is one name. */
export function exportedNames(path: string): Set<string> {
  const text = readFileSync(path, 'utf8');
  const names = new Set<string>();
  for (const [, star, list, from] of text.matchAll(
    /^export (?:type )?(?:(\* as \w+|\*)|\{([^}]*)\})(?: from '([^']+)')?;/gm,
  )) {
    if (star === '*') for (const name of exportedNames(join(dirname(path), from!))) names.add(name);
    else if (star) names.add(star.slice('* as '.length));
    else for (const item of list!.split(',')) addItem(names, item);
  }
  for (const [, name] of text.matchAll(/^export (?:async )?(?:function|class|const|interface|type) (\w+)/gm))
    names.add(name!);
  return names;
}

/** `type DenseOptions`, `a as b`. */
function addItem(names: Set<string>, item: string): void {
  const name = item
    .trim()
    .replace(/^type /, '')
    .split(' as ')
    .at(-1)!;
  if (name) names.add(name);
}
