// Opens a model that save.ts wrote, with the state of its training.
import { NeuriteError } from '../core/errors.ts';
import type { CoreOptions } from '../core/features.ts';
import type { SafeTensors } from '../formats/safetensors.ts';
import { resolveLoss } from '../losses/loss.ts';
import { optimizerFromConfig } from '../optimizers/index.ts';
import { defineAverage, resolveAverage } from './average.ts';
import { Model } from './model.ts';
import { checkTensor, fillModel, inFile, isObject, openModel, parse, type ModelSource } from './open.ts';
import type { SavedTraining } from './save.ts';

/**
 * Opens a model that `save` wrote: from a path (Node), a URL, a Blob, a Response or bytes.
 * @example const model = await loadModel('digits.safetensors');
 * @throws FormatError for a file that is damaged, or holds no neurite model, or one of a later version
 */
export async function loadModel(source: ModelSource, options: CoreOptions = {}): Promise<Model> {
  const opened = await openModel(source);
  const { file, topology, seed } = opened;
  const model = await Model.create(topology, { ...options, seed });
  fillModel(model, opened);
  inFile('training state', () => restoreTraining(model, file, parse(file.metadata, 'training') as SavedTraining));
  return model;
}

const floatsOf = ({ tensors }: SafeTensors, name: string) => tensors.get(name)!.data as Float32Array;

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
  if (saved.average) {
    const { spec, count, applied } = saved.average;
    resolveAverage(spec.type === 'ema' ? { ema: spec.decay } : { swa: spec });
    if (!isCount(count) || typeof applied !== 'boolean') throw new NeuriteError('its average is not one');
    trainer.average = { spec, count, applied };
    defineAverage(model);
  }
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
