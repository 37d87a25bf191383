// brain.js: plain JavaScript. It learns XOR twice: by its defaults, and by the activation, rate and momentum that took the
// least time of those tried and always reached the goal (28 epochs instead of 4454; docs/adr/0015).
import { networks, networkWeights } from '../../src/node/bench/networks.ts';
import { load, serve } from '../lib/serve.ts';
import { predictionData, predictionName } from '../works/predictions.ts';
import type { PeerWork } from '../works/work.ts';
import { tunedXorName, xorError, xorInputs, xorName, xorTargets, xorWork } from '../works/xor.ts';

const { default: brain } = await load('brain.js');

function prediction(name: string): PeerWork {
  const network = networks[name]!;
  const input = [...predictionData(network, 1)];
  const net = new brain.NeuralNetwork({ hiddenLayers: network.sizes.slice(1, -1), activation: 'sigmoid' });
  net.sizes = [...network.sizes];
  net.initialize();
  networkWeights(network).forEach(({ kernel, bias }, layer) =>
    bias.forEach((value, unit) => {
      net.biases[layer + 1][unit] = value;
      network.sizes.slice(layer, layer + 1).forEach((width) => {
        for (let k = 0; k < width; k++) net.weights[layer + 1][unit][k] = kernel[k * bias.length + unit];
      });
    }),
  );
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += net.run(input)[0];
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: () => net.run(input),
  };
}

const samples = xorInputs.map((input, i) => ({ input, output: [xorTargets[i]] }));
const defaults = { activation: 'sigmoid', learningRate: 0.3, momentum: 0.1 };
const tuned = { activation: 'tanh', learningRate: 0.1, momentum: 0.97 };

function trainXor({ activation, ...rates }: typeof defaults) {
  for (;;) {
    const net = new brain.NeuralNetwork({ hiddenLayers: [8], activation });
    const { error } = net.train(samples, { ...rates, errorThresh: xorError, iterations: 100_000 });
    if (error <= xorError) return (input: number[]) => net.run(input)[0] as number;
  }
}

await serve({
  [predictionName('2-8-1', 1)]: () => prediction('2-8-1'),
  [xorName]: () => xorWork(() => trainXor(defaults)),
  [tunedXorName]: () => xorWork(() => trainXor(tuned)),
});
