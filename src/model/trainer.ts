// What training keeps in a model between calls of fit: the optimizer with its slots and step, the objective,
// and the number of samples drawn. Saved with the model on request, so that training resumes to the same bits.
import type { MetricLike } from '../metrics/index.ts';
import type { Loss } from '../losses/loss.ts';
import type { Optimizer, OptimizerState } from '../optimizers/optimizer.ts';
import { followsMetric, type ScheduleState } from '../optimizers/schedule.ts';
import { counterName, scalarsName, slotName } from './functions.ts';
import type { Model } from './model.ts';
import { rateAt } from './rate.ts';

export class Trainer {
  private readonly model: Model;
  optimizer: Optimizer | null = null;
  optimizerState: OptimizerState = {};
  /** What a schedule that follows a metric has seen. */
  scheduleState: ScheduleState | undefined;
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
    this.model.programs.forget('train ');
    this.model.programs.forget('apply ');
    this.model.storage.removeAll('optimizer.');
    this.optimizerState = optimizer.initialState();
    this.step = 0;
    const { learningRate } = optimizer;
    const follows = typeof learningRate !== 'number' && followsMetric(learningRate);
    this.scheduleState = follows ? learningRate.initialState() : undefined;
    this.define(optimizer);
  }

  private define(optimizer: Optimizer): void {
    const { storage, parameters } = this.model;
    storage.define(scalarsName, [Math.max(1, optimizer.scalarCount)]);
    for (const { name, shape, trainable } of parameters) {
      if (!trainable) continue;
      for (const slot of optimizer.slots) {
        storage.define(slotName(slot.name, name), shape);
        if (slot.initial !== 0) storage.floats(slotName(slot.name, name)).fill(slot.initial);
      }
    }
  }

  /** The names of all optimizer slots in storage. */
  slotNames(): string[] {
    const { optimizer } = this;
    if (!optimizer) return [];
    return this.model.parameters
      .filter(({ trainable }) => trainable)
      .flatMap(({ name }) => optimizer.slots.map((slot) => slotName(slot.name, name)));
  }

  /** The learning rate of the next step, by the optimizer's number or schedule. */
  learningRate(): number {
    return rateAt(this.optimizer!.learningRate, this.step, this.epoch, this.scheduleState);
  }

  /** Tells a schedule that follows a metric what an epoch gave. */
  observe(logs: Readonly<Record<string, number>>): void {
    const { learningRate } = this.optimizer!;
    if (typeof learningRate === 'number' || !followsMetric(learningRate)) return;
    const monitor = learningRate.monitor ?? ('valLoss' in logs ? 'valLoss' : 'loss');
    if (logs[monitor] === undefined)
      throw new RangeError(
        `${learningRate.type}: there is no "${monitor}"; there are: ${Object.keys(logs).join(', ')}`,
      );
    this.scheduleState = learningRate.observe(logs[monitor], this.scheduleState ?? learningRate.initialState());
  }

  /** Writes what the next step needs: its number for dropout, its hyperparameters for the update. */
  beginStep(learningRate: number): void {
    const { storage } = this.model;
    this.writeStep(learningRate, storage.integers(counterName), storage.floats(scalarsName));
  }

  /** The same into the memory of the counter and the scalars, where that is at hand. */
  writeStep(learningRate: number, counter: Int32Array, scalars: Float32Array): void {
    this.step++;
    counter[2] = this.step;
    this.optimizer!.scalars(this.step, learningRate, this.optimizerState, scalars);
  }
}
