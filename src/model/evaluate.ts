// Evaluation: the loss and the metrics of a model on samples with targets. Nothing is trained.
import type { Tensor } from '../data/tensor.ts';
import type { Executable } from '../graph/executable.ts';
import { sizeOf } from '../graph/graph.ts';
import { expectInteger } from '../layers/layer.ts';
import { resolveLoss, type Loss, type LossLike } from '../losses/loss.ts';
import { resolveMetric, type Metric, type MetricLike, type MetricState, type MetricValue } from '../metrics/index.ts';
import type { TargetForm } from '../losses/loss.ts';
import { gatherRows, resolveTrainingData, type ResolvedData, type TrainingData } from './data.ts';
import {
  divisorName,
  evaluateFunction,
  lossName,
  outputName,
  sampleWeightsName,
  targetName,
  trace,
  type Objective,
} from './functions.ts';
import { guardError } from './guards.ts';
import { programIdentity } from './program-identity.ts';
import type { Model } from './model.ts';

export interface EvaluateOptions {
  /** By default that of the last `fit`, or of `network`. One for all outputs, or one for each. */
  readonly loss?: LossLike | readonly LossLike[];
  /** By default those of the last `fit`, else what fits the loss: accuracy for classes. */
  readonly metrics?: readonly MetricLike[];
  readonly batchSize?: number;
  readonly allowNonFinite?: boolean;
}

/** `loss` and each metric by its name; with several outputs `<metric>0`, `<metric>1`, … */
export type Evaluation = { loss: number } & Record<string, MetricValue>;

export function evaluate(model: Model, data: TrainingData, options: EvaluateOptions = {}): Evaluation {
  const { batchSize = 256 } = options;
  expectInteger('model.evaluate: batchSize', batchSize, 1);
  const losses = resolveLosses(model, options.loss ?? model.trainer.losses, 'model.evaluate');
  const metrics = chooseMetrics(losses, options.metrics ?? model.trainer.metrics);
  const resolved = resolveTrainingData(model.topology, data, losses, 'model.evaluate', options);
  return evaluateResolved(model, resolved, losses, model.trainer.lossWeights, metrics, batchSize);
}

/** One loss for each output. */
export function resolveLosses(model: Model, loss: LossLike | readonly LossLike[] | undefined, what: string): Loss[] {
  const count = model.topology.outputs.length;
  const list = Array.isArray(loss) ? (loss as readonly LossLike[]) : loss === undefined ? [] : [loss as LossLike];
  if (list.length === 0) throw new TypeError(`${what}: expected a loss, got none`);
  if (list.length !== 1 && list.length !== count)
    throw new RangeError(`${what}: expected 1 or ${count} losses, got ${list.length}`);
  return Array.from({ length: count }, (_, i) => resolveLoss(list[i] ?? list[0]!));
}

/** The metrics asked for, or accuracy where the task has classes. */
export function chooseMetrics(losses: readonly Loss[], metrics: readonly MetricLike[] | undefined): Metric[] {
  if (metrics) return metrics.map(resolveMetric);
  return losses.some(({ task }) => task !== 'regression') ? [resolveMetric('accuracy')] : [];
}

/** Whether an output is what a softmax gave. */
function endsInSoftmax(model: Model, output: number): boolean {
  const { operation, attributes } = trace(model.topology, 1, false).outputs[output]!;
  return operation === 'softmax' && attributes['kind'] === 'Softmax';
}

/** The states of every metric of every output, fed batch by batch. */
export class MetricTable {
  private readonly entries: { name: string; output: number; state: MetricState; columns: number }[];

  constructor(model: Model, losses: readonly Loss[], forms: readonly TargetForm[], metrics: readonly Metric[]) {
    const several = losses.length > 1;
    this.entries = losses.flatMap((loss, output) =>
      metrics
        // Accuracy is chosen for all outputs, but a regression has none.
        .filter(({ name }) => !(several && name === 'accuracy' && loss.task === 'regression'))
        .map((metric) => {
          if (forms[output] === 'own' || forms[output] === 'none')
            throw new RangeError(`metrics: "${metric.name}" cannot be told of what ${loss.spec.type} is a loss of`);
          const columns = model.outputShapes[output]!.at(-1) ?? 1;
          const { task, logits, ignoreIndex } = loss;
          const signed = String(loss.spec.type).toLowerCase().includes('hinge');
          const state = metric.create({
            columns,
            form: forms[output]!,
            task,
            logits,
            ignoreIndex,
            signed,
            get probabilities() {
              return endsInSoftmax(model, output);
            },
          });
          return { name: several ? `${metric.name}${output}` : metric.name, output, state, columns };
        }),
    );
  }

  update(output: number, prediction: Float32Array, target: Float32Array | Int32Array): void {
    for (const entry of this.entries)
      if (entry.output === output) entry.state.update(prediction, target, prediction.length / entry.columns);
  }

  results(): Record<string, MetricValue> {
    return Object.fromEntries(this.entries.map(({ name, state }) => [name, state.result()]));
  }
}

/** What a program for this objective depends on, as a key. */
export const objectiveKey = (objective: Objective): string =>
  JSON.stringify([
    objective.losses.map(({ spec }) => spec),
    objective.lossWeights,
    objective.forms,
    objective.targetShapes.map((shape) => shape.slice(1)),
    objective.sampleWeights,
  ]);

export function objectiveOf(data: ResolvedData, losses: readonly Loss[], lossWeights: readonly number[]): Objective {
  return {
    losses,
    lossWeights: losses.map((_, i) => lossWeights[i] ?? 1),
    forms: data.forms,
    targetShapes: data.targets.map(({ shape }) => shape),
    sampleWeights: data.sampleWeights !== null,
  };
}

/** Copies a batch into a program's inputs. */
export function writeBatch(
  model: Model,
  data: ResolvedData,
  input: (name: string) => Float32Array | Int32Array,
  indices: ArrayLike<number>,
  start: number,
  count: number,
): void {
  data.inputs.forEach((values, i) => gatherRows(values, indices, start, count, input(model.topology.inputs[i]!.name)));
  data.targets.forEach((values, i) => {
    if (data.forms[i] !== 'none') gatherRows(values, indices, start, count, input(targetName(i)));
  });
  if (!data.sampleWeights) return;
  const weights: Tensor = { data: data.sampleWeights, shape: [data.count] };
  gatherRows(weights, indices, start, count, input(sampleWeightsName));
}

/** The loss of an objective over batches: as if all samples had been one batch. */
class LossTotal {
  private readonly objective: Objective;
  private readonly sums: Float64Array;
  private readonly divisors: Float64Array;
  private penalty = 0;
  /** Of what layers add, and of how many samples. */
  private auxiliary = 0;
  private samples = 0;

  constructor(objective: Objective) {
    this.objective = objective;
    this.sums = new Float64Array(objective.losses.length);
    this.divisors = new Float64Array(objective.losses.length);
  }

  update(executable: Executable, count: number): void {
    const { outputs } = executable.compiled;
    this.objective.losses.forEach(({ reduction }, i) => {
      const loss = executable.output(lossName(i))[0]!;
      const divisor = outputs.has(divisorName(i)) ? executable.output(divisorName(i))[0]! : count;
      this.sums[i]! += reduction === 'sum' ? loss : loss * divisor;
      this.divisors[i]! += divisor;
    });
    this.samples += count;
    if (outputs.has('auxiliary')) this.auxiliary += count * executable.output('auxiliary')[0]!;
    if (outputs.has('penalty')) this.penalty = executable.output('penalty')[0]!;
  }

  result(): number {
    return this.objective.losses.reduce(
      (total, { reduction }, i) => {
        const [sum, divisor] = [this.sums[i]!, this.divisors[i]!];
        // No sample with a label has the loss 0.
        const loss = reduction === 'sum' || divisor === 0 ? sum : sum / divisor;
        return total + this.objective.lossWeights[i]! * loss;
      },
      this.penalty + this.auxiliary / this.samples,
    );
  }
}

export function evaluateResolved(
  model: Model,
  data: ResolvedData,
  losses: readonly Loss[],
  lossWeights: readonly number[],
  metrics: readonly Metric[],
  batchSize: number,
): Evaluation {
  const objective = objectiveOf(data, losses, lossWeights);
  const key = objectiveKey(objective);
  const table = new MetricTable(model, losses, data.forms, metrics);
  const order = Int32Array.from({ length: data.count }, (_, i) => i);
  const total = new LossTotal(objective);
  for (let start = 0; start < data.count; start += batchSize) {
    const count = Math.min(batchSize, data.count - start);
    const make = () => evaluateFunction(model.topology, count, objective);
    const name = `evaluate ${count} ${key}`;
    const program = model.programs.get(name, make, { shared: programIdentity(name, losses) });
    const { executable } = program;
    writeBatch(model, data, (name) => executable.input(name), order, start, count);
    if (!model.programs.run(program)) throw guardError(executable, count, (row) => start + row, 'model.evaluate');
    total.update(executable, count);
    data.targets.forEach((target, i) => {
      const rows = sizeOf(target.shape.slice(1));
      const view = target.data.subarray(start * rows, (start + count) * rows);
      table.update(i, executable.output(outputName(i)) as Float32Array, view);
    });
  }
  return { loss: total.result(), ...table.results() } as Evaluation;
}
