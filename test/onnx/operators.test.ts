// Every operator of the standard domain (operator set 22) is there, or in the table of docs/onnx.md with its reason.
// Source of the list: ONNX, docs/Operators.md and docs/Changelog.md (1.17).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onnxOperatorNames } from '../../src/formats/onnx/operator.ts';
import '../../src/formats/onnx/operators/index.ts';

const all = `
  Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli
  BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip
  Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum
  DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand
  EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool
  Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax
  Identity If ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual
  Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean
  MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss
  NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearConv
  QLinearMatMul QuantizeLinear RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal
  ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
  RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign Round STFT Scan Scatter ScatterElements ScatterND Selu
  SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink
  Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split
  SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Tan Tanh TfIdfVectorizer
  ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor`
  .trim()
  .split(/\s+/);

const document = readFileSync(join(import.meta.dirname, '../../docs/onnx.md'), 'utf8');
const [, table = ''] = document.split('## Operators out of scope');
const outOfScope = Array.from(table.split('\n## ')[0]!.matchAll(/`([A-Z]\w+)`/g), ([, name]) => name!);

test('of the operators of set 22 those in the table are missing, and no others', () => {
  const known = new Set(onnxOperatorNames());
  expect(all.filter((name) => !known.has(name)).toSorted()).toEqual(outOfScope.toSorted());
  expect(onnxOperatorNames().filter((name) => !all.includes(name))).toEqual([]);
});

test('the count that docs/onnx.md states', () => {
  const [, stated, total] = /(\d+) of the (\d+) operators/.exec(document)!;
  expect([Number(stated), Number(total)]).toEqual([onnxOperatorNames().length, all.length]);
});
