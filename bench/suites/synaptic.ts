// synaptic: plain JavaScript, its networks compiled to one function by its own optimizer.
import { networks, networkWeights } from '../../src/node/bench/networks.ts';
import { load, serve } from '../lib/serve.ts';
import { predictionData, predictionName } from '../works/predictions.ts';
import type { PeerWork } from '../works/work.ts';
import { xorError, xorInputs, xorName, xorTargets, xorWork } from '../works/xor.ts';

const { default: synaptic } = await load('synaptic');

interface Neuron {
  ID: number;
  bias: number;
  connections: { inputs: Record<string, { from: Neuron; weight: number }> };
}

function prediction(name: string): PeerWork {
  const network = networks[name]!;
  const input = [...predictionData(network, 1)];
  const net = new synaptic.Architect.Perceptron(...network.sizes);
  const layers = [net.layers.input, ...net.layers.hidden, net.layers.output].map(({ list }) => list as Neuron[]);
  networkWeights(network).forEach(({ kernel, bias }, layer) =>
    layers[layer + 1]!.forEach((neuron, unit) => {
      neuron.bias = bias[unit]!;
      for (const connection of Object.values(neuron.connections.inputs))
        connection.weight = kernel[layers[layer]!.indexOf(connection.from) * bias.length + unit]!;
    }),
  );
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += net.activate(input)[0];
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: () => net.activate(input),
  };
}

const samples = xorInputs.map((input, i) => ({ input, output: [xorTargets[i]] }));
/** Of the rates tried, the one that needed the fewest epochs (660; 968 by its default of 0.2). */
const rate = 0.3;

function trainXor() {
  for (;;) {
    const net = new synaptic.Architect.Perceptron(2, 8, 1);
    const { error } = new synaptic.Trainer(net).train(samples, { rate, error: xorError, iterations: 100_000 });
    if (error <= xorError) return (input: number[]) => net.activate(input)[0] as number;
  }
}

await serve({ [predictionName('2-8-1', 1)]: () => prediction('2-8-1'), [xorName]: () => xorWork(trainXor) });
