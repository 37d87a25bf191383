// What a trained model becomes: populations of neurons with the synapses between them, read from its topology and its
// weights. Nothing here spikes yet, and nothing is normalised. What has no spiking form is found before anything is made.
import { NeuriteError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../data/tensor.ts';
import type { Shape } from '../../graph/graph.ts';
import { convolutionWindow, poolWindows, type PoolOptions, type WindowOptions } from '../../graph/operations/window.ts';
import type { Model } from '../../model/model.ts';
import {
  averageSynapses,
  convolutionSynapses,
  denseSynapses,
  maximumSynapses,
  pooledUnits,
  type Synapses,
} from './synapses.ts';

/** Synapses from a population; 0 is the input. */
export interface Projection {
  readonly from: number;
  readonly synapses: Synapses;
}

export interface Population {
  /** The layer that its values are those of. */
  layer: string;
  readonly size: number;
  readonly bias: Float64Array;
  readonly inputs: readonly Projection[];
  /** Whether its values are at most those of the populations before it, so that theirs is its scale too. */
  readonly isBounded: boolean;
}

/** A whole network: the input, which is population 0, and those after it; the last one is read. */
export interface Plan {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly populations: readonly Population[];
  /** The function of the model's output, which is not computed by neurons. */
  readonly activation: string;
}

/** Layers that leave values as they are when a model predicts. */
const passing = /^(flatten|reshape|dropout|spatialDropout[123]d|alphaDropout|gaussianDropout|gaussianNoise)$/;
/** Functions of an output that keep the order of the sums, so that these can be read in their place. */
const readable = ['linear', 'relu', 'softmax', 'logSoftmax', 'sigmoid'];

interface Step {
  readonly type: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly before: Shape;
  readonly after: Shape;
}

/**
 * Reads a model.
 * @throws NeuriteError that lists every layer without a spiking form; nothing has been made then
 */
export function planOf(model: Model): Plan {
  const steps = stepsOf(model);
  const reader = new Reader(model.getWeights());
  for (const step of steps) reader.read(step);
  return reader.plan(model.inputShapes[0]!, model.outputShapes[0]!);
}

/** The layers of a chain, all of them with a spiking form. */
function stepsOf({ topology }: Model): Step[] {
  const { inputs, calls, layers, names, outputs } = topology;
  const isChain = calls.every((call, i) => call.inputs.length === 1 && call.inputs[0] === i);
  if (
    inputs.length !== 1 ||
    inputs[0]!.dtype !== 'f32' ||
    !isChain ||
    outputs.length !== 1 ||
    outputs[0] !== calls.length
  )
    throw new NeuriteError('toSpiking: expected a model whose layers follow one another from one input of numbers');
  const steps = calls.map(({ layer, shape }, i) => {
    const { type, config } = layers[layer]!;
    return { type, name: names[layer]!, config, before: i ? calls[i - 1]!.shape : inputs[0]!.shape, after: shape };
  });
  const bad = problems(steps);
  if (bad.length) throw new NeuriteError(`toSpiking: no spiking form of ${bad.join('; ')}`);
  return steps;
}

const functionOf = ({ config }: Step): string => {
  const { activation = 'linear' } = config;
  return typeof activation === 'string' ? activation : (activation as { name: string }).name;
};

const isSum = ({ type }: Step): boolean => type === 'dense' || /^(conv[123]d|depthwiseConv[12]d)$/.test(type);
const isPool = ({ type }: Step): boolean => /^(global)?(max|avg)Pool[123]d$/i.test(type);

/** What of a chain no integrate-and-fire neurons can do, layer by layer. */
function problems(steps: readonly Step[]): string[] {
  const found: string[] = [];
  const refuse = ({ name, type }: Step, why?: string) => found.push(`${name} (${type}${why ? `: ${why}` : ''})`);
  const relevant = steps.filter(({ type }) => !passing.test(type));
  /** A sum whose function has not come yet. */
  let open: Step | undefined;
  let hasSum = false;
  for (const [i, step] of relevant.entries()) {
    if (relevant.slice(0, i).some(({ name }) => name === step.name)) refuse(step, 'it stands in several places');
    const isLast = i === relevant.length - 1;
    const isFunction = step.type === 'activation';
    const continues = open !== undefined && (isFunction || step.type === 'batchNorm');
    if (open && !continues) refuse(open, 'expected activation relu before the next layer, got linear');
    if (!continues) open = undefined;
    if (isPool(step)) {
      if (isLast) refuse(step, 'expected a layer with weights at the end');
      else if (!hasSum) refuse(step, 'expected it after a layer with weights, whose values are not below 0');
    } else if (step.type === 'batchNorm') {
      if (!open) refuse(step, 'expected it right after a sum, before its activation');
    } else if (isSum(step) || isFunction) {
      const name = functionOf(step);
      const allowed = isLast ? readable : ['linear', 'relu'];
      if (isFunction && !open) refuse(step, 'expected it after a sum');
      else if (!allowed.includes(name)) refuse(step, `expected activation ${allowed.join(' or ')}, got ${name}`);
      open = !isLast && name === 'linear' ? step : undefined;
      hasSum ||= isSum(step);
    } else refuse(step);
  }
  if (!hasSum) found.push('a model without dense or convolutional layers');
  return found;
}

/** Goes through the layers and collects populations. */
class Reader {
  private readonly populations: Population[] = [];
  private readonly weights: Readonly<Record<string, Tensor>>;
  private activation = 'linear';

  constructor(weights: Readonly<Record<string, Tensor>>) {
    this.weights = weights;
  }

  plan(inputShape: Shape, outputShape: Shape): Plan {
    return { inputShape, outputShape, populations: this.populations, activation: this.activation };
  }

  read(step: Step): void {
    if (isSum(step)) this.sum(step);
    else if (step.type === 'batchNorm') this.normalize(step);
    else if (isPool(step)) this.pool(step);
    if (isSum(step) || step.type === 'activation') {
      this.activation = functionOf(step);
      this.populations.at(-1)!.layer = step.name;
    }
  }

  private sum(step: Step): void {
    const kernel = this.weights[`${step.name}.kernel`]!.data;
    const { before, after } = step;
    const [channels, filters] = [before.at(-1)!, after.at(-1)!];
    const bias = this.weights[`${step.name}.bias`]?.data;
    const synapses =
      step.type === 'dense'
        ? denseSynapses(kernel, channels, filters, sizeOf(before) / channels)
        : convolutionSynapses(
            kernel,
            convolutionWindow(step.type, before.slice(0, -1), step.config as unknown as WindowOptions),
            {
              channels,
              filters,
              groups: step.type.startsWith('depthwise') ? channels : (step.config['groups'] as number),
            },
          );
    this.add(step, [{ from: this.populations.length, synapses }], {
      bias: Float64Array.from({ length: sizeOf(after) }, (_, k) => bias?.[k % filters] ?? 0),
    });
  }

  /** y = (x − mean) γ / √(variance + ε) + β of a sum x changes the weights and the bias of the sum. */
  private normalize({ name, config, after }: Step): void {
    const population = this.populations.pop()!;
    const channels = after.at(-1)!;
    const values = (which: string) => this.weights[`${name}.${which}`]?.data;
    const [mean, variance] = [values('movingMean')!, values('movingVariance')!];
    const [gamma, beta] = [values('gamma'), values('beta')];
    const factors = Float64Array.from(
      variance,
      (x, channel) => (gamma?.[channel] ?? 1) / Math.sqrt(x + (config['epsilon'] as number)),
    );
    const bias = population.bias.map(
      (b, k) => (b - mean[k % channels]!) * factors[k % channels]! + (beta?.[k % channels] ?? 0),
    );
    const inputs = population.inputs.map(({ from, synapses }) => {
      const weights = synapses.weights.map((w, k) => w * factors[synapses.targets[k]! % channels]!);
      return { from, synapses: { ...synapses, weights } };
    });
    this.populations.push({ ...population, bias, inputs, layer: name });
  }

  private pool(step: Step): void {
    const { type, before, config } = step;
    const sizes = before.slice(0, -1);
    const windows = type.startsWith('global')
      ? sizes.map((size) => [{ begin: 0, end: size, count: size }])
      : poolWindows(type, sizes, config as unknown as PoolOptions);
    const units = pooledUnits(sizes, before.at(-1)!, windows);
    const from = this.populations.length;
    if (/avg/i.test(type)) {
      this.add(step, [{ from, synapses: averageSynapses(units) }], {});
      return;
    }
    const { differences, ...synapses } = maximumSynapses(units);
    if (differences === 0) {
      this.add(step, [{ from, synapses: synapses.toResult }], { isBounded: true });
      return;
    }
    const inputs = [
      { from, synapses: synapses.toDifferences },
      { from: from + 1, synapses: synapses.amongDifferences },
    ];
    this.add(step, inputs, { size: differences, isBounded: true });
    const toResult = [
      { from, synapses: synapses.toResult },
      { from: from + 1, synapses: synapses.differencesToResult },
    ];
    this.add(step, toResult, { isBounded: true });
  }

  private add(
    { name, after }: Step,
    inputs: readonly Projection[],
    more: { size?: number; bias?: Float64Array; isBounded?: boolean },
  ): void {
    const { size = sizeOf(after), isBounded = false } = more;
    const { bias = new Float64Array(size) } = more;
    this.populations.push({ layer: name, size, bias, inputs, isBounded });
  }
}
