// Tensors, datasets and what prepares them.
export { isTensor, tensor, toNested, type DType, type Tensor, type TensorValues } from './tensor.ts';
export { oneHot, take, trainTestSplit, type Dataset, type Split, type SplitOptions } from './dataset.ts';
export { minMax, scalerFromJSON, standardize, type Scaler, type ScalerJSON, type ScaleOptions } from './scale.ts';
export { decodeIdx, readIdx } from './idx.ts';
