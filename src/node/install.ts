// What the library takes from Node where it has it: files of models, and the core as the files of dist/.
import { installCoreFiles } from '../core/core.ts';
import { installFileAccess } from '../model/files.ts';
import { appendText, readFileBytes, writeFileAtomic } from './lazy.ts';

installFileAccess({ read: readFileBytes, write: writeFileAtomic, append: appendText });

/**
 * Importing node:fs would load all the streams of Node with it, a fifth of the time that the library takes to load.
 *
 * As built, this file is in dist/node, and the modules are above it. Run from its source, or bundled into a program,
 * it finds none, and the core is the one that is embedded.
 */
installCoreFiles((variant) => {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(new URL(`../${variant}.wasm`, import.meta.url));
  } catch {
    return undefined;
  }
});
