// What training keeps in a model between calls of fit: the optimizer with its slots and step, the objective,
// and the number of samples drawn. Saved with the model on request, so that training resumes to the same bits.
import { sizeOf, type Shape } from '../graph/graph.ts';
import type { MetricLike } from '../metrics/index.ts';
import type { Loss } from '../losses/loss.ts';
import { optimizerFor, optimizersOf, slotsFor, type Optimizer, type OptimizerState } from '../optimizers/optimizer.ts';
import { followsMetric, type ScheduleState } from '../optimizers/schedule.ts';
import {
  averagedValues,
  averageName,
  exchangeAverage,
  WeightAverage,
  type AverageSpec,
  type AverageState,
} from './average.ts';
import { counterName } from './functions.ts';
import type { Model } from './model.ts';
import { rateAt } from './rate.ts';
import { scalarsName, slotName, vectorName } from './updates.ts';

/** What the optimizer, or one of its parts, carries from step to step beside its slots. */
export interface CarriedState {
  state: OptimizerState;
  /** What a schedule that follows a metric has seen. */
  schedule: ScheduleState | undefined;
}

export class Trainer {
  private readonly model: Model;
  optimizer: Optimizer | null = null;
  /** Of the optimizer, and then of each of its parts. */
  carried: CarriedState[] = [];
  /** The average of the weights, where one is kept. */
  average: AverageState | null = null;
  /** Whether a fit is under way: two at once would step on each other's batches. */
  isTraining = false;
  /** Steps done so far, over all calls of fit. */
  step = 0;
  /** Epochs done so far, over all calls of fit: each shuffles by its own number. */
  epoch = 0;
  /** What the last fit was told (or the network's task says), for `fit` and `evaluate` without it. */
  losses: readonly Loss[] = [];
  lossWeights: readonly number[] = [];
  metrics: readonly MetricLike[] | undefined;

  constructor(model: Model) {
    this.model = model;
  }

  /** Takes an optimizer; one of the same type and configuration goes on where it was, another begins anew. */
  use(optimizer: Optimizer): void {
    const current = this.optimizer;
    const isSame =
      current && current.type === optimizer.type && JSON.stringify(current.config) === JSON.stringify(optimizer.config);
    this.optimizer = optimizer;
    if (isSame) return;
    this.forgetAverage();
    this.model.programs.forget('train ');
    this.model.programs.forget('apply ');
    this.model.storage.removeAll('optimizer.');
    this.step = 0;
    this.carried = optimizersOf(optimizer).map(({ initialState, learningRate }) => ({
      state: initialState(),
      schedule:
        typeof learningRate !== 'number' && followsMetric(learningRate) ? learningRate.initialState() : undefined,
    }));
    this.define(optimizer);
  }

  /**
   * Goes on with the optimizer where every parameter that is now trained has its slots; where one has none yet, or what
   * is kept is of all parameters together, the optimizer begins anew.
   */
  trainableChanged(): void {
    this.forgetAverage();
    const { optimizer, model } = this;
    if (!optimizer) return;
    const keepsAll = optimizer.vectors === undefined && this.slots().every(({ name }) => model.storage.has(name));
    if (keepsAll) return;
    this.optimizer = null;
    this.use(optimizer);
  }

  private define(optimizer: Optimizer): void {
    const { storage } = this.model;
    optimizersOf(optimizer).forEach(({ scalarCount }, i) => storage.define(scalarsName(i), [Math.max(1, scalarCount)]));
    for (const { name, shape, initial } of this.slots()) {
      storage.define(name, shape);
      if (initial !== 0) storage.floats(name).fill(initial);
    }
  }

  /** Every optimizer slot, by its name in storage. */
  private slots(): { name: string; shape: Shape; initial: number }[] {
    const { optimizer } = this;
    if (!optimizer) return [];
    const optimizers = optimizersOf(optimizer);
    const trained = this.model.parameters.filter(({ trainable }) => trainable);
    const size = trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const vectors = optimizer.vectors?.(size) ?? [];
    const slots = trained.flatMap(({ name, shape }) =>
      slotsFor(optimizers[optimizerFor(optimizer, name, shape)]!, shape).map((slot) => ({
        ...slot,
        name: slotName(slot.name, name),
      })),
    );
    return [...vectors.map((vector) => ({ ...vector, name: vectorName(vector.name) })), ...slots];
  }

  /** The names of all optimizer slots in storage, and of the averages. */
  slotNames(): string[] {
    const averages = this.average ? averagedValues(this.model).map(({ name }) => averageName(name)) : [];
    return [...this.slots().map(({ name }) => name), ...averages];
  }

  /** Goes on with the average of the last fit where it is of the same kind; else begins another, or none. */
  startAverage(spec: AverageSpec | null): WeightAverage | null {
    if (JSON.stringify(this.average?.spec ?? null) !== JSON.stringify(spec)) {
      this.forgetAverage();
      if (spec) this.average = { spec, count: 0, applied: false };
    }
    return this.average && new WeightAverage(this.model, this.average);
  }

  /** Puts the weights or their averages, if there are any yet, where the model computes with them. */
  useWeights(which: 'trained' | 'averaged'): void {
    const { average } = this;
    if (average && average.count > 0 && average.applied !== (which === 'averaged')) exchangeAverage(this.model);
  }

  /** Empties the average; the weights are what the model has now. */
  restartAverage(): void {
    if (this.average) Object.assign(this.average, { count: 0, applied: false });
  }

  /** Drops the average; the weights are what the model has now. */
  forgetAverage(): void {
    if (!this.average) return;
    this.average = null;
    this.model.programs.forget('average');
    this.model.storage.removeAll('optimizer.average');
  }

  /** The learning rate of the next step, by the optimizer's number or schedule. */
  learningRate(): number {
    return rateAt(this.optimizer!.learningRate, this.step, this.epoch, this.carried[0]?.schedule);
  }

  /** Tells schedules that follow a metric what an epoch gave. */
  observe(logs: Readonly<Record<string, number>>): void {
    optimizersOf(this.optimizer!).forEach(({ learningRate }, i) => {
      if (typeof learningRate === 'number' || !followsMetric(learningRate)) return;
      const monitor = learningRate.monitor ?? ('valLoss' in logs ? 'valLoss' : 'loss');
      if (logs[monitor] === undefined)
        throw new RangeError(
          `${learningRate.type}: there is no "${monitor}"; there are: ${Object.keys(logs).join(', ')}`,
        );
      const carried = this.carried[i]!;
      carried.schedule = learningRate.observe(logs[monitor], carried.schedule ?? learningRate.initialState());
    });
  }

  /** Writes what the next step needs: its number for dropout, its hyperparameters for the update. */
  beginStep(learningRate: number): void {
    const { storage } = this.model;
    this.writeStep(learningRate, storage.integers(counterName), this.scalars());
  }

  /** The memory of the hyperparameters of the optimizer and of each of its parts. */
  scalars(): Float32Array[] {
    return optimizersOf(this.optimizer!).map((_, i) => this.model.storage.floats(scalarsName(i)));
  }

  /** The same into the memory of the counter and the scalars, where that is at hand. */
  writeStep(learningRate: number, counter: Int32Array, scalars: readonly Float32Array[]): void {
    const { optimizer, epoch, carried } = this;
    const before = this.step++;
    counter[2] = this.step;
    optimizer!.scalars(this.step, learningRate, carried[0]!.state, scalars[0]!);
    const { parts } = optimizer!;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      const { state, schedule } = carried[i + 1]!;
      const rate = part.followsRate ? learningRate : rateAt(part.optimizer.learningRate, before, epoch, schedule);
      part.optimizer.scalars(this.step, rate, state, scalars[i + 1]!);
    }
  }
}
