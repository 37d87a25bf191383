// Keras' own files: `.keras` (a zip of config.json, metadata.json and model.weights.h5) and `.h5` (HDF5 with the
// configuration as an attribute). The configuration is read by model-read.ts, HDF5 by hdf5.ts.
import { FormatError } from '../../core/errors.ts';
import type { CoreOptions } from '../../core/features.ts';
import { parseJson } from '../../formats/json.ts';
import { isObject, quote } from '../../formats/numeric.ts';
import { isZip, readZip, writeZip, type ZipOptions } from '../../formats/zip.ts';
import type { InferenceModel } from '../../model/inference.ts';
import type { Model } from '../../model/model.ts';
import { assembleModel, type StoredTensor } from './assemble.ts';
import { isHdf5, openHdf5, writeHdf5, type Hdf5Content, type Hdf5Group } from './hdf5.ts';
import { readKerasModel, type ReadKerasOptions } from './model-read.ts';
import { writeKerasModel, type WrittenModel } from './model-write.ts';
import type { KerasLayer } from './nodes.ts';
import type { Dialect } from './options.ts';
import { kerasWeights, placesOf, type KerasWeight } from './weights.ts';

export type OpenKerasOptions = CoreOptions & ReadKerasOptions & ZipOptions;

/** @throws as `loadKeras` */
export async function openKeras(bytes: Uint8Array, what: string, options: OpenKerasOptions = {}): Promise<Model> {
  if (isHdf5(bytes)) return openLegacy(await openHdf5(bytes, what), what, options);
  if (!isZip(bytes))
    throw new FormatError(`${what}: it is neither a .keras file (a zip archive) nor an .h5 file (HDF5)`);
  return openArchive(bytes, what, options);
}

// ---- .keras

const weightsName = 'model.weights.h5';

async function openArchive(bytes: Uint8Array, what: string, options: OpenKerasOptions): Promise<Model> {
  const members = await readZip(bytes, what, options);
  const config = members.get('config.json');
  if (!config) throw new FormatError(`${what}: the archive has no config.json; it is no model of Keras`);
  const stored = members.get(weightsName);
  if (!stored) throw new FormatError(`${what}: the archive has no ${weightsName}`);
  const read = readKerasModel(parseJson(config, `${what}: config.json`), what, dialectOf(members, what), options);
  const root = await openHdf5(stored, `${what}: ${weightsName}`);
  const paths = layerPaths(read.layers.map(({ className, name }) => ({ className, name })));
  return assembleModel(read, (layer, weights) => numberedWeights(root, paths.get(layer.name)!, weights), what, options);
}

function dialectOf(members: ReadonlyMap<string, Uint8Array>, what: string): Dialect {
  const metadata = members.get('metadata.json');
  const json = metadata && parseJson(metadata, `${what}: metadata.json`);
  return isObject(json) && /^[12]\./.test(String(json['keras_version'])) ? 'keras2' : 'keras3';
}

/** Keras' way to a name of a file from that of a class: Conv2DTranspose is conv2d_transpose. */
const snakeCase = (name: string): string =>
  name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Where Keras puts the variables of each layer: by class, counted. */
function layerPaths(layers: readonly { className: string; name: string }[]): Map<string, string> {
  const counts = new Map<string, number>();
  const paths = new Map<string, string>();
  for (const { className, name } of layers) {
    const base = snakeCase(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    paths.set(name, count ? `${base}_${count}` : base);
  }
  return paths;
}

/** `layers/dense_1/vars/0`, …; Keras 2.12 and 2.13 say `_layer_checkpoint_dependencies` for layers, 3.0 `_query_dense`. */
function numberedWeights(root: Hdf5Group, path: string, weights: readonly KerasWeight[]): StoredTensor[] {
  const folder = root.group(`layers/${path}`) ?? root.group(`_layer_checkpoint_dependencies/${path}`);
  const counts = new Map<string, number>();
  return weights.flatMap(({ part }) => {
    const number = counts.get(part) ?? 0;
    counts.set(part, number + 1);
    const vars = folder?.group(part ? `${part}/vars` : 'vars') ?? folder?.group(`_${part}/vars`);
    return vars?.tensor(String(number)) ?? [];
  });
}

// ---- .h5

async function openLegacy(root: Hdf5Group, what: string, options: OpenKerasOptions): Promise<Model> {
  const config = root.attribute('model_config');
  if (typeof config !== 'string')
    throw new FormatError(`${what}: it has no model_config: weights alone, or no file of Keras; save the whole model`);
  const version = String(
    root.attribute('keras_version') ?? root.group('model_weights')?.attribute('keras_version') ?? '2',
  );
  const dialect = version.startsWith('3') ? 'keras3' : 'keras2';
  const read = readKerasModel(parseJson(config, `${what}: model_config`), what, dialect, options);
  const weights = root.group('model_weights');
  if (!weights) throw new FormatError(`${what}: it has no group model_weights`);
  return assembleModel(read, (layer) => listedWeights(weights, layer, what), what, options);
}

/** The tensors of a layer in the order that its group lists. */
function listedWeights(weights: Hdf5Group, { name }: KerasLayer, what: string): StoredTensor[] {
  const group = weights.group(name);
  if (!group) throw new FormatError(`${what}: it has no weights of ${quote(name)}`);
  return textsOf(group, 'weight_names', `${what}: model_weights/${name}`).map((path) => {
    const tensor = group.tensor(path);
    if (!tensor) throw new FormatError(`${what}: the weight ${quote(path)} of ${quote(name)} is listed and not there`);
    return tensor;
  });
}

/** A list of texts; a long one is in several attributes, `weight_names0`, … */
function textsOf(group: Hdf5Group, name: string, what: string): string[] {
  const whole = group.attribute(name);
  const parts: unknown[] = whole === undefined ? [] : [whole];
  if (whole === undefined) {
    let part = group.attribute(`${name}0`);
    while (part !== undefined) {
      parts.push(part);
      part = group.attribute(`${name}${parts.length}`);
    }
  }
  const texts = parts.flat().map((text) => (typeof text === 'string' ? text.replace(/\0+$/, '') : text));
  if (parts.length === 0) throw new FormatError(`${what} has no ${name}`);
  if (!texts.every((text): text is string => typeof text === 'string' && text !== ''))
    throw new FormatError(`${what}: ${name} is no list of names`);
  if (new Set(texts).size < texts.length) throw new FormatError(`${what}: ${name} has a name twice`);
  return texts;
}

// ---- writing

export interface KerasOptions {
  /** 'keras' for version 3's archive, by default; 'h5' for the older form, which Keras 2 opens too. */
  readonly format?: 'keras' | 'h5';
}

/** The version of Keras whose files are written. */
const kerasVersion = '3.8.0';

/** @throws as `toKeras` */
export async function kerasBytes(
  model: InferenceModel,
  { format = 'keras' }: KerasOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (format !== 'keras' && format !== 'h5')
    throw new RangeError(`toKeras: expected format 'keras' or 'h5', got ${JSON.stringify(format)}`);
  const written = writeKerasModel(model.topology, format === 'keras' ? 'keras3' : 'keras2', 'toKeras');
  const layers = kerasWeights(model.topology, placesOf(model));
  const tensorOf = ({ shape, model: places, save }: KerasWeight) => {
    const values = places.map(({ name }) => (model.storage.data(name) as Float32Array).slice());
    return { data: save(values), shape };
  };
  return format === 'keras' ? archive(written, layers, tensorOf) : legacy(written, layers, tensorOf);
}

type TensorOf = (weight: KerasWeight) => { data: Float32Array; shape: readonly number[] };
type Layers = readonly (readonly KerasWeight[])[];

/** A tree of groups that grows by paths. */
interface Tree {
  tensors: Record<string, ReturnType<TensorOf>>;
  groups: Record<string, Tree>;
}

const emptyTree = (): Tree => ({ tensors: {}, groups: {} });

function treeAt(root: Tree, path: string): Tree {
  return path.split('/').reduce((tree, word) => (tree.groups[word] ??= emptyTree()), root);
}

async function archive({ json, weighted, classes }: WrittenModel, layers: Layers, tensorOf: TensorOf) {
  const paths = layerPaths(classes);
  const root = emptyTree();
  treeAt(root, 'vars');
  for (const { name } of classes) treeAt(root, `layers/${paths.get(name)!}/vars`);
  for (const { name, layer } of weighted)
    for (const weight of layers[layer]!) {
      const { tensors } = treeAt(
        root,
        ['layers', paths.get(name)!, ...(weight.part ? [weight.part] : []), 'vars'].join('/'),
      );
      tensors[String(Object.keys(tensors).length)] = tensorOf(weight);
    }
  const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  return writeZip(
    new Map([
      ['metadata.json', text({ keras_version: kerasVersion, date_saved: '1980-01-01@00:00:00' })],
      ['config.json', text(json)],
      [weightsName, await writeHdf5(root)],
    ]),
  );
}

function legacy({ json, weighted, classes }: WrittenModel, layers: Layers, tensorOf: TensorOf) {
  const numbers = new Map(weighted.map(({ name, layer }) => [name, layer]));
  const groups: Record<string, Hdf5Content> = {};
  for (const { name } of classes) {
    const weights = numbers.has(name) ? layers[numbers.get(name)!]! : [];
    const named = weights.map(
      (weight) => [[name, weight.part, `${weight.name}:0`].filter(Boolean).join('/'), weight] as const,
    );
    const tree = emptyTree();
    for (const [path, weight] of named) {
      const words = path.split('/');
      treeAt(tree, words.slice(0, -1).join('/')).tensors[words.at(-1)!] = tensorOf(weight);
    }
    groups[name] = { ...tree, ...(named.length && { attributes: { weight_names: named.map(([path]) => path) } }) };
  }
  const versions = { backend: 'tensorflow', keras_version: '2.15.0' };
  return writeHdf5({
    attributes: { ...versions, model_config: JSON.stringify(json) },
    groups: { model_weights: { attributes: { layer_names: classes.map(({ name }) => name), ...versions }, groups } },
  });
}
