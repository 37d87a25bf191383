// Reductions over any axes, the index of an extreme, softmax and its relatives.
import { NeuriteError } from '../../../core/errors.ts';
import { sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, compare, convert, integerUnary, reduce, unary, type ReduceName } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { pick, reshape, transpose } from '../movement.ts';
import { isFloat } from '../types.ts';

/** The axes of a reduction; an empty list means all, or none where the node says so. */
function axesOf(call: Call): number[] | null {
  const axes = call.numbers(1, 'axes');
  const all = call.input(0).shape.map((_, axis) => axis);
  if (axes?.length) return axes;
  return call.attributes.flag('noop_with_empty_axes') ? null : all;
}

const defineReduction = (name: string, build: (call: Call, x: Value, axes: number[], keep: boolean) => Value) =>
  defineOperator(name, (call) => {
    const axes = axesOf(call);
    const x = call.input(0);
    return axes ? build(call, x, axes, call.attributes.flag('keepdims', true)) : x;
  });

const plain: Record<string, ReduceName> = {
  ReduceSum: 'Sum',
  ReduceMean: 'Mean',
  ReduceMax: 'Maximum',
  ReduceMin: 'Minimum',
  ReduceProd: 'Product',
};
for (const [name, kind] of Object.entries(plain))
  defineReduction(name, ({ build }, x, axes, keep) => reduce(build, kind, x, axes, keep));

defineReduction('ReduceL1', ({ build }, x, axes, keep) =>
  isFloat(x.type)
    ? reduce(build, 'SumOfAbsolutes', x, axes, keep)
    : reduce(build, 'Sum', integerUnary(build, 'Absolute', x), axes, keep),
);
defineReduction('ReduceSumSquare', ({ build }, x, axes, keep) => sumOfSquares(build, x, axes, keep));
defineReduction('ReduceL2', ({ build }, x, axes, keep) =>
  convert(build, unary(build, 'Sqrt', sumOfSquares(build, convert(build, x, floatOf(x)), axes, keep)), x.type),
);
defineReduction('ReduceLogSum', ({ build }, x, axes, keep) =>
  convert(build, unary(build, 'Log', reduce(build, 'Sum', convert(build, x, floatOf(x)), axes, keep)), x.type),
);
/** Shifted by the greatest, so that nothing overflows. */
defineReduction('ReduceLogSumExp', ({ build }, x, axes, keep) => {
  const value = convert(build, x, floatOf(x));
  const greatest = reduce(build, 'Maximum', value, axes, true);
  const shift = unary(build, 'Clip', greatest, -3.4e38, 3.4e38);
  const total = reduce(build, 'Sum', unary(build, 'Exp', arithmetic(build, 'Subtract', value, shift)), axes, true);
  const result = arithmetic(build, 'Add', unary(build, 'Log', total), shift);
  const shape = keep ? result.shape : reduce(build, 'Maximum', value, axes, false).shape;
  return convert(build, reshape(build, result, shape), x.type);
});

const floatOf = (x: Value) => (isFloat(x.type) ? x.type : 'float32');

function sumOfSquares(b: Builder, x: Value, axes: readonly number[], keep: boolean): Value {
  return isFloat(x.type)
    ? reduce(b, 'SumOfSquares', x, axes, keep)
    : reduce(b, 'Sum', arithmetic(b, 'Multiply', x, x), axes, keep);
}

for (const [name, kind] of [
  ['ArgMax', 'Maximum'],
  ['ArgMin', 'Minimum'],
] as const)
  defineOperator(name, ({ build, attributes, inputs: [x] }) => {
    const axis = resolveAxis(attributes.int('axis', 0), x!.shape.length);
    const size = x!.shape[axis]!;
    const last = attributes.flag('select_last_index');
    const value = convert(build, x!, floatOf(x!));
    // The last of equals is the first from the other end.
    const turned = last
      ? pick(
          build,
          value,
          axis,
          Array.from({ length: size }, (_, i) => size - 1 - i),
        )
      : value;
    const first = build.fromNode('int64', operations.argReduce(build.graph, kind, build.nodeOf(turned), axis));
    const place = last ? arithmetic(build, 'Subtract', build.scalar('int64', size - 1), first) : first;
    return reshape(build, place, attributes.flag('keepdims', true) ? x!.shape.with(axis, 1) : place.shape);
  });

/** Applies `compute` to x with one axis moved to the end. */
function alongLast(b: Builder, x: Value, axis: number, compute: (value: Value) => Value): Value {
  const rank = x.shape.length;
  if (axis === rank - 1) return compute(x);
  const order = x.shape.map((_, i) => i);
  order[axis] = rank - 1;
  order[rank - 1] = axis;
  return transpose(b, compute(transpose(b, x, order)), order);
}

/** Before version 13 everything from the axis on is one row; from then on the axis alone. */
function alongAxis(call: Call, compute: (value: Value) => Value): Value {
  const { build } = call;
  const x = call.input(0);
  const isOld = call.opset < 13;
  const axis = resolveAxis(call.attributes.int('axis', isOld ? 1 : -1), x.shape.length);
  if (!isOld) return alongLast(build, x, axis, compute);
  const rows = reshape(build, x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  return reshape(build, compute(rows), x.shape);
}

for (const name of ['Softmax', 'LogSoftmax'] as const)
  defineOperator(name, (call) =>
    alongAxis(call, (x) =>
      call.build.fromNode(x.type, operations.softmax(call.build.graph, name, call.build.nodeOf(x))),
    ),
  );

/** 1 at the first greatest of each row. */
defineOperator('Hardmax', (call) => {
  const { build } = call;
  return alongAxis(call, (x) => {
    const columns = x.shape.at(-1)!;
    const first = operations.argReduce(build.graph, 'Maximum', build.nodeOf(x), -1);
    const places = build.constant(
      'int64',
      [columns],
      Array.from({ length: columns }, (_, i) => i),
    );
    const chosen = reshape(build, build.fromNode('int64', first), [...x.shape.slice(0, -1), 1]);
    return convert(build, compare(build, 'Equal', chosen, places), x.type);
  });
});

defineOperator('LpNormalization', ({ build, attributes, inputs: [x] }) => {
  const axis = resolveAxis(attributes.int('axis', -1), x!.shape.length);
  const p = attributes.int('p', 2);
  if (p !== 1 && p !== 2) throw new NeuriteError(`a norm of order ${p}; 1 and 2 are known`);
  const norm =
    p === 1
      ? reduce(build, 'SumOfAbsolutes', x!, [axis], true)
      : unary(build, 'Sqrt', reduce(build, 'SumOfSquares', x!, [axis], true));
  return arithmetic(build, 'Divide', x!, norm);
});

defineOperator('Det', ({ build, inputs: [x] }) =>
  build.fromNode(x!.type, operations.determinant(build.graph, build.nodeOf(x!))),
);
