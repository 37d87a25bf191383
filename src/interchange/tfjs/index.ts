// TensorFlow.js layers models: a model.json with Keras' configuration, and shards of weights beside it. In and out.
import { FormatError } from '../../core/errors.ts';
import type { CoreOptions } from '../../core/features.ts';
import { parseJson } from '../../formats/json.ts';
import { isObject, quote } from '../../formats/numeric.ts';
import type { InferenceModel } from '../../model/inference.ts';
import type { Model } from '../../model/model.ts';
import { assembleModel, type StoredTensor } from '../keras/assemble.ts';
import { readKerasModel, type ReadKerasOptions } from '../keras/model-read.ts';
import { writeKerasModel } from '../keras/model-write.ts';
import type { KerasLayer } from '../keras/nodes.ts';
import { kerasWeights, placesOf, type KerasWeight } from '../keras/weights.ts';
import { readManifest, type ReadShard } from './manifest.ts';

/** Whether JSON is a model.json of TensorFlow.js. */
export const isTfjs = (json: unknown): boolean => isObject(json) && 'modelTopology' in json;

/** @throws as `loadTfjs` */
export async function openTfjs(
  bytes: Uint8Array,
  readShard: ReadShard,
  what: string,
  options: CoreOptions & ReadKerasOptions,
): Promise<Model> {
  const json = parseJson(bytes, what);
  if (!isObject(json) || !isTfjs(json)) throw new FormatError(`${what}: it has no modelTopology`);
  if (json['format'] === 'graph-model')
    throw new FormatError(
      `${what}: it is a graph model, TensorFlow's own; layers models are read (tf.Sequential, tf.LayersModel)`,
    );
  const topology = json['modelTopology'];
  if (!isObject(topology)) throw new FormatError(`${what}: modelTopology is ${quote(topology)}, not an object`);
  // Converted from Keras, the model is within.
  const read = readKerasModel(topology['model_config'] ?? topology, what, dialectOf(json, topology), options);
  const stored = await readManifest(json['weightsManifest'] ?? [], readShard, what);
  const used = new Set<string>();
  const model = await assembleModel(
    read,
    (layer, weights) => weightsOf(layer, weights, stored, used, what),
    what,
    options,
  );
  const unused = [...stored.keys()].filter((name) => !used.has(name));
  if (unused.length)
    throw new FormatError(`${what}: no layer has the weights ${unused.slice(0, 20).map(quote).join(', ')}`);
  return model;
}

/** Who wrote the configuration: TensorFlow.js itself, or Keras. */
function dialectOf(json: Readonly<Record<string, unknown>>, topology: Readonly<Record<string, unknown>>) {
  const version = String(topology['keras_version'] ?? json['generatedBy'] ?? '');
  if (version.startsWith('3.') || /keras v?3\./.test(version)) return 'keras3';
  return version.startsWith('tfjs') || topology['model_config'] === undefined ? 'tfjs' : 'keras2';
}

/** A layer's weights are `layer/…/kernel`; those of two directions have forward_ or backward_ between. */
function weightsOf(
  { name, className }: KerasLayer,
  weights: readonly KerasWeight[],
  stored: ReadonlyMap<string, StoredTensor>,
  used: Set<string>,
  what: string,
): StoredTensor[] {
  const own = [...stored.values()].filter((tensor) => tensor.name.startsWith(`${name}/`));
  return weights.map(({ part, name: local }) => {
    const direction = /^(forward|backward)_layer/.exec(part)?.[1];
    const names = local === 'depthwise_kernel' ? [local, 'kernel'] : [local];
    const found = own.filter((tensor) => {
      const words = tensor.name.slice(name.length + 1).split('/');
      return names.includes(words.at(-1)!) && (!direction || words[0]!.startsWith(direction));
    });
    if (found.length !== 1)
      throw new FormatError(
        `${what}: ${quote(name)} (${className}) has ${found.length} weights ${direction ? `${direction} ` : ''}${local}; expected one`,
      );
    used.add(found[0]!.name);
    return found[0]!;
  });
}

export interface TfjsOptions {
  /** The most bytes of a file of weights; 4 MiB by default, as TensorFlow.js writes them. */
  readonly shardBytes?: number;
}

/**
 * A model as the files of a TensorFlow.js layers model, by name: `model.json` and its shards, which `tf.loadLayersModel`
 * opens.
 * @example for (const [name, bytes] of Object.entries(toTfjs(model))) await writeFile(`digits/${name}`, bytes);
 * @throws NeuriteError for layers and options that TensorFlow.js lacks, all of them; RangeError for shards of no size
 */
export function toTfjs(
  model: InferenceModel,
  { shardBytes = 4 * 2 ** 20 }: TfjsOptions = {},
): Record<string, Uint8Array<ArrayBuffer>> {
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1)
    throw new RangeError(`toTfjs: expected shardBytes as a positive integer, got ${String(shardBytes)}`);
  const { json, weighted } = writeKerasModel(model.topology, 'tfjs', 'toTfjs');
  const weights = kerasWeights(model.topology, placesOf(model));
  const specs: object[] = [];
  const parts: Uint8Array[] = [];
  for (const { name, layer, innerName } of weighted)
    for (const { part, name: local, shape, model: places, save } of weights[layer]!) {
      const direction = /^(forward|backward)_layer/.exec(part)?.[1];
      specs.push({
        name: [name, ...(direction ? [`${direction}_${innerName}`] : []), local].join('/'),
        shape,
        dtype: 'float32',
      });
      const values = save(places.map((place) => (model.storage.data(place.name) as Float32Array).slice()));
      parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  const paths: string[] = [];
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const count = Math.ceil(total / shardBytes);
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  for (let number = 0; number < count; number++) {
    const path = `group1-shard${number + 1}of${count}.bin`;
    paths.push(path);
    files[path] = whole.slice(number * shardBytes, (number + 1) * shardBytes);
  }
  const file = {
    format: 'layers-model',
    generatedBy: 'neurite',
    convertedBy: null,
    modelTopology: { ...json, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weightsManifest: specs.length ? [{ paths, weights: specs }] : [],
  };
  return { 'model.json': new TextEncoder().encode(JSON.stringify(file)) as Uint8Array<ArrayBuffer>, ...files };
}
