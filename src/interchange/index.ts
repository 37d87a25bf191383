// `neurite/formats`: other libraries' files, in and out. In a browser from URLs, Blobs and bytes; on Node src/node/formats.ts
// takes its place, which reads paths too. The libraries for zip and HDF5 are loaded with the first file that needs them.
import type { CoreOptions } from '../core/features.ts';
import type { InferenceModel } from '../model/inference.ts';
import { readSource, sourceName } from '../model/files.ts';
import type { Model } from '../model/model.ts';
import type { ModelSource } from '../model/open.ts';
import { kerasBytes, openKeras, type KerasOptions, type OpenKerasOptions } from './keras/index.ts';
import type { ReadKerasOptions } from './keras/model-read.ts';
import type { NirGraph } from '../formats/nir.ts';
import { nirBytes, openNir } from './nir.ts';
import { openSklearn } from './sklearn.ts';
import { openTfjs } from './tfjs/index.ts';
import type { ReadShard } from './tfjs/manifest.ts';
import { shardsOf } from './tfjs/shards.ts';

export { decodeNpy, encodeNpy, type NpyArray, type NpyDType, type WritableNpy } from '../formats/npy.ts';
export { decodeNpz, encodeNpz } from '../formats/npz.ts';
export type { NumericArray } from '../formats/numeric.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  type SafeTensor,
  type SafeTensors,
  type WritableTensor,
} from '../formats/safetensors.ts';
export type { NirArray, NirGraph, NirNode, NirType } from '../formats/nir.ts';
export type { ZipOptions } from '../formats/zip.ts';
export { formatOf, type FileFormat } from './open.ts';
export type { KerasOptions } from './keras/index.ts';
export { toTfjs, type TfjsOptions } from './tfjs/index.ts';
export {
  loadStateDict,
  toStateDict,
  type StateDict,
  type StateDictOptions,
  type StateDictReport,
  type StateTensor,
} from './torch/state-dict.ts';

/** What opening a file of another library may be told. */
export interface LoadFormatOptions extends OpenKerasOptions {
  /** What errors call the file, where its source has no name. */
  readonly name?: string;
}

/**
 * Opens a model of Keras, `.keras` (version 3) or `.h5`: from a URL, a Blob, a Response or bytes; on Node from a path.
 * @example const model = await loadKeras('/models/digits.keras');
 * @throws FormatError for a file that is damaged or unsound, with its name and the place
 * @throws NeuriteError for layers and options that neurite lacks, all of them, and for an input of free sizes
 */
export async function loadKeras(source: ModelSource, options: LoadFormatOptions = {}): Promise<Model> {
  return openKeras(await readSource(source), sourceName(source, options.name), options);
}

/**
 * A model as the bytes of a Keras file.
 * @example await writeFileAtomic('digits.keras', await toKeras(model));
 * @throws NeuriteError for layers and options that Keras lacks, all of them
 */
export async function toKeras(model: InferenceModel, options: KerasOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  return kerasBytes(model, options);
}

export interface LoadTfjsOptions extends CoreOptions, ReadKerasOptions {
  /** Shards by the names that model.json gives them. By default they are found beside it. */
  readonly files?: Readonly<Record<string, ModelSource>>;
  /** What errors call the model, where its source has no name. */
  readonly name?: string;
}

/**
 * Opens a layers model of TensorFlow.js by its model.json: from a URL, a Blob, a Response or bytes; on Node from a path.
 * @example const model = await loadTfjs('/models/digits/model.json');
 * @throws as loadKeras; NeuriteError for shards that are not given and cannot be found
 */
export async function loadTfjs(source: ModelSource, options: LoadTfjsOptions = {}): Promise<Model> {
  const what = sourceName(source, options.name);
  return openTfjs(
    await readSource(source),
    shardsOf(what, options.files, () => fetched(source)),
    what,
    options,
  );
}

/** Beside an address. */
function fetched(source: ModelSource): ReadShard | undefined {
  const address = source instanceof Response ? source.url : source;
  if (!(typeof address === 'string' || address instanceof URL) || String(address) === '') return undefined;
  const page = typeof location === 'undefined' ? undefined : location.href;
  return (path) => readSource(new URL(path.split('/').map(encodeURIComponent).join('/'), new URL(address, page)));
}

/**
 * Opens scikit-learn's MLPClassifier or MLPRegressor from the JSON that the lines of Python in docs/formats.md write. The
 * labels of its classes are `model.metadata.classes`.
 * @throws FormatError for JSON of another form, ShapeError for weights that do not fit each other
 */
export async function loadSklearn(
  source: ModelSource,
  options: CoreOptions & { readonly name?: string } = {},
): Promise<Model> {
  return openSklearn(await readSource(source), sourceName(source, options.name), options);
}

/**
 * Reads a spiking network from a NIR file (HDF5), as snnTorch, Norse and SpikingJelly write it: from a URL, a Blob, a Response
 * or bytes; on Node from a path. `nirNetwork` of neurite/biology runs it.
 * @example const graph = await readNir('/models/braille.nir');
 * @throws FormatError for a file that is damaged or unsound; NeuriteError for nodes of unknown types, all of them; ShapeError
 *   for nodes that do not fit each other, all of them
 */
export async function readNir(source: ModelSource, options: { readonly name?: string } = {}): Promise<NirGraph> {
  return openNir(await readSource(source), sourceName(source, options.name));
}

/**
 * A spiking network as the bytes of a NIR file, laid out as NIR's own Python package lays them out (not tried with it).
 * @throws as readNir, for a description that does not hold together
 */
export async function writeNir(graph: NirGraph): Promise<Uint8Array<ArrayBuffer>> {
  return nirBytes(graph);
}
