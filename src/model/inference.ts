// A model that predicts: a topology with weights in the memory of an instance of its own, and the programs made of it.
// Not here: everything that trains, describes or saves a model (model.ts), and how one is read from a file (load.ts).
import { CoreInstance, loadCore } from '../core/core.ts';
import type { CoreOptions, Variant } from '../core/features.ts';
import { checkFits } from '../core/memory.ts';
import { seedWords } from '../core/philox.ts';
import { ShapeError } from '../core/errors.ts';
import { checkFinite, isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../graph/graph.ts';
import { expectInteger } from '../layers/layer.ts';
import { guardError } from './guards.ts';
import { resolveInputs, shapeOfTensor, type ModelValues, type TensorLike } from './inputs.ts';
import { packOf } from './pack.ts';
import { Programs, type Program } from './programs.ts';
import { Storage } from './storage.ts';
import type { Topology } from './topology.ts';
import { carriedPrefix, counterName, forwardFunction, valuesOf, type ParameterInfo, type StateInfo } from './trace.ts';

export interface PredictOptions {
  /** Samples that one program computes at once; 256 by default. */
  readonly batchSize?: number;
  /** Lets NaN and infinity through; refused by default. */
  readonly allowNonFinite?: boolean;
}

/** What a topology keeps, and an instance of the core for it. */
export interface Foundation {
  readonly topology: Topology;
  readonly values: ReturnType<typeof valuesOf>;
  readonly instance: CoreInstance;
  readonly seed: number;
}

/** What fixes everything random of a model, beside the choice of a core. */
export interface SeedOptions extends CoreOptions {
  /** Fixes initial weights, shuffling and dropout; a non-negative safe integer, 0 by default. */
  readonly seed?: number | undefined;
}

/**
 * Loads the part of the core that a topology needs, and reserves memory for what it keeps.
 * @throws RangeError for a seed that is none; UnsupportedEngineError without SIMD; NeuriteError for a model beyond
 * WebAssembly's 4 GiB
 */
export async function layFoundation(topology: Topology, options: SeedOptions, trains: boolean): Promise<Foundation> {
  const { seed = 0 } = options;
  seedWords(seed);
  const values = valuesOf(topology);
  const bytes = [...values.parameters, ...values.states].reduce((sum, { shape }) => sum + 4 * sizeOf(shape) + 64, 0);
  checkFits(bytes, 'model');
  const core = await loadCore(options, () => packOf(topology, trains));
  return { topology, values, instance: new CoreInstance(core, bytes), seed };
}

/** A model as `neurite/inference` opens it: it predicts. `Model`, of the package itself, trains as well. */
export class InferenceModel {
  private drawn: Topology;
  private trained: readonly ParameterInfo[];
  readonly seed: number;
  /** Every value that no optimizer changes and files hold: running statistics of normalisation and the like. */
  readonly states: readonly StateInfo[];
  /** What a saved model remembers beside its weights: classes, column names, normalisation, or anything of the caller's. */
  metadata: Record<string, unknown> = {};
  /** @internal */
  readonly storage: Storage;
  /** @internal */
  readonly programs: Programs;
  private readonly instance: CoreInstance;
  /** What `input`, `run` and `output` work on. */
  private live: Program | null = null;
  private liveSize = 1;

  /** @internal */
  constructor({ topology, values, instance, seed }: Foundation) {
    this.drawn = topology;
    this.trained = values.parameters;
    this.seed = seed;
    this.states = values.states;
    this.instance = instance;
    this.storage = new Storage(instance);
    this.programs = new Programs(instance, this.storage, topology);
    for (const { name, shape } of values.parameters) this.storage.define(name, shape);
    for (const { name, shape, dtype, initial } of values.states) this.storage.define(name, shape, dtype, initial);
    this.storage.define(counterName, [4], 'i32');
    this.storage.integers(counterName).set(seedWords(seed));
  }

  get topology(): Topology {
    return this.drawn;
  }

  /** Every trained value, in the order of the layers. */
  get parameters(): readonly ParameterInfo[] {
    return this.trained;
  }

  /** @internal Takes a topology that differs in what training changes alone. */
  redraw(topology: Topology): void {
    this.drawn = topology;
    this.trained = valuesOf(topology).parameters;
    this.programs.redraw(topology);
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
}
