// Reads a file that save.ts wrote: its topology and weights, checked against each other before memory is taken for what
// it claims. Not here: the state of its training (load.ts).
import { FormatError, ShapeError } from '../core/errors.ts';
import { seedWords } from '../core/philox.ts';
import { decodeSafetensors, type SafeTensors } from '../formats/safetensors.ts';
import { formatShape, sameShape, type DType, type Shape } from '../graph/graph.ts';
import { readSource } from './files.ts';
import type { InferenceModel } from './inference.ts';
import { layerTypesOf, topologyFromJSON, type Topology } from './topology.ts';
import { valuesOf } from './trace.ts';

/** Where a model may come from: a path (Node), a URL, a Blob, a Response or bytes. */
export type ModelSource = string | URL | Blob | Response | ArrayBuffer | Uint8Array;

/** The version of the file's metadata; a reader refuses a later one. */
export const formatVersion = 1;

/** What a file holds, checked. */
export interface OpenedModel {
  readonly file: SafeTensors;
  readonly topology: Topology;
  readonly seed: number;
  /** What the model remembers beside its weights. */
  readonly remembered: Record<string, unknown>;
}

/**
 * @param loadLayers told the types of the file's layers before they are made
 * @throws FormatError for a file that is damaged, or holds no neurite model, or one of a later version
 */
export async function openModel(
  source: ModelSource,
  loadLayers?: (types: readonly string[]) => Promise<void>,
): Promise<OpenedModel> {
  const file = decodeSafetensors(await readSource(source));
  const { metadata } = file;
  if (metadata['format'] !== 'neurite')
    throw new FormatError(
      'model.load: the file has weights but no neurite topology (no "format": "neurite" in its metadata)',
    );
  const version = Number(metadata['version']);
  if (!(version >= 1 && version <= formatVersion))
    throw new FormatError(
      `model.load: the file is of version ${metadata['version']}; this neurite knows ${formatVersion}`,
    );
  const drawn = parse(metadata, 'topology');
  await loadLayers?.(inFile('topology', () => layerTypesOf(drawn)));
  const topology = inFile('topology', () => topologyFromJSON(drawn));
  const seed = Number(metadata['seed'] ?? 0);
  inFile('seed', () => seedWords(seed));
  const remembered = parse(metadata, 'metadata');
  if (!isObject(remembered)) throw new FormatError('model.load: the file\'s "metadata" is not an object');
  // The weights are compared with the topology before memory is taken for what it claims.
  checkTensors(
    inFile('topology', () => valuesOf(topology)),
    file,
  );
  return { file, topology, seed, remembered };
}

/** Gives a model of the file's topology the file's weights. */
export function fillModel(model: InferenceModel, { file, remembered }: OpenedModel): void {
  for (const { name } of [...model.parameters, ...model.states])
    model.storage.data(name).set(file.tensors.get(name)!.data as Float32Array | Int32Array);
  model.programs.weightsChanged();
  model.metadata = remembered;
}

/** An error of what the file says, told as one of the file. */
export function inFile<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`model.load: the file's ${what} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export function parse(metadata: Readonly<Record<string, string>>, name: string): unknown {
  const text = metadata[name];
  if (text === undefined) throw new FormatError(`model.load: the file's metadata has no "${name}"`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`model.load: the file's "${name}" is not JSON`, { cause: error });
  }
}

/** Every parameter and state must be there in its shape, and nothing that the model has no place for. */
function checkTensors({ parameters, states }: ReturnType<typeof valuesOf>, { tensors }: SafeTensors): void {
  for (const { name, shape } of parameters) checkTensor(tensors, name, shape);
  for (const { name, shape, dtype } of states) checkTensor(tensors, name, shape, dtype);
  const known = new Set([...parameters, ...states].map(({ name }) => name));
  for (const name of tensors.keys())
    if (!known.has(name) && !name.startsWith('optimizer.'))
      throw new FormatError(`model.load: tensor "${name}" of the file has no place in the model`);
}

export function checkTensor(tensors: SafeTensors['tensors'], name: string, shape: Shape, dtype: DType = 'f32'): void {
  const tensor = tensors.get(name);
  if (!tensor) throw new FormatError(`model.load: the file has no tensor "${name}"`);
  if (!(tensor.data instanceof (dtype === 'i32' ? Int32Array : Float32Array)))
    throw new FormatError(
      `model.load: tensor "${name}" is ${tensor.dtype} in the file; expected ${dtype.toUpperCase()}`,
    );
  if (!sameShape(tensor.shape, shape))
    throw new ShapeError(
      `model.load: tensor "${name}" is ${formatShape(tensor.shape)} in the file and ${formatShape(shape)} in the model`,
    );
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
