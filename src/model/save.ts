// Models as safetensors files: the weights under plain names, so that any reader of the format opens them, and in
// the metadata the topology, what the model remembers, and on request the optimizer's state.
import { encodeSafetensors, type WritableTensor } from '../formats/safetensors.ts';
import type { LossSpec } from '../losses/loss.ts';
import type { ScheduleState } from '../optimizers/schedule.ts';
import type { AverageState } from './average.ts';
import { fileAccess } from './files.ts';
import type { Model } from './model.ts';
import { formatVersion } from './open.ts';
import { topologyToJSON } from './topology.ts';

export interface SaveOptions {
  /** Whether the optimizer's state is written too, so that training resumes to the same bits; false by default. */
  readonly optimizer?: boolean;
}

/** What is kept of the training. */
export interface SavedTraining {
  losses: LossSpec[];
  lossWeights: number[];
  optimizer?: { type: string; config: object; state: Record<string, number>; step: number; epoch: number };
  schedule?: ScheduleState;
  average?: AverageState;
  /** What the optimizer's parts carry. */
  parts?: { state: Record<string, number>; schedule?: ScheduleState }[];
}

/** The bytes of the file that `save` writes: the same model gives the same bytes. */
export function modelToBytes(model: Model, { optimizer = false }: SaveOptions = {}): Uint8Array {
  const { trainer, storage } = model;
  const tensors = new Map<string, WritableTensor>();
  for (const { name, shape } of [...model.parameters, ...model.states])
    tensors.set(name, { data: storage.data(name).slice(), shape });
  const training: SavedTraining = {
    losses: trainer.losses.map(({ spec }) => spec),
    lossWeights: [...trainer.lossWeights],
  };
  if (optimizer && trainer.optimizer) {
    const { type, config } = trainer.optimizer;
    const [whole, ...parts] = trainer.carried.map(({ state, schedule }) => ({ state, ...(schedule && { schedule }) }));
    training.optimizer = { type, config, state: whole!.state, step: trainer.step, epoch: trainer.epoch };
    if (whole!.schedule) training.schedule = whole!.schedule;
    if (parts.length) training.parts = parts;
    if (trainer.average) training.average = trainer.average;
    for (const name of trainer.slotNames())
      tensors.set(name, { data: storage.floats(name).slice(), shape: storage.get(name).shape });
  }
  return encodeSafetensors(tensors, {
    format: 'neurite',
    version: String(formatVersion),
    seed: String(model.seed),
    topology: JSON.stringify(topologyToJSON(model.topology)),
    training: JSON.stringify(training),
    metadata: JSON.stringify(model.metadata),
  });
}

/** Writes the file to a temporary one that then takes its name: a crash leaves the old file or the new one. */
export async function saveModel(model: Model, path: string, options: SaveOptions = {}): Promise<void> {
  if (typeof path !== 'string' || path === '') throw new TypeError(`model.save: expected a path, got ${typeof path}`);
  const files = fileAccess('model.save');
  await files.write(path, modelToBytes(model, options));
}
