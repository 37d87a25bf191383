// A step over several batches: each adds its gradients, the last one is followed by the optimizer's update.
import { accumulatedName, sharesName, weightsOf } from './accumulate.ts';
import type { ResolvedData } from './data.ts';
import type { Objective } from './functions.ts';
import type { Model } from './model.ts';
import type { Program } from './programs.ts';
import { TrainingStep } from './step.ts';

export interface Accumulation {
  /** How many batches make one step. */
  readonly every: number;
  readonly batchSize: number;
  readonly objective: Objective;
  /** The update with what was added up. */
  readonly apply: Program;
}

/** Sets the batches of a step apart from each other in dropout's counter, whose steps are far fewer. */
const stride = 0x9e3779b1;

export class AccumulatingStep extends TrainingStep {
  private readonly accumulation: Accumulation;

  constructor(model: Model, program: Program, data: ResolvedData, accumulation: Accumulation) {
    super(model, program, data);
    this.accumulation = accumulation;
  }

  /** As `TrainingStep`, but weights change only at the last batch of a step. */
  override run(order: ArrayLike<number> | null, start: number, count: number, learningRate: number): boolean {
    const { model, data } = this;
    const { every, batchSize, objective, apply } = this.accumulation;
    const size = every * batchSize;
    const first = Math.floor(start / size) * size;
    const end = Math.min(data.count, first + size);
    if (start === first) this.clear();
    const whole = weightsOf(objective, data, order, first, end - first);
    const own = weightsOf(objective, data, order, start, count);
    const { storage, trainer, programs } = model;
    // A loss that is a sum has no mean to share; without a single label there is nothing to share either.
    const shares = objective.losses.map(({ reduction }, i) => (reduction === 'sum' ? 1 : own[i]! / (whole[i]! || 1)));
    storage.floats(sharesName).set([...shares, count / (end - first)]);
    this.copyBatch(order, start, count);
    this.setCounter(trainer.step + 1 + ((start - first) / batchSize) * stride);
    if (!programs.run(this.program)) return false;
    if (start + count < end) return true;
    this.beginStep(learningRate);
    programs.run(apply);
    return true;
  }

  override release(): void {
    super.release();
    this.model.programs.unpin(this.accumulation.apply);
  }

  private clear(): void {
    const { parameters, storage } = this.model;
    for (const { name, trainable } of parameters) if (trainable) storage.floats(accumulatedName(name)).fill(0);
  }
}
