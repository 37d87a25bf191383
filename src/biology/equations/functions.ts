// The functions that expressions may call: what they ask of their arguments, and the elementary operations they are.
import { dimensionless, isDimensionless, raised, type Exponents } from './dimensions.ts';
import type { Graph, Node } from './graph.ts';

/** What an argument must be: without unit, true or false, or the same unit as the first. */
type Kind = 'number' | 'anything' | 'same as the first' | 'number or condition';

export interface FunctionRule {
  readonly inputs: readonly Kind[];
  /** The unit of the value, by that of the first argument. */
  result(first: Exponents): Exponents;
  /** `isCondition`: whether the argument is true or false. */
  build(graph: Graph, inputs: readonly Node[], isCondition: boolean): Node;
}

const none = () => dimensionless;
const same = (first: Exponents) => first;
const ofNumber = (build: (graph: Graph, x: Node) => Node): FunctionRule => ({
  inputs: ['number'],
  result: none,
  build: (graph, [x]) => build(graph, x!),
});
const ofAnything = (build: (graph: Graph, x: Node) => Node, result = same): FunctionRule => ({
  inputs: ['anything'],
  result,
  build: (graph, [x]) => build(graph, x!),
});
const half = (graph: Graph, x: Node) => graph.multiply(x, graph.constant(0.5));
const sinh = (graph: Graph, x: Node) =>
  half(graph, graph.subtract(graph.unary('Exponential', x), graph.unary('Exponential', graph.negate(x))));
const cosh = (graph: Graph, x: Node) =>
  half(graph, graph.add(graph.unary('Exponential', x), graph.unary('Exponential', graph.negate(x))));

/** By name. `rand()` and `randn()` are none of these: each call of them has numbers of its own. */
export const functions: Readonly<Record<string, FunctionRule>> = {
  exp: ofNumber((graph, x) => graph.unary('Exponential', x)),
  expm1: ofNumber((graph, x) => graph.unary('ExponentialMinusOne', x)),
  exprel: ofNumber((graph, x) => graph.unary('RelativeExponential', x)),
  log: ofNumber((graph, x) => graph.unary('Logarithm', x)),
  log10: ofNumber((graph, x) => graph.multiply(graph.unary('Logarithm', x), graph.constant(Math.LOG10E))),
  sin: ofNumber((graph, x) => graph.unary('Sine', x)),
  cos: ofNumber((graph, x) => graph.unary('Cosine', x)),
  tan: ofNumber((graph, x) => graph.divide(graph.unary('Sine', x), graph.unary('Cosine', x))),
  sinh: ofNumber(sinh),
  cosh: ofNumber(cosh),
  tanh: ofNumber((graph, x) => graph.unary('HyperbolicTangent', x)),
  floor: ofNumber((graph, x) => graph.unary('Floor', x)),
  ceil: ofNumber((graph, x) => graph.unary('Ceiling', x)),
  sqrt: ofAnything(
    (graph, x) => graph.unary('SquareRoot', x),
    (first) => raised(first, 0.5),
  ),
  abs: ofAnything((graph, x) => graph.unary('Absolute', x)),
  sign: ofAnything((graph, x) => graph.unary('Sign', x), none),
  int: {
    inputs: ['number or condition'],
    result: none,
    build: (graph, [x], isCondition) => graph.unary(isCondition ? 'Indicator' : 'Truncate', x!),
  },
  clip: {
    inputs: ['anything', 'same as the first', 'same as the first'],
    result: same,
    build: (graph, [x, low, high]) => graph.binary('Minimum', graph.binary('Maximum', x!, low!), high!),
  },
};

export const acceptsUnit = (kind: Kind, exponents: Exponents, first: Exponents): boolean =>
  kind === 'anything' ||
  (kind === 'same as the first'
    ? exponents.every((x, i) => Math.abs(x - first[i]!) < 1e-9)
    : isDimensionless(exponents));
