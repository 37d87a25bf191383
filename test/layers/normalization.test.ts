import { describe, expect, it, test } from 'vitest';
import {
  batchNorm,
  dense,
  groupNorm,
  instanceNorm,
  layerNorm,
  loadModel,
  rmsNorm,
  sequential,
  sgd,
  ShapeError,
} from '../../src/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { forwardFunction } from '../../src/model/functions.ts';
import * as reference from '../../reference/norm.ts';
import { checkModel, modelOf } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

describe('against the reference, with finite differences', () => {
  it('layerNorm', async () =>
    checkModel(await modelOf(layerNorm({ epsilon: 0.01 }), [3, 7]), 2, (p, x) =>
      reference.normalizeRows(x!, 7, 0.01, { gamma: p['layers.0.gamma'], beta: p['layers.0.beta'] }),
    ));
  it('layerNorm over two axes', async () =>
    checkModel(await modelOf(layerNorm({ axes: 2, center: false }), [3, 5]), 2, (p, x) =>
      reference.normalizeRows(x!, 15, 1e-5, { gamma: p['layers.0.gamma'] }),
    ));
  it('rmsNorm', async () =>
    checkModel(await modelOf(rmsNorm(), [6]), 3, (p, x) =>
      reference.normalizeRows(x!, 6, 1e-6, { gamma: p['layers.0.gamma'], centred: false }),
    ));
  it('groupNorm', async () =>
    checkModel(await modelOf(groupNorm(2), [3, 2, 6]), 2, (p, x) =>
      reference.normalizeColumns(x!, { batch: 2, rows: 6, columns: 6, groups: 2 }, 1e-5, {
        gamma: p['layers.0.gamma'],
        beta: p['layers.0.beta'],
      }),
    ));
  it('instanceNorm', async () =>
    checkModel(await modelOf(instanceNorm({ scale: false, center: false }), [5, 3]), 2, (_p, x) =>
      reference.normalizeColumns(x!, { batch: 2, rows: 5, columns: 3, groups: 3 }, 1e-5),
    ));
  it('batchNorm, predicting by its running statistics', async () =>
    checkModel(await modelOf(batchNorm(), [2, 3]), 4, (p, x) =>
      Float64Array.from(
        x!,
        (value, i) => (value / Math.sqrt(1 + 1e-5)) * p['layers.0.gamma']![i % 3]! + p['layers.0.beta']![i % 3]!,
      ),
    ));
});

describe('batchNorm', () => {
  const inputs = [
    [1, 10],
    [2, 20],
    [3, 30],
    [6, 40],
  ];
  const targets = inputs.map(() => [0, 0]);

  it('training moves the running statistics by the momentum, the variance unbiased', async () => {
    const model = await sequential([batchNorm({ momentum: 0.25, scale: false, center: false })], { inputShape: [2] });
    await model.fit({ inputs, targets }, { loss: 'meanSquaredError', batchSize: 4 });
    const weights = model.getWeights();
    expectClose(weights['layers.0.movingMean']!.data, [0.25 * 3, 0.25 * 25], 1e-6, 'mean');
    const variances = [14 / 3, 500 / 3];
    expectClose(
      weights['layers.0.movingVariance']!.data,
      variances.map((v) => 0.75 + 0.25 * v),
      1e-6,
      'variance',
    );
  });

  it('a batch of one value a channel is normalised to beta, and its variance counts as 0', async () => {
    const model = await sequential([batchNorm()], { inputShape: [2] });
    await model.fit(
      { inputs: [[5, 5]], targets: [[0, 0]] },
      { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e-3 }) },
    );
    expectClose(model.getWeights()['layers.0.movingVariance']!.data, [0.9, 0.9], 1e-6, 'variance');
  });

  it('with trainable false neither gamma nor the running statistics change in training', async () => {
    const model = await sequential([batchNorm({ trainable: false }), dense(2)], { inputShape: [2] });
    const before = model.getWeights();
    await model.fit({ inputs, targets }, { loss: 'meanSquaredError', epochs: 2 });
    for (const name of ['gamma', 'beta', 'movingMean', 'movingVariance'])
      expect(model.getWeights()[`layers.0.${name}`]).toEqual(before[`layers.0.${name}`]);
    expect(model.getWeights()['layers.1.kernel']).not.toEqual(before['layers.1.kernel']);
  });

  it('in a prediction its factor and summand are computed once, ahead of the runs', async () => {
    const { topology } = await sequential([batchNorm()], { inputShape: [2] });
    const { prologue, body } = compile(forwardFunction(topology, 3));
    expect(prologue.length).toBeGreaterThan(3);
    expect(body.map(({ opcode }) => opcode)).toEqual(['BinaryBroadcast', 'BinaryBroadcast']);
  });

  it('its statistics are in the file, listed apart from what is trained', async () => {
    const model = await sequential([batchNorm()], { inputShape: [2] });
    await model.fit({ inputs, targets }, { loss: 'meanSquaredError', epochs: 3 });
    expect(model.summary()).toMatchObject({ parameters: 4, trainableParameters: 4, states: 4 });
    const copy = await loadModel(model.toBytes());
    expect(copy.getWeights()).toEqual(model.getWeights());
    expect(copy.predict(inputs).data).toEqual(model.predict(inputs).data);
  });

  it('gradients in training mode are those of a step', async () => {
    const model = await sequential([batchNorm()], { inputShape: [2] });
    const request = {
      outputGradient: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    };
    const predicted = model.gradients(inputs, request);
    const trained = model.gradients(inputs, { ...request, training: true });
    expect(trained.inputs[0]!.data).not.toEqual(predicted.inputs[0]!.data);
    const sum = [...trained.inputs[0]!.data].reduce((a, b) => a + b, 0);
    expect(Math.abs(sum)).toBeLessThan(1e-5);
    expect(() => model.gradients(inputs, { ...request, training: 1 as never })).toThrow(
      'expected training true or false',
    );
  });
});

test('bad options and shapes are refused where the layer is made or applied', async () => {
  expect(() => layerNorm({ epsilon: 0 })).toThrow('layerNorm: expected a positive epsilon, got 0');
  expect(() => layerNorm({ axes: 0 })).toThrow('layerNorm: axes: expected an integer of at least 1, got 0');
  expect(() => batchNorm({ momentum: 2 })).toThrow('batchNorm: expected a momentum in [0, 1], got 2');
  expect(() => batchNorm({ momentun: 1 } as never)).toThrow('momentum');
  expect(() => rmsNorm({ center: true } as never)).toThrow(RangeError);
  await expect(modelOf(groupNorm(4), [3, 6])).rejects.toThrow('expected channels that 4 groups divide, got [*, 3, 6]');
  await expect(modelOf(instanceNorm(), [6])).rejects.toThrow('expected input [*, positions, C]');
  await expect(modelOf(layerNorm({ axes: 2 }), [6])).rejects.toThrow(ShapeError);
});
