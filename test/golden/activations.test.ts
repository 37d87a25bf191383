// PyTorch's activations, forward and gradient: all cases of activations.json.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SoftmaxKind, UnaryKind } from '../../src/core/generated/instructions.ts';
import { unaryParameters, unaryTable, type UnaryName } from '../../src/graph/operations/unary-table.ts';
import { kernelRunner, output } from '../helpers/kernel.ts';

interface GoldenArray {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  input: GoldenArray;
  output: GoldenArray;
  grad_output: GoldenArray;
  grad_input: GoldenArray;
}

const file = new URL('./activations.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
const kernels = await kernelRunner();

const unaryNames: Record<string, UnaryName> = {
  relu: 'Relu',
  relu6: 'Relu6',
  'leaky_relu(0.01)': 'LeakyRelu',
  elu: 'Elu',
  selu: 'Selu',
  celu: 'Celu',
  gelu_erf: 'GeluErf',
  gelu_tanh: 'GeluTanh',
  silu: 'Silu',
  mish: 'Mish',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softsign: 'Softsign',
  hard_sigmoid: 'HardSigmoid',
  hard_swish: 'HardSwish',
  hard_tanh: 'HardTanh',
  log_sigmoid: 'LogSigmoid',
  exp: 'Exp',
  erf: 'Erf',
};
const softmaxKinds: Record<string, number> = {
  'softmax(-1)': SoftmaxKind.Softmax,
  'log_softmax(-1)': SoftmaxKind.LogSoftmax,
};

const floats = (array: GoldenArray) => Float32Array.from(array.data, Number);

/** Forward output and gradient of a case by the core. */
function computed({ name, input, grad_output }: Case): { out: Float32Array; dX: Float32Array } {
  const x = floats(input);
  const dOut = floats(grad_output);
  const n = x.length;
  if (name in softmaxKinds) {
    const shape = { kind: softmaxKinds[name]!, rows: input.shape[0]!, columns: input.shape[1]! };
    const out = kernels.run('Softmax', { ...shape, out: output(n), x }).outputs['out']!;
    return { out, dX: kernels.run('SoftmaxBackward', { ...shape, dX: output(n), dOut, y: out }).outputs['dX']! };
  }
  const unary = unaryNames[name]!;
  const common = { kind: UnaryKind[unary], n, ...unaryParameters(unary) };
  const out = kernels.run('Unary', { ...common, out: output(n), x }).outputs['out']!;
  const { reads } = unaryTable[unary];
  const read = { x: reads === 'x' ? x : null, y: reads === 'y' ? out : null };
  return { out, dX: kernels.run('UnaryBackward', { ...common, ...read, dX: output(n), dOut }).outputs['dX']! };
}

/**
 * Relative, with an absolute floor of 1e-7 · max(1, |x|): PyTorch's own 1 + erf, 1 + tanh and y + alpha leave no more
 * digits for a negative x (its gelu of −20 is −0, ours keeps its relative accuracy).
 */
function expectClose(actual: Float32Array, golden: GoldenArray, x: GoldenArray, relative: number, what: string): void {
  golden.data.forEach((raw, i) => {
    const value = Number(raw);
    const floor = 1e-7 * Math.max(1, Math.abs(Number(x.data[i])));
    const difference = Math.abs(actual[i]! - value);
    if (actual[i] !== value && !(difference <= relative * Math.abs(value) + floor))
      expect.fail(`${what}[${i}] = ${actual[i]}, PyTorch has ${value}`);
  });
}

test('every case is one that the core has', () => {
  expect(cases.length).toBe(22);
  expect(cases.filter(({ name }) => !(name in unaryNames) && !(name in softmaxKinds))).toEqual([]);
});

test.each(cases.map((golden) => [golden.name, golden] as const))(
  '%s: output and gradient are PyTorch’s',
  (name, golden) => {
    const { out, dX } = computed(golden);
    expectClose(out, golden.output, golden.input, 1e-5, name);
    expectClose(dX, golden.grad_input, golden.input, 1e-4, `${name} gradient`);
  },
);
