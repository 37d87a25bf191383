// Every elementwise function against its float64 reference, forward and backward.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { activations, type Activation } from '../../reference/activations.ts';
import { UnaryKind } from '../../src/core/generated/instructions.ts';
import { unaryParameters, unaryTable, type UnaryName } from '../../src/graph/operations/unary-table.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const names = Object.keys(UnaryKind) as UnaryName[];

/** Parameters other than the defaults, as the floats that the core sees. */
const parameters: Partial<Record<UnaryName, [alpha: number, beta: number]>> = {
  LeakyRelu: [0.2, 0],
  Elu: [1.5, 0],
  Celu: [1.25, 0],
  Softplus: [0.75, 15],
  HardTanh: [-0.5, 2],
  Affine: [-1.75, 0.3],
  Clip: [-2, 0.5],
};

const parametersOf = (name: UnaryName) => {
  const [alpha, beta] = parameters[name] ?? [0, 0];
  return { alpha: Math.fround(alpha), beta: Math.fround(beta) };
};

function forward(name: UnaryName, x: Float32Array, offset = 0, given = parametersOf(name)): Float32Array {
  const operands = { kind: UnaryKind[name], out: output(x.length), x, n: x.length, ...given };
  const { outputs, finished } = kernels.run('Unary', operands, offset);
  expect(finished).toBe(true);
  return outputs['out']!;
}

function backward(name: UnaryName, dOut: Float32Array, x: Float32Array, y: Float32Array, offset = 0): Float32Array {
  const { reads } = unaryTable[name];
  const read = { x: reads === 'x' ? x : null, y: reads === 'y' ? y : null };
  const operands = { kind: UnaryKind[name], dX: output(x.length), dOut, ...read, n: x.length, ...parametersOf(name) };
  return kernels.run('UnaryBackward', operands, offset).outputs['dX']!;
}

/** The bound that activation.ts states for the forward function, as an absolute difference at x. */
function bound(name: UnaryName, x: number, exact: number): number {
  const unit = 2 ** -149 * 4 * Math.max(1, Math.abs(x));
  if (name === 'GeluTanh' && x < -1) return Math.abs(exact) * 2e-7 * (2.5 + 1.6 * -x * (1 + 0.0448 * x * x)) + unit;
  if (name === 'Softplus') return Math.abs(exact) * (5e-7 + 6e-8 * Math.abs(parametersOf(name).alpha * x)) + unit;
  if (name === 'Affine') return 1.2e-7 * (Math.abs(1.75 * x) + 0.3);
  return Math.abs(exact) * 5e-7 + unit;
}

const edges = [0, -0, 1e-45, -1e-45, 1e-38, -1e-38, 0.5, -0.5, 1, -1, 1.5, 2.5, -1.5, 3, -3, 6, 20, -20, 88, -88];
const extremes = [103, -103, 104, -104, 1e4, -1e4, 3e38, -3e38, Infinity, -Infinity];
const everywhere = Float32Array.from([
  ...edges,
  ...extremes,
  ...randomFloats(4000, 1, -2, 2),
  ...randomFloats(4000, 2, -15, 15),
  ...randomFloats(2000, 3, -110, 110),
  ...randomFloats(1000, 4, -50, 50).map((e) => 2 ** e),
  ...randomFloats(1000, 5, -120, 50).map((e) => -(2 ** e)),
]);

/** A value as a float would hold it when it is beyond the largest. */
const overflowed = (x: number) => (Number.isFinite(Math.fround(x)) ? x : Math.fround(x));

test.each(names)('%s: forward matches the reference over all floats', (name) => {
  const { alpha, beta } = parametersOf(name);
  const out = forward(name, everywhere);
  everywhere.forEach((x, i) => {
    const exact = overflowed(activations[name].forward(x, alpha, beta));
    const close = Object.is(out[i], exact) || Math.abs(out[i]! - exact) <= bound(name, x, exact);
    if (!close && !(out[i] === exact)) expect.fail(`${name}(${x}) = ${out[i]}, expected ${exact}`);
  });
});

test.each(names)('%s: NaN gives NaN', (name) => {
  expect([...forward(name, Float32Array.of(1, NaN, 2, 3, NaN))].map(Number.isNaN)).toEqual([
    false,
    true,
    false,
    false,
    true,
  ]);
});

test.each(names)('%s: the same at every length, offset and in place', (name) => {
  const x = randomFloats(36, 9, -3, 3);
  const whole = forward(name, x);
  for (const n of awkwardLengths)
    for (const offset of [0, 4, 8, 12]) {
      expect(forward(name, x.slice(0, n), offset)).toEqual(whole.slice(0, n));
      expect(inPlace(name, x.slice(0, n), offset)).toEqual(whole.slice(0, n));
    }
});

/** The function with out = x. */
function inPlace(name: UnaryName, x: Float32Array, offset: number): Float32Array {
  const { memory } = kernels.instance;
  const base = memory.allocate(x.length * 4 + offset + 4);
  const at = base + offset;
  memory.floats(at, x.length).set(x);
  kernels.run('Unary', { kind: UnaryKind[name], out: at, x: at, n: x.length, ...parametersOf(name) });
  const out = memory.floats(at, x.length).slice();
  memory.release(base);
  return out;
}

const inDomain: Partial<Record<UnaryName, (x: number) => boolean>> = { Log: (x) => x > 0, Sqrt: (x) => x > 0 };
const somewhere = Float32Array.from([
  ...edges.filter((x) => Math.abs(x) > 1e-30 || Object.is(x, 0)),
  ...randomFloats(3000, 6, -8, 8),
  ...randomFloats(500, 7, -100, 88),
  1e4,
  -1e4,
]);

test.each(names)('%s: backward matches the derivative of the reference', (name) => {
  const { alpha, beta } = parametersOf(name);
  const x = somewhere.filter(inDomain[name] ?? (() => true));
  const dOut = randomFloats(x.length, 8, -2, 2);
  const dX = backward(name, dOut, x, forward(name, x));
  x.forEach((value, i) => {
    const exact = overflowed(dOut[i]! * activations[name].derivative(value, alpha, beta));
    const close = dX[i] === exact || Math.abs(dX[i]! - exact) <= 1e-6 * Math.max(Math.abs(exact), Math.abs(dOut[i]!));
    if (!close) expect.fail(`${name}'(${value}) · ${dOut[i]} = ${dX[i]}, expected ${exact}`);
  });
});

test.each(names)('%s: the derivative of the reference matches finite differences', (name) => {
  const { forward: f, derivative, kinks }: Activation = activations[name];
  const { alpha, beta } = parametersOf(name);
  const h = 1e-5;
  for (let k = 0; k < 33; k++) {
    const x = -5.89 + 0.37 * k;
    if (inDomain[name]?.(x) === false) continue;
    if (kinks?.(alpha, beta).some((kink) => Math.abs(x - kink) < 1e-3)) continue;
    const slope = (f(x + h, alpha, beta) - f(x - h, alpha, beta)) / (2 * h);
    expect(Math.abs(derivative(x, alpha, beta) - slope), `${name} at ${x}`).toBeLessThan(1e-7 * (1 + slope * slope));
  }
});

test.each(names)('%s: backward is the same at every length, offset and in place', (name) => {
  const x = randomFloats(36, 10, 0.1, 3);
  const dOut = randomFloats(36, 11);
  const y = forward(name, x);
  const whole = backward(name, dOut, x, y);
  for (const n of awkwardLengths)
    for (const offset of [0, 4, 8, 12]) {
      const dX = backward(name, dOut.slice(0, n), x.slice(0, n), y.slice(0, n), offset);
      expect(dX).toEqual(whole.slice(0, n));
      for (const over of ['dOut', 'x', 'y'] as const) {
        const values = { dOut: dOut.slice(0, n), x: x.slice(0, n), y: y.slice(0, n) };
        expect(backwardInPlace(name, values, over, offset)).toEqual(whole.slice(0, n));
      }
    }
});

/** The gradient with dX = one of its inputs. */
function backwardInPlace(
  name: UnaryName,
  values: Record<'dOut' | 'x' | 'y', Float32Array>,
  over: 'dOut' | 'x' | 'y',
  offset: number,
): Float32Array {
  const { memory } = kernels.instance;
  const n = values[over].length;
  const base = memory.allocate(n * 4 + offset + 4);
  const at = base + offset;
  memory.floats(at, n).set(values[over]);
  kernels.run(
    'UnaryBackward',
    { kind: UnaryKind[name], ...values, dX: at, [over]: at, n, ...parametersOf(name) },
    offset,
  );
  const dX = memory.floats(at, n).slice();
  memory.release(base);
  return dX;
}

test.each<[UnaryName, number[]]>([
  ['Relu', [0]],
  ['Relu6', [0, 6]],
  ['HardTanh', [-0.5, 2]],
  ['Clip', [-2, 0.5]],
  ['HardSigmoid', [-3, 3]],
  ['Abs', [0]],
  ['NegativePart', [0]],
])('%s: the gradient at a kink is 0', (name, kinks) => {
  const x = Float32Array.from(kinks);
  const ones = new Float32Array(x.length).fill(1);
  expect(backward(name, ones, x, forward(name, x)).every((slope) => slope === 0)).toBe(true);
});

test.each<UnaryName>(['Step', 'Sign', 'Floor', 'Ceil', 'Round'])('%s: the gradient is 0 everywhere', (name) => {
  const x = randomFloats(9, 1, -3, 3);
  expect(backward(name, x, x, x)).toEqual(new Float32Array(9));
});

test('Relu: −0 becomes +0', () => {
  expect(Object.is(forward('Relu', Float32Array.of(-0))[0], 0)).toBe(true);
});

test('Round: halves go to the even neighbour', () => {
  expect([...forward('Round', Float32Array.of(0.5, 1.5, 2.5, -1.5, 3.49))]).toEqual([0, 2, 2, -2, 3]);
});

/** The functions whose gradient reads a value, by the host's table. */
const table = (reads: string) => names.filter((name) => unaryTable[name].reads === reads).toSorted();

test('the list in activation.ts and the table of the host are the same', () => {
  const head = readFileSync(new URL('../../assembly/nn/activation.ts', import.meta.url), 'utf8').split('import')[0]!;
  const list = (label: string) => {
    const text = new RegExp(`//   ${label}: ((?:.|\\n)*?)(?=\\n//   \\w+:|\\n// [A-Z])`).exec(head)![1]!;
    return text.match(/\b[A-Z][A-Za-z0-9]+/g)!.toSorted();
  };
  expect(list('x')).toEqual(table('x'));
  expect(list('y')).toEqual(table('y'));
  expect(list('neither')).toEqual(table('none'));
});

test('unaryParameters: fills defaults in and refuses what a function is not defined for', () => {
  expect(unaryParameters('Softplus')).toEqual({ alpha: 1, beta: 20 });
  expect(unaryParameters('HardTanh', { beta: 3 })).toEqual({ alpha: -1, beta: 3 });
  expect(() => unaryParameters('LeakyRelu', { alpha: -0.1 })).toThrow(
    new RangeError('LeakyRelu: expected a slope (alpha) of at least 0, got alpha -0.1, beta 0'),
  );
  expect(() => unaryParameters('Celu', { alpha: 0 })).toThrow(RangeError);
  expect(() => unaryParameters('Clip', { alpha: 2, beta: 1 })).toThrow(RangeError);
  expect(() => unaryParameters('Affine', { alpha: NaN })).toThrow(RangeError);
});
