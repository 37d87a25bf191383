// Whole training runs, step by step against PyTorch.
import { expect, test } from 'vitest';
import {
  adam,
  conv2d,
  dense,
  flatten,
  maxPool2d,
  sequential,
  sgd,
  type FitOptions,
  type Layer,
  type Model,
  type Tensor,
} from '../../src/index.ts';
import {
  channelsLast,
  goldenCases,
  goldenTensor,
  kernelLast,
  permuted,
  transposed,
  type GoldenArray,
} from '../helpers/golden.ts';

interface TrainingCase {
  name: string;
  initial: Record<string, GoldenArray>;
  final: Record<string, GoldenArray>;
  x: GoldenArray;
  y: GoldenArray;
  loss: number[];
  prediction: GoldenArray;
}

const cases = goldenCases<TrainingCase>('training');

const runs: Record<string, { layers: Layer[]; options: FitOptions }> = {
  mlp_adam: {
    layers: [dense(13, { activation: 'relu' }), dense(4)],
    options: { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.01 }) },
  },
  mlp_sgd_tanh: {
    layers: [dense(7, { activation: 'tanh' }), dense(5, { activation: 'sigmoid' }), dense(2)],
    options: { loss: 'mse', optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
  },
  cnn_adam: {
    layers: [
      conv2d(4, { kernelSize: 3, padding: 1, activation: 'relu' }),
      maxPool2d(),
      conv2d(6, { kernelSize: 3, activation: 'relu' }),
      flatten(),
      dense(3),
    ],
    options: { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.01 }) },
  },
  xor_sgd: {
    layers: [dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })],
    options: { loss: 'binaryCrossEntropy', optimizer: sgd({ learningRate: 1 }) },
  },
};

/** A matrix behind a flattened image of 6 channels and 3×3 pixels: PyTorch counts channels first, neurite last. */
function behindImage({ shape, data }: GoldenArray): Tensor {
  const [units] = shape as [number, number];
  const apart = permuted({ shape: [units, 6, 3, 3], data }, [2, 3, 1, 0]);
  return { ...apart, shape: [54, units] };
}

function convertedOne(array: GoldenArray, shape: readonly number[]): Tensor {
  if (shape.length === 4) return kernelLast(array);
  if (shape.length === 2 && shape[0] === 54) return behindImage(array);
  return shape.length === 2 ? transposed(array) : goldenTensor(array);
}

/** The names and layouts of PyTorch's parameters in neurite's terms. */
function converted(model: Model, parameters: Record<string, GoldenArray>): Record<string, Tensor> {
  const arrays = Object.values(parameters);
  return Object.fromEntries(model.parameters.map(({ name, shape }, i) => [name, convertedOne(arrays[i]!, shape)]));
}

const relative = (actual: number, expected: number) => Math.abs(actual - expected) / Math.max(1e-6, Math.abs(expected));

test.each(Object.keys(runs))('golden training: %s', async (name) => {
  const { initial, final, x, y, loss, prediction } = cases.find((candidate) => candidate.name === name)!;
  const { layers, options } = runs[name]!;
  const inputs = x.shape.length === 4 ? channelsLast(x) : goldenTensor(x);
  const model = await sequential(layers, { inputShape: inputs.shape.slice(1) });
  model.setWeights(converted(model, initial));
  const data = { inputs, targets: goldenTensor(y) };
  const count = x.shape[0]!;
  const { history } = await model.fit(data, { ...options, epochs: loss.length, batchSize: count, shuffle: false });
  history['loss']!.forEach((value, step) => expect(relative(value, loss[step]!), `step ${step}`).toBeLessThan(1e-4));
  for (const [parameter, expected] of Object.entries(converted(model, final))) {
    const actual = model.getWeights()[parameter]!.data;
    actual.forEach((value: number, i: number) =>
      expect(Math.abs(value - expected.data[i]!), `${parameter}[${i}]`).toBeLessThan(2e-4),
    );
  }
  model
    .predict(data.inputs)
    .data.forEach((value: number, i: number) =>
      expect(Math.abs(value - Number(prediction.data[i])), `prediction ${i}`).toBeLessThan(5e-4),
    );
});

test('golden training: every run is here', () => {
  expect(cases.map(({ name }) => name).filter((name) => !runs[name])).toEqual([]);
});
