// Walks a program: finds the handler of an instruction, calls it, goes on to the next.
// A program is a list of instructions (instructions.ts) in linear memory, ended by `Halt`.
// Handlers are called through a table, not a switch: else the optimizer would inline every kernel that
// has one caller into the walker, and the engines allocate registers badly in a function of that size.
import {
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
  Instruction,
} from './instructions';
import { execTranspose, execCopy, execFill, execOneHot } from './linalg/copy';
import { execBinary, execBinaryBroadcast } from './linalg/elementwise';
import { execGemm } from './linalg/gemm';
import { execPackB } from './linalg/pack';
import { execAxpy } from './linalg/dot';
import { execReduce, execArgReduce, execCheckFinite } from './linalg/reduce';
import { execGather, execGatherElements, execGatherTuples } from './linalg/gather';
import { execConvert, execInteger, execIntegerProduct, execIntegerReduce } from './linalg/integer';
import { execCumulativeSum, execTopK } from './linalg/order';
import { execDeterminant, execRare } from './linalg/rare';
import { execRearrange, execSelect } from './linalg/rearrange';
import { execScatterElements, execScatterTuples } from './linalg/scatter';
import { execGridSample, execResample } from './nn/sample';
import { execUnary, execUnaryBackward } from './nn/activation';
import { execConvolve, execConvolveInput, execConvolveKernel } from './nn/convolution';
import { execCtc } from './nn/ctc';
import { execDepthwise, execDepthwiseInput, execDepthwiseKernel } from './nn/depthwise';
import { execAttention, execAttentionWeights } from './nn/attention';
import { execAttentionBackward } from './nn/attentionBackward';
import { execAppendRows, execEmbed, execEmbedBackward, execIndexMask } from './nn/embedding';
import { execNormRows, execNormRowsBackward } from './nn/norm';
import { execMoments, execNormColumns, execNormColumnsBackward } from './nn/normColumns';
import { execLossRows, execLossBackward } from './nn/loss';
import { execGatherPixels, execScatterPixels } from './nn/pixels';
import { execPool, execPoolBackward } from './nn/pooling';
import { execInterpolate, execInterpolateBackward } from './nn/interpolation';
import { execPackRecurrent, execRecurrent } from './nn/recurrent';
import { execRecurrentBackward } from './nn/recurrentBackward';
import { execConvolveWinograd, execConvolveWinogradKernel } from './nn/winograd';
import { execSoftmax, execSoftmaxBackward } from './nn/softmax';
import { execGemmUpdate } from './optim/product';
import { execUpdate } from './optim/update';
import { execDropout, execRandomFill, execRandomValues } from './random';

/** Executes the instruction at `pc`. Returns 0 to go on, 1 to stop the program there. */
type Handler = (pc: usize) => u32;

/** In the order of `Opcode`. */
export const handlers: StaticArray<Handler> = [
  execHalt,
  execUnary,
  execUnaryBackward,
  execBinary,
  execBinaryBroadcast,
  execReduce,
  execArgReduce,
  execGemm,
  execPackB,
  execTranspose,
  execCopy,
  execFill,
  execSoftmax,
  execSoftmaxBackward,
  execDropout,
  execRandomFill,
  execLossRows,
  execLossBackward,
  execCheckFinite,
  execAxpy,
  execUpdate,
  execOneHot,
  execConvolve,
  execConvolveInput,
  execConvolveKernel,
  execDepthwise,
  execDepthwiseInput,
  execDepthwiseKernel,
  execPool,
  execPoolBackward,
  execGatherPixels,
  execScatterPixels,
  execInterpolate,
  execInterpolateBackward,
  execRare,
  execConvert,
  execInteger,
  execIntegerReduce,
  execIntegerProduct,
  execRearrange,
  execSelect,
  execGather,
  execGatherElements,
  execScatterElements,
  execGatherTuples,
  execScatterTuples,
  execCumulativeSum,
  execTopK,
  execResample,
  execGridSample,
  execDeterminant,
  execRecurrent,
  execRecurrentBackward,
  execEmbed,
  execEmbedBackward,
  execIndexMask,
  execNormRows,
  execNormRowsBackward,
  execMoments,
  execNormColumns,
  execNormColumnsBackward,
  execAttention,
  execAttentionBackward,
  execAttentionWeights,
  execAppendRows,
  execGemmUpdate,
  execCtc,
  execRandomValues,
  execConvolveWinograd,
  execConvolveWinogradKernel,
  execPackRecurrent,
];

/** The bytes of each instruction, in the same order. */
const sizes: StaticArray<u32> = [
  offsetof<Halt>(),
  offsetof<Unary>(),
  offsetof<UnaryBackward>(),
  offsetof<Binary>(),
  offsetof<BinaryBroadcast>(),
  offsetof<Reduce>(),
  offsetof<ArgReduce>(),
  offsetof<Gemm>(),
  offsetof<PackB>(),
  offsetof<Transpose>(),
  offsetof<Copy>(),
  offsetof<Fill>(),
  offsetof<Softmax>(),
  offsetof<SoftmaxBackward>(),
  offsetof<Dropout>(),
  offsetof<RandomFill>(),
  offsetof<LossRows>(),
  offsetof<LossBackward>(),
  offsetof<CheckFinite>(),
  offsetof<Axpy>(),
  offsetof<Update>(),
  offsetof<OneHot>(),
  offsetof<Convolve>(),
  offsetof<ConvolveInput>(),
  offsetof<ConvolveKernel>(),
  offsetof<Depthwise>(),
  offsetof<DepthwiseInput>(),
  offsetof<DepthwiseKernel>(),
  offsetof<Pool>(),
  offsetof<PoolBackward>(),
  offsetof<GatherPixels>(),
  offsetof<ScatterPixels>(),
  offsetof<Interpolate>(),
  offsetof<InterpolateBackward>(),
  offsetof<Rare>(),
  offsetof<Convert>(),
  offsetof<Integer>(),
  offsetof<IntegerReduce>(),
  offsetof<IntegerProduct>(),
  offsetof<Rearrange>(),
  offsetof<Select>(),
  offsetof<Gather>(),
  offsetof<GatherElements>(),
  offsetof<ScatterElements>(),
  offsetof<GatherTuples>(),
  offsetof<ScatterTuples>(),
  offsetof<CumulativeSum>(),
  offsetof<TopK>(),
  offsetof<Resample>(),
  offsetof<GridSample>(),
  offsetof<Determinant>(),
  offsetof<Recurrent>(),
  offsetof<RecurrentBackward>(),
  offsetof<Embed>(),
  offsetof<EmbedBackward>(),
  offsetof<IndexMask>(),
  offsetof<NormRows>(),
  offsetof<NormRowsBackward>(),
  offsetof<Moments>(),
  offsetof<NormColumns>(),
  offsetof<NormColumnsBackward>(),
  offsetof<Attention>(),
  offsetof<AttentionBackward>(),
  offsetof<AttentionWeights>(),
  offsetof<AppendRows>(),
  offsetof<GemmUpdate>(),
  offsetof<Ctc>(),
  offsetof<RandomValues>(),
  offsetof<ConvolveWinograd>(),
  offsetof<ConvolveWinogradKernel>(),
  offsetof<PackRecurrent>(),
];

function execHalt(pc: usize): u32 {
  return 1;
}

/** Runs the program at `pc`. Returns the address of the instruction that stopped it: its `Halt`, or a guard that failed. */
export function run(pc: usize): usize {
  while (true) {
    const opcode = changetype<Instruction>(pc).opcode;
    if (unchecked(handlers[opcode])(pc)) return pc;
    pc += unchecked(sizes[opcode]);
  }
}
