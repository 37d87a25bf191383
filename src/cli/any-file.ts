// Files of every format that neurite knows, told by their content, read and written for the commands convert, export and
// inspect. Not here: WebAssembly and JavaScript (export.ts).
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toOnnx } from '../formats/onnx/to-onnx.ts';
import { encodeNpy } from '../formats/npy.ts';
import { encodeNpz } from '../formats/npz.ts';
import { encodeSafetensors } from '../formats/safetensors.ts';
import { kerasBytes } from '../interchange/keras/index.ts';
import { formatOf, openFile, type FileFormat, type FileTensor } from '../interchange/open.ts';
import { toTfjs } from '../interchange/tfjs/index.ts';
import type { Model } from '../model/model.ts';
import { beside } from '../node/beside.ts';
import { readFileBytes, writeFileAtomic } from '../node/files.ts';
import { modelFromOnnx } from '../node/onnx.ts';
import { UsageError } from './exit.ts';
import { bytes, listed } from './text.ts';

/** What a file holds. */
export type Opened =
  | { readonly format: FileFormat; readonly size: number; readonly model: Model }
  | { readonly format: FileFormat; readonly size: number; readonly tensors: ReadonlyMap<string, FileTensor> };

/** From here on the commands say what they are at. */
const large = 32 * 2 ** 20;

export const say = (size: number, text: string): void => {
  if (size >= large) process.stderr.write(`${text} (${bytes(size)}) …\n`);
};

/** A folder stands for the model.json in it. */
export async function fileOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, 'model.json') : path;
}

/** What a file is by its content; where that does not tell, as for a damaged one, by its name. */
export function formatOfFile(path: string, content: Uint8Array): FileFormat | undefined {
  return (
    formatOf(content) ?? (['onnx', 'safetensors'] as const).find((each) => path.toLowerCase().endsWith(`.${each}`))
  );
}

/** @throws FormatError for a file of no format that is read, or a damaged one, naming it */
export async function openAnyFile(given: string): Promise<Opened> {
  const path = await fileOf(given);
  return openContent(path, await readFileBytes(path));
}

/** @throws as openAnyFile */
export async function openContent(path: string, content: Uint8Array): Promise<Opened> {
  say(content.length, `reading ${path}`);
  const format = formatOfFile(path, content);
  if (format === 'onnx') return { format, size: content.length, model: await modelFromOnnx(path) };
  const opened = await openFile(content, path, (shard) => beside(path, shard, path));
  return { ...opened, size: content.length };
}

/** A model of any format. @throws UsageError for a file of tensors alone */
export async function openAnyModel(path: string): Promise<Model> {
  const opened = await openAnyFile(path);
  if ('model' in opened) return opened.model;
  throw new UsageError(
    `${path} has tensors and no model: draw it, and load them (loadStateDict, setWeights); it holds ${listed([...opened.tensors.keys()])}`,
  );
}

/** What models and tensors are written as. */
export const outForms = ['safetensors', 'onnx', 'keras', 'h5', 'tfjs', 'npz', 'npy'] as const;
export type OutForm = (typeof outForms)[number];

/** What a file shall be, by its name. */
export function formOfName(path: string): OutForm | undefined {
  const name = basename(path).toLowerCase();
  if (name === 'model.json' || path.endsWith('/')) return 'tfjs';
  return outForms.find((form) => name.endsWith(`.${form}`));
}

/**
 * Writes a model, and gives the path and the bytes of what was written.
 * @throws NeuriteError for what the form cannot hold, all of it
 */
export async function writeModel(model: Model, form: OutForm, path: string): Promise<{ path: string; size: number }> {
  if (form === 'tfjs') return writeTfjs(model, path);
  if (form === 'npz' || form === 'npy') return writeTensors(new Map(Object.entries(model.getWeights())), form, path);
  if (form === 'onnx') return write(path, toOnnx(model));
  if (form === 'safetensors') return write(path, model.toBytes());
  return write(path, await kerasBytes(model, { format: form }));
}

async function write(path: string, content: Uint8Array): Promise<{ path: string; size: number }> {
  say(content.length, `writing ${path}`);
  await writeFileAtomic(path, content);
  return { path, size: content.length };
}

/** Shards first: where model.json is, all that it names is there. */
async function writeTfjs(model: Model, path: string): Promise<{ path: string; size: number }> {
  const folder = basename(path) === 'model.json' ? dirname(path) : path;
  const { 'model.json': json, ...shards } = toTfjs(model);
  await mkdir(folder, { recursive: true });
  let size = json!.length;
  for (const [name, content] of Object.entries(shards)) {
    await writeFileAtomic(join(folder, name), content);
    size += content.length;
  }
  await writeFileAtomic(join(folder, 'model.json'), json!);
  return { path: join(folder, 'model.json'), size };
}

/** @throws UsageError for a form that holds models alone, or several tensors for one that holds one */
export async function writeTensors(
  given: ReadonlyMap<string, Pick<FileTensor, 'data' | 'shape'>>,
  form: OutForm,
  path: string,
): Promise<{ path: string; size: number }> {
  // Each format has names of its own for dtypes; that of the data is written.
  const tensors = new Map([...given].map(([name, { data, shape }]) => [name, { data, shape }]));
  if (form === 'npz') return write(path, await encodeNpz(tensors));
  if (form === 'safetensors') return write(path, encodeSafetensors(tensors));
  const [only, ...more] = tensors.values();
  if (form !== 'npy' || !only) throw new UsageError(`a file of tensors has no model to be written as ${form}`);
  if (more.length)
    throw new UsageError(`a .npy file holds one tensor, and there are ${tensors.size}; .npz holds them all`);
  return write(path, encodeNpy(only));
}
