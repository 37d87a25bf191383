// Where the shards of a model of TensorFlow.js come from.
import { NeuriteError } from '../../core/errors.ts';
import { readSource } from '../../model/files.ts';
import type { ModelSource } from '../../model/open.ts';
import type { ReadShard } from './manifest.ts';

export type ShardFiles = Readonly<Record<string, ModelSource>>;

/** Shards that are handed in, or else found. */
export function shardsOf(what: string, files: ShardFiles | undefined, found: () => ReadShard | undefined): ReadShard {
  return async (path) => {
    if (files && Object.hasOwn(files, path)) return readSource(files[path]!);
    const read = files ? undefined : found();
    if (!read) throw new NeuriteError(`${what}: its weights are in "${path}"; give that file in the option files`);
    return read(path);
  };
}
