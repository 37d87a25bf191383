// XOR by Adam, with the activations and the rate that took the least time of those tried (docs/adr/0015): 14 epochs.
import { adam, dense, sequential } from '../../../src/index.ts';
import type { Works } from '../../works/work.ts';
import { xorError, xorInputs, xorName, xorTargets, xorWork } from '../../works/xor.ts';

let seed = 0;

async function trainXor() {
  const layers = [dense(8, { activation: 'gelu' }), dense(1, { activation: 'sigmoid' })];
  const model = await sequential(layers, { inputShape: [2], seed: seed++ });
  await model.fit(
    { inputs: xorInputs, targets: xorTargets.map((target) => [target]) },
    {
      loss: 'meanSquaredError',
      optimizer: adam({ learningRate: 0.15 }),
      metrics: [],
      batchSize: 4,
      shuffle: false,
      epochs: 10_000,
      callbacks: [{ onEpochEnd: (context, { loss }) => void (loss! <= xorError && context.stop('reached')) }],
    },
  );
  return (values: number[]) => model.predict([values]).data[0]!;
}

export const xor: Works = { [xorName]: () => xorWork(trainXor) };
