// Computing with values: on the host where all are known and the arithmetic is exact, else by nodes of the graph.
import { NeuriteError } from '../../core/errors.ts';
import { sizeOf, type Node } from '../../graph/graph.ts';
import * as operations from '../../graph/operations/index.ts';
import type { ConvertName, IntegerName, IntegerReduceName } from '../../graph/operations/integer.ts';
import { broadcastShape } from '../../graph/operations/broadcast.ts';
import { resolveAxis, type Builder, type Value } from './builder.ts';
import { axisInLast } from './layout.ts';
import { expand, reshape } from './movement.ts';
import { graphType, hostData, isFloat, isUnsigned, type DataType } from './types.ts';

export type ArithmeticName = 'Add' | 'Subtract' | 'Multiply' | 'Divide' | 'Minimum' | 'Maximum' | 'Power';
export type CompareName = 'Equal' | 'NotEqual' | 'Less' | 'LessOrEqual' | 'Greater' | 'GreaterOrEqual';
/** Of integers alone. */
export type BitName = 'Modulo' | 'Remainder' | 'And' | 'Or' | 'Xor' | 'ShiftLeft' | 'ShiftRight';

/** −1, 0 or 1 of the rest's sign: the rest of the sign of b, as in Python. */
const modulo = (a: number, b: number): number => (b === 0 ? 0 : a - b * Math.floor(a / b));
const power = (a: number, b: number): number => Number(BigInt.asIntN(64, BigInt(a) ** BigInt(Math.max(0, b))));
const bits = (combine: (a: bigint, b: bigint) => bigint) => (a: number, b: number) =>
  Number(combine(BigInt(a), BigInt(b)));

const exact: Record<ArithmeticName | CompareName | BitName, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Subtract: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  Divide: (a, b) => a / b,
  Minimum: Math.min,
  Maximum: Math.max,
  Power: power,
  Modulo: modulo,
  Remainder: (a, b) => (b === 0 ? 0 : a % b),
  And: bits((a, b) => a & b),
  Or: bits((a, b) => a | b),
  Xor: bits((a, b) => a ^ b),
  ShiftLeft: bits((a, b) => (b > 64n ? 0n : a << b)),
  ShiftRight: bits((a, b) => (b > 64n ? 0n : a >> b)),
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
};

function combineHost(b: Builder, type: DataType, x: Value, y: Value, combine: (a: number, b: number) => number): Value {
  const shape = broadcastShape('operands', x.shape, y.shape);
  const data = hostData(type, sizeOf(shape));
  const left = expand(b, x, shape).host!.data;
  const right = expand(b, y, shape).host!.data;
  for (let i = 0; i < data.length; i++) data[i] = combine(left[i]!, right[i]!);
  return b.fromHost({ type, shape, data });
}

const foldsTogether = (b: Builder, x: Value, y: Value) =>
  b.folds(x, y) && sizeOf(broadcastShape('operands', x.shape, y.shape)) <= 16384;

/** kind(x, y) in the type of x, which is that of y. */
export function arithmetic(b: Builder, kind: ArithmeticName, x: Value, y: Value): Value {
  const { type } = x;
  const combine =
    kind === 'Divide' && !isFloat(type) ? (p: number, q: number) => (q === 0 ? 0 : Math.trunc(p / q)) : exact[kind];
  if (foldsTogether(b, x, y) && (kind !== 'Power' || !isFloat(type))) return combineHost(b, type, x, y, combine);
  if (!isFloat(type)) return integerArithmetic(b, integerKind(kind, type), x, y);
  if (x.last || y.last) {
    const [p, q] = [besideLast(b, x, y), besideLast(b, y, x)];
    if (p && q) return b.fromLast(type, operations.binary(b.graph, kind, p, q));
  }
  return b.fromNode(type, operations.binary(b.graph, kind, b.nodeOf(x), b.nodeOf(y)));
}

/** x as an operand beside another whose channels are last: whole, one for each channel, or one for all; else undefined. */
function besideLast(b: Builder, x: Value, other: Value): Node | undefined {
  if (x.last) return x.last;
  const rank = other.shape.length;
  if (sizeOf(x.shape) === 1 && x.shape.length <= rank) return b.nodeOf(reshape(b, x, []));
  const full = [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape];
  if (full.length !== rank) return undefined;
  if (full.every((size, axis) => axis === 1 || size === 1)) return b.nodeOf(reshape(b, x, [full[1]!]));
  return b.lastOf(reshape(b, x, full));
}

function integerKind(kind: ArithmeticName | BitName, type: DataType): IntegerName {
  if (type !== 'uint32' && type !== 'uint64') return kind;
  if (kind === 'Divide' || kind === 'Minimum' || kind === 'Maximum') return `${kind}Unsigned`;
  return kind === 'Modulo' || kind === 'Remainder' ? 'RemainderUnsigned' : kind;
}

function integerArithmetic(b: Builder, kind: IntegerName, x: Value, y: Value): Value {
  const node = operations.integer(b.graph, kind, b.nodeOf(x), b.nodeOf(y));
  return b.fromNode(x.type, wrapped(b, node, x.type));
}

const wraps: Partial<Record<DataType, ConvertName>> = {
  int8: 'Wrap8',
  uint8: 'Wrap8Unsigned',
  int16: 'Wrap16',
  uint16: 'Wrap16Unsigned',
};

/** Integer words brought back to the width of their type. */
export function wrapped(b: Builder, node: Node, type: DataType): Node {
  const wrap = wraps[type];
  return wrap ? operations.convert(b.graph, wrap, node) : node;
}

/** Integer operations; of booleans And, Or and Xor. */
export function integers(b: Builder, kind: BitName, x: Value, y: Value): Value {
  if (foldsTogether(b, x, y)) return combineHost(b, x.type, x, y, exact[kind]);
  return integerArithmetic(b, integerKind(kind, x.type), x, y);
}

/** 1 where the comparison holds. */
export function compare(b: Builder, kind: CompareName, x: Value, y: Value): Value {
  if (foldsTogether(b, x, y)) return combineHost(b, 'bool', x, y, exact[kind]);
  const [p, q] = [b.nodeOf(x), b.nodeOf(y)];
  if (isFloat(x.type)) return truth(b, operations.binary(b.graph, kind, p, q));
  const suffix = x.type === 'uint32' ? 'Unsigned' : '';
  if (kind === 'Greater') return b.fromNode('bool', operations.integer(b.graph, `Less${suffix}`, q, p));
  if (kind === 'GreaterOrEqual') return b.fromNode('bool', operations.integer(b.graph, `LessOrEqual${suffix}`, q, p));
  const name = kind === 'Equal' || kind === 'NotEqual' ? kind : (`${kind}${suffix}` as IntegerName);
  return b.fromNode('bool', operations.integer(b.graph, name, p, q));
}

/** A node of floats 1 and 0 as booleans. */
export const truth = (b: Builder, node: Node): Value =>
  b.fromNode('bool', operations.convert(b.graph, 'FloatToInteger', node));

/** A conversion of words where it is needed, on the graph. */
function convertNode(b: Builder, node: Node, from: DataType, to: DataType): Node {
  const { graph } = b;
  if (isFloat(from)) {
    if (isFloat(to)) return node;
    if (to === 'bool') return operations.convert(graph, 'FloatNotZero', node);
    return wrapped(b, operations.convert(graph, isUnsigned(to) ? 'FloatToUnsigned' : 'FloatToInteger', node), to);
  }
  if (isFloat(to)) return operations.convert(graph, from === 'uint32' ? 'UnsignedToFloat' : 'IntegerToFloat', node);
  if (to === 'bool') return from === 'bool' ? node : operations.convert(graph, 'NotZero', node);
  return wrapped(b, node, to);
}

export function convert(b: Builder, x: Value, type: DataType): Value {
  if (x.type === type) return x;
  if (x.host && !x.node && (b.folds(x) || (isFloat(x.type) && isFloat(type)))) {
    if (isFloat(x.type) && isFloat(type) && x.weight !== undefined) return { ...x, type };
    const data = hostData(type, x.host.data.length);
    const change = converter(x.type, type);
    for (let i = 0; i < data.length; i++) data[i] = change(x.host.data[i]!);
    return b.fromHost({ type, shape: x.shape, data });
  }
  if (x.last) return b.fromLast(type, convertNode(b, x.last, x.type, type));
  return b.fromNode(type, convertNode(b, b.nodeOf(x), x.type, type));
}

function converter(from: DataType, to: DataType): (value: number) => number {
  if (to === 'bool') return (value) => Number(value !== 0);
  if (isFloat(from) && !isFloat(to)) return Math.trunc;
  return (value) => value;
}

/** Where the condition holds x, else y. */
export function select(b: Builder, condition: Value, x: Value, y: Value): Value {
  if (b.folds(condition, x, y)) {
    const shape = broadcastShape('where', broadcastShape('where', condition.shape, x.shape), y.shape);
    const [c, p, q] = [condition, x, y].map((value) => expand(b, value, shape).host?.data);
    if (c && p && q) {
      const data = hostData(x.type, sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = c[i] ? p[i]! : q[i]!;
      return b.fromHost({ type: x.type, shape, data });
    }
  }
  return b.fromNode(x.type, operations.select(b.graph, b.nodeOf(condition), b.nodeOf(x), b.nodeOf(y)));
}

type FloatUnary = operations.UnaryName;
const exactUnary: Partial<Record<FloatUnary, (x: number) => number>> = {
  Negate: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Sign: Math.sign,
};

/** A function of one float. */
export function unary(b: Builder, kind: FloatUnary, x: Value, alpha?: number, beta?: number): Value {
  const compute = exactUnary[kind];
  if (compute && b.folds(x)) {
    const data = hostData(x.type, x.host!.data.length);
    for (let i = 0; i < data.length; i++) data[i] = compute(x.host!.data[i]!);
    return b.fromHost({ type: x.type, shape: x.shape, data });
  }
  if (x.last) return b.fromLast(x.type, operations.unary(b.graph, kind, x.last, alpha, beta));
  return b.fromNode(x.type, operations.unary(b.graph, kind, b.nodeOf(x), alpha, beta));
}

/** A function of one integer or boolean. */
export function integerUnary(b: Builder, kind: 'Absolute' | 'Negate' | 'Sign' | 'Not' | 'Complement', x: Value): Value {
  if (b.folds(x)) {
    const compute = {
      Absolute: Math.abs,
      Negate: (v: number) => -v,
      Sign: Math.sign,
      Not: (v: number) => Number(v === 0),
      Complement: (v: number) => -v - 1,
    }[kind];
    const data = hostData(x.type, x.host!.data.length);
    for (let i = 0; i < data.length; i++) data[i] = compute(x.host!.data[i]!);
    return b.fromHost({ type: x.type, shape: x.shape, data });
  }
  return b.fromNode(x.type, wrapped(b, operations.convert(b.graph, kind, b.nodeOf(x)), x.type));
}

export type ReduceName = operations.ReduceName;

const integerReduceKinds: Partial<Record<ReduceName, IntegerReduceName>> = {
  Sum: 'Sum',
  Product: 'Product',
  Minimum: 'Minimum',
  Maximum: 'Maximum',
};

const joins: Partial<Record<ReduceName, [number, (a: number, b: number) => number]>> = {
  Sum: [0, (a, b) => a + b],
  Product: [1, (a, b) => a * b],
  Minimum: [Infinity, Math.min],
  Maximum: [-Infinity, Math.max],
};

/** Over the axes given, kept as 1 or dropped. */
export function reduce(b: Builder, kind: ReduceName, x: Value, axes: readonly number[], keep: boolean): Value {
  const resolved = [...new Set(axes.map((axis) => resolveAxis(axis, x.shape.length)))].toSorted((p, q) => p - q);
  const kept = x.shape.map((size, axis) => (resolved.includes(axis) ? 1 : size));
  const shape = keep ? kept : x.shape.filter((_, axis) => !resolved.includes(axis));
  if (x.last && isFloat(x.type)) {
    const inLast = resolved.map((axis) => axisInLast(axis, x.shape.length));
    const node = operations.reduce(b.graph, kind, x.last, { axes: inLast, keepDimensions: true });
    return reshape(b, b.fromLast(x.type, node), shape);
  }
  return reshape(b, reduceKept(b, kind, x, resolved), shape);
}

function reduceKept(b: Builder, kind: ReduceName, x: Value, axes: number[]): Value {
  if (isFloat(x.type)) return b.fromNode(x.type, operations.reduce(b.graph, kind, b.nodeOf(x), { axes }));
  if (b.folds(x) && joins[kind]) return reduceHost(b, kind, x, axes);
  const integerKind = integerReduceKinds[kind];
  if (!integerKind) return convert(b, reduceKept(b, kind, convert(b, x, 'float32'), axes), x.type);
  const isWide = x.type === 'uint32' && (kind === 'Minimum' || kind === 'Maximum');
  let node = b.nodeOf(x);
  for (const axis of axes.toReversed())
    node = operations.integerReduce(
      b.graph,
      isWide ? (`${integerKind}Unsigned` as IntegerReduceName) : integerKind,
      node,
      axis,
    );
  return b.fromNode(x.type, wrapped(b, node, x.type));
}

function reduceHost(b: Builder, kind: ReduceName, x: Value, axes: readonly number[]): Value {
  const [neutral, join] = joins[kind]!;
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const totals = new Float64Array(sizeOf(shape)).fill(neutral);
  const strides = operations.denseStrides(x.shape);
  const outStrides = operations.denseStrides(shape);
  x.host!.data.forEach((value, i) => {
    const at = x.shape.reduce(
      (sum, size, axis) =>
        sum + (axes.includes(axis) ? 0 : (Math.floor(i / strides[axis]!) % size) * outStrides[axis]!),
      0,
    );
    totals[at] = join(totals[at]!, value);
  });
  const data = hostData(x.type, totals.length);
  data.set(totals);
  return b.fromHost({ type: x.type, shape, data });
}

/** Refuses operands of two types, which ONNX does not mix. */
export function sameType(x: Value, y: Value): void {
  if (graphType(x.type) !== graphType(y.type)) throw new NeuriteError(`operands are ${x.type} and ${y.type}`);
}
