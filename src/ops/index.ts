// `neurite/ops`: the core's kernels as plain functions on arrays and tensors, for those who want NumPy rather than
// Keras. Operands are tensors, typed arrays, nested arrays or numbers; results are tensors of f32 ({ data, shape }),
// or Float32Arrays where the first operand was one; dot, and reductions of everything, give numbers.
// Importing it loads the core (a top-level await), so that every function is synchronous.
import { ShapeError } from '../core/errors.ts';
import type { Tensor } from '../data/tensor.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph/graph.ts';
import * as operations from '../graph/operations/index.ts';
import type { ArgReduceName, BinaryName, ReduceName, SoftmaxName, UnaryName } from '../graph/operations/index.ts';
import { evaluate, toTensor, type Operand } from './engine.ts';

export { variant, type Operand } from './engine.ts';
export { isTensor, tensor, toNested, type Tensor } from '../data/tensor.ts';

/** A Float32Array gives a Float32Array; all else a tensor. */
type Result<T> = T extends Float32Array ? Float32Array : Tensor;

function asGiven<T extends Operand>(given: T, result: Tensor): Result<T> {
  const isPlain = given instanceof Float32Array && result.shape.length === 1;
  return (isPlain ? result.data : result) as Result<T>;
}

const floats = (value: Operand): Tensor => {
  const { data, shape } = toTensor(value);
  return data instanceof Float32Array ? { data, shape } : { data: Float32Array.from(data), shape };
};

// ---- products

/** Σ aᵢ·bᵢ of two vectors. @throws ShapeError for different lengths */
export function dot(a: Operand, b: Operand): number {
  const [x, y] = [floats(a), floats(b)];
  if (x.shape.length !== 1 || y.shape.length !== 1 || x.data.length !== y.data.length)
    throw new ShapeError(
      `dot: expected two vectors of one length, got ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    );
  const n = x.data.length;
  const rows: Tensor[] = [
    { data: x.data, shape: [1, n] },
    { data: y.data, shape: [1, n] },
  ];
  return evaluate('dot', rows, (graph, left, right) => operations.matmul(graph, left, right, { transposeB: true }))
    .data[0]!;
}

export interface MatmulOptions {
  /** a is stored [K, M]. */
  readonly transposeA?: boolean;
  /** b is stored [N, K]. */
  readonly transposeB?: boolean;
}

/** a [..., K] · b [K, N] → [..., N]. @throws ShapeError where they do not multiply */
export function matmul(a: Operand, b: Operand, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor {
  const key = `matmul${transposeA}${transposeB}`;
  return evaluate(key, [floats(a), floats(b)], (graph, left, right) =>
    operations.matmul(graph, left, right, { transposeA, transposeB }),
  );
}

/** alpha·x + y, of one shape. @throws ShapeError for different shapes */
export const axpy = <T extends Operand>(alpha: number, x: T, y: Operand): Result<T> =>
  asGiven(
    x,
    evaluate(`axpy${alpha}`, [floats(x), floats(y)], (graph, left, right) =>
      operations.axpy(graph, alpha, left, right),
    ),
  );

// ---- elementwise, two operands (broadcasting by NumPy's rule)

const binary =
  (kind: BinaryName) =>
  <T extends Operand>(a: T, b: Operand): Result<T> =>
    asGiven(
      a,
      evaluate(kind, [floats(a), floats(b)], (graph, left, right) => operations.binary(graph, kind, left, right)),
    );

/** a + b. */
export const add = binary('Add');
/** a − b. */
export const subtract = binary('Subtract');
/** a · b, element by element. */
export const multiply = binary('Multiply');
/** a / b. */
export const divide = binary('Divide');
/** aᵇ. */
export const power = binary('Power');
/** The smaller of two; NaN where either is. */
export const minimum = binary('Minimum');
/** The larger of two; NaN where either is. */
export const maximum = binary('Maximum');
/** 1 where a = b, else 0. */
export const equal = binary('Equal');
/** 1 where a ≠ b, else 0. */
export const notEqual = binary('NotEqual');
/** 1 where a < b, else 0. */
export const less = binary('Less');
/** 1 where a ≤ b, else 0. */
export const lessOrEqual = binary('LessOrEqual');
/** 1 where a > b, else 0. */
export const greater = binary('Greater');
/** 1 where a ≥ b, else 0. */
export const greaterOrEqual = binary('GreaterOrEqual');

// ---- elementwise, one operand

const unary =
  (kind: UnaryName) =>
  <T extends Operand>(x: T): Result<T> =>
    asGiven(
      x,
      evaluate(kind, [floats(x)], (graph, node) => operations.unary(graph, kind, node)),
    );

/** A function with a parameter, under its default where none is given. */
const unaryWith =
  (kind: UnaryName) =>
  <T extends Operand>(x: T, alpha?: number): Result<T> =>
    asGiven(
      x,
      evaluate(`${kind}${alpha}`, [floats(x)], (graph, node) => operations.unary(graph, kind, node, alpha)),
    );

export const exp = unary('Exp');
export const log = unary('Log');
export const erf = unary('Erf');
export const sin = unary('Sin');
export const cos = unary('Cos');
export const sqrt = unary('Sqrt');
export const reciprocal = unary('Reciprocal');
export const square = unary('Square');
export const abs = unary('Abs');
export const negate = unary('Negate');
export const sign = unary('Sign');
export const floor = unary('Floor');
export const ceil = unary('Ceil');
/** To the nearest integer, halves to the even one. */
export const round = unary('Round');

export const relu = unary('Relu');
export const relu6 = unary('Relu6');
/** alpha·x below 0; alpha 0.01 by default. */
export const leakyRelu = unaryWith('LeakyRelu');
/** alpha·(eˣ − 1) below 0; alpha 1 by default. */
export const elu = unaryWith('Elu');
export const selu = unary('Selu');
export const celu = unaryWith('Celu');
/** x·Φ(x), by the error function. */
export const gelu = unary('GeluErf');
/** x·Φ(x), by the approximation with tanh. */
export const geluTanh = unary('GeluTanh');
export const silu = unary('Silu');
export const mish = unary('Mish');
export const sigmoid = unary('Sigmoid');
export const tanh = unary('Tanh');
export const softplus = unary('Softplus');
export const softsign = unary('Softsign');
export const hardSigmoid = unary('HardSigmoid');
export const hardSwish = unary('HardSwish');
export const hardTanh = unary('HardTanh');
export const logSigmoid = unary('LogSigmoid');
/** 1 above 0, else 0. */
export const step = unary('Step');

/** x held within [low, high]. @throws RangeError where low is above high */
export function clip<T extends Operand>(x: T, low: number, high: number): Result<T> {
  if (!(low <= high)) throw new RangeError(`clip: expected low at most high, got ${low} and ${high}`);
  const result = evaluate(`clip${low},${high}`, [floats(x)], (graph, node) =>
    operations.unary(graph, 'Clip', node, low, high),
  );
  return asGiven(x, result);
}

const softmaxLike =
  (kind: SoftmaxName) =>
  <T extends Operand>(x: T): Result<T> =>
    asGiven(
      x,
      evaluate(kind, [floats(x)], (graph, node) => operations.softmax(graph, kind, node)),
    );

/** eˣ / Σ eˣ along the last axis. */
export const softmax = softmaxLike('Softmax');
/** log softmax along the last axis. */
export const logSoftmax = softmaxLike('LogSoftmax');

// ---- reductions

export interface ReduceOptions {
  /** The axes that are reduced; negative ones count from the end. Without them all are, and the result is a number. */
  readonly axes?: readonly number[];
  /** Whether the reduced axes stay, with the size 1. */
  readonly keepDimensions?: boolean;
}

interface Reduction {
  (x: Operand): number;
  (x: Operand, options: ReduceOptions): Tensor;
}

const reduction = (kind: ReduceName, after?: (graph: Graph, node: Node) => Node): Reduction =>
  ((x: Operand, options?: ReduceOptions) => {
    const key = `${kind}${after ? '+' : ''}${options?.axes?.join() ?? 'all'}${options?.keepDimensions ?? false}`;
    const result = evaluate(key, [floats(x)], (graph, node) => {
      const reduced = operations.reduce(graph, kind, node, options);
      return after ? after(graph, reduced) : reduced;
    });
    return options ? result : result.data[0]!;
  }) as Reduction;

/** The sum; 0 of nothing. */
export const sum = reduction('Sum');
/** The mean; NaN of nothing. */
export const mean = reduction('Mean');
/** The largest; −∞ of nothing. */
export const max = reduction('Maximum');
/** The smallest; ∞ of nothing. */
export const min = reduction('Minimum');
/** The product; 1 of nothing. */
export const product = reduction('Product');
/** √Σ x². */
export const norm = reduction('SumOfSquares', (graph, node) => operations.unary(graph, 'Sqrt', node));

interface ArgReduction {
  (x: Operand): number;
  (x: Operand, axis: number): Tensor;
}

const argReduction = (kind: ArgReduceName): ArgReduction =>
  ((x: Operand, axis?: number) => {
    const value = floats(x);
    const flat = axis === undefined ? { data: value.data, shape: [sizeOf(value.shape)] } : value;
    const result = evaluate(`Arg${kind}${axis}`, [flat], (graph, node) =>
      operations.argReduce(graph, kind, node, axis ?? 0),
    );
    return axis === undefined ? result.data[0]! : result;
  }) as ArgReduction;

/** The index of the largest, the first of equals: of all elements as one list, or along an axis (i32). */
export const argmax = argReduction('Maximum');
/** The index of the smallest, the first of equals. */
export const argmin = argReduction('Minimum');

// ---- shape

/** The last two axes exchanged. */
export const transpose = (x: Operand): Tensor =>
  evaluate('transpose', [floats(x)], (graph, node) => operations.transpose(graph, node));

/** The same elements under another shape; one size may be −1. The data are shared, not copied. */
export function reshape(x: Operand, shape: readonly number[]): Tensor {
  const value = toTensor(x);
  return { data: value.data, shape: operations.resolveShape(value.shape, shape) };
}

/** Joins tensors along an axis (0 by default). */
export function concatenate(parts: readonly Operand[], axis = 0): Tensor {
  if (!Array.isArray(parts) || parts.length === 0)
    throw new TypeError('concatenate: expected a list of at least one operand');
  if (parts.length > 8) return concatenate([concatenate(parts.slice(0, 8), axis), ...parts.slice(8)], axis);
  const tensors = parts.map(floats);
  const [resolved] = operations.resolveAxes('concatenate', tensors[0]!.shape.length, [axis]);
  return evaluate(`concatenate${resolved}`, tensors, (graph, ...nodes) =>
    operations.concatenate(graph, nodes, resolved!),
  );
}
