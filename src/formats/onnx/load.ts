// From bytes to a model: read, find the files of weights, check, report what is missing, compile.
import { FormatError } from '../../core/errors.ts';
import { MissingOperatorsError } from './check.ts';
import { checkLocation, externalLocations } from './external.ts';
import { OnnxModel, type OnnxModelOptions } from './model.ts';
import { openModel, type Opened } from './open.ts';
import './operators/index.ts';
import { readModel } from './read.ts';
import type { ModelProto } from './schema.ts';
import type { ExternalFiles } from './tensor.ts';

/** Gives the bytes of a file that the model names, which lies in its folder or below. */
export type ReadExternal = (location: string) => Promise<Uint8Array>;

/** A file with the files of weights that it names. */
export interface ReadFile {
  readonly model: ModelProto;
  readonly external: ExternalFiles;
}

/** @throws FormatError for a file that is damaged, or names files outside its folder */
export async function readOnnx(bytes: Uint8Array, what: string, readExternal: ReadExternal): Promise<ReadFile> {
  const model = readModel(bytes, what);
  const files = new Map<string, Uint8Array>();
  for (const location of externalLocations(model)) {
    checkLocation(location, what);
    files.set(location, await readExternal(location));
  }
  const external: ExternalFiles = (location, asked) => {
    const file = files.get(location);
    if (!file) throw new FormatError(`${asked}: "${location}" was not read`);
    return file;
  };
  return { model, external };
}

/** The checked graph, its missing operators listed and not refused. */
export async function openOnnx(bytes: Uint8Array, what: string, readExternal: ReadExternal): Promise<Opened> {
  const { model, external } = await readOnnx(bytes, what, readExternal);
  return openModel(model, what, external);
}

/** @throws MissingOperatorsError with all operators that neurite does not have */
export async function createOnnx(
  bytes: Uint8Array,
  what: string,
  readExternal: ReadExternal,
  options: OnnxModelOptions,
): Promise<OnnxModel> {
  const opened = await openOnnx(bytes, what, readExternal);
  if (opened.missing.length) throw new MissingOperatorsError(what, opened.missing);
  return OnnxModel.create(opened, options);
}
