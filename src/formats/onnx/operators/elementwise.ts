// Element by element: arithmetic, comparison, logic, and functions of one value.
import * as operations from '../../../graph/operations/index.ts';
import type { RareName } from '../../../graph/operations/integer.ts';
import {
  arithmetic,
  compare,
  convert,
  integers,
  integerUnary,
  sameType,
  select,
  truth,
  unary,
  type ArithmeticName,
  type BitName,
  type CompareName,
} from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { reshape } from '../movement.ts';
import { broadcastShape } from '../../../graph/operations/broadcast.ts';
import { isFloat } from '../types.ts';

// ---- two operands

/** Before version 7 b lies along axes of a that an attribute names. */
function aligned(call: Call, a: Value, b: Value): Value {
  if (call.opset >= 7 || !call.attributes.flag('broadcast')) return b;
  const axis = call.attributes.int('axis', a.shape.length - b.shape.length);
  const shape = [...b.shape, ...a.shape.slice(axis + b.shape.length).map(() => 1)];
  return reshape(call.build, b, shape);
}

const arithmetics: Record<string, ArithmeticName> = { Add: 'Add', Sub: 'Subtract', Mul: 'Multiply', Div: 'Divide' };
for (const [name, kind] of Object.entries(arithmetics))
  defineOperator(name, (call) => {
    const [a, b] = [call.input(0), call.input(1)];
    sameType(a, b);
    return arithmetic(call.build, kind, a, aligned(call, a, b));
  });

/** In the base's type; with a fractional exponent an integer is raised as a float. */
defineOperator('Pow', (call) => {
  const { build } = call;
  const [base, exponent] = [call.input(0), aligned(call, call.input(0), call.input(1))];
  if (isFloat(base.type)) return arithmetic(build, 'Power', base, convert(build, exponent, base.type));
  if (!isFloat(exponent.type)) return arithmetic(build, 'Power', base, convert(build, exponent, base.type));
  const raised = arithmetic(build, 'Power', convert(build, base, 'float32'), convert(build, exponent, 'float32'));
  return convert(build, raised, base.type);
});

defineOperator('Mod', (call) => {
  const { build, attributes } = call;
  const [a, b] = [call.input(0), call.input(1)];
  if (!isFloat(a.type)) return integers(build, attributes.flag('fmod') ? 'Remainder' : 'Modulo', a, b);
  // The rest of truncated division: a − b · trunc(a / b).
  const quotient = arithmetic(build, 'Divide', a, b);
  const whole = arithmetic(
    build,
    'Multiply',
    unary(build, 'Sign', quotient),
    unary(build, 'Floor', unary(build, 'Abs', quotient)),
  );
  return arithmetic(build, 'Subtract', a, arithmetic(build, 'Multiply', b, whole));
});

const comparisons: CompareName[] = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'];
for (const name of comparisons)
  defineOperator(name === 'LessOrEqual' || name === 'GreaterOrEqual' ? name : name, (call) => {
    const [a, b] = [call.input(0), call.input(1)];
    sameType(a, b);
    return compare(call.build, name, a, aligned(call, a, b));
  });

const bitwise: Record<string, BitName> = {
  And: 'And',
  Or: 'Or',
  Xor: 'Xor',
  BitwiseAnd: 'And',
  BitwiseOr: 'Or',
  BitwiseXor: 'Xor',
};
for (const [name, kind] of Object.entries(bitwise))
  defineOperator(name, (call) =>
    integers(call.build, kind, call.input(0), aligned(call, call.input(0), call.input(1))),
  );

defineOperator('BitShift', (call) => {
  const kind = call.attributes.string('direction', '') === 'LEFT' ? 'ShiftLeft' : 'ShiftRight';
  return integers(call.build, kind, call.input(0), call.input(1));
});

const variadic =
  (kind: ArithmeticName) =>
  (call: Call): Value =>
    call.all.reduce((total, value) => arithmetic(call.build, kind, total, value));
defineOperator('Sum', variadic('Add'));
defineOperator('Max', variadic('Maximum'));
defineOperator('Min', variadic('Minimum'));
defineOperator('Mean', (call) => {
  const total = variadic('Add')(call);
  return arithmetic(call.build, 'Divide', total, call.build.scalar(total.type, call.inputs.length));
});

defineOperator('Where', (call) => select(call.build, call.input(0), call.input(1), call.input(2)));

// ---- one operand

const functions: Record<string, operations.UnaryName> = {
  Exp: 'Exp',
  Log: 'Log',
  Sqrt: 'Sqrt',
  Erf: 'Erf',
  Sin: 'Sin',
  Cos: 'Cos',
  Ceil: 'Ceil',
  Floor: 'Floor',
  Round: 'Round',
  Reciprocal: 'Reciprocal',
  Sigmoid: 'Sigmoid',
  Tanh: 'Tanh',
  Softsign: 'Softsign',
  Mish: 'Mish',
  HardSwish: 'HardSwish',
  Selu: 'Selu',
};
for (const [name, kind] of Object.entries(functions))
  if (name !== 'Selu') defineOperator(name, (call) => unary(call.build, kind, call.input(0)));

const rarely: Record<string, RareName> = {
  Tan: 'Tan',
  Asin: 'Asin',
  Acos: 'Acos',
  Atan: 'Atan',
  Sinh: 'Sinh',
  Cosh: 'Cosh',
  Asinh: 'Asinh',
  Acosh: 'Acosh',
  Atanh: 'Atanh',
};
for (const [name, kind] of Object.entries(rarely))
  defineOperator(name, (call) => rare(call.build, kind, call.input(0)));

const rare = (b: Builder, kind: RareName, x: Value): Value =>
  b.fromNode(x.type, operations.rare(b.graph, kind, b.nodeOf(x)));

defineOperator('IsNaN', (call) =>
  truth(call.build, operations.rare(call.build.graph, 'IsNaN', call.build.nodeOf(call.input(0)))),
);
defineOperator('IsInf', ({ build, attributes, inputs: [x] }) => {
  const [positive, negative] = [attributes.flag('detect_positive', true), attributes.flag('detect_negative', true)];
  if (!positive && !negative)
    return build.constant('bool', x!.shape, new Uint8Array(x!.shape.reduce((p, size) => p * size, 1)));
  const kind = positive && negative ? 'IsInfinite' : positive ? 'IsPositiveInfinite' : 'IsNegativeInfinite';
  return truth(build, operations.rare(build.graph, kind, build.nodeOf(x!)));
});

defineOperator('Abs', ({ build, inputs: [x] }) =>
  isFloat(x!.type) ? unary(build, 'Abs', x!) : integerUnary(build, 'Absolute', x!),
);
defineOperator('Neg', ({ build, inputs: [x] }) =>
  isFloat(x!.type) ? unary(build, 'Negate', x!) : integerUnary(build, 'Negate', x!),
);
defineOperator('Sign', ({ build, inputs: [x] }) =>
  isFloat(x!.type) ? unary(build, 'Sign', x!) : integerUnary(build, 'Sign', x!),
);
defineOperator('Not', (call) => integerUnary(call.build, 'Not', call.input(0)));
defineOperator('BitwiseNot', ({ build, inputs: [x] }) => integerUnary(build, 'Complement', x!));

defineOperator('Relu', ({ build, inputs: [x] }) =>
  isFloat(x!.type) ? unary(build, 'Relu', x!) : arithmetic(build, 'Maximum', x!, build.scalar(x!.type, 0)),
);
defineOperator('LeakyRelu', ({ build, attributes, inputs: [x] }) => {
  const alpha = attributes.float('alpha', 0.01);
  if (alpha >= 0) return unary(build, 'LeakyRelu', x!, alpha);
  return select(build, compare(build, 'Less', x!, build.scalar(x!.type, 0)), unary(build, 'Affine', x!, alpha, 0), x!);
});
defineOperator('Elu', ({ build, attributes, inputs: [x] }) => scaledElu(build, x!, attributes.float('alpha', 1), 1));
defineOperator('Selu', ({ build, attributes, inputs: [x] }) =>
  attributes.has('alpha') || attributes.has('gamma')
    ? scaledElu(
        build,
        x!,
        attributes.float('alpha', 1.67326319217681884765625),
        attributes.float('gamma', 1.05070102214813232421875),
      )
    : unary(build, 'Selu', x!),
);
defineOperator('Celu', ({ build, attributes, inputs: [x] }) => unary(build, 'Celu', x!, attributes.float('alpha', 1)));

/** gamma · x where x > 0, else gamma · alpha · (eˣ − 1). */
function scaledElu(b: Builder, x: Value, alpha: number, gamma: number): Value {
  if (alpha < 0) {
    const below = unary(b, 'Affine', unary(b, 'Elu', unary(b, 'NegativePart', x), 1), alpha, 0);
    return unary(b, 'Affine', arithmetic(b, 'Add', unary(b, 'Relu', x), below), gamma, 0);
  }
  const elu = unary(b, 'Elu', x, alpha);
  return gamma === 1 ? elu : unary(b, 'Affine', elu, gamma, 0);
}

defineOperator('HardSigmoid', ({ build, attributes, inputs: [x] }) =>
  unary(build, 'Clip', unary(build, 'Affine', x!, attributes.float('alpha', 0.2), attributes.float('beta', 0.5)), 0, 1),
);
defineOperator('Softplus', ({ build, inputs: [x] }) => unary(build, 'Softplus', x!, 1, Infinity));
defineOperator('Gelu', ({ build, attributes, inputs: [x] }) =>
  unary(build, attributes.string('approximate', 'none') === 'tanh' ? 'GeluTanh' : 'GeluErf', x!),
);
defineOperator('ThresholdedRelu', ({ build, attributes, inputs: [x] }) => {
  const above = compare(build, 'Greater', x!, build.scalar(x!.type, attributes.float('alpha', 1)));
  return select(build, above, x!, build.scalar(x!.type, 0));
});
defineOperator('Shrink', ({ build, attributes, inputs: [x] }) => {
  const [bias, lambd] = [attributes.float('bias', 0), attributes.float('lambd', 0.5)];
  const type = isFloat(x!.type) ? x!.type : 'float32';
  const value = convert(build, x!, type);
  const shifted = (by: number) => unary(build, 'Affine', value, 1, by);
  const zero = build.scalar(type, 0);
  const upper = select(build, compare(build, 'Greater', value, build.scalar(type, lambd)), shifted(-bias), zero);
  const both = select(build, compare(build, 'Less', value, build.scalar(type, -lambd)), shifted(bias), upper);
  return convert(build, both, x!.type);
});

/** The slope broadcasts to x, or before version 7 lies along the channels. */
defineOperator('PRelu', (call) => {
  const { build } = call;
  const [x, slope] = [call.input(0), call.input(1)];
  const isChannels = call.opset < 7 && slope.shape.length === 1 && slope.shape[0] !== 1 && x.shape.length > 1;
  const along = isChannels ? reshape(build, slope, [slope.shape[0]!, ...x.shape.slice(2).map(() => 1)]) : slope;
  broadcastShape('PRelu', x.shape, along.shape);
  if (!isFloat(x.type)) {
    const scaled = arithmetic(build, 'Multiply', x, along);
    return select(build, compare(build, 'Less', x, build.scalar(x.type, 0)), scaled, x);
  }
  const below = arithmetic(build, 'Multiply', unary(build, 'NegativePart', x), along);
  return arithmetic(build, 'Add', unary(build, 'Relu', x), below);
});

/** Bounds are attributes before version 11, inputs (each of which may be missing) from then on. */
defineOperator('Clip', (call) => {
  const { build, attributes } = call;
  const [x, low, high] = [call.input(0), call.inputs[1], call.inputs[2]];
  if (call.opset < 11)
    return unary(build, 'Clip', x, attributes.float('min', -Infinity), attributes.float('max', Infinity));
  const isPlain = isFloat(x.type) && (!low || low.host) && (!high || high.host);
  if (isPlain) {
    const [least = -Infinity, greatest = Infinity] = [low?.host!.data[0], high?.host!.data[0]];
    if (least <= greatest) return unary(build, 'Clip', x, least, greatest);
  }
  const raised = low ? arithmetic(build, 'Maximum', x, low) : x;
  return high ? arithmetic(build, 'Minimum', raised, high) : raised;
});

defineOperator('Identity', (call) => call.value(0));
