// Recurrent layers, step by step: one product of all inputs beforehand, then a product with the state at each step.
// The gates are ONNX's: LSTM i o f c, GRU z r h. Shapes: T steps, B rows, I inputs, H units, D directions.
import { NeuriteError } from '../../../core/errors.ts';
import type { UnaryName } from '../../../graph/operations/index.ts';
import { arithmetic, compare, select, unary } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { concatenate, reshape, slice, transpose } from '../movement.ts';
import { matmul } from '../products.ts';
import { fusedDirection, fusedKind } from './recurrent-fused.ts';

type Activation = (x: Value) => Value;

/** What the three kinds share, for one direction. */
interface Direction {
  readonly build: Builder;
  readonly units: number;
  readonly batch: number;
  readonly clip: (x: Value) => Value;
  readonly activations: readonly Activation[];
  /** W·x + both biases at each step [T, B, gates · H]; for GRU's `linear_before_reset` without R's bias of h. */
  readonly inputs: Value;
  /** R transposed, [H, gates · H]. */
  readonly recurrent: Value;
  readonly biases: Value | undefined;
  readonly peepholes: Value | undefined;
  readonly resetAfter: boolean;
  readonly coupled: boolean;
}

interface State {
  readonly hidden: Value;
  readonly cell?: Value | undefined;
}

type Step = (direction: Direction, input: Value, state: State) => State;

const part = (b: Builder, x: Value, axis: number, index: number, size: number): Value =>
  slice(b, x, [{ axis, start: index * size, step: 1, size }]);
const gate = ({ build, units }: Direction, x: Value, index: number) => part(build, x, x.shape.length - 1, index, units);

const rnnStep: Step = ({ build, clip, activations: [f], recurrent }, input, { hidden }) => ({
  hidden: f!(clip(arithmetic(build, 'Add', input, matmul(build, hidden, recurrent)))),
});

const gruStep: Step = (direction, input, { hidden }) => {
  const { build, clip, activations, recurrent, biases, resetAfter, units } = direction;
  const [f, g] = activations as [Activation, Activation];
  const add = (x: Value, y: Value) => arithmetic(build, 'Add', x, y);
  const times = (x: Value, y: Value) => arithmetic(build, 'Multiply', x, y);
  const gates = slice(build, recurrent, [{ axis: 1, start: 0, step: 1, size: 2 * units }]);
  const own = part(build, recurrent, 1, 2, units);
  const both = matmul(build, hidden, gates);
  const z = f(clip(add(gate(direction, input, 0), gate(direction, both, 0))));
  const r = f(clip(add(gate(direction, input, 1), gate(direction, both, 1))));
  const bias = biases && part(build, biases, 0, 5, units);
  const withBias = (x: Value) => (bias ? add(x, bias) : x);
  const remembered = resetAfter
    ? times(r, withBias(matmul(build, hidden, own)))
    : withBias(matmul(build, times(r, hidden), own));
  const candidate = g(clip(add(gate(direction, input, 2), remembered)));
  // (1 − z) · candidate + z · hidden
  return { hidden: add(candidate, times(z, arithmetic(build, 'Subtract', hidden, candidate))) };
};

const lstmStep: Step = (direction, input, { hidden, cell }) => {
  const { build, clip, activations, recurrent, peepholes, coupled, units } = direction;
  const [f, g, h] = activations as [Activation, Activation, Activation];
  const add = (x: Value, y: Value) => arithmetic(build, 'Add', x, y);
  const times = (x: Value, y: Value) => arithmetic(build, 'Multiply', x, y);
  const sums = add(input, matmul(build, hidden, recurrent));
  const peep = (x: Value, index: number, state: Value) =>
    peepholes ? add(x, times(part(build, peepholes, 0, index, units), state)) : x;
  const i = f(clip(peep(gate(direction, sums, 0), 0, cell!)));
  const forget = coupled ? unary(build, 'Affine', i, -1, 1) : f(clip(peep(gate(direction, sums, 2), 2, cell!)));
  const c = add(times(forget, cell!), times(i, g(clip(gate(direction, sums, 3)))));
  const o = f(clip(peep(gate(direction, sums, 1), 1, c)));
  return { hidden: times(o, h(c)), cell: c };
};

const kinds = {
  RNN: { gates: 1, step: rnnStep, defaults: ['Tanh'], stateInput: 5 },
  GRU: { gates: 3, step: gruStep, defaults: ['Sigmoid', 'Tanh'], stateInput: 5 },
  LSTM: { gates: 4, step: lstmStep, defaults: ['Sigmoid', 'Tanh', 'Tanh'], stateInput: 5 },
} as const;

for (const [name, kind] of Object.entries(kinds)) defineOperator(name, (call) => recurrent(call, name, kind));

function recurrent(call: Call, name: string, kind: (typeof kinds)[keyof typeof kinds]): (Value | undefined)[] {
  const { build, attributes } = call;
  const isBatchFirst = attributes.flag('layout');
  const x = isBatchFirst ? transpose(build, call.input(0), [1, 0, 2]) : call.input(0);
  const way = attributes.string('direction', 'forward');
  const directions = way === 'bidirectional' ? 2 : 1;
  const results = Array.from({ length: directions }, (_, i) => {
    const reverse = way === 'reverse' || i === 1;
    return fused(call, name, x, i, reverse) ?? runDirection(call, kind, x, i, reverse, directions);
  });
  // [T, D, B, H] and [D, B, H], or with the batch first [B, T, D, H] and [B, D, H].
  const outputs = results.flatMap((result) => result.outputs ?? []);
  const all = outputs.length === directions ? concatenate(build, outputs, 1) : undefined;
  const stacked = (values: Value[]) => {
    const joined = concatenate(
      build,
      values.map((value) => reshape(build, value, [1, ...value.shape])),
      0,
    );
    return isBatchFirst ? transpose(build, joined, [1, 0, 2]) : joined;
  };
  const last = stacked(results.map(({ state }) => state.hidden));
  const cells = results.flatMap(({ state }) => (state.cell ? [state.cell] : []));
  return [
    all && isBatchFirst ? transpose(build, all, [2, 0, 1, 3]) : all,
    last,
    ...(cells.length ? [stacked(cells)] : []),
  ];
}

/** A direction as one instruction; undefined for one of another kind. */
function fused(
  call: Call,
  name: string,
  x: Value,
  index: number,
  reverse: boolean,
): { outputs: Value | undefined; state: State } | undefined {
  const { build, attributes } = call;
  const kind = fusedKind(call, name, index);
  const units = call.input(2).shape[2]!;
  if (!kind || attributes.int('hidden_size', units) !== units) return undefined;
  const initial = [5, 6].map((input) => {
    const given = call.inputs[input];
    if (!given) return undefined;
    const first = attributes.flag('layout') ? transpose(build, given, [1, 0, 2]) : given;
    const own = slice(build, first, [{ axis: 0, start: index, step: 1, size: 1 }]);
    return reshape(build, own, first.shape.slice(1));
  });
  const { outputs, hidden, cell } = fusedDirection(call, name, kind, x, index, reverse, initial);
  return { outputs, state: { hidden, cell } };
}

function runDirection(
  call: Call,
  { gates, step, defaults }: (typeof kinds)[keyof typeof kinds],
  x: Value,
  index: number,
  reverse: boolean,
  directions: number,
): { outputs: Value; state: State } {
  const { build, attributes } = call;
  const [steps, batch, width] = x.shape as [number, number, number];
  const own = (value: Value) =>
    reshape(build, slice(build, value, [{ axis: 0, start: index, step: 1, size: 1 }]), value.shape.slice(1));
  const recurrentWeights = own(call.input(2));
  const units = attributes.int('hidden_size', recurrentWeights.shape[1]!);
  if (recurrentWeights.shape[1] !== units)
    throw new NeuriteError(`weights of ${recurrentWeights.shape[1]} units for ${units}`);
  const biases = call.inputs[3] && own(call.inputs[3]);
  const isGru = gates === 3;
  const product = matmul(
    build,
    reshape(build, x, [steps * batch, width]),
    transpose(build, own(call.input(1)), [1, 0]),
  );
  const direction: Direction = {
    build,
    units,
    batch,
    clip: clipOf(call),
    activations: activationsOf(call, defaults, index, directions),
    inputs: reshape(
      build,
      biases ? arithmetic(build, 'Add', product, inputBias(build, biases, gates, units)) : product,
      [steps, batch, gates * units],
    ),
    recurrent: transpose(build, recurrentWeights, [1, 0]),
    biases: isGru ? biases : undefined,
    peepholes: call.inputs[7] && own(call.inputs[7]),
    resetAfter: attributes.flag('linear_before_reset'),
    coupled: attributes.flag('input_forget'),
  };
  return walkSteps(call, direction, step, initialState(call, own, direction, gates === 4), steps, reverse);
}

/** W's and R's biases in one, but R's of the GRU's candidate, which is added within. */
function inputBias(b: Builder, biases: Value, gates: number, units: number): Value {
  const half = (index: number) => part(b, biases, 0, index, gates * units);
  if (gates !== 3) return arithmetic(b, 'Add', half(0), half(1));
  const two = (index: number) => slice(b, half(index), [{ axis: 0, start: 0, step: 1, size: 2 * units }]);
  return concatenate(b, [arithmetic(b, 'Add', two(0), two(1)), part(b, half(0), 0, 2, units)], 0);
}

function initialState(
  call: Call,
  own: (value: Value) => Value,
  { build, batch, units }: Direction,
  hasCell: boolean,
): State {
  const isBatchFirst = call.attributes.flag('layout');
  const read = (input: number): Value => {
    const given = call.inputs[input];
    if (!given) return build.constant('float32', [batch, units], new Float32Array(batch * units));
    return own(isBatchFirst ? transpose(build, given, [1, 0, 2]) : given);
  };
  return { hidden: read(5), cell: hasCell ? read(6) : undefined };
}

/** Rows that are shorter keep their state past their end, and give 0 there. */
function walkSteps(
  call: Call,
  direction: Direction,
  step: Step,
  initial: State,
  steps: number,
  reverse: boolean,
): { outputs: Value; state: State } {
  const { build, batch, units, inputs } = direction;
  const lengths = call.inputs[4];
  let state = initial;
  const outputs: Value[] = [];
  for (let k = 0; k < steps; k++) {
    const t = reverse ? steps - 1 - k : k;
    const input = reshape(build, slice(build, inputs, [{ axis: 0, start: t, step: 1, size: 1 }]), [
      batch,
      inputs.shape[2]!,
    ]);
    const next = step(direction, input, state);
    if (!lengths) {
      state = next;
      outputs[t] = next.hidden;
      continue;
    }
    const within = reshape(build, compare(build, 'Greater', lengths, build.scalar(lengths.type, t)), [batch, 1]);
    const keep = (value: Value, before: Value) => select(build, within, value, before);
    state = {
      hidden: keep(next.hidden, state.hidden),
      cell: next.cell && keep(next.cell, state.cell!),
    };
    outputs[t] = keep(next.hidden, build.scalar(next.hidden.type, 0));
  }
  const all = outputs.map((value) => reshape(build, value, [1, 1, batch, units]));
  return { outputs: concatenate(build, all, 0), state };
}

function clipOf({ build, attributes }: Call): (x: Value) => Value {
  if (!attributes.has('clip')) return (x) => x;
  const bound = attributes.float('clip', Infinity);
  return (x) => unary(build, 'Clip', x, -bound, bound);
}

/** The functions of a direction, by their names and parameters. */
function activationsOf(
  { build, attributes }: Call,
  defaults: readonly string[],
  index: number,
  directions: number,
): Activation[] {
  const names = attributes.strings('activations') ?? Array.from({ length: directions }, () => defaults).flat();
  const alphas = (attributes.floats('activation_alpha') ?? []).values();
  const betas = (attributes.floats('activation_beta') ?? []).values();
  const all = names.map((name) => {
    const parameters = parametersOf[name.toLowerCase()];
    const alpha = parameters?.alpha === undefined ? 0 : (alphas.next().value ?? parameters.alpha);
    const beta = parameters?.beta === undefined ? 0 : (betas.next().value ?? parameters.beta);
    return activationOf(build, name, alpha, beta);
  });
  return all.slice(index * defaults.length, (index + 1) * defaults.length);
}

const parametersOf: Record<string, { alpha?: number; beta?: number }> = {
  affine: { alpha: 1, beta: 0 },
  leakyrelu: { alpha: 0.01 },
  thresholdedrelu: { alpha: 1 },
  scaledtanh: { alpha: 1, beta: 1 },
  hardsigmoid: { alpha: 0.2, beta: 0.5 },
  elu: { alpha: 1 },
};

const plainActivations: Record<string, UnaryName> = {
  relu: 'Relu',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softsign: 'Softsign',
};

function activationOf(b: Builder, given: string, alpha: number, beta: number): Activation {
  const name = given.toLowerCase();
  const plain = plainActivations[name];
  if (plain) return (x) => unary(b, plain, x);
  if (name === 'affine') return (x) => unary(b, 'Affine', x, alpha, beta);
  if (name === 'leakyrelu') return (x) => unary(b, 'LeakyRelu', x, alpha);
  if (name === 'elu') return (x) => unary(b, 'Elu', x, alpha);
  if (name === 'softplus') return (x) => unary(b, 'Softplus', x, 1, Infinity);
  if (name === 'hardsigmoid') return (x) => unary(b, 'Clip', unary(b, 'Affine', x, alpha, beta), 0, 1);
  if (name === 'scaledtanh')
    return (x) => unary(b, 'Affine', unary(b, 'Tanh', unary(b, 'Affine', x, beta, 0)), alpha, 0);
  if (name === 'thresholdedrelu')
    return (x) => select(b, compare(b, 'GreaterOrEqual', x, b.scalar(x.type, alpha)), x, b.scalar(x.type, 0));
  throw new NeuriteError(`unknown activation "${given}"`);
}
