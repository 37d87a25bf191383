// Random numbers. ONNX says how they are distributed, not which they are: here they come from Philox, by the model's seed or
// the node's own, and are others in each run (builder.ts, `random`).
import { NeuriteError } from '../../../core/errors.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, compare, convert, unary } from '../arithmetic.ts';
import type { Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { expand, reshape } from '../movement.ts';
import { isFloat, type DataType } from '../types.ts';
import { typeOf } from './shape.ts';

const seedOf = ({ attributes }: Call): number | undefined =>
  attributes.has('seed') ? attributes.float('seed', 0) : undefined;

/** Standard normal numbers, or uniform ones in [0, 1). */
function drawn(call: Call, kind: 'Normal' | 'Uniform', shape: readonly number[], type: DataType = 'float32'): Value {
  const { build } = call;
  const { counter, stream } = build.random(seedOf(call));
  const draw = kind === 'Normal' ? operations.randomNormal : operations.randomUniform;
  return build.fromNode(type, draw(build.graph, shape, counter, stream));
}

/** The type that the node's attribute says. */
function ownType({ attributes }: Call, otherwise: DataType): DataType {
  return attributes.has('dtype') ? typeOf(attributes.int('dtype', 1)) : otherwise;
}

/** Normal ones with a mean and a scale, or uniform ones between two bounds. */
function scaled(call: Call, kind: 'Normal' | 'Uniform', shape: readonly number[], otherwise: DataType): Value {
  const { attributes, build } = call;
  const type = ownType(call, otherwise);
  if (!isFloat(type)) throw new NeuriteError(`random numbers of ${type}; expected a type of floats`);
  const isNormal = kind === 'Normal';
  const start = isNormal ? attributes.float('mean', 0) : attributes.float('low', 0);
  const scale = isNormal ? attributes.float('scale', 1) : attributes.float('high', 1) - start;
  return unary(build, 'Affine', drawn(call, kind, shape, type), scale, start);
}

for (const kind of ['Normal', 'Uniform'] as const) {
  defineOperator(`Random${kind}`, (call) => {
    const shape = call.attributes.ints('shape');
    if (!shape) throw new NeuriteError('it has no attribute "shape"');
    return scaled(call, kind, shape, 'float32');
  });
  defineOperator(`Random${kind}Like`, (call) => {
    const { type, shape } = call.input(0);
    return scaled(call, kind, shape, isFloat(type) ? type : 'float32');
  });
}

/** 1 with the probability that x is. */
defineOperator('Bernoulli', (call) => {
  const x = call.input(0);
  const isOne = compare(call.build, 'Less', drawn(call, 'Uniform', x.shape), convert(call.build, x, 'float32'));
  return convert(call.build, isOne, ownType(call, x.type));
});

/** Classes drawn by the logarithms of their weights [B, C]: the largest of these with Gumbel noise is the one. */
defineOperator('Multinomial', (call) => {
  const { build, attributes } = call;
  const x = convert(build, call.input(0), 'float32');
  const [batch, classes] = x.shape as [number, number];
  const shape = [batch, attributes.int('sample_size', 1), classes];
  const minusLog = (value: Value) => unary(build, 'Negate', unary(build, 'Log', value));
  const noise = minusLog(minusLog(drawn(call, 'Uniform', shape)));
  const logits = expand(build, reshape(build, x, [batch, 1, classes]), shape);
  const sums = arithmetic(build, 'Add', logits, noise);
  const type = ownType(call, 'int32');
  return convert(
    build,
    build.fromNode('int32', operations.argReduce(build.graph, 'Maximum', build.nodeOf(sums), 2)),
    type,
  );
});

/** Passes its input; where it is told that it trains, without a random part of it, the rest scaled up. */
defineOperator('Dropout', (call) => {
  const { build, opset } = call;
  const x = call.input(0);
  const trains = call.inputs[2] ? build.numbers(call.inputs[2], '"training_mode"')[0] !== 0 : false;
  const ratio = trains ? (call.inputs[1] ? build.numbers(call.inputs[1], '"ratio"')[0]! : 0.5) : 0;
  const maskType = opset >= 10 ? 'bool' : x.type;
  if (ratio === 0) {
    const mask = () => expand(build, build.scalar(maskType, 1), x.shape);
    return [x, call.wanted[1] ? mask() : undefined];
  }
  const isKept = compare(build, 'GreaterOrEqual', drawn(call, 'Uniform', x.shape), build.scalar('float32', ratio));
  const factor = unary(build, 'Affine', convert(build, isKept, x.type), 1 / (1 - ratio), 0);
  return [arithmetic(build, 'Multiply', x, factor), convert(build, isKept, maskType)];
});
