// A model with everything: it predicts (inference.ts), and beside that trains, is described and saved.
// Training is in fit.ts, evaluation in evaluate.ts, gradients in gradients.ts, files in save.ts.
import type { Tensor } from '../data/tensor.ts';
import { seedWords } from '../core/philox.ts';
import { exchangeAverage } from './average.ts';
import { setTrainable } from './freeze.ts';
import { activations } from './inside.ts';
import { applyGradients, gradients, type GradientRequest, type Gradients } from './gradients.ts';
import type { TrainingData } from './data.ts';
import { evaluate, type EvaluateOptions, type Evaluation } from './evaluate.ts';
import type { FitOptions, History } from './fit.ts';
import { InferenceModel, layFoundation, type Foundation, type SeedOptions } from './inference.ts';
import { initialize } from './initialize.ts';
import type { ModelValues, TensorLike } from './inputs.ts';
import { modelToBytes, saveModel, type SaveOptions } from './save.ts';
import { summarize, type Summary } from './summary.ts';
import type { Topology } from './topology.ts';
import { Trainer } from './trainer.ts';

export type ModelOptions = SeedOptions;

export class Model extends InferenceModel {
  /** @internal What training keeps between calls of `fit`. */
  readonly trainer: Trainer;

  private constructor(foundation: Foundation) {
    super(foundation);
    this.trainer = new Trainer(this);
  }

  /**
   * Loads the core, reserves the memory and draws the initial weights.
   * @throws UnsupportedEngineError without SIMD; NeuriteError for a model beyond WebAssembly's 4 GiB
   */
  static async create(topology: Topology, options: ModelOptions = {}): Promise<Model> {
    const foundation = await layFoundation(topology, options, true);
    const model = new Model(foundation);
    const words = seedWords(model.seed);
    model.parameters.forEach((info, stream) => initialize(model.storage, info, words, stream));
    return model;
  }

  override setWeights(weights: Readonly<Record<string, TensorLike>>): void {
    super.setWeights(weights);
    // New weights have no average yet.
    if (this.trainer.average?.applied) this.trainer.restartAverage();
  }

  /**
   * Exchanges the weights with their average, after a `fit` with `ema` or `swa`; again, and they are back.
   * @returns whether the model now predicts with the average @throws NeuriteError where nothing has been averaged
   */
  swapWeights(): boolean {
    exchangeAverage(this);
    return this.trainer.average!.applied;
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

  /**
   * What a layer gives for samples: a tensor [N, ...]; of a layer that stands in several places what it gives in the first.
   * @throws RangeError for an unknown name of a layer, ShapeError for samples of another shape
   */
  activations(inputs: ModelValues, layerName: string): Tensor {
    return activations(this, inputs, layerName);
  }

  /**
   * Keeps the parameters of layers as they are in training from now on: of those named, or of all. Their normalisation by
   * batches takes the running statistics, as with `trainable: false`; a file keeps it. What the optimizer keeps of them
   * stays, for when they are unfrozen.
   * @throws RangeError for a name that is not there, with the nearest one; NeuriteError while the model is being trained
   */
  freeze(...layerNames: string[]): void {
    setTrainable(this, 'model.freeze', layerNames, false);
  }

  /**
   * Lets training change layers (again): those named, or all. The optimizer goes on where it was, unless it has not trained
   * one of them yet: then it begins anew, as Keras' does after `compile`.
   * @throws as freeze
   */
  unfreeze(...layerNames: string[]): void {
    setTrainable(this, 'model.unfreeze', layerNames, true);
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
