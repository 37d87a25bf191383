// Checks a model against a float64 reference: its outputs, and the gradient of every parameter and input against
// finite differences of the reference. And what the tests of models share: small data, exact comparison of weights.
import { expect } from 'vitest';
import { sequential, type Layer, type Model, type Tensor } from '../../src/index.ts';
import { operationOf } from '../../src/graph/operation.ts';
import { sizeOf, type Shape } from '../../src/graph/graph.ts';
import { randomFloats } from './kernel.ts';
import { trace } from '../../src/model/trace.ts';
import { expectClose } from './operation.ts';
import { layerKey, recordError, worstError, type Side } from './record.ts';

/** Random values of a shape, uniform in [low, high). */
export const randomTensor = (shape: readonly number[], seed: number, low = -1, high = 1): Tensor => ({
  data: randomFloats(sizeOf(shape), seed, low, high),
  shape,
});

type Values = Record<string, Float64Array>;

/** The first output of a model in float64, from its parameters by name and its inputs. */
export type Reference = (parameters: Values, ...inputs: Float64Array[]) => ArrayLike<number>;

/**
 * Sets random parameters, then compares outputs and gradients with the reference. The gradient is that of Σ w·out.
 * `vanishing` names parameters whose gradient is 0 in exact arithmetic: it may be a rounding error.
 */
export function checkModel(
  model: Model,
  batch: number,
  reference: Reference,
  { tolerance = 1e-5, low = -1, high = 1, vanishing = /^$/ } = {},
): void {
  model.setWeights(
    Object.fromEntries(model.parameters.map(({ name, shape }, i) => [name, randomTensor(shape, 7 + i)])),
  );
  const inputs = model.topology.inputs.map(({ shape, dtype }, i) => {
    const drawn = randomTensor([batch, ...shape], 40 + i, low, high);
    // Indices: whole numbers, which have no gradient.
    return dtype === 'i32' ? { data: Int32Array.from(drawn.data, Math.floor), shape: drawn.shape } : drawn;
  });
  const given = inputs.length === 1 ? inputs[0]! : inputs;
  const parameters: Values = Object.fromEntries(
    Object.entries(model.getWeights()).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  const exact = inputs.map(({ data }) => Float64Array.from(data));
  const out = model.predict(given);
  expect(out.shape).toEqual([batch, ...model.outputShapes[0]!]);
  const expected = reference(parameters, ...exact);
  expectClose(out.data, expected, tolerance, 'output');
  recordLayer(model, 'forward', worstError(out.data, expected));
  const outputGradient = randomTensor(out.shape, 99);
  const gradients = model.gradients(given, { outputGradient });
  const total = () => {
    const values = reference(parameters, ...exact);
    return Array.from(outputGradient.data).reduce((sum, weight, i) => sum + weight * values[i]!, 0);
  };
  for (const { name, shape } of model.parameters) {
    expect(gradients.parameters[name]!.shape).toEqual(shape);
    const numeric = finiteDifferences(total, parameters[name]!);
    const actual = gradients.parameters[name]!.data;
    if (vanishing.test(name))
      for (const each of [...numeric, ...actual]) expect(Math.abs(each), name).toBeLessThan(2e-6);
    else {
      expectClose(actual, numeric, 1e-4, `gradient of ${name}`);
      recordLayer(model, 'gradient', worstError(actual, numeric));
    }
  }
  exact.forEach((x, i) => {
    if (inputs[i]!.data instanceof Int32Array) return;
    const [actual, numeric] = [gradients.inputs[i]!.data, finiteDifferences(total, x)];
    expectClose(actual, numeric, 1e-4, `gradient of input ${i}`);
    recordLayer(model, 'gradient', worstError(actual, numeric));
  });
}

/** What stands in every layer: its errors are told by tests of its own, and by layers that are nothing else. */
const everywhere = 'reshape part binary unary reduce broadcastTo axpy matmul softmax transpose fill'.split(' ');

/** An error of a layer is one of the operations that it is made of, beside those that are everywhere. */
function recordLayer(model: Model, side: Side, error: number): void {
  const { nodes } = trace(model.topology, 1, false).graph;
  const found = [...new Set(nodes.map(({ operation }) => operation))].filter((name) => !operationOf(name).source);
  for (const operation of found)
    if (found.length === 1 || !everywhere.includes(operation)) recordError(operation, side, error);
  for (const type of typesOf(model)) recordError(layerKey(type), side, error);
}

/** The types of a model's layers, and of those inside them. */
function typesOf({ topology }: Model): Set<string> {
  const inner = ({ type, config }: Pick<Layer, 'type' | 'config'>): string[] =>
    'layer' in config ? [type, ...inner(config['layer'] as Layer)] : [type];
  return new Set(topology.layers.flatMap(inner));
}

/** d f / d x by central differences; f reads x where it lies. */
export function finiteDifferences(f: () => number, x: Float64Array): Float64Array {
  return x.map((value, i) => {
    const step = 1e-6 * Math.max(1, Math.abs(value));
    x[i] = value + step;
    const above = f();
    x[i] = value - step;
    const below = f();
    x[i] = value;
    return (above - below) / (2 * step);
  });
}

/** A model of one layer. */
export const modelOf = (layer: Layer, inputShape: Shape, seed = 1): Promise<Model> =>
  sequential([layer], { inputShape, seed });

/** Every bit of every parameter. */
export const bitsOf = (model: Model): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(model.getWeights()).map(([name, { data }]) => [
      name,
      Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length)),
    ]),
  );

/** x[rows, k] · w[k, n] + bias[n] in float64. */
export function affine(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  k: number,
  n: number,
) {
  const rows = x.length / k;
  return Float64Array.from({ length: rows * n }, (_, index) => {
    const [row, column] = [Math.floor(index / n), index % n];
    let sum = bias ? bias[column]! : 0;
    for (let p = 0; p < k; p++) sum += x[row * k + p]! * w[p * n + column]!;
    return sum;
  });
}

/** The four samples of exclusive or. */
export const xor = {
  inputs: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  targets: [[0], [1], [1], [0]],
};
