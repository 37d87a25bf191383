// One pass of training over the samples, batch after batch. It waits for nothing by itself: where a callback or the event
// loop wants a turn it hands out a promise and goes on when it is called again, so that small batches cost no turns.
import { DivergenceError } from '../core/errors.ts';
import { Random } from '../core/philox.ts';
import type { Metric } from '../metrics/index.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Callback, CallbackContext, Logs } from './callbacks.ts';
import type { ResolvedData } from './data.ts';
import { diagnose } from './diagnose.ts';
import { MetricTable } from './evaluate.ts';
import type { Objective } from './functions.ts';
import { guardError } from './guards.ts';
import type { Model } from './model.ts';
import { pause } from './pause.ts';
import type { WeightAverage } from './average.ts';
import { makeStep } from './steps.ts';
import type { TrainingStep } from './step.ts';

/** A number for each name of the logs; of a matrix among the metrics `evaluate` tells. */
export type Numbers = Record<string, number>;

/** What an epoch needs of the call of fit that it belongs to. */
export interface EpochRun {
  readonly model: Model;
  readonly options: {
    readonly shuffle?: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: FitProgress) => void;
  };
  readonly data: ResolvedData;
  readonly objective: Objective;
  readonly key: string;
  readonly metrics: readonly Metric[];
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  /** How many batches make one step. */
  readonly accumulate: number;
  readonly average: WeightAverage | null;
  readonly steps: number;
  readonly callbacks: readonly Callback[];
  /** By the size of the batch. */
  readonly programs: Map<number, TrainingStep>;
  readonly started: number;
  readonly epoch: number;
  rate: number;
  /** A learning rate that a callback has set. */
  readonly override: number | undefined;
  readonly stopped: string | undefined;
  lastPause: number;
}

export interface FitProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  /** Means over this epoch so far. */
  readonly logs: Logs;
  /** Seconds since the start, and until the end at this pace. */
  readonly elapsed: number;
  readonly remaining: number;
}

/** Milliseconds after which the event loop has a turn. */
const pauseEvery = 30;

export class Epoch {
  private readonly run: EpochRun;
  private readonly context: CallbackContext;
  /** null where the samples come as they lie. */
  private readonly order: ArrayLike<number> | null;
  private readonly table: MetricTable;
  private readonly listens: boolean;
  private total = 0;
  private seen = 0;
  private batch = 0;

  constructor(run: EpochRun, context: CallbackContext) {
    const { model, objective, metrics, callbacks } = run;
    this.run = run;
    this.context = context;
    this.order = epochOrder(run);
    this.table = new MetricTable(model, objective.losses, objective.forms, metrics);
    this.listens = callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  }

  /**
   * Trains on. Returns undefined when the epoch has ended, else what is to be awaited before it is called again.
   * @throws DivergenceError where the loss is no longer finite, and the signal's reason once it is aborted
   */
  advance(): Promise<void> | undefined {
    const { run } = this;
    while (this.seen < run.data.count && run.stopped === undefined) {
      const loss = this.trainBatch();
      if (this.listens) return this.tell(loss);
      run.options.signal?.throwIfAborted();
      if (this.isDue()) return this.breathe();
    }
    run.model.programs.weightsChanged();
    return undefined;
  }

  /** The means of the batches so far. */
  logs(): Numbers {
    const logs: Numbers = { loss: this.total / this.seen };
    return this.run.metrics.length ? Object.assign(logs, numbersOf(this.table.results())) : logs;
  }

  private trainBatch(): number {
    const { run, seen } = this;
    const count = Math.min(run.batchSize, run.data.count - seen);
    const step = run.programs.get(count) ?? makeStep(run, count);
    if (run.override === undefined) run.rate = run.model.trainer.learningRate();
    if (!step.run(this.order, seen, count, run.rate)) throw divergence(run, this.order, seen, count);
    run.average?.afterBatch();
    const { loss } = step;
    this.total += loss * count;
    this.seen += count;
    this.batch++;
    if (run.metrics.length) step.updateMetrics(this.table);
    return loss;
  }

  /** Tells the callbacks of the batch that ended. */
  private async tell(loss: number): Promise<void> {
    const { run, context } = this;
    run.model.programs.weightsChanged();
    for (const callback of run.callbacks) await callback.onBatchEnd?.(context, { batch: this.batch - 1, loss });
    run.options.signal?.throwIfAborted();
    if (this.isDue()) await this.breathe();
  }

  /** Whether somebody should be told, or the event loop is to run: some thirty times a second, and after an epoch. */
  private isDue(): boolean {
    const { lastPause, steps, options } = this.run;
    return performance.now() - lastPause >= pauseEvery || (this.batch === steps && options.onProgress !== undefined);
  }

  /** Reports progress and lets the event loop run. */
  private async breathe(): Promise<void> {
    const { run } = this;
    const now = performance.now();
    run.options.onProgress?.(this.progress(now));
    if (now - run.lastPause < pauseEvery) return;
    // Whoever has the turn now may predict: with the weights as they are.
    run.model.programs.weightsChanged();
    await pause();
    run.options.signal?.throwIfAborted();
    run.lastPause = performance.now();
  }

  private progress(now: number): FitProgress {
    const { epoch, epochs, steps, started } = this.run;
    const done = epoch * steps + this.batch;
    const elapsed = (now - started) / 1000;
    const remaining = (elapsed / done) * (epochs * steps - done);
    return { epoch, epochs, step: this.batch, steps, logs: this.logs(), elapsed, remaining };
  }
}

/** The samples' order in this epoch: a function of the model's seed and of the epochs that it has seen. */
function epochOrder({ model, data, options }: EpochRun): ArrayLike<number> | null {
  if (options.shuffle === false) return null;
  return new Random(model.seed, shuffleStream + model.trainer.epoch).permutation(data.count);
}

/** Far from the streams of weights and dropout, which count from 0. */
const shuffleStream = 0x40000000;

/** Logs hold numbers; a matrix among the metrics is for `evaluate`. */
export const numbersOf = (results: Record<string, unknown>): Numbers =>
  Object.fromEntries(
    Object.entries(results).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );

/** The error that says where NaN or infinity arose. The step that met it changed no weight. */
function divergence(run: EpochRun, order: ArrayLike<number> | null, start: number, count: number): Error {
  const { model, data, objective } = run;
  model.programs.weightsChanged();
  const { executable } = run.programs.get(count)!.program;
  if (executable.stopped?.opcode !== 'CheckFinite')
    return guardError(executable, count, (row) => (order ? order[start + row]! : start + row), 'model.fit');
  const place = diagnose(model, objective, data, order, start, count);
  return new DivergenceError(
    `model.fit: the loss is no longer finite in epoch ${run.epoch + 1}, step ${start / run.batchSize + 1}: ${place}. ` +
      'The weights are those before this step; a smaller learning rate or clipNorm may help',
  );
}
