// A model: a topology with weights in the memory of an instance of its own, and the programs made of it.
// This file holds what a model is and predicts; training is in fit.ts, evaluation in evaluate.ts, gradients in
// gradients.ts, files in save.ts.
import { CoreInstance, loadCore, type Core } from '../core/core.ts';
import { checkFits } from '../core/memory.ts';
import type { CoreOptions, Variant } from '../core/features.ts';
import { seedWords } from '../core/philox.ts';
import { ShapeError } from '../core/errors.ts';
import { checkFinite, isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { compile, type CompiledFunction } from '../graph/compile.ts';
import { Executable } from '../graph/executable.ts';
import { formatShape, sameShape, sizeOf, type GraphFunction, type Shape } from '../graph/graph.ts';
import { applyGradients, gradients, type GradientRequest, type Gradients } from './gradients.ts';
import { evaluate, type EvaluateOptions, type Evaluation } from './evaluate.ts';
import type { FitOptions, History } from './fit.ts';
import { resolveInputs, shapeOfTensor, type ModelValues, type TensorLike, type TrainingData } from './data.ts';
import { counterName, forwardFunction, outputName, trace, type ParameterInfo } from './functions.ts';
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

/** How many compiled programs a model keeps; the one used longest ago goes first. */
const programLimit = 12;

export class Model {
  readonly topology: Topology;
  readonly seed: number;
  /** Every trained value, in the order of the layers. */
  readonly parameters: readonly ParameterInfo[];
  /** What a saved model remembers beside its weights: classes, column names, normalisation, or anything of the caller's. */
  metadata: Record<string, unknown> = {};
  /** @internal What training keeps between calls of `fit`. */
  readonly trainer: Trainer;
  /** @internal */
  readonly storage: Storage;
  private readonly instance: CoreInstance;
  private readonly programs = new Map<string, { executable: Executable; weights: number }>();
  /** Counts the changes of the weights: what is computed from them alone is computed again after one. */
  private weightsVersion = 1;
  private liveBatch = 1;
  private live: { executable: Executable; weights: number } | null = null;

  private constructor(topology: Topology, parameters: readonly ParameterInfo[], instance: CoreInstance, seed: number) {
    this.topology = topology;
    this.parameters = parameters;
    this.instance = instance;
    this.seed = seed;
    this.storage = new Storage(instance);
    for (const { name, shape } of parameters) this.storage.define(name, shape);
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
    const parameters = [...trace(topology, 1, false).parameters.values()].map(({ info }) => info);
    const bytes = parameters.reduce((sum, { shape }) => sum + 4 * sizeOf(shape) + 64, 0);
    checkFits(bytes, 'model');
    const core: Core = await loadCore(options);
    const model = new Model(topology, parameters, new CoreInstance(core, bytes), seed);
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
  get input(): Float32Array {
    return this.inputs[0]!;
  }

  get inputs(): Float32Array[] {
    const { executable } = this.liveProgram();
    return this.topology.inputs.map(({ name }) => executable.input(name) as Float32Array);
  }

  /** The memory of the first output, after `run()`. */
  get output(): Float32Array {
    return this.outputs[0]!;
  }

  get outputs(): Float32Array[] {
    const { executable } = this.liveProgram();
    return this.topology.outputs.map((_, i) => executable.output(outputName(i)) as Float32Array);
  }

  /** Sets how many samples `input`, `run` and `output` hold. */
  allocate({ batchSize }: { batchSize: number }): void {
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
      throw new RangeError(`model.allocate: expected a batchSize of at least 1, got ${String(batchSize)}`);
    this.liveBatch = batchSize;
    this.live = null;
  }

  /** Predicts what stands in `input` and leaves the result in `output`. No checks: NaN goes through. */
  run(): void {
    const live = this.live ?? this.liveProgram();
    if (live.weights !== this.weightsVersion) this.refresh(live);
    live.executable.run();
  }

  private liveProgram() {
    this.live ??= this.program(`run ${this.liveBatch}`, () => forwardFunction(this.topology, this.liveBatch));
    return this.live;
  }

  // ---- predictions

  /**
   * Predictions for samples [N, ...]: a tensor [N, ...outputs], or a list of them where the model has several outputs.
   * One sample may come without its batch axis.
   * @throws ShapeError for another shape; RangeError for NaN or infinity, with its row and column
   */
  predict(values: ModelValues, options: PredictOptions & { all: true }): Tensor[];
  predict(values: ModelValues, options?: PredictOptions): Tensor;
  predict(values: ModelValues, options: PredictOptions & { all?: boolean } = {}): Tensor | Tensor[] {
    const { batchSize = 256, allowNonFinite = false, all = false } = options;
    const { inputs, count } = resolveInputs(this.topology, values, 'model.predict');
    const results = this.outputShapes.map((shape) => ({
      data: new Float32Array(count * sizeOf(shape)),
      shape: [count, ...shape],
    }));
    for (let start = 0; start < count; start += batchSize) {
      const size = Math.min(batchSize, count - start);
      this.predictBatch(inputs, results, start, size, !allowNonFinite);
    }
    return all || results.length > 1 ? (results as unknown as Tensor) : results[0]!;
  }

  private predictBatch(
    inputs: readonly Tensor[],
    results: readonly Tensor[],
    start: number,
    size: number,
    checked: boolean,
  ): void {
    const make = () => forwardFunction(this.topology, size, { checked });
    const program = this.program(`predict ${size} ${checked}`, make);
    if (program.weights !== this.weightsVersion) this.refresh(program);
    const { executable } = program;
    inputs.forEach(({ data }, i) => {
      const { name, shape } = this.topology.inputs[i]!;
      const length = sizeOf(shape);
      const whole = start === 0 && data.length === size * length;
      executable.input(name).set(whole ? data : data.subarray(start * length, (start + size) * length));
    });
    if (!executable.run()) inputs.forEach((values) => checkFinite(values, 'model.predict: inputs'));
    results.forEach(({ data }, i) =>
      data.set(executable.output(outputName(i)), start * (data.length / results[i]!.shape[0]!)),
    );
  }

  /** @internal A compiled program of this model, made on its first use. */
  program(key: string, make: () => GraphFunction, keepAll = false): { executable: Executable; weights: number } {
    const known = this.programs.get(key);
    if (known) {
      this.programs.delete(key);
      this.programs.set(key, known);
      return known;
    }
    const program = { executable: this.place(compile(make(), { keepAll })), weights: 0 };
    this.programs.set(key, program);
    for (const [old, { executable }] of this.programs) {
      if (this.programs.size <= programLimit) break;
      this.programs.delete(old);
      if (this.live?.executable === executable) this.live = null;
      executable.release();
    }
    return program;
  }

  /** @internal Places a compiled function in this model's memory. */
  place(compiled: CompiledFunction): Executable {
    return new Executable(this.instance, compiled, this.storage.address);
  }

  /** @internal Drops the programs whose key begins so. */
  forget(prefix: string): void {
    for (const [key, { executable }] of this.programs) {
      if (!key.startsWith(prefix)) continue;
      this.programs.delete(key);
      executable.release();
    }
  }

  /** @internal To be called after anything wrote to a parameter. */
  weightsChanged(): void {
    this.weightsVersion++;
  }

  private refresh(program: { executable: Executable; weights: number }): void {
    program.executable.prepare();
    program.weights = this.weightsVersion;
  }

  // ---- weights

  /** A copy of every parameter by name. */
  getWeights(): Record<string, Tensor> {
    return Object.fromEntries(
      this.parameters.map(({ name, shape }) => [name, { data: this.storage.floats(name).slice(), shape }]),
    );
  }

  /**
   * Replaces parameters by name; those not named stay.
   * @throws RangeError for an unknown name, ShapeError for another shape; then nothing is changed
   */
  setWeights(weights: Readonly<Record<string, TensorLike>>): void {
    const resolved = Object.entries(weights).map(([name, value]) => this.checkWeight(name, value));
    for (const { name, data } of resolved) this.storage.floats(name).set(data);
    this.weightsChanged();
  }

  private checkWeight(name: string, value: TensorLike) {
    const parameter = this.parameters.find((info) => info.name === name);
    if (!parameter)
      throw new RangeError(
        `model.setWeights: no parameter "${name}"; there are: ${this.parameters.map((info) => info.name).join(', ')}`,
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
