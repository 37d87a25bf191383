// One step of training as fit takes it: a batch is copied into the program's inputs, one call runs forward, loss,
// backward and update, and the loss and the predictions are read where they lie.
import type { Tensor } from '../data/tensor.ts';
import { copyRows, gatherRows, type ResolvedData } from './data.ts';
import type { MetricTable } from './evaluate.ts';
import { counterName, outputName, sampleWeightsName, targetName } from './functions.ts';
import type { Model } from './model.ts';
import type { Program } from './programs.ts';

type View = Float32Array | Int32Array;

/** Samples and where a batch of them goes. */
interface Source {
  readonly values: Tensor;
  readonly view: View;
}

/** The views of a training program, derived anew after the memory has grown. */
interface Views {
  readonly generation: number;
  readonly sources: readonly Source[];
  readonly counter: Int32Array;
  readonly scalars: readonly Float32Array[];
  readonly loss: View;
  readonly predictions: readonly Float32Array[];
  readonly targets: readonly View[];
}

const none = new Float32Array(0);

export class TrainingStep {
  readonly program: Program;
  protected readonly model: Model;
  protected readonly data: ResolvedData;
  private views: Views | null = null;

  constructor(model: Model, program: Program, data: ResolvedData) {
    this.model = model;
    this.program = program;
    this.data = data;
  }

  /**
   * Trains on the samples `order[start…start+count)`, or on those from `start` on where there is no order.
   * False when the loss was not finite: then nothing has changed.
   */
  run(order: ArrayLike<number> | null, start: number, count: number, learningRate: number): boolean {
    this.copyBatch(order, start, count);
    this.beginStep(learningRate);
    const finished = this.model.programs.run(this.program);
    if (!finished) this.model.trainer.step--;
    return finished;
  }

  /** Copies a batch into the program's inputs. */
  protected copyBatch(order: ArrayLike<number> | null, start: number, count: number): void {
    for (const { values, view } of this.current().sources)
      if (order) gatherRows(values, order, start, count, view);
      else copyRows(values, start, count, view);
  }

  /** Counts the step, and writes its number and its hyperparameters. */
  protected beginStep(learningRate: number): void {
    const { counter, scalars } = this.current();
    this.model.trainer.writeStep(learningRate, counter, scalars);
  }

  /** What dropout's random numbers are of. */
  protected setCounter(step: number): void {
    this.current().counter[2] = step;
  }

  /** Lets the program go, which was kept while somebody stepped. */
  release(): void {
    this.model.programs.unpin(this.program);
  }

  /** The loss of the batch that was run last. */
  get loss(): number {
    return this.current().loss[0]!;
  }

  /** Shows the batch that was run last to the metrics. */
  updateMetrics(table: MetricTable): void {
    const { predictions, targets } = this.current();
    for (let i = 0; i < predictions.length; i++) table.update(i, predictions[i]!, targets[i]!);
  }

  private current(): Views {
    const generation = this.model.programs.generation;
    if (this.views?.generation !== generation) this.views = this.derive(generation);
    return this.views;
  }

  private derive(generation: number): Views {
    const { executable } = this.program;
    const { storage, topology, trainer } = this.model;
    const { inputs, targets, sampleWeights, count } = this.data;
    const has = (name: string) => executable.compiled.inputs.has(name);
    const named: [string, Tensor][] = [
      ...inputs.map((values, i): [string, Tensor] => [topology.inputs[i]!.name, values]),
      ...targets.map((values, i): [string, Tensor] => [targetName(i), values]),
    ];
    if (sampleWeights) named.push([sampleWeightsName, { data: sampleWeights, shape: [count] }]);
    return {
      generation,
      sources: named.filter(([name]) => has(name)).map(([name, values]) => ({ values, view: executable.input(name) })),
      counter: storage.integers(counterName),
      scalars: trainer.scalars(),
      loss: executable.output('loss'),
      predictions: topology.outputs.map((_, i) => executable.output(outputName(i)) as Float32Array),
      // A loss of the prediction alone has none, and no metric that would look for it.
      targets: targets.map((_, i) => (has(targetName(i)) ? executable.input(targetName(i)) : none)),
    };
  }
}
