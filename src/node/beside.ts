// Files that belong to a model and lie in its folder: weights of ONNX, shards of TensorFlow.js.
import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FormatError } from '../core/errors.ts';
import { readFileBytes } from './files.ts';

/** The path of a source, where it is one. */
export function pathOf(source: unknown): string | undefined {
  if (source instanceof URL) return source.protocol === 'file:' ? fileURLToPath(source) : undefined;
  return typeof source === 'string' && !/^https?:/.test(source) ? source : undefined;
}

/** A file in the model's folder or below, links followed. @throws FormatError for one that is elsewhere */
export async function beside(modelPath: string, location: string, what: string): Promise<Uint8Array> {
  const folder = await realpath(dirname(modelPath));
  const path = join(folder, location);
  const real = await realpath(path).catch(() => path);
  const way = relative(folder, real);
  if (way === '..' || way.startsWith(`..${sep}`) || way === real)
    throw new FormatError(`${what}: its weights are in "${location}", which leads outside the model's folder`);
  return readFileBytes(real);
}
