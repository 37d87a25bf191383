// Layers of the user's own: a formula of graph operations without weights, under a name by which files know it.
// Not here: layers with weights, which are `defineLayer`.
import { NeuriteError, ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import * as operations from '../graph/operations/index.ts';
import { activate, type Activation } from './activations.ts';
import { createLayer, defineLayer, expectOptions, formatBatchShape, type Layer, type LayerOptions } from './layer.ts';

/** A value in a formula: its shape has the batch as its first axis. */
export interface LambdaValue {
  readonly shape: Shape;
}

/** A value, or a number. */
export type LambdaOperand = LambdaValue | number;

/** What reductions take: the axes (0 is the batch, which stays), all of a sample by default. */
export interface LambdaAxes {
  readonly axes?: readonly number[];
  readonly keepDimensions?: boolean;
}

type Elementwise = 'exp' | 'log' | 'sqrt' | 'abs' | 'negate' | 'square' | 'reciprocal' | 'sin' | 'cos' | 'erf';
type Combining = 'add' | 'subtract' | 'multiply' | 'divide' | 'minimum' | 'maximum' | 'power';
type Reducing = 'sum' | 'mean' | 'max' | 'min';

/** The operations of a formula. Their gradients follow by themselves. */
export type LambdaOperations = Readonly<
  Record<Elementwise, (x: LambdaValue) => LambdaValue> &
    Record<Combining, (a: LambdaOperand, b: LambdaOperand) => LambdaValue> &
    Record<Reducing, (x: LambdaValue, options?: LambdaAxes) => LambdaValue>
> & {
  /** An activation function by its name. */
  activation(name: Activation, x: LambdaValue): LambdaValue;
  /** x limited to [low, high]. */
  clip(x: LambdaValue, low: number, high: number): LambdaValue;
  /** Another shape of each sample; one size may be −1. */
  reshape(x: LambdaValue, sample: Shape): LambdaValue;
  /** The axes in another order, the batch first: `permute(x, [0, 2, 1])`. */
  permute(x: LambdaValue, axes: readonly number[]): LambdaValue;
  /** `length` elements along an axis, from `start` on. */
  slice(x: LambdaValue, axis: number, start: number, length: number): LambdaValue;
  concatenate(values: readonly LambdaValue[], axis: number): LambdaValue;
};

/** The formula of a layer: from its inputs to its result, both with the batch as their first axis. */
export type LambdaFormula = (operations: LambdaOperations, ...inputs: LambdaValue[]) => LambdaValue;

const formulas = new Map<string, LambdaFormula>();

const unaryKinds = {
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  negate: 'Negate',
  square: 'Square',
  reciprocal: 'Reciprocal',
  sin: 'Sin',
  cos: 'Cos',
  erf: 'Erf',
} as const satisfies Record<Elementwise, operations.UnaryName>;

const binaryKinds = {
  add: 'Add',
  subtract: 'Subtract',
  multiply: 'Multiply',
  divide: 'Divide',
  minimum: 'Minimum',
  maximum: 'Maximum',
  power: 'Power',
} as const satisfies Record<Combining, operations.BinaryName>;

const reduceKinds = { sum: 'Sum', mean: 'Mean', max: 'Maximum', min: 'Minimum' } as const satisfies Record<
  Reducing,
  operations.ReduceName
>;

const mapped = <K extends string, V, R>(table: Readonly<Record<K, V>>, make: (value: V) => R): Record<K, R> =>
  Object.fromEntries(Object.entries<V>(table).map(([name, value]) => [name, make(value)])) as Record<K, R>;

/** The operations, adding nodes to a graph. */
function operationsOn(graph: Graph, name: string): LambdaOperations {
  const node = (value: LambdaOperand): Node => {
    if (typeof value === 'number') return operations.scalar(graph, value);
    if (!graph.nodes.includes(value as Node))
      throw new TypeError(`lambda "${name}": expected a value of this formula or a number, got ${typeof value}`);
    return value as Node;
  };
  return {
    ...mapped(unaryKinds, (kind) => (x: LambdaValue) => operations.unary(graph, kind, node(x))),
    ...mapped(
      binaryKinds,
      (kind) => (a: LambdaOperand, b: LambdaOperand) => operations.binary(graph, kind, node(a), node(b)),
    ),
    ...mapped(reduceKinds, (kind) => (x: LambdaValue, { axes, keepDimensions = false }: LambdaAxes = {}) => {
      const all = x.shape.map((_, axis) => axis).slice(1);
      if (axes?.some((axis) => axis === 0 || axis === -x.shape.length))
        throw new ShapeError(`lambda "${name}": axis 0 is the batch; a sample's axes are ${all.join(', ')}`);
      return operations.reduce(graph, kind, node(x), { axes: axes ?? all, keepDimensions });
    }),
    activation: (activation, x) => activate(graph, node(x), activation),
    clip: (x, low, high) => operations.unary(graph, 'Clip', node(x), low, high),
    reshape: (x, sample) =>
      operations.reshape(graph, node(x), [x.shape[0]!, ...operations.resolveShape(x.shape.slice(1), sample)]),
    permute: (x, axes) => operations.permute(graph, node(x), axes),
    slice: (x, axis, start, length) => operations.slice(graph, node(x), axis, start, length),
    concatenate: (values, axis) => operations.concatenate(graph, values.map(node), axis),
  };
}

/**
 * Names a formula, so that `lambda(name)` makes a layer of it; a file keeps the name alone, and whoever loads the file
 * registers the formula before. Registering the same function again changes nothing.
 * @example
 * registerLambda('halfSquare', (ops, x) => ops.multiply(ops.square(x), 0.5));
 * @throws RangeError for a name of other characters than letters, digits, "_" and "-"; NeuriteError where the name has
 * another formula already
 */
export function registerLambda(name: string, formula: LambdaFormula): void {
  if (typeof name !== 'string' || !/^[\w-]+$/.test(name))
    throw new RangeError(
      `registerLambda: expected a name of letters, digits, "_" and "-", got ${JSON.stringify(name)}`,
    );
  if (typeof formula !== 'function')
    throw new TypeError(`registerLambda: expected a function as the formula of "${name}", got ${typeof formula}`);
  if (formulas.has(name) && formulas.get(name) !== formula)
    throw new NeuriteError(`registerLambda: "${name}" has another formula already; choose another name`);
  formulas.set(name, formula);
}

function formulaOf(name: string): LambdaFormula {
  const formula = formulas.get(name);
  if (!formula && formulas.size === 0)
    throw new RangeError(`lambda: no formula is registered as "${name}"; see registerLambda`);
  if (!formula) throw unknownName('formula of lambda', name, [...formulas.keys()]);
  return formula;
}

defineLayer<{ formula: string }>('lambda', {
  build(context, inputs, { formula }) {
    if (inputs.length === 0) throw new ShapeError(`lambda "${formula}": expected at least 1 input, got 0`);
    const result = formulaOf(formula)(operationsOn(context.graph, formula), ...inputs) as Node;
    if (!context.graph.nodes.includes(result))
      throw new TypeError(`lambda "${formula}": expected the formula to give a value, got ${typeof result}`);
    const [x] = inputs as [Node];
    if (result.shape[0] !== x.shape[0] || sizeOf(result.shape) === 0)
      throw new ShapeError(
        `lambda "${formula}": expected a result with the batch as its first axis, for ${formatBatchShape(x.shape.slice(1))}`,
      );
    return result.shape.length > 1 ? result : operations.reshape(context.graph, result, [result.shape[0]!, 1]);
  },
  restore: ({ formula }, common) => lambda(formula, common),
});

/**
 * A layer without weights whose formula was registered under a name. Any inputs, any result.
 * @example
 * const distance = lambda('distance')([a, b]);
 * @throws RangeError for a name that is not registered, with the nearest that is
 */
export function lambda(name: string, options: LayerOptions = {}): Layer {
  expectOptions('lambda', options, []);
  formulaOf(name);
  return createLayer('lambda', { formula: name }, options);
}
