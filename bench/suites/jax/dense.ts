// Dense networks as functions of their layers.
import { networks, networkWeights } from '../../../src/node/bench/networks.ts';
import { matrix, nn, np, type Value } from './backend.ts';

export interface Layer {
  kernel: Value;
  bias: Value;
}

export const layersOf = (name: string): Layer[] =>
  networkWeights(networks[name]!).map(({ kernel, bias }) => ({
    kernel: matrix(kernel, kernel.length / bias.length, bias.length),
    bias: np.array(bias),
  }));

export const references = (layers: Layer[]): Layer[] =>
  layers.map(({ kernel, bias }) => ({ kernel: kernel.ref, bias: bias.ref }));

export function forward(layers: Layer[], x: Value, name: string): Value {
  const { hidden, output } = networks[name]!;
  const functions: Record<string, (values: Value) => Value> = {
    relu: nn.relu,
    sigmoid: nn.sigmoid,
    linear: (values) => values,
  };
  return layers.reduce((values, { kernel, bias }, i) => {
    const activation = functions[i < layers.length - 1 ? hidden : output]!;
    return activation(np.matmul(values, kernel).add(bias));
  }, x);
}
