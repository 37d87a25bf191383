// Opens a model that save.ts wrote: topology, weights, and the state of its training.
import { FormatError, NeuriteError, ShapeError } from '../core/errors.ts';
import type { CoreOptions } from '../core/features.ts';
import { seedWords } from '../core/philox.ts';
import { decodeSafetensors, type SafeTensors } from '../formats/safetensors.ts';
import { formatShape, sameShape, type DType, type Shape } from '../graph/graph.ts';
import { resolveLoss } from '../losses/loss.ts';
import { optimizerFromConfig } from '../optimizers/index.ts';
import { readSource } from './files.ts';
import { valuesOf } from './functions.ts';
import { Model } from './model.ts';
import { formatVersion, type SavedTraining } from './save.ts';
import { topologyFromJSON } from './topology.ts';

/**
 * Opens a model that `save` wrote: from a path (Node), a URL, a Blob, a Response or bytes.
 * @example const model = await loadModel('digits.safetensors');
 * @throws FormatError for a file that is damaged, or holds no neurite model, or one of a later version
 */
export async function loadModel(
  source: string | URL | Blob | Response | ArrayBuffer | Uint8Array,
  options: CoreOptions = {},
): Promise<Model> {
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
  const topology = inFile('topology', () => topologyFromJSON(parse(metadata, 'topology')));
  const seed = Number(metadata['seed'] ?? 0);
  inFile('seed', () => seedWords(seed));
  const remembered = parse(metadata, 'metadata');
  if (!isObject(remembered)) throw new FormatError('model.load: the file\'s "metadata" is not an object');
  // The weights are compared with the topology before memory is taken for what it claims.
  checkTensors(
    inFile('topology', () => valuesOf(topology)),
    file,
  );
  const model = await Model.create(topology, { ...options, seed });
  for (const { name } of [...model.parameters, ...model.states])
    model.storage.data(name).set(file.tensors.get(name)!.data as Float32Array | Int32Array);
  model.programs.weightsChanged();
  model.metadata = remembered;
  inFile('training state', () => restoreTraining(model, file, parse(metadata, 'training') as SavedTraining));
  return model;
}

/** An error of what the file says, told as one of the file. */
function inFile<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`model.load: the file's ${what} cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parse(metadata: Readonly<Record<string, string>>, name: string): unknown {
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

function checkTensor(tensors: SafeTensors['tensors'], name: string, shape: Shape, dtype: DType = 'f32'): void {
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

const floatsOf = ({ tensors }: SafeTensors, name: string) => tensors.get(name)!.data as Float32Array;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumbers = (value: unknown): boolean => isObject(value) && Object.values(value).every(Number.isFinite);

function restoreTraining(model: Model, file: SafeTensors, saved: SavedTraining): void {
  if (!Array.isArray(saved?.losses) || !Array.isArray(saved.lossWeights))
    throw new NeuriteError('it has no lists of losses and lossWeights');
  const outputs = model.topology.outputs.length;
  if ((saved.losses.length || outputs) !== outputs || !saved.lossWeights.every(Number.isFinite))
    throw new NeuriteError(`its losses are not those of ${outputs} outputs`);
  const { trainer, storage } = model;
  trainer.losses = saved.losses.map((loss) => resolveLoss(loss));
  trainer.lossWeights = saved.lossWeights;
  if (!saved.optimizer) return;
  const { type, config, state, step, epoch } = saved.optimizer;
  const carried = [{ state, schedule: saved.schedule }, ...(saved.parts ?? [])];
  if (
    !isCount(step) ||
    !isCount(epoch) ||
    !carried.every((one) => isNumbers(one.state) && isNumbers(one.schedule ?? {}))
  )
    throw new NeuriteError("the optimizer's state is not of numbers");
  trainer.use(optimizerFromConfig(type, config));
  if (carried.length !== trainer.carried.length)
    throw new NeuriteError(`it has states of ${carried.length} optimizers, and there are ${trainer.carried.length}`);
  for (const name of trainer.slotNames()) {
    checkTensor(file.tensors, name, storage.get(name).shape);
    storage.floats(name).set(floatsOf(file, name));
  }
  Object.assign(trainer, {
    carried: trainer.carried.map(({ schedule }, i) => ({
      state: carried[i]!.state,
      schedule: carried[i]!.schedule ?? schedule,
    })),
    step,
    epoch,
  });
}
