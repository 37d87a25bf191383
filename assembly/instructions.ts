// The instruction set: the one place where an opcode and its operands are defined.
// The core reads an instruction through its class (`changetype<Gemm>(pc).out`); the host builds it
// from the table that scripts/build-core.mjs makes of this file (src/core/generated/instructions.ts).
// Form: an `Opcode` member and a class of the same name; every operand is one 32-bit word:
// `usize` an address in bytes, `u32`/`i32` an integer, `f32` a scalar. Sizes and strides count elements.
// An address of 0 means "not there" where the comment allows it.
// Not here: what an instruction does (see its kernel), how a program is walked (program.ts).

export const enum Opcode {
  Halt,
  Unary,
  UnaryBackward,
  Binary,
  BinaryBroadcast,
  Reduce,
  ArgReduce,
  Gemm,
  PackB,
  Transpose,
  Copy,
  Fill,
  Softmax,
  SoftmaxBackward,
  Dropout,
  RandomFill,
  LossRows,
  LossBackward,
  CheckFinite,
  Axpy,
  Update,
  OneHot,
  Convolve,
  ConvolveInput,
  ConvolveKernel,
  Depthwise,
  DepthwiseInput,
  DepthwiseKernel,
  Pool,
  PoolBackward,
  GatherPixels,
  ScatterPixels,
  Interpolate,
  InterpolateBackward,
  Rare,
  Convert,
  Integer,
  IntegerReduce,
  IntegerProduct,
  Rearrange,
  Select,
  Gather,
  GatherElements,
  ScatterElements,
  GatherTuples,
  ScatterTuples,
  CumulativeSum,
  TopK,
  Resample,
  GridSample,
  Determinant,
  Recurrent,
  RecurrentBackward,
  Embed,
  EmbedBackward,
  IndexMask,
  NormRows,
  NormRowsBackward,
  Moments,
  NormColumns,
  NormColumnsBackward,
  Attention,
  AttentionBackward,
  AttentionWeights,
  AppendRows,
  GemmUpdate,
  Ctc,
  RandomValues,
  ConvolveWinograd,
  ConvolveWinogradKernel,
  PackRecurrent,
}

/** The elementwise functions of one argument. */
export const enum UnaryKind {
  Linear,
  Relu,
  Relu6,
  LeakyRelu,
  Elu,
  Selu,
  Celu,
  GeluErf,
  GeluTanh,
  Silu,
  Mish,
  Sigmoid,
  Tanh,
  Softplus,
  Softsign,
  HardSigmoid,
  HardSwish,
  HardTanh,
  LogSigmoid,
  Step,
  NegativePart,
  Exp,
  Log,
  Erf,
  Sin,
  Cos,
  Sqrt,
  Reciprocal,
  Square,
  Abs,
  Negate,
  Sign,
  Floor,
  Ceil,
  Round,
  Affine,
  Clip,
}

/** The elementwise functions of two arguments; comparisons give 1 or 0; `First` is a alone (to broadcast it). */
export const enum BinaryKind {
  Add,
  Subtract,
  Multiply,
  Divide,
  Power,
  Minimum,
  Maximum,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  First,
}

export const enum ReduceKind {
  Sum,
  Mean,
  Maximum,
  Minimum,
  Product,
  SumOfSquares,
  SumOfAbsolutes,
}

export const enum ArgReduceKind {
  Maximum,
  Minimum,
}

export const enum SoftmaxKind {
  Softmax,
  LogSoftmax,
}

export const enum RandomKind {
  Uniform,
  Normal,
  TruncatedNormal,
}

/** Losses of one row: the mean over the row's columns, but for those that are of the row as a whole. */
export const enum LossKind {
  MeanSquared,
  MeanAbsolute,
  Huber,
  SmoothL1,
  BinaryCrossEntropy,
  BinaryCrossEntropyLogits,
  CrossEntropyIndices,
  CrossEntropyProbabilities,
  NegativeLogLikelihood,
  KullbackLeibler,
  Hinge,
  SquaredHinge,
  Poisson,
  CosineSimilarity,
  LogCosh,
  BinaryFocal,
  FocalIndices,
  FocalProbabilities,
}

export const enum UpdateKind {
  Sgd,
  Momentum,
  Nesterov,
  Adam,
  AmsGrad,
  Nadam,
  Radam,
  Adamax,
  RmsProp,
  Adagrad,
  Adadelta,
  Lion,
}

export const enum PoolKind {
  Maximum,
  Average,
}

/** Functions of one float that are slow and seldom wanted, one element at a time; the last two are 1 or 0. */
export const enum RareKind {
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Asinh,
  Acosh,
  Atanh,
  IsNaN,
  IsInfinite,
  IsPositiveInfinite,
  IsNegativeInfinite,
}

/** Between words: integers (wrapped to a width), booleans (0 or 1) and floats. */
export const enum ConvertKind {
  Absolute,
  Negate,
  Sign,
  Not,
  Complement,
  Wrap8,
  Wrap8Unsigned,
  Wrap16,
  Wrap16Unsigned,
  NotZero,
  FloatNotZero,
  FloatToInteger,
  FloatToUnsigned,
  IntegerToFloat,
  UnsignedToFloat,
}

/** Arithmetic of 32-bit integers, wrapping; comparisons give 1 or 0; a shift of 32 or more gives 0. */
export const enum IntegerKind {
  Add,
  Subtract,
  Multiply,
  Divide,
  DivideUnsigned,
  Modulo,
  Remainder,
  RemainderUnsigned,
  Minimum,
  Maximum,
  MinimumUnsigned,
  MaximumUnsigned,
  Power,
  And,
  Or,
  Xor,
  ShiftLeft,
  ShiftRight,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  LessUnsigned,
  LessOrEqualUnsigned,
}

export const enum IntegerReduceKind {
  Sum,
  Product,
  Minimum,
  Maximum,
  MinimumUnsigned,
  MaximumUnsigned,
}

/** What a scatter does where an element is already there. */
export const enum ScatterKind {
  Assign,
  Add,
  Multiply,
  Minimum,
  Maximum,
}

export const enum SampleKind {
  Linear,
  Nearest,
  Cubic,
}

export const enum OutsideKind {
  Zeros,
  Border,
  Reflection,
}

/** In a list of Rearrange: no element of x. */
export const MISSING: u32 = 2147483648;

/** The cells of recurrent layers. Gates in their order: simple h · LSTM i f g o · GRU r z n. */
export const enum RecurrentKind {
  Tanh,
  Relu,
  Lstm,
  GruResetAfter,
  GruResetBefore,
}

// How Gemm and PackB cut their operands: docs/adr/0003, 0009 and 0015. The host sizes workspaces by them.
/** Columns of a tile, and of a panel of B. */
export const TILE_COLUMNS: u32 = 8;
/** Rows, columns and depth of the blocks that are packed. */
export const BLOCK_M: u32 = 120;
export const BLOCK_N: u32 = 1024;
export const BLOCK_K: u32 = 341;
/** The deepest block there is: the blocks of a product are alike, so that none is a shallow rest. */
export const DEEPEST_K: u32 = 448;
/** The fewest columns of out for which A is packed. */
export const PACK_A_COLUMNS: u32 = 32;
/** The fewest rows of out, and elements of B beyond which, B as stored is packed. */
export const PACK_B_ROWS: u32 = 32;
export const PACK_B_ELEMENTS: u32 = 8192;
/** Up to so many columns a product is made of dot products. */
export const FEW_COLUMNS: u32 = 3;
/** Output positions of a sample that a convolution takes at a time where it reads them in place: of every tile's rows. */
export const POSITIONS_BLOCK: u32 = 120;
/** Elements of a kernel's column that such a block goes through before the next column. */
export const DEPTH_BLOCK: u32 = 512;
/** Tiles of 4×4 outputs that a Winograd convolution takes at a time: whole tiles of the products' rows in every build. */
export const WINOGRAD_TILES: u32 = 60;
/** Channels of which the transformed kernel is made at a time. */
export const WINOGRAD_RUN: u32 = 16;
/** Bytes at the start of the workspace: a Block and its bands (assembly/linalg/block.ts), and room for a tile or a strip. */
export const BLOCK_BYTES: u32 = 192;
export const SCRATCH_BYTES: u32 = 256;

/** Bytes at the start of GemmUpdate's workspace: the instructions Gemm and Update that it is made of. */
export const STEP_BYTES: u32 = 128;

/** What every instruction begins with. */
@unmanaged
export class Instruction {
  opcode: u32;
}

/** Ends a program. */
@unmanaged
export class Halt extends Instruction {}

/** out[n] = kind(x[n]); alpha and beta are the function's own parameters. */
@unmanaged
export class Unary extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  n: u32;
  alpha: f32;
  beta: f32;
}

/** dX[n] = dOut[n] · kind'(x[n]), with y[n] = kind(x[n]) at hand; a kind reads x or y, never both (see activation.ts). */
@unmanaged
export class UnaryBackward extends Instruction {
  kind: u32;
  dX: usize;
  dOut: usize;
  x: usize;
  y: usize;
  n: u32;
  alpha: f32;
  beta: f32;
}

/** out[n] = kind(a[n], b[n]). */
@unmanaged
export class Binary extends Instruction {
  kind: u32;
  out: usize;
  a: usize;
  b: usize;
  n: u32;
}

/** out = kind(a, b) over `rank` axes; `table` holds rank sizes, then rank strides of a, then rank strides of b (0 repeats). */
@unmanaged
export class BinaryBroadcast extends Instruction {
  kind: u32;
  out: usize;
  a: usize;
  b: usize;
  rank: u32;
  table: usize;
}

/** out[outer, inner] = kind over the middle axis of x[outer, axis, inner]. */
@unmanaged
export class Reduce extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  outer: u32;
  axis: u32;
  inner: u32;
}

/** out[outer, inner] (i32) = the first index of the extreme along the middle axis of x[outer, axis, inner]. */
@unmanaged
export class ArgReduce extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  outer: u32;
  axis: u32;
  inner: u32;
}

/**
 * out[m, n] = activation(op(A)·op(B) + bias), or += without bias and activation where `accumulate` is 1.
 * A is [m, k] (stored [k, m] where transposeA), B is [k, n] (stored [n, k] where transposeB); `packed` = 1 says that
 * b points to what PackB made of it. bias is [n] or 0. activation is a UnaryKind with its alpha and beta.
 * workspace: gemmWorkspace(m, n, k) bytes (src/graph/operations/matmul-workspace.ts).
 */
@unmanaged
export class Gemm extends Instruction {
  out: usize;
  a: usize;
  b: usize;
  bias: usize;
  m: u32;
  n: u32;
  k: u32;
  strideOut: u32;
  strideA: u32;
  strideB: u32;
  transposeA: u32;
  transposeB: u32;
  packed: u32;
  accumulate: u32;
  activation: u32;
  alpha: f32;
  beta: f32;
  workspace: usize;
}

/** Packs B [k, n] (stored [n, k] where transposeB) into the panels that Gemm reads, once for many products. */
@unmanaged
export class PackB extends Instruction {
  out: usize;
  b: usize;
  n: u32;
  k: u32;
  strideB: u32;
  transposeB: u32;
}

/** out[batch, columns, rows] = x[batch, rows, columns]. */
@unmanaged
export class Transpose extends Instruction {
  out: usize;
  x: usize;
  batch: u32;
  rows: u32;
  columns: u32;
}

/** Copies `rows` runs of `columns` words, the runs `strideOut` and `strideX` words apart. */
@unmanaged
export class Copy extends Instruction {
  out: usize;
  x: usize;
  rows: u32;
  columns: u32;
  strideOut: u32;
  strideX: u32;
}

/** out[n] = value. */
@unmanaged
export class Fill extends Instruction {
  out: usize;
  n: u32;
  value: f32;
}

/** Softmax or its logarithm along the columns of x[rows, columns]. */
@unmanaged
export class Softmax extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  rows: u32;
  columns: u32;
}

/** dX of Softmax, from y = its output. */
@unmanaged
export class SoftmaxBackward extends Instruction {
  kind: u32;
  dX: usize;
  dOut: usize;
  y: usize;
  rows: u32;
  columns: u32;
}

/**
 * out[i] = x[i] / (1 − rate) where the i-th random number is at least `rate`, else 0.
 * counter: four words (seed low, seed high, step, unused) that with `stream` key the random numbers,
 * so that the backward pass repeats the same mask on dOut.
 */
@unmanaged
export class Dropout extends Instruction {
  out: usize;
  x: usize;
  n: u32;
  rate: f32;
  counter: usize;
  stream: u32;
}

/** Random numbers into out[n]: uniform in [a, b), or normal of mean a and deviation b (truncated at two of them). */
@unmanaged
export class RandomFill extends Instruction {
  kind: u32;
  out: usize;
  n: u32;
  a: f32;
  b: f32;
  seedLow: u32;
  seedHigh: u32;
  stream: u32;
}

/**
 * loss[rows] of prediction[rows, columns] against target: [rows, columns] of f32, or [rows] of i32 class indices for
 * CrossEntropyIndices and NegativeLogLikelihood. rowWeights[rows] (or 0) receives the weight of each row in a mean:
 * its class weight, 0 where ignored. weights: [columns] class weights or positive weights, or 0.
 * alpha: delta of Huber, beta of smooth L1, label smoothing of cross-entropy, 1 for Poisson on the logarithm.
 */
@unmanaged
export class LossRows extends Instruction {
  kind: u32;
  loss: usize;
  rowWeights: usize;
  prediction: usize;
  target: usize;
  weights: usize;
  rows: u32;
  columns: u32;
  alpha: f32;
  ignoreIndex: i32;
}

/** dPrediction[rows, columns] = dRows[rows] · d loss[row] / d prediction; operands as in LossRows. */
@unmanaged
export class LossBackward extends Instruction {
  kind: u32;
  dPrediction: usize;
  dRows: usize;
  prediction: usize;
  target: usize;
  weights: usize;
  rows: u32;
  columns: u32;
  alpha: f32;
  ignoreIndex: i32;
}

/** out[n] = alpha · x[n] + y[n]. */
@unmanaged
export class Axpy extends Instruction {
  out: usize;
  x: usize;
  y: usize;
  n: u32;
  alpha: f32;
}

/** Stops the program here when any of x[n] is NaN or infinite. */
@unmanaged
export class CheckFinite extends Instruction {
  x: usize;
  n: u32;
}

/**
 * One optimizer step on parameter[n] by gradient[n] times the float at `scale` (gradient clipping).
 * slot0 to slot2: the optimizer's own arrays [n], or 0. scalars: the step's hyperparameters as floats,
 * in the order that update.ts gives for each kind.
 */
@unmanaged
export class Update extends Instruction {
  kind: u32;
  parameter: usize;
  gradient: usize;
  slot0: usize;
  slot1: usize;
  slot2: usize;
  n: u32;
  scalars: usize;
  scale: usize;
}

/** out[rows, columns]: 1 in the column that index[row] (i32) names, else 0; a row of zeros where it names none. */
@unmanaged
export class OneHot extends Instruction {
  out: usize;
  index: usize;
  rows: u32;
  columns: u32;
}

/** What has an image on each side: x [batch, depth, height, width, channels] and out, whose channels may be others. */
@unmanaged
export class ImageInstruction extends Instruction {
  batch: u32;
  depth: u32;
  height: u32;
  width: u32;
  channels: u32;
  outDepth: u32;
  outHeight: u32;
  outWidth: u32;
}

/**
 * What slides over an image, as the convolutions share it: x [batch, depth, height, width, channels], channels last;
 * output position o of an axis reads x at o · stride − before + k · dilation for each k of the window, 0 outside of x.
 * Images and sequences have a depth (and a height) of 1.
 */
@unmanaged
export class WindowInstruction extends ImageInstruction {
  kernelDepth: u32;
  kernelHeight: u32;
  kernelWidth: u32;
  strideDepth: u32;
  strideHeight: u32;
  strideWidth: u32;
  dilationDepth: u32;
  dilationHeight: u32;
  dilationWidth: u32;
  beforeDepth: i32;
  beforeHeight: i32;
  beforeWidth: i32;
}

/**
 * out[batch, …, outChannels] = activation(Σ x · kernel + bias), kernel [kd, kh, kw, channels / groups, outChannels];
 * `packed` = 1: what PackB made of it as [kd·kh·kw·channels / groups, outChannels / groups], group by group.
 * bias is [outChannels] or 0. rows: how many output positions are gathered at a time, where they are gathered.
 * workspace: convolveWorkspace bytes (src/graph/operations/convolution-workspace.ts), as for the two that follow.
 */
@unmanaged
export class Convolve extends WindowInstruction {
  out: usize;
  x: usize;
  kernel: usize;
  bias: usize;
  outChannels: u32;
  groups: u32;
  packed: u32;
  activation: u32;
  alpha: f32;
  beta: f32;
  rows: u32;
  workspace: usize;
}

/**
 * The gradient of Convolve for its input, which is the transposed convolution: x = activation(… + bias) from out; here x
 * is written and out is read. bias is [channels] or 0. `packed` = 1: the kernel as PackB made it with transposeB.
 */
@unmanaged
export class ConvolveInput extends WindowInstruction {
  x: usize;
  out: usize;
  kernel: usize;
  bias: usize;
  outChannels: u32;
  groups: u32;
  packed: u32;
  activation: u32;
  alpha: f32;
  beta: f32;
  rows: u32;
  workspace: usize;
}

/** The gradient of Convolve for its kernel: kernel is written; x and out (its gradient) are read. */
@unmanaged
export class ConvolveKernel extends WindowInstruction {
  kernel: usize;
  x: usize;
  out: usize;
  outChannels: u32;
  groups: u32;
  rows: u32;
  workspace: usize;
}

/** out[…, c] = activation(Σ x[…, c] · kernel[…, c] + bias[c]): each channel by itself, kernel [kd, kh, kw, channels]. */
@unmanaged
export class Depthwise extends WindowInstruction {
  out: usize;
  x: usize;
  kernel: usize;
  bias: usize;
  activation: u32;
  alpha: f32;
  beta: f32;
}

/** The gradient of Depthwise for its input: x is written; out (its gradient) and kernel are read. */
@unmanaged
export class DepthwiseInput extends WindowInstruction {
  x: usize;
  out: usize;
  kernel: usize;
}

/** The gradient of Depthwise for its kernel: kernel is written; x and out (its gradient) are read. */
@unmanaged
export class DepthwiseKernel extends WindowInstruction {
  kernel: usize;
  x: usize;
  out: usize;
}

/**
 * out[batch, outDepth, outHeight, outWidth, channels] = the maximum or the average of x over a window for each channel.
 * windows: for each axis (depth, height, width), for each output position: begin, end, and the count that an average
 * divides by (its product over the axes).
 */
@unmanaged
export class Pool extends ImageInstruction {
  kind: u32;
  out: usize;
  x: usize;
  windows: usize;
}

/** dX of Pool. For the maximum x and y (its result) are read: the first element that equals y has the gradient. */
@unmanaged
export class PoolBackward extends ImageInstruction {
  kind: u32;
  dX: usize;
  dOut: usize;
  x: usize;
  y: usize;
  windows: usize;
}

/**
 * out[b, d, h, w, c] = x[b, sources[d], sources[h], sources[w], c], 0 where a source is −1.
 * sources: outDepth, then outHeight, then outWidth positions (i32) in x.
 */
@unmanaged
export class GatherPixels extends ImageInstruction {
  out: usize;
  x: usize;
  sources: usize;
}

/** The gradient of GatherPixels: dX is the sum of dOut over all that read it. */
@unmanaged
export class ScatterPixels extends ImageInstruction {
  dX: usize;
  dOut: usize;
  sources: usize;
}

/**
 * out[outer, i, inner] = (1 − w) · x[outer, low, inner] + w · x[outer, high, inner] for the row [low, high, w] that
 * `table` has for each i of outAxis (two words and a float).
 */
@unmanaged
export class Interpolate extends Instruction {
  out: usize;
  x: usize;
  table: usize;
  outer: u32;
  axis: u32;
  outAxis: u32;
  inner: u32;
}

/** dX of Interpolate. */
@unmanaged
export class InterpolateBackward extends Instruction {
  dX: usize;
  dOut: usize;
  table: usize;
  outer: u32;
  axis: u32;
  outAxis: u32;
  inner: u32;
}

/** out[n] = kind(x[n]). */
@unmanaged
export class Rare extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  n: u32;
}

/** out[n] = kind(x[n]), words in and out. */
@unmanaged
export class Convert extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  n: u32;
}

/** out = kind(a, b) of i32 over `rank` axes; the table as in BinaryBroadcast. */
@unmanaged
export class Integer extends Instruction {
  kind: u32;
  out: usize;
  a: usize;
  b: usize;
  rank: u32;
  table: usize;
}

/** out[outer, inner] = kind over the middle axis of x[outer, axis, inner], i32. */
@unmanaged
export class IntegerReduce extends Instruction {
  kind: u32;
  out: usize;
  x: usize;
  outer: u32;
  axis: u32;
  inner: u32;
}

/** out[m, n] = a[m, k] · b[k, n] of i32, wrapping. */
@unmanaged
export class IntegerProduct extends Instruction {
  out: usize;
  a: usize;
  b: usize;
  m: u32;
  n: u32;
  k: u32;
}

/**
 * out[i0, i1, …] = x[Σ offset(i)]: words, each axis walked by a stride or by a list of offsets (in words, from x).
 * table: rank sizes, rank strides, rank places of lists in the table (in words; 0 where the stride counts), then the
 * lists. The offset MISSING in a list stands for no element of x: there everything below is `fill`, a word.
 */
@unmanaged
export class Rearrange extends Instruction {
  out: usize;
  x: usize;
  rank: u32;
  table: usize;
  fill: u32;
}

/** out = condition ? a : b over `rank` axes; `table`: rank sizes, then rank strides of condition, of a, of b (0 repeats). */
@unmanaged
export class Select extends Instruction {
  out: usize;
  condition: usize;
  a: usize;
  b: usize;
  rank: u32;
  table: usize;
}

/** out[outer, n, inner] = x[outer, indices[n], inner]; a negative index counts from the end; stops at one out of range. */
@unmanaged
export class Gather extends Instruction {
  out: usize;
  x: usize;
  indices: usize;
  outer: u32;
  axis: u32;
  inner: u32;
  n: u32;
}

/**
 * out[i…] = x[i…] with the index along one axis replaced by indices[i…].
 * table: rank sizes of out and indices, then rank strides of x, that of the axis 0.
 */
@unmanaged
export class GatherElements extends Instruction {
  out: usize;
  x: usize;
  indices: usize;
  rank: u32;
  table: usize;
  axis: u32;
  strideAxis: u32;
}

/** out[place of i…] = kind(out, updates[i…]); operands as in GatherElements. `integers`: words are i32. */
@unmanaged
export class ScatterElements extends Instruction {
  kind: u32;
  out: usize;
  indices: usize;
  updates: usize;
  rank: u32;
  table: usize;
  axis: u32;
  strideAxis: u32;
  integers: u32;
}

/**
 * out[batch, n, inner] = x[batch, place of indices[batch, n, depth], inner].
 * table: depth sizes of the axes that the tuples index, then their strides in x; strideBatch: words of x to a batch.
 */
@unmanaged
export class GatherTuples extends Instruction {
  out: usize;
  x: usize;
  indices: usize;
  batch: u32;
  n: u32;
  inner: u32;
  depth: u32;
  strideBatch: u32;
  table: usize;
}

/** out[place of indices[n, depth], inner] = kind(out, updates[n, inner]); operands as in GatherTuples. */
@unmanaged
export class ScatterTuples extends Instruction {
  kind: u32;
  out: usize;
  indices: usize;
  updates: usize;
  n: u32;
  inner: u32;
  depth: u32;
  table: usize;
  integers: u32;
}

/** out = the running sums of x[outer, axis, inner] along the axis; `exclusive` leaves the element itself out. */
@unmanaged
export class CumulativeSum extends Instruction {
  out: usize;
  x: usize;
  outer: u32;
  axis: u32;
  inner: u32;
  exclusive: u32;
  reverse: u32;
  integers: u32;
}

/** values and indices (i32) [outer, k, inner]: the k greatest (or least) of x[outer, axis, inner], in order. */
@unmanaged
export class TopK extends Instruction {
  values: usize;
  indices: usize;
  x: usize;
  outer: u32;
  axis: u32;
  inner: u32;
  k: u32;
  largest: u32;
  integers: u32;
}

/** out[outer, n, inner] = Σ weights[n, taps] · x[outer, places[n, taps], inner] over the taps. */
@unmanaged
export class Resample extends Instruction {
  out: usize;
  x: usize;
  places: usize;
  weights: usize;
  outer: u32;
  axis: u32;
  inner: u32;
  n: u32;
  taps: u32;
}

/**
 * out[batch, channels, points] = x[batch, channels, size…] read between its elements at grid[batch, points, rank], whose
 * last axis is x, y(, z) from −1 to 1. table: rank sizes, outermost axis first. workspace: 8 · rank words.
 */
@unmanaged
export class GridSample extends Instruction {
  kind: u32;
  outside: u32;
  alignCorners: u32;
  out: usize;
  x: usize;
  grid: usize;
  batch: u32;
  channels: u32;
  points: u32;
  rank: u32;
  table: usize;
  workspace: usize;
}

/** out[batch] = the determinants of x[batch, n, n]; workspace: n² doubles. */
@unmanaged
export class Determinant extends Instruction {
  out: usize;
  x: usize;
  batch: u32;
  n: u32;
  workspace: usize;
}

/**
 * All time steps of a recurrent layer of B samples, T steps, H units and G gates, from projected [rows, G·H], the
 * inputs' part of the gates' sums. Row of (sample, time): sample · strideRow + time · stepRow. kernel is [H, G·H], bias
 * [G·H] (added to the recurrent product alone) or 0. Step s is time s, or T − 1 − s where `reverse`.
 * out: where the state [H] after step 0 goes, that of step s `stepOut` · s further on; where `sequences` is 0 only the
 * last is written. hidden, cell [B, H]: the last states, or 0. hidden0, cell0 [B, H]: the first, or 0 for zeros.
 * gates [rows, H · (1 for simple cells, else 4)], previous and previousCell [rows, H] (or all 0): for the backward pass.
 * mask [B, T] or 0: a step at 0 leaves the state as it is; a sample without any other stops the program, with nothing
 * written. dropout [B, H] or 0 multiplies the state in the product.
 * packed = 1: kernel is what PackRecurrent made.
 * workspace: recurrentWorkspace(…) bytes (src/graph/operations/recurrent-workspace.ts).
 */
@unmanaged
export class Recurrent extends Instruction {
  kind: u32;
  out: usize;
  hidden: usize;
  cell: usize;
  gates: usize;
  previous: usize;
  previousCell: usize;
  projected: usize;
  kernel: usize;
  bias: usize;
  mask: usize;
  dropout: usize;
  hidden0: usize;
  cell0: usize;
  batch: u32;
  time: u32;
  units: u32;
  strideOut: u32;
  stepOut: i32;
  sequences: u32;
  strideRow: u32;
  stepRow: u32;
  reverse: u32;
  packed: u32;
  workspace: usize;
}

/**
 * The gradients of Recurrent: dProjected [rows, G·H], of the first states dHidden0 and dCell0 [B, H] (or 0), and for
 * GruResetAfter dRecurrent [rows, G·H], that of the recurrent product's sums, which for the others is dProjected.
 * dOut as `out` there (or 0); dHidden, dCell [B, H] of the last states, or 0. The other operands as there.
 */
@unmanaged
export class RecurrentBackward extends Instruction {
  kind: u32;
  dProjected: usize;
  dRecurrent: usize;
  dHidden0: usize;
  dCell0: usize;
  dOut: usize;
  dHidden: usize;
  dCell: usize;
  gates: usize;
  previous: usize;
  previousCell: usize;
  kernel: usize;
  mask: usize;
  dropout: usize;
  batch: u32;
  time: u32;
  units: u32;
  strideOut: u32;
  stepOut: i32;
  sequences: u32;
  strideRow: u32;
  stepRow: u32;
  reverse: u32;
  workspace: usize;
}

/**
 * out[n, columns] = table[indices[n]] with indices i32 and table [rows, columns]; zeros where the index is `padding`.
 * Stops the program, with nothing written, where an index is not in 0 to rows − 1.
 */
@unmanaged
export class Embed extends Instruction {
  out: usize;
  table: usize;
  indices: usize;
  n: u32;
  rows: u32;
  columns: u32;
  padding: i32;
}

/** dTable[rows, columns] = the sums of the rows of dOut[n, columns] with the same index, but for `padding`; in the order of n. */
@unmanaged
export class EmbedBackward extends Instruction {
  dTable: usize;
  dOut: usize;
  indices: usize;
  n: u32;
  rows: u32;
  columns: u32;
  padding: i32;
}

/** out[n] = 1 where indices[n] (i32) is not `padding`, else 0. */
@unmanaged
export class IndexMask extends Instruction {
  out: usize;
  indices: usize;
  n: u32;
  padding: i32;
}

/**
 * out[rows, n] = (x − mean) / √(variance + epsilon) · gamma[n] + beta[n], the statistics of each row by itself.
 * centred = 0 takes the mean of squares instead of the variance and subtracts nothing. gamma and beta may be 0.
 */
@unmanaged
export class NormRows extends Instruction {
  out: usize;
  x: usize;
  gamma: usize;
  beta: usize;
  rows: u32;
  n: u32;
  centred: u32;
  epsilon: f32;
}

/** dX[rows, n], dGamma[n] and dBeta[n] of NormRows. workspace: 24 n bytes. */
@unmanaged
export class NormRowsBackward extends Instruction {
  dX: usize;
  dGamma: usize;
  dBeta: usize;
  dOut: usize;
  x: usize;
  gamma: usize;
  rows: u32;
  n: u32;
  centred: u32;
  epsilon: f32;
  workspace: usize;
}

/**
 * mean and variance [batch, groups] of x[batch, rows, columns] over the rows and over the columns of each group;
 * the variance is Σ(x − mean)² / n. workspace: 12 columns bytes.
 */
@unmanaged
export class Moments extends Instruction {
  mean: usize;
  variance: usize;
  x: usize;
  batch: u32;
  rows: u32;
  columns: u32;
  groups: u32;
  workspace: usize;
}

/** out = (x − mean) / √(variance + epsilon) · gamma[columns] + beta[columns], with what Moments gave. workspace: 8 columns bytes. */
@unmanaged
export class NormColumns extends Instruction {
  out: usize;
  x: usize;
  mean: usize;
  variance: usize;
  gamma: usize;
  beta: usize;
  batch: u32;
  rows: u32;
  columns: u32;
  groups: u32;
  epsilon: f32;
  workspace: usize;
}

/** dX, dGamma[columns] and dBeta[columns] of NormColumns after Moments of the same x. workspace: 48 columns bytes. */
@unmanaged
export class NormColumnsBackward extends Instruction {
  dX: usize;
  dGamma: usize;
  dBeta: usize;
  dOut: usize;
  x: usize;
  mean: usize;
  variance: usize;
  gamma: usize;
  batch: u32;
  rows: u32;
  columns: u32;
  groups: u32;
  epsilon: f32;
  workspace: usize;
}

// How attention cuts the matrix of scores. The host sizes workspaces by them.
/** Queries of a tile: a multiple of the rows of a product's tile in both builds. */
export const QUERY_TILE: u32 = 60;
/** Keys of a tile, and up to how many all of them are one tile. */
export const KEY_TILE: u32 = 128;
export const KEY_TILE_WHOLE: u32 = 256;

/**
 * out[batch, queries, heads · size] = softmax(scale · q·kᵀ)·v for each head by itself. q is [batch, queries, …] with
 * `strideQ` words from one query to the next, k and v likewise with `keys` rows; a head's columns follow the one's before.
 * mask[batch, keys] (or 0): keys of which it is 0 are not seen. causal = 1: query i sees the keys up to i + keys − queries.
 * positions[batch, queries] i32 (or 0): of keys only positions[b, 0] + queries are there (a cache that fills).
 * rate: dropout of the weights with counter and stream as in Dropout. A query that sees no key gives 0.
 * workspace: attentionWorkspace bytes (src/graph/operations/attention.ts).
 */
@unmanaged
export class Attention extends Instruction {
  out: usize;
  q: usize;
  k: usize;
  v: usize;
  mask: usize;
  positions: usize;
  counter: usize;
  batch: u32;
  heads: u32;
  size: u32;
  queries: u32;
  keys: u32;
  strideQ: u32;
  strideK: u32;
  strideV: u32;
  causal: u32;
  scale: f32;
  rate: f32;
  stream: u32;
  workspace: usize;
}

/** dQ, dK and dV of Attention, added to what is there (zeros at first), with the strides of q, k and v; `out` is its result. */
@unmanaged
export class AttentionBackward extends Instruction {
  dQ: usize;
  dK: usize;
  dV: usize;
  dOut: usize;
  out: usize;
  q: usize;
  k: usize;
  v: usize;
  mask: usize;
  counter: usize;
  batch: u32;
  heads: u32;
  size: u32;
  queries: u32;
  keys: u32;
  strideQ: u32;
  strideK: u32;
  strideV: u32;
  causal: u32;
  scale: f32;
  rate: f32;
  stream: u32;
  workspace: usize;
}

/** The weights themselves, out[batch, heads, queries, keys], for pictures; operands as in Attention, without dropout. */
@unmanaged
export class AttentionWeights extends Instruction {
  out: usize;
  q: usize;
  k: usize;
  mask: usize;
  batch: u32;
  heads: u32;
  size: u32;
  queries: u32;
  keys: u32;
  strideQ: u32;
  strideK: u32;
  causal: u32;
  scale: f32;
  workspace: usize;
}

/** cache[batch, length, columns] from row positions[b, 0] on = x[batch, rows, columns], its rows strideX words apart. Stops where that is past the end. */
@unmanaged
export class AppendRows extends Instruction {
  cache: usize;
  x: usize;
  positions: usize;
  batch: u32;
  rows: u32;
  columns: u32;
  strideX: u32;
  length: u32;
}

/**
 * One optimizer step on parameter[m, n] by the gradient op(A)·op(B), of which no more than `rows` rows exist at a time.
 * Operands as in Gemm (n > FEW_COLUMNS) and Update; both strides of A and B as in Gemm.
 * workspace: gemmUpdateWorkspace(n, k, rows, transposeA) bytes (src/graph/operations/matmul-workspace.ts).
 */
@unmanaged
export class GemmUpdate extends Instruction {
  kind: u32;
  parameter: usize;
  slot0: usize;
  slot1: usize;
  slot2: usize;
  a: usize;
  b: usize;
  scalars: usize;
  scale: usize;
  m: u32;
  n: u32;
  k: u32;
  strideA: u32;
  strideB: u32;
  transposeA: u32;
  transposeB: u32;
  rows: u32;
  workspace: usize;
}

/**
 * loss[batch] of connectionist temporal classification of logits [batch, time, classes], and (unless 0) dLogits, the
 * gradient of each sample's loss. target [batch, 1 + labels] of floats: the number of a sample's frames (0: all), then
 * its labels, the first negative one behind them. perLabel = 1 divides by their number; zeroInfinity = 1 makes an
 * infinite loss and its gradient 0. Stops the program where a label is no class or the blank.
 * workspace: ctcWorkspace(…) bytes (src/graph/operations/ctc.ts).
 */
@unmanaged
export class Ctc extends Instruction {
  loss: usize;
  dLogits: usize;
  logits: usize;
  target: usize;
  batch: u32;
  time: u32;
  classes: u32;
  labels: u32;
  blank: u32;
  zeroInfinity: u32;
  perLabel: u32;
  workspace: usize;
}

/**
 * Numbers of a RandomKind into out[n], standard normal or in [0, 1); counter and stream as in Dropout, so that the same
 * step gives the same numbers.
 */
@unmanaged
export class RandomValues extends Instruction {
  kind: u32;
  out: usize;
  n: u32;
  counter: usize;
  stream: u32;
}

/**
 * Convolve for kernels of 3×3 elements, stride and dilation one and no groups, by Winograd's F(4×4, 3×3). kernel: what
 * ConvolveWinogradKernel made. workspace: winogradWorkspace bytes (src/graph/operations/convolution-workspace.ts).
 */
@unmanaged
export class ConvolveWinograd extends WindowInstruction {
  out: usize;
  x: usize;
  kernel: usize;
  bias: usize;
  outChannels: u32;
  activation: u32;
  alpha: f32;
  beta: f32;
  workspace: usize;
}

/**
 * The kernel [3, 3, channels, outChannels], outChannels ≥ TILE_COLUMNS, as 36 packed matrices. workspace:
 * WINOGRAD_KERNEL_WORKSPACE bytes (src/graph/operations/convolution-workspace.ts).
 */
@unmanaged
export class ConvolveWinogradKernel extends Instruction {
  out: usize;
  kernel: usize;
  channels: u32;
  outChannels: u32;
  workspace: usize;
}

/** The kernel [units, gates · units] of a recurrent layer of a kind in the panels that its time loop reads, of whole eights of units. */
@unmanaged
export class PackRecurrent extends Instruction {
  out: usize;
  kernel: usize;
  kind: u32;
  units: u32;
}
