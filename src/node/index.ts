// `neurite` on Node: everything of src/index.ts, and what only Node can do: files, CSV, MNIST folders, reports.
import { appendFile } from 'node:fs/promises';
import { installFileAccess } from '../model/files.ts';
import { readFileBytes, writeFileAtomic } from './files.ts';

export * from '../index.ts';
export * from './csv.ts';
export { mnist } from './mnist.ts';
export { readFileBytes, writeFileAtomic } from './files.ts';

installFileAccess({
  read: readFileBytes,
  write: writeFileAtomic,
  append: (path, text) => appendFile(path, text),
});
