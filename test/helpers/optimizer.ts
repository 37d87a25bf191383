// Runs an optimizer on one parameter through the Update instruction, as a compiled training step would.
import type { Optimizer } from '../../src/optimizers/index.ts';
import { UpdateKind } from '../../src/core/generated/instructions.ts';
import { output, type kernelRunner } from './kernel.ts';

type Runner = Awaited<ReturnType<typeof kernelRunner>>;

/** A parameter with its slots, stepped by the kernel. */
export class KernelOptimizer {
  parameters: Float32Array;
  slots: Float32Array[];
  state: ReturnType<Optimizer['initialState']>;
  step = 0;
  private readonly runner: Runner;
  private readonly optimizer: Optimizer;
  private readonly offset: number;

  /** @param offset bytes by which every array is moved off its boundary */
  constructor(runner: Runner, optimizer: Optimizer, initial: ArrayLike<number>, offset = 0) {
    this.runner = runner;
    this.optimizer = optimizer;
    this.offset = offset;
    this.parameters = Float32Array.from(initial);
    this.slots = optimizer.slots.map((slot) => new Float32Array(initial.length).fill(slot.initial));
    this.state = optimizer.initialState();
  }

  /** One step at the optimizer's own rate; `scale` multiplies the gradients. */
  update(gradient: Float32Array, scale = 1): void {
    const { optimizer } = this;
    const n = gradient.length;
    const rate = optimizer.learningRate;
    const scalars = new Float32Array(optimizer.scalarCount);
    this.step += 1;
    optimizer.scalars(this.step, typeof rate === 'number' ? rate : rate.rate(this.step - 1), this.state, scalars);
    const slot = (index: number) => (index < this.slots.length ? output(n, this.slots[index]) : null);
    const { outputs } = this.runner.run(
      'Update',
      {
        kind: optimizer.updateKind!,
        parameter: output(n, this.parameters),
        gradient,
        slot0: slot(0),
        slot1: slot(1),
        slot2: slot(2),
        n,
        scalars,
        scale: [scale],
      },
      this.offset,
    );
    this.parameters = outputs['parameter']!;
    this.slots = this.slots.map((_, index) => outputs[`slot${index}`]!);
  }
}

/** The name of an update kind. */
export const kindName = (kind: number) => Object.keys(UpdateKind)[kind]!;
