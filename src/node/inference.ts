// `neurite/inference` on Node: the same, and paths as sources.
import { installFileAccess } from '../model/files.ts';
import { appendText, readFileBytes, writeFileAtomic } from './lazy.ts';

export * from '../inference/index.ts';

installFileAccess({ read: readFileBytes, write: writeFileAtomic, append: appendText });
