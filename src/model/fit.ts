// Training: epochs of batches, each batch one program (forward, loss, guard, backward, update).
// Yields to the event loop a few times a second, so that a page stays alive, progress is seen and a signal is heard.
import { DivergenceError, NeuriteError, ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { sizeOf } from '../graph/graph.ts';
import type { LossLike } from '../losses/loss.ts';
import type { MetricLike } from '../metrics/index.ts';
import { resolveOptimizer, type OptimizerLike } from '../optimizers/index.ts';
import { takeRows } from '../data/dataset.ts';
import { isLbfgs } from '../optimizers/lbfgs.ts';
import { resolveAverage } from './average.ts';
import type { Callback, CallbackContext } from './callbacks.ts';
import { resolveTrainingData, type ResolvedData, type TrainingData } from './data.ts';
import { nonFiniteParameter } from './diagnose.ts';
import { chooseMetrics, evaluateResolved, MetricTable, objectiveKey, objectiveOf, resolveLosses } from './evaluate.ts';
import { Epoch, numbersOf, type EpochRun, type FitProgress } from './epoch.ts';
import { evaluateFunction, type Objective } from './functions.ts';
import { topologyIdentity } from './identity.ts';
import type { Model } from './model.ts';
import { programIdentity } from './program-identity.ts';

export type { FitProgress } from './epoch.ts';

export interface FitOptions {
  /** What is minimised: one for all outputs, or one for each. By default that of the last `fit`, or of `network`. */
  readonly loss?: LossLike | readonly LossLike[];
  /** How much each output's loss counts; 1 by default. */
  readonly lossWeights?: readonly number[];
  /** By default that of the last `fit`, which goes on where it was; else Adam. */
  readonly optimizer?: OptimizerLike;
  /** Accuracy by default where the task has classes. */
  readonly metrics?: readonly MetricLike[];
  /** 1 by default. */
  readonly epochs?: number;
  /** 32 by default; the last batch of an epoch may be shorter. */
  readonly batchSize?: number;
  /**
   * How many batches make one step of the optimizer, as if they were one larger batch; 1 by default. Layers that look
   * at the batch as a whole (batch normalisation) see each batch by itself.
   */
  readonly accumulate?: number;
  /**
   * An exponential average of the weights, taken after each step: average ← ema · average + (1 − ema) · weights. What is
   * validated, what callbacks see after an epoch and what the model predicts with in the end are the averages. Running
   * statistics of batch normalisation are averaged too, and computed anew from the samples in the end.
   */
  readonly ema?: number;
  /**
   * The plain average of the weights after the epochs `start`, `start + every`, … (from 0, over all calls of fit; 0 and
   * 1 by default), used in the same way (SWA); running statistics are computed anew after each of those epochs.
   */
  readonly swa?: { readonly start?: number; readonly every?: number };
  /** Whether samples are drawn in another order in each epoch; true by default. */
  readonly shuffle?: boolean;
  /** Samples that are never trained on and evaluated after each epoch. */
  readonly validationData?: TrainingData;
  /** The share of the samples, the last ones, that is kept for validation. */
  readonly validationSplit?: number;
  /** The weight of each class (by its index) in the loss. */
  readonly classWeight?: Readonly<Record<number, number>> | readonly number[];
  readonly callbacks?: readonly Callback[];
  /** Told several times a second, for a progress bar. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Stops the training: fit rejects with the signal's reason, and the model keeps what it has learned. */
  readonly signal?: AbortSignal;
  /** Lets NaN and infinity in the inputs through; refused by default. */
  readonly allowNonFinite?: boolean;
}

export interface History {
  /** A list of values for each number of the logs, one an epoch. */
  readonly history: Readonly<Record<string, number[]>>;
  /** The epochs that were finished. */
  readonly epochs: number;
  /** Why it ended before all epochs, if it did. */
  readonly stopped: string | undefined;
  /** Seconds. */
  readonly elapsed: number;
}

export async function fit(model: Model, data: TrainingData, options: FitOptions = {}): Promise<History> {
  if (model.trainer.isTraining) throw new NeuriteError('model.fit: this model is being trained already');
  const run = prepare(model, data, options);
  const { epochs, callbacks } = run;
  model.trainer.isTraining = true;
  const history: Record<string, number[]> = {};
  const context = makeContext(run);
  let finished = 0;
  try {
    for (const callback of callbacks) await callback.onTrainBegin?.(context);
    for (let epoch = 0; epoch < epochs && run.stopped === undefined; epoch++) {
      run.epoch = epoch;
      run.rate = run.override ?? model.trainer.learningRate();
      // Only what is a promise is awaited here: a turn of the queue costs more than a step of a tiny network.
      for (const callback of callbacks) {
        const pending = callback.onEpochBegin?.(context);
        if (pending) await pending;
      }
      if (run.stopped !== undefined) break;
      model.trainer.useWeights('trained');
      const pass = new Epoch(run, context);
      for (let pending = pass.advance(); pending; pending = pass.advance()) await pending;
      const logs = pass.logs();
      run.average?.afterEpoch(model.trainer.epoch);
      model.trainer.useWeights('averaged');
      run.average?.refresh(run.data, run.batchSize, epoch === epochs - 1 || run.stopped !== undefined);
      if (run.validation) Object.assign(logs, validate(run));
      finished++;
      model.trainer.epoch++;
      for (const name in logs) (history[name] ??= []).push(logs[name]!);
      model.trainer.observe(logs);
      for (const callback of callbacks) {
        const pending = callback.onEpochEnd?.(context, logs);
        if (pending) await pending;
      }
    }
    // A callback may have made the epoch the last one after it was over.
    run.average?.refresh(run.data, run.batchSize, true);
    for (const callback of callbacks) await callback.onTrainEnd?.(context);
    checkParameters(model);
  } finally {
    // However it ends, what was learned is what the model predicts with.
    model.trainer.isTraining = false;
    for (const step of run.programs.values()) step.release();
    run.average?.release();
    model.trainer.useWeights('averaged');
    model.programs.weightsChanged();
  }
  return { history, epochs: finished, stopped: run.stopped, elapsed: (performance.now() - run.started) / 1000 };
}

interface Run extends EpochRun {
  readonly options: FitOptions;
  readonly validation: ResolvedData | null;
  epoch: number;
  override: number | undefined;
  stopped: string | undefined;
}

const optionNames = [
  'loss',
  'lossWeights',
  'optimizer',
  'metrics',
  'epochs',
  'batchSize',
  'accumulate',
  'ema',
  'swa',
  'shuffle',
  'validationData',
  'validationSplit',
  'classWeight',
  'callbacks',
  'onProgress',
  'signal',
  'allowNonFinite',
] as const satisfies readonly (keyof FitOptions)[] as readonly string[];

/** What topologies were found to take: the last of them, by a text that says all of both. */
const accepted = new Set<string>();
const acceptedLimit = 64;

/** Checks everything that was given; throws before anything of the model changes. */
function prepare(model: Model, given: TrainingData, options: FitOptions): Run {
  if (typeof options !== 'object' || options === null) throw new TypeError('model.fit: expected options with a loss');
  options.signal?.throwIfAborted();
  const { epochs = 1, batchSize = 32, accumulate = 1, callbacks = [], validationSplit = 0 } = options;
  const averaging = resolveAverage(options);
  for (const name of Object.keys(options))
    if (!optionNames.includes(name)) throw unknownName('option of model.fit', name, optionNames);
  for (const [name, value] of Object.entries({ epochs, batchSize, accumulate }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`model.fit: expected ${name} of at least 1, got ${String(value)}`);
  const { trainer } = model;
  const losses = resolveLosses(model, options.loss ?? trainer.losses, 'model.fit');
  const optimizer = resolveOptimizer(options.optimizer ?? trainer.optimizer ?? 'adam');
  const metrics = chooseMetrics(losses, options.metrics);
  const whole = resolveTrainingData(model.topology, given, losses, 'model.fit', options);
  const [unweighted, held] = splitValidation(whole, validationSplit);
  const data = applyClassWeight(unweighted, options.classWeight);
  if (held && options.validationData)
    throw new RangeError('model.fit: validationData and validationSplit exclude each other');
  const validation = options.validationData
    ? resolveTrainingData(model.topology, options.validationData, losses, 'model.fit: validationData', options)
    : held;
  const size = isLbfgs(optimizer) ? wholeBatch(data, options) : batchSize;
  const objective = objectiveOf(data, losses, checkLossWeights(options.lossWeights, losses.length));
  const key = objectiveKey(objective);
  // What the loss or a metric refuses is refused here: they are built once and thrown away.
  acceptObjective(model, objective, key);
  void new MetricTable(model, losses, objective.forms, metrics);
  trainer.use(optimizer);
  const average = trainer.startAverage(averaging);
  Object.assign(trainer, { losses, lossWeights: objective.lossWeights, metrics: options.metrics });
  return {
    model,
    options,
    data,
    validation,
    objective,
    key,
    metrics,
    optimizer,
    epochs,
    batchSize: size,
    accumulate,
    average,
    steps: Math.ceil(data.count / size),
    callbacks,
    programs: new Map(),
    started: performance.now(),
    epoch: 0,
    rate: trainer.learningRate(),
    override: undefined,
    stopped: undefined,
    lastPause: performance.now(),
  };
}

/** @throws where the topology's outputs do not go with the losses; looked at once for all models of the topology */
function acceptObjective({ topology }: Model, objective: Objective, key: string): void {
  const name = programIdentity(key, objective.losses);
  const identity = name && `${name} ${topologyIdentity(topology)}`;
  if (identity && accepted.has(identity)) return;
  evaluateFunction(topology, 1, objective);
  if (!identity) return;
  accepted.add(identity);
  if (accepted.size > acceptedLimit) accepted.delete(accepted.values().next().value!);
}

/** L-BFGS takes all samples at once. */
function wholeBatch({ count }: ResolvedData, { batchSize = count, accumulate = 1 }: FitOptions): number {
  if (batchSize < count || accumulate > 1)
    throw new RangeError(
      `model.fit: lbfgs takes all ${count} samples as one batch, got batchSize ${batchSize} and accumulate ${accumulate}`,
    );
  return count;
}

function makeContext(run: Run): CallbackContext {
  return {
    model: run.model,
    epochs: run.epochs,
    get epoch() {
      return run.epoch;
    },
    stop(reason) {
      run.stopped = reason;
    },
    get learningRate() {
      return run.rate;
    },
    set learningRate(rate) {
      if (!(Number.isFinite(rate) && rate >= 0))
        throw new RangeError(`model.fit: expected a learning rate of at least 0, got ${String(rate)}`);
      run.rate = rate;
      run.override = rate;
    },
  };
}

function validate({ model, validation, objective, metrics, batchSize }: Run): Record<string, number> {
  const size = Math.max(batchSize, 256);
  const results = evaluateResolved(model, validation!, objective.losses, objective.lossWeights, metrics, size);
  return Object.fromEntries(
    Object.entries(numbersOf(results)).map(([name, value]) => [`val${name[0]!.toUpperCase()}${name.slice(1)}`, value]),
  );
}

/** The last step's update is followed by no loss that would show it: its weights are looked at themselves. */
function checkParameters(model: Model): void {
  const bad = nonFiniteParameter(model);
  if (bad)
    throw new DivergenceError(
      `model.fit: after the last step ${bad} is not finite; a smaller learning rate or clipNorm may help`,
    );
}

function checkLossWeights(weights: readonly number[] | undefined, count: number): readonly number[] {
  if (weights === undefined) return [];
  if (!Array.isArray(weights) || weights.length !== count)
    throw new RangeError(`model.fit: expected ${count} lossWeights, got ${String(weights?.length ?? weights)}`);
  for (const weight of weights as readonly number[])
    if (!Number.isFinite(weight)) throw new RangeError(`model.fit: expected finite lossWeights, got ${String(weight)}`);
  return weights;
}

function splitValidation(data: ResolvedData, share: number): [ResolvedData, ResolvedData | null] {
  if (share === 0) return [data, null];
  if (!(share > 0 && share < 1))
    throw new RangeError(`model.fit: expected validationSplit in [0, 1), got ${String(share)}`);
  const held = Math.round(data.count * share);
  if (held === 0 || held === data.count)
    throw new ShapeError(
      `model.fit: validationSplit ${share} of ${data.count} samples leaves nothing to ${held ? 'train on' : 'validate'}`,
    );
  const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  const take = (rows: Int32Array): ResolvedData => ({
    inputs: data.inputs.map((values) => takeRows(values, rows)),
    targets: data.targets.map((values) => takeRows(values, rows)),
    forms: data.forms,
    sampleWeights: data.sampleWeights && Float32Array.from(rows, (row) => data.sampleWeights![row]!),
    count: rows.length,
  });
  return [take(range(0, data.count - held)), take(range(data.count - held, data.count))];
}

/** Class weights become sample weights, as in Keras. */
function applyClassWeight(data: ResolvedData, classWeight: FitOptions['classWeight']): ResolvedData {
  if (!classWeight) return data;
  const [target] = data.targets;
  if (data.targets.length !== 1 || sizeOf(target!.shape.slice(1)) !== 1)
    throw new ShapeError('model.fit: classWeight needs one target with one class for each sample');
  const weights = Float32Array.from(target!.data, (label, i) => {
    const weight = (classWeight as Record<number, number>)[label] ?? 1;
    if (!(Number.isFinite(weight) && weight >= 0))
      throw new RangeError(`model.fit: expected a non-negative weight for class ${label}, got ${String(weight)}`);
    return weight * (data.sampleWeights?.[i] ?? 1);
  });
  return { ...data, sampleWeights: weights };
}
