// One step of training as fit takes it: a batch is copied into the program's inputs, one call runs forward, loss,
// backward and update, and the loss and the predictions are read where they lie.
import type { ResolvedData } from './data.ts';
import { writeBatch, type MetricTable } from './evaluate.ts';
import { outputName, targetName } from './functions.ts';
import type { Model } from './model.ts';
import type { Program } from './programs.ts';

type View = Float32Array | Int32Array;

/** The views of a training program, derived anew after the memory has grown. */
interface Views {
  readonly generation: number;
  readonly byName: ReadonlyMap<string, View>;
  readonly loss: View;
  readonly predictions: readonly Float32Array[];
  readonly targets: readonly View[];
}

const none = new Float32Array(0);

export class TrainingStep {
  private readonly model: Model;
  private readonly program: Program;
  private views: Views | null = null;

  constructor(model: Model, program: Program) {
    this.model = model;
    this.program = program;
  }

  /** Trains on the samples `order[start…start+count)`. False when the loss was not finite: then nothing has changed. */
  run(data: ResolvedData, order: ArrayLike<number>, start: number, count: number, learningRate: number): boolean {
    const { byName } = this.current();
    writeBatch(this.model, data, (name) => byName.get(name)!, order, start, count);
    this.model.trainer.beginStep(learningRate);
    return this.model.programs.run(this.program);
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
    const { outputs } = this.model.topology;
    return {
      generation,
      byName: new Map([...executable.compiled.inputs.keys()].map((name) => [name, executable.input(name)])),
      loss: executable.output('loss'),
      predictions: outputs.map((_, i) => executable.output(outputName(i)) as Float32Array),
      // A loss of the prediction alone has none, and no metric that would look for it.
      targets: outputs.map((_, i) =>
        executable.compiled.inputs.has(targetName(i)) ? executable.input(targetName(i)) : none,
      ),
    };
  }
}
