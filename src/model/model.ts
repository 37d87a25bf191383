// A model: a topology with weights in the memory of an instance of its own, and the programs made of it.
// This file holds what a model is and predicts; training is in fit.ts, evaluation in evaluate.ts, gradients in
// gradients.ts, files in save.ts.
import { CoreInstance, loadCore, type Core } from '../core/core.ts';
import { checkFits } from '../core/memory.ts';
import type { CoreOptions, Variant } from '../core/features.ts';
import { seedWords } from '../core/philox.ts';
import { ShapeError } from '../core/errors.ts';
import { checkFinite, isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../graph/graph.ts';
import { expectInteger } from '../layers/layer.ts';
import { applyGradients, gradients, type GradientRequest, type Gradients } from './gradients.ts';
import { evaluate, type EvaluateOptions, type Evaluation } from './evaluate.ts';
import type { FitOptions, History } from './fit.ts';
import { guardError } from './guards.ts';
import { resolveInputs, shapeOfTensor, type ModelValues, type TensorLike, type TrainingData } from './data.ts';
import {
  carriedPrefix,
  counterName,
  forwardFunction,
  valuesOf,
  type ParameterInfo,
  type StateInfo,
} from './functions.ts';
import { Programs, type Program } from './programs.ts';
import { modelToBytes, saveModel, type SaveOptions } from './save.ts';
import { Storage } from './storage.ts';
import { summarize, type Summary } from './summary.ts';
import { Trainer } from './trainer.ts';
import type { Topology } from './topology.ts';

export interface ModelOptions extends CoreOptions {
  /** Fixes initial weights, shuffling and dropout; a non-negative safe integer, 0 by default. */
  readonly seed?: number | undefined;
}

export interface PredictOptions {
  /** Samples that one program computes at once; 256 by default. */
  readonly batchSize?: number;
  /** Lets NaN and infinity through; refused by default. */
  readonly allowNonFinite?: boolean;
}

export class Model {
  readonly topology: Topology;
  readonly seed: number;
  /** Every trained value, in the order of the layers. */
  readonly parameters: readonly ParameterInfo[];
  /** Every value that no optimizer changes and files hold: running statistics of normalisation and the like. */
  readonly states: readonly StateInfo[];
  /** What a saved model remembers beside its weights: classes, column names, normalisation, or anything of the caller's. */
  metadata: Record<string, unknown> = {};
  /** @internal What training keeps between calls of `fit`. */
  readonly trainer: Trainer;
  /** @internal */
  readonly storage: Storage;
  private readonly instance: CoreInstance;
  /** @internal */
  readonly programs: Programs;
  /** What `input`, `run` and `output` work on. */
  private live: Program | null = null;
  private liveSize = 1;

  private constructor(
    topology: Topology,
    { parameters, states }: ReturnType<typeof valuesOf>,
    instance: CoreInstance,
    seed: number,
  ) {
    this.topology = topology;
    this.parameters = parameters;
    this.states = states;
    this.instance = instance;
    this.seed = seed;
    this.storage = new Storage(instance);
    this.programs = new Programs(instance, this.storage, topology);
    for (const { name, shape } of parameters) this.storage.define(name, shape);
    for (const { name, shape, dtype, initial } of states) this.storage.define(name, shape, dtype, initial);
    this.storage.define(counterName, [4], 'i32');
    this.storage.integers(counterName).set(seedWords(seed));
    this.trainer = new Trainer(this);
  }

  /**
   * Loads the core, reserves the memory and draws the initial weights.
   * @throws UnsupportedEngineError without SIMD; NeuriteError for a model beyond WebAssembly's 4 GiB
   */
  static async create(topology: Topology, options: ModelOptions = {}): Promise<Model> {
    const { seed = 0 } = options;
    const words = seedWords(seed);
    const values = valuesOf(topology);
    const { parameters } = values;
    const bytes = [...parameters, ...values.states].reduce((sum, { shape }) => sum + 4 * sizeOf(shape) + 64, 0);
    checkFits(bytes, 'model');
    const core: Core = await loadCore(options);
    const model = new Model(topology, values, new CoreInstance(core, bytes), seed);
    parameters.forEach(({ name, initializer }, stream) => model.storage.initialize(name, initializer, words, stream));
    return model;
  }

  /** The build of the core that this model runs on. */
  get variant(): Variant {
    return this.instance.variant;
  }

  /** The bytes of the model's WebAssembly memory: weights, optimizer state, programs and activations. */
  get memory(): number {
    return this.instance.memory.bytes;
  }

  /** The shape of one sample of each input. */
  get inputShapes(): readonly Shape[] {
    return this.topology.inputs.map(({ shape }) => shape);
  }

  /** The shape of one sample of each output. */
  get outputShapes(): readonly Shape[] {
    return this.topology.outputs.map((output) => shapeOfTensor(this.topology, output));
  }

  // ---- the copy-free path

  /**
   * The memory of the first input, for `batchSize` samples (one unless `allocate` said otherwise). Write to it, call
   * `run()`, read `output`. Take it anew after `fit`, `predict` or `allocate`: growing the memory kills old views.
   */
  get input(): Float32Array | Int32Array {
    return this.programs.ports(this.live ?? this.liveProgram()).inputs[0]!;
  }

  get inputs(): readonly (Float32Array | Int32Array)[] {
    return this.programs.ports(this.live ?? this.liveProgram()).inputs;
  }

  /** The memory of the first output, after `run()`. */
  get output(): Float32Array {
    return this.programs.ports(this.live ?? this.liveProgram()).outputs[0]!;
  }

  get outputs(): readonly Float32Array[] {
    return this.programs.ports(this.live ?? this.liveProgram()).outputs;
  }

  /**
   * Sets how many samples `input`, `run` and `output` hold.
   * @throws RangeError unless it is a positive integer; NeuriteError when the memory does not suffice
   */
  allocate({ batchSize }: { batchSize: number }): void {
    const count = expectInteger('model.allocate: batchSize', batchSize, 1);
    const key = `run ${count}`;
    const program = this.programs.get(key, () => forwardFunction(this.topology, count), { shared: key });
    if (this.live) this.programs.unpin(this.live);
    this.programs.pin(program);
    this.live = program;
    this.liveSize = count;
  }

  /**
   * Predicts what stands in `input` and leaves the result in `output`. No checks: NaN goes through.
   * @throws RangeError for an index that an embedding has no row for; then there is no result
   */
  run(): void {
    const program = this.live ?? this.liveProgram();
    if (!this.programs.run(program)) throw guardError(program.executable, this.liveSize, (row) => row, 'model.run');
  }

  private liveProgram(): Program {
    this.allocate({ batchSize: 1 });
    return this.live!;
  }

  // ---- predictions

  /**
   * Predictions of the first output for samples [N, ...]: a tensor [N, ...]. One sample may come without its batch axis.
   * @throws ShapeError for another shape; RangeError for NaN or infinity, with its row and column
   */
  predict(values: ModelValues, options: PredictOptions = {}): Tensor {
    return this.predictAll(values, options)[0]!;
  }

  /** Predictions of every output, in their order. @throws as `predict` */
  predictAll(values: ModelValues, options: PredictOptions = {}): Tensor[] {
    const { batchSize = 256, allowNonFinite = false } = options;
    expectInteger('model.predict: batchSize', batchSize, 1);
    const { inputs, count } = resolveInputs(this.topology, values, 'model.predict');
    const results = this.outputShapes.map((shape) => ({
      data: new Float32Array(count * sizeOf(shape)),
      shape: [count, ...shape],
    }));
    for (let start = 0; start < count; start += batchSize)
      this.predictBatch(inputs, results, start, Math.min(batchSize, count - start), !allowNonFinite);
    return results;
  }

  private predictBatch(
    inputs: readonly Tensor[],
    results: readonly Tensor[],
    start: number,
    size: number,
    checked: boolean,
  ): void {
    const key = checked ? `predict ${size}` : `predict unchecked ${size}`;
    const program = this.programs.get(key, () => forwardFunction(this.topology, size, { checked }), { shared: key });
    const ports = this.programs.ports(program);
    const isWhole = size === results[0]!.shape[0];
    ports.inputs.forEach((view, i) => {
      const { data } = inputs[i]!;
      view.set(
        isWhole ? data : data.subarray((start * view.length) / size, (start * view.length) / size + view.length),
      );
    });
    if (!this.programs.run(program)) {
      inputs.forEach((values) => checkFinite(values, 'model.predict: inputs'));
      throw guardError(program.executable, size, (row) => start + row, 'model.predict');
    }
    ports.outputs.forEach((view, i) => results[i]!.data.set(view, (start * view.length) / size));
  }

  // ---- weights

  /** A copy of every parameter and state by name. */
  getWeights(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.parameters, ...this.states].map(({ name, shape }) => [
        name,
        { data: this.storage.data(name).slice(), shape },
      ]),
    );
  }

  /** Sets back what layers carry from run to run for each sample of a batch (hidden states, caches of decoding). */
  resetStates(): void {
    this.storage.resetAll(carriedPrefix);
  }

  /**
   * Replaces parameters and states by name; those not named stay.
   * @throws RangeError for an unknown name, ShapeError for another shape; then nothing is changed
   */
  setWeights(weights: Readonly<Record<string, TensorLike>>): void {
    const resolved = Object.entries(weights).map(([name, value]) => this.checkWeight(name, value));
    for (const { name, data } of resolved) this.storage.data(name).set(data);
    this.programs.weightsChanged();
  }

  private checkWeight(name: string, value: TensorLike) {
    const values = [...this.parameters, ...this.states];
    const parameter = values.find((info) => info.name === name);
    if (!parameter)
      throw new RangeError(
        `model.setWeights: no parameter "${name}"; there are: ${values.map((info) => info.name).join(', ')}`,
      );
    const { data, shape } = isTensor(value) ? value : tensor(value as TensorValues);
    if (!sameShape(shape, parameter.shape) && !(shape.length === 1 && data.length === sizeOf(parameter.shape)))
      throw new ShapeError(
        `model.setWeights: expected "${name}" ${formatShape(parameter.shape)}, got ${formatShape(shape)}`,
      );
    return { name, data };
  }

  // ---- training and the rest

  /** Trains; see FitOptions. Resolves with the history of losses and metrics. */
  async fit(data: TrainingData, options: FitOptions = {}): Promise<History> {
    // A chunk of its own: a page that only predicts never loads it.
    const { fit } = await import('./fit.ts');
    return fit(this, data, options);
  }

  /** The loss and the metrics on samples with targets. */
  evaluate(data: TrainingData, options: EvaluateOptions = {}): Evaluation {
    return evaluate(this, data, options);
  }

  /** The gradients of a loss (or of the outputs, weighted) for every parameter and input. */
  gradients(inputs: ModelValues, request: GradientRequest): Gradients {
    return gradients(this, inputs, request);
  }

  /** One step of an optimizer with given gradients, for training loops of one's own. */
  applyGradients(given: Readonly<Record<string, TensorLike>>, optimizer: FitOptions['optimizer']): void {
    applyGradients(this, given, optimizer);
  }

  /** The layers with their output shapes, parameters and memory; `String(summary)` is a table. */
  summary(): Summary {
    return summarize(this);
  }

  /** Writes a safetensors file: the weights by name, the topology in its metadata. */
  save(path: string, options: SaveOptions = {}): Promise<void> {
    return saveModel(this, path, options);
  }

  /** What `save` would write. */
  toBytes(options: SaveOptions = {}): Uint8Array {
    return modelToBytes(this, options);
  }
}
