// timeDistributed and repeatVector.
import { expect, test } from 'vitest';
import {
  dense,
  flatten,
  input,
  loadModel,
  lstm,
  repeatVector,
  reshape,
  sequential,
  timeDistributed,
} from '../../src/index.ts';
import { affine, checkModel, modelOf, randomTensor } from '../helpers/model.ts';

test('timeDistributed: a layer over the steps is the layer over rows', async () => {
  const net = await modelOf(timeDistributed(dense(3, { activation: 'tanh' })), [4, 2]);
  expect(net.parameters.map(({ name }) => name)).toEqual(['layers.0.layer.kernel', 'layers.0.layer.bias']);
  checkModel(net, 5, (values, x) =>
    affine(x, values['layers.0.layer.kernel']!, values['layers.0.layer.bias']!, 2, 3).map(Math.tanh),
  );
});

test('timeDistributed: a layer that needs whole samples sees each step as one', async () => {
  const net = await sequential([timeDistributed(flatten()), timeDistributed(reshape([3, 2]))], {
    inputShape: [4, 2, 3],
  });
  expect(net.outputShapes).toEqual([[4, 3, 2]]);
  const x = randomTensor([2, 4, 2, 3], 1);
  expect(net.predict(x).data).toEqual(x.data);
});

test('repeatVector: the same at each step, its gradient their sum', async () => {
  const net = await modelOf(repeatVector(3), [2]);
  checkModel(net, 4, (_, x) => Float64Array.from({ length: 24 }, (_unused, i) => x[Math.floor(i / 6) * 2 + (i % 2)]!));
});

test('a sequence to sequence network with both comes back from a file', async () => {
  const layers = [lstm(4), repeatVector(3), lstm(4, { returnSequences: true }), timeDistributed(dense(2))];
  const net = await sequential(layers, { inputShape: [5, 2], seed: 1 });
  const x = randomTensor([2, 5, 2], 4);
  expect(net.predict(x).shape).toEqual([2, 3, 2]);
  expect((await loadModel(net.toBytes())).predict(x)).toEqual(net.predict(x));
});

test('errors name what was expected and what came', () => {
  expect(() => timeDistributed(dense(2))(input([4]))).toThrow(
    'timeDistributed: expected input [*, time, features], got [*, 4]',
  );
  expect(() => timeDistributed('dense' as never)).toThrow('timeDistributed: expected a layer, got string');
  expect(() => repeatVector(0)).toThrow('repeatVector: count: expected an integer of at least 1, got 0');
  expect(() => repeatVector(2)(input([4, 2]))).toThrow('repeatVector: expected input [*, features], got [*, 4, 2]');
});
