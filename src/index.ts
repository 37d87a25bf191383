// The public names, for browsers and Node alike. On Node the package resolves to src/node/index.ts, which adds files.
export { perceptron, Perceptron, type PerceptronExplanation, type PerceptronOptions } from './learning/perceptron.ts';
export { novikoffBound, type NovikoffBound, type PerceptronLearning } from './learning/perceptron-rule.ts';
export { neuronActivationNames, type NeuronActivationName } from './learning/neuron-activations.ts';
export type { Sample, Target } from './learning/samples.ts';
export { maximumStableLearningRate, type WidrowHoffLearning } from './learning/widrow-hoff.ts';
export { loadCore, type Core } from './core/core.ts';
export { engineFeatures, type CoreOptions, type Variant } from './core/features.ts';
export { DivergenceError, FormatError, NeuriteError, ShapeError, UnsupportedEngineError } from './core/errors.ts';
export * from './data/index.ts';
export { activationNames, type Activation, type ActivationName } from './layers/activations.ts';
export { activation, dense, dropout, prelu, type DenseOptions } from './layers/core.ts';
export * from './layers/convolution.ts';
export * from './layers/axes.ts';
export * from './layers/dropouts.ts';
export {
  lambda,
  registerLambda,
  type LambdaAxes,
  type LambdaFormula,
  type LambdaOperand,
  type LambdaOperations,
  type LambdaValue,
} from './layers/lambda.ts';
export { gaussianNoise, gaussianSample } from './layers/noise.ts';
export * from './layers/pooling.ts';
export * from './layers/resize.ts';
export { gru, lstm, simpleRnn } from './layers/recurrent.ts';
export { bidirectional, repeatVector, timeDistributed, type Merge } from './layers/sequence.ts';
export type { GruOptions, LstmOptions, RecurrentOptions, SimpleRnnOptions } from './layers/recurrent-options.ts';
export type { StateLayer } from './layers/recurrent-state.ts';
export { add, concatenate, flatten, input, multiply, reshape } from './layers/shape.ts';
export {
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  rmsNorm,
  type BatchNormOptions,
  type NormOptions,
  type RowNormOptions,
} from './layers/normalization.ts';
export {
  embedding,
  learnedPositions,
  paddingMask,
  rotaryPositions,
  sinusoidalPositions,
  type EmbeddingOptions,
} from './layers/embedding.ts';
export { multiHeadAttention, type AttentionLayerOptions } from './layers/attention.ts';
export {
  transformerDecoder,
  transformerDecoderLayer,
  transformerEncoder,
  transformerEncoderLayer,
  type TransformerOptions,
} from './layers/transformer.ts';
export type { InputDtype, InputOptions } from './layers/shape.ts';
export type { Layer, LayerOptions, Penalty, SymbolicTensor } from './layers/layer.ts';
export * as initializers from './initializers/index.ts';
export { initializerNames, type Initializer, type InitializerLike } from './initializers/index.ts';
export * as losses from './losses/index.ts';
export * from './losses/index.ts';
export { ctcTargets, type CtcTargets } from './losses/ctc.ts';
export {
  ctcBeamDecode,
  ctcGreedyDecode,
  type CtcBeamOptions,
  type CtcDecodeOptions,
  type CtcPath,
} from './losses/ctc-decode.ts';
export * as metrics from './metrics/index.ts';
export { metricNames, type BleuOptions, type Metric, type MetricLike, type MetricValue } from './metrics/index.ts';
export * from './optimizers/index.ts';
export {
  checkpoint,
  csvLog,
  earlyStopping,
  lambdaCallback,
  learningRateScheduler,
  type Callback,
  type CallbackContext,
  type Logs,
} from './model/callbacks.ts';
export type { TrainingData } from './model/data.ts';
export { InferenceModel, type PredictOptions } from './model/inference.ts';
export type { ModelValues, TensorLike } from './model/inputs.ts';
export type { EvaluateOptions, Evaluation } from './model/evaluate.ts';
export type { FitOptions, FitProgress, History } from './model/fit.ts';
export type { GradientRequest, Gradients } from './model/gradients.ts';
export { Model, type ModelOptions } from './model/model.ts';
export { attentionMaps, type AttentionMap } from './model/attention-maps.ts';
export { decoder, Decoder, type DecoderOptions } from './model/decoder.ts';
export { loadModel } from './model/load.ts';
export type { SaveOptions } from './model/save.ts';
export { network, networkTypes, type NetworkOptions, type NetworkType, type Task } from './model/network.ts';
export { model, sequential, type GraphModelOptions, type SequentialOptions } from './model/sequential.ts';
export type { LayerSummary, Summary } from './model/summary.ts';
