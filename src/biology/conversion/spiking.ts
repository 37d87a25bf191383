// A trained model as a network of neurons that spike: its rates stand for the model's values.
// Integrate and fire: v += input + bias in each step; v ≥ 1 spikes, and v −= 1 keeps what was above the threshold, so that
// a rate is the sum of the inputs' rates, rectified, up to 1 spike in all. A layer whose greatest value is λ has its
// weights multiplied by λ before / λ and its bias divided by λ: no rate is above one spike a step.
// source: Diehl, Neil, Binas, Cook, Liu, Pfeiffer, Fast-classifying, high-accuracy spiking deep networks through weight and
// threshold balancing, IJCNN 2015; Rueckauer, Lungu, Hu, Pfeiffer, Liu, Conversion of continuous-valued deep networks to
// efficient event-driven networks for image classification, Frontiers in Neuroscience 11, 2017
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../../core/shape.ts';
import { checkFinite, describeValue, isTensor, tensor, type Tensor, type TensorValues } from '../../data/tensor.ts';
import type { Model } from '../../model/model.ts';
import { connect } from '../connections/connect.ts';
import { allToAll } from '../connections/patterns.ts';
import { rowsFromPairs, type Pattern } from '../connections/rows.ts';
import { equations } from '../equations/index.ts';
import { neuronGroup, type NeuronGroup } from '../group.ts';
import type { NeuronModel } from '../models/model.ts';
import { simulation, type Simulation } from '../simulation.ts';
import { poissonGroup, setRate } from '../sources.ts';
import { kHz, ms } from '../units.ts';
import { classesOf, labelsOf } from './classes.ts';
import { planOf, type Plan, type Population } from './populations.ts';
import type { Synapses } from './synapses.ts';

/** How a model is converted, and what of it is read. */
export interface SpikingOptions {
  /** How long a sample is shown: steps of 1 ms, in each of which a neuron spikes at most once; 200 by default. */
  readonly steps?: number;
  /**
   * `current`, the default: the first layer's neurons receive what its weights make of the sample as a constant current;
   * `poisson`: each input is a neuron that spikes at random, for inputs from 0 up.
   */
  readonly input?: 'current' | 'poisson';
  /** The potentials of the last layer, which then never spikes (the default), or its spikes. */
  readonly readout?: 'potential' | 'spikes';
  /** Of a layer's values above 0, which one a spike in each step stands for; 99.9 by default, 100 is the greatest. */
  readonly percentile?: number;
  /** The potential at the beginning; ½ by default, so that counts of spikes are rounded and not cut off. */
  readonly vInitial?: number;
  /** Of the random spikes of the input. */
  readonly seed?: number;
}

/** Samples with their classes: whole numbers [N], or a row for each with its greatest number at the class. */
export interface ClassifiedData {
  readonly inputs: Tensor | TensorValues;
  readonly targets: Tensor | TensorValues;
}

/** What the conversion keeps, on samples. */
export interface SpikingEvaluation {
  /** The part of the samples whose class the model tells, and the spiking one. */
  readonly accuracy: number;
  readonly spikingAccuracy: number;
  /** accuracy − spikingAccuracy. */
  readonly lost: number;
  /** The part of the samples of which both tell the same class. */
  readonly agreement: number;
  /** Spikes for a sample, of all neurons together; those of a random input are not counted. */
  readonly spikes: number;
}

/** Neurons that stand for the values of a layer. */
export interface SpikingLayer {
  /** The layer's name in the model. */
  readonly layer: string;
  readonly neurons: number;
  readonly synapses: number;
  /** λ: the value that a spike in each step stands for. */
  readonly scale: number;
}

/** Far below any threshold: what is under way between two samples comes to nothing. */
const silent = -1e6;

/** Adds up its input; where it spikes, it keeps what was above the threshold, and counts. */
function neuronOf(spikes: boolean): NeuronModel {
  const rules = { threshold: 'v >= 1', reset: 'v -= 1; count += 1' };
  const lines = ['dv/dt = bias/tau : 1', 'bias : 1 (constant)', 'count : 1'];
  return equations(lines.join('\n'), { constants: { tau: ms(1) }, method: 'euler', ...(spikes && rules) });
}

/** A model converted by `toSpiking`. */
export class SpikingModel {
  readonly simulation: Simulation;
  /** The neurons of each of `layers`. */
  readonly groups: readonly NeuronGroup[];
  /** Layer by layer; a maximum over windows is two groups, differences and maxima. */
  readonly layers: readonly SpikingLayer[];
  private readonly model: Model;
  private readonly plan: Plan;
  private readonly options: Required<SpikingOptions>;
  private readonly scales: readonly number[];
  /** What spikes at random; undefined where the input is a current. */
  private readonly source: NeuronGroup | undefined;
  private isRunning = false;

  /** @internal by `toSpiking` */
  constructor(model: Model, plan: Plan, options: Required<SpikingOptions>, sim: Simulation, scales: readonly number[]) {
    this.model = model;
    this.plan = plan;
    this.options = options;
    this.simulation = sim;
    this.scales = scales;
    const inputs = sizeOf(plan.inputShape);
    const none = kHz.each(new Float64Array(inputs));
    this.source = options.input === 'poisson' ? poissonGroup(sim, inputs, none, { name: 'input' }) : undefined;
    this.groups = plan.populations.map((population, i) =>
      groupOf(sim, population, options.readout === 'potential' && i === plan.populations.length - 1, scales[i + 1]!),
    );
    connectAll([this.source, ...this.groups], plan, scales);
    this.layers = plan.populations.map(({ layer, size, inputs }, i) => ({
      layer,
      neurons: size,
      synapses: inputs.reduce((sum, { synapses }) => sum + synapses.weights.length, 0),
      scale: scales[i + 1]!,
    }));
  }

  /**
   * What the neurons make of samples [N, ...]: for each output of the model the sum before its function (logits of a
   * softmax), [N, outputs].
   * @throws ShapeError for another shape; RangeError for values that are not finite, or below 0 as random spikes;
   *   NeuriteError while other samples are shown
   */
  async predict(inputs: Tensor | TensorValues): Promise<Tensor> {
    return (await this.show(inputs, 'predict')).sums;
  }

  /**
   * How many classes are told right, by the model and by the neurons: one output tells yes or no, several the class of
   * the greatest.
   * @throws as `predict`; ShapeError or RangeError for targets that are no classes of the samples
   */
  async evaluate({ inputs, targets }: ClassifiedData): Promise<SpikingEvaluation> {
    const samples = samplesOf(inputs, this.plan.inputShape, 'evaluate');
    const outputs = sizeOf(this.plan.outputShape);
    const labels = labelsOf(targets, samples.shape[0]!, outputs);
    const isProbability = this.plan.activation === 'sigmoid';
    const expected = classesOf(this.model.predict(samples), outputs, isProbability ? 0.5 : 0);
    const { sums, spikes } = await this.show(samples, 'evaluate');
    const told = classesOf(sums, outputs, 0);
    const share = (isRight: (k: number) => boolean) => labels.filter((_, k) => isRight(k)).length / labels.length;
    const accuracy = share((k) => expected[k] === labels[k]);
    const spikingAccuracy = share((k) => told[k] === labels[k]);
    return {
      accuracy,
      spikingAccuracy,
      lost: accuracy - spikingAccuracy,
      agreement: share((k) => told[k] === expected[k]),
      spikes: spikes / labels.length,
    };
  }

  private async show(inputs: Tensor | TensorValues, what: string): Promise<{ sums: Tensor; spikes: number }> {
    const { data, shape } = samplesOf(inputs, this.plan.inputShape, what);
    if (this.options.input === 'poisson') mustNotBeNegative(data, what);
    if (this.isRunning) throw new NeuriteError(`${what}: other samples are being shown; wait for them`);
    const outputs = sizeOf(this.plan.outputShape);
    const sums = new Float32Array(shape[0]! * outputs);
    let spikes = 0;
    this.isRunning = true;
    try {
      for (let k = 0; k < shape[0]!; k++) {
        const size = data.length / shape[0]!;
        const given = await this.showOne(data.subarray(k * size, (k + 1) * size));
        sums.set(given, k * outputs);
        for (const group of this.groups) spikes += group.get('count').reduce((a, b) => a + b, 0);
      }
    } finally {
      this.isRunning = false;
    }
    return { sums: { data: sums, shape: [shape[0]!, ...this.plan.outputShape] }, spikes };
  }

  /** One sample, from the beginning; the sums of the last layer. */
  private async showOne(sample: Float32Array | Int32Array): Promise<Float64Array> {
    const { steps, readout, vInitial } = this.options;
    this.setInput(new Float64Array(sample.length));
    for (const group of this.groups) group.set('v', silent);
    await this.simulation.run(ms(1));
    this.setInput(Float64Array.from(sample));
    const last = this.groups.at(-1)!;
    for (const group of this.groups) {
      group.set('v', group === last && readout === 'potential' ? 0 : vInitial);
      group.set('count', 0);
    }
    await this.simulation.run(ms(steps));
    const factor = this.layers.at(-1)!.scale / steps;
    return last.get(readout === 'potential' ? 'v' : 'count').map((x) => x * factor);
  }

  private setInput(sample: Float64Array): void {
    const [inputScale, scale] = this.scales as [number, number];
    if (this.source) {
      const rates = sample.map((x) => Math.min(1, x / inputScale));
      setRate(this.source, kHz.each(rates));
    } else {
      const currents = sumsOf(this.plan.populations[0]!, sample, 1).map((x) => x / scale);
      this.groups[0]!.set('bias', currents);
    }
  }
}

function groupOf(sim: Simulation, { layer, size, bias }: Population, isRead: boolean, scale: number): NeuronGroup {
  const group = neuronGroup(sim, size, neuronOf(!isRead), { name: layer });
  group.set(
    'bias',
    bias.map((b) => b / scale),
  );
  return group;
}

/** The groups' connections; a source that is not there has none. */
function connectAll(
  groups: readonly (NeuronGroup | undefined)[],
  { populations }: Plan,
  scales: readonly number[],
): void {
  for (const [i, { inputs }] of populations.entries())
    for (const { from, synapses } of inputs) {
      const source = groups[from];
      const weight = synapses.weights.map((w) => (w * scales[from]!) / scales[i + 1]!);
      if (source) connect(source, groups[i + 1]!, { pattern: patternOf(synapses), receptor: 'v', weight });
    }
}

const patternOf = ({ sources, targets, isFull }: Synapses): Pattern =>
  isFull ? allToAll() : { type: 'layer', rows: (context) => rowsFromPairs(context, sources, targets) };

/** What a spike in each step stands for: of the input, and of each population. */
function scalesOf(model: Model, samples: Tensor, { populations }: Plan, options: Required<SpikingOptions>): number[] {
  const scales = [Float64Array.from(samples.data).reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1];
  populations.forEach((population, i) => {
    const isLast = i === populations.length - 1;
    const from = population.inputs[0]!.from;
    const valuesOf = (layer: string) => model.activations(samples, layer).data;
    if (population.isBounded) scales.push(scales[from]!);
    else if (!isLast) scales.push(percentileOf(valuesOf(population.layer), options.percentile));
    else if (options.readout === 'potential') scales.push(1);
    else {
      const before = from ? valuesOf(populations[from - 1]!.layer) : samples.data;
      scales.push(percentileOf(sumsOf(population, before, samples.shape[0]!), options.percentile));
    }
  });
  return scales;
}

/** The value below which a part of the values above 0 are; 1 where there are none. */
function percentileOf(values: ArrayLike<number>, percentile: number): number {
  const above = Float64Array.from(values)
    .filter((x) => x > 0)
    .toSorted();
  return above[Math.max(0, Math.ceil((percentile / 100) * above.length) - 1)] ?? 1;
}

/** What the units of a population add up for each sample. */
function sumsOf({ bias, inputs, size }: Population, before: ArrayLike<number>, count: number): Float64Array {
  const sums = new Float64Array(count * size);
  const { sources, targets, weights } = inputs[0]!.synapses;
  const width = before.length / count;
  for (let sample = 0; sample < count; sample++) {
    sums.set(bias, sample * size);
    weights.forEach((w, k) => (sums[sample * size + targets[k]!]! += w * before[sample * width + sources[k]!]!));
  }
  return sums;
}

/** Samples [N, ...] of a shape; one may come without its first axis. */
function samplesOf(inputs: Tensor | TensorValues, sample: Shape, what: string): Tensor {
  const { data, shape } = isTensor(inputs) ? inputs : tensor(inputs as TensorValues);
  const isOne = sameShape(shape, sample);
  if (!isOne && !(shape.length > 0 && shape[0]! > 0 && sameShape(shape.slice(1), sample)))
    throw new ShapeError(`${what}: expected samples ${formatShape(sample)}, got ${formatShape(shape)}`);
  const samples = { data, shape: isOne ? [1, ...sample] : shape };
  checkFinite(samples, `${what}: inputs`);
  return samples;
}

function mustNotBeNegative(data: Float32Array | Int32Array, what: string): void {
  const negative = data.find((x) => x < 0);
  if (negative !== undefined)
    throw new RangeError(`${what}: expected inputs from 0 up, which are rates of random spikes, got ${negative}`);
}

const isModel = (value: unknown): boolean => {
  const { topology, activations } = Object(value) as Partial<Model>;
  return topology !== undefined && typeof activations === 'function';
};

function checkedOptions(options: SpikingOptions): Required<SpikingOptions> {
  const {
    steps = 200,
    input = 'current',
    readout = 'potential',
    percentile = 99.9,
    vInitial = 0.5,
    seed = 0,
  } = options;
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new RangeError(`toSpiking: steps: expected a whole number from 1, got ${String(steps)}`);
  if (input !== 'current' && input !== 'poisson')
    throw new RangeError(`toSpiking: input: expected current or poisson, got ${String(input)}`);
  if (readout !== 'potential' && readout !== 'spikes')
    throw new RangeError(`toSpiking: readout: expected potential or spikes, got ${String(readout)}`);
  if (!(percentile > 0 && percentile <= 100))
    throw new RangeError(`toSpiking: percentile: expected a number above 0 and up to 100, got ${String(percentile)}`);
  if (!(vInitial >= 0 && vInitial < 1))
    throw new RangeError(`toSpiking: vInitial: expected a potential from 0 to below 1, got ${String(vInitial)}`);
  return { steps, input, readout, percentile, vInitial, seed };
}

/**
 * Converts a trained model to a network of integrate-and-fire neurons whose rates stand for its values. Layers: `dense`,
 * `conv1d` to `conv3d`, `depthwiseConv1d` and `2d`, each with `relu`, or linear with `batchNorm` and a rectifying
 * `activation` after it; average and maximum pooling, also global; `flatten`, `reshape` and all kinds of dropout. The
 * last layer may also be linear or end in a softmax or sigmoid.
 * @param model as it was trained; its weights are copied
 * @param samples [N, ...] of the training data, by whose activations the weights are normalised
 * @throws TypeError for what is no model; NeuriteError that lists every layer without a spiking form; RangeError for an option or samples that do not
 *   fit; ShapeError for samples of another shape; all of them before anything is made
 * source: Diehl et al. 2015; Rueckauer et al. 2017
 */
export async function toSpiking(
  model: Model,
  samples: Tensor | TensorValues,
  options: SpikingOptions = {},
): Promise<SpikingModel> {
  const checked = checkedOptions(options);
  if (!isModel(model)) throw new TypeError(`toSpiking: expected a model, got ${describeValue(model)}`);
  const plan = planOf(model);
  const given = samplesOf(samples, plan.inputShape, 'toSpiking');
  if (checked.input === 'poisson') mustNotBeNegative(given.data, 'toSpiking');
  const sim = await simulation({ dt: ms(1), seed: checked.seed, precision: 'float32' });
  return new SpikingModel(model, plan, checked, sim, scalesOf(model, given, plan, checked));
}
