// The public names for data in memory; what reads folders and CSV files is in src/node.
export { oneHot, take, trainTestSplit, type Dataset, type Split, type SplitOptions } from './dataset.ts';
export { decodeIdx, readIdx } from './idx.ts';
export { minMax, scalerFromJSON, standardize, type ScaleOptions, type Scaler, type ScalerJSON } from './scale.ts';
export {
  isTensor,
  tensor,
  toNested,
  type DType,
  type NestedNumbers,
  type Tensor,
  type TensorValues,
} from './tensor.ts';
