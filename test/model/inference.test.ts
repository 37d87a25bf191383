import { describe, expect, test } from 'vitest';
import { add, concatenate, dense, dropout, input, model, prelu, reshape, sequential } from '../../src/index.ts';
import { loadModel as loadToTrain } from '../../src/model/load.ts';
import { loadModel, InferenceModel } from '../../src/inference/index.ts';
import { randomTensor } from '../helpers/model.ts';
import { variant } from '../helpers/kernel.ts';

const network = () =>
  sequential([dense(9, { activation: 'gelu' }), dropout(0.3), prelu(), dense(5, { activation: 'softmax' })], {
    inputShape: [7],
    seed: 3,
  });

describe('InferenceModel', () => {
  test('predicts the bits of the model that was saved', async () => {
    const trained = await network();
    trained.metadata['classes'] = ['a', 'b'];
    const opened = await loadModel(trained.toBytes());
    expect(opened).toBeInstanceOf(InferenceModel);
    expect(opened.variant).toBe(variant);
    expect(opened.metadata).toEqual(trained.metadata);
    expect(opened.seed).toBe(3);
    for (const count of [1, 2, 17]) {
      const inputs = randomTensor([count, 7], count);
      expect(opened.predict(inputs)).toEqual(trained.predict(inputs));
    }
  });

  test('the copy-free path, weights given and taken', async () => {
    const trained = await network();
    const opened = await loadModel(trained.toBytes());
    const { data } = randomTensor([1, 7], 5);
    for (const each of [trained, opened]) {
      each.setWeights({ 'layers.0.bias': randomTensor([9], 6) });
      each.input.set(data);
      each.run();
    }
    expect([...opened.output]).toEqual([...trained.output]);
    expect(opened.getWeights()).toEqual(trained.getWeights());
  });

  test('a topology with branches', async () => {
    const x = input([4]);
    const h = dense(4, { activation: 'relu' })(x);
    const joined = concatenate()([add()([x, h]), reshape([4])(x)]);
    const trained = await model({ inputs: x, outputs: [dense(2)(joined), h], seed: 2 });
    const opened = await loadModel(trained.toBytes());
    const inputs = randomTensor([3, 4], 1);
    expect(opened.predictAll(inputs)).toEqual(trained.predictAll(inputs));
  });

  test('a file saved with its optimizer opens, and one that is no model is refused', async () => {
    const trained = await network();
    await trained.fit(
      { inputs: randomTensor([8, 7], 1), targets: Int32Array.from([0, 1, 2, 3, 4, 0, 1, 2]) },
      { loss: 'crossEntropy' },
    );
    const bytes = trained.toBytes({ optimizer: true });
    expect((await loadModel(bytes)).predict(randomTensor([2, 7], 4))).toEqual(
      (await loadToTrain(bytes)).predict(randomTensor([2, 7], 4)),
    );
    await expect(loadModel(bytes.subarray(0, 100))).rejects.toThrow('safetensors');
  });
});
