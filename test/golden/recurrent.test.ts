// The recurrent layers of PyTorch's cases: outputs and every gradient. The biases of a simple cell and of an LSTM are
// one here and two there: their sum. A GRU has both.
import { expect, test } from 'vitest';
import { bidirectional, gru, lstm, sequential, simpleRnn, type Layer, type Tensor } from '../../src/index.ts';
import { goldenCases, goldenTensor, transposed, type GoldenArray } from '../helpers/golden.ts';
import { expectClose } from '../helpers/operation.ts';

interface RecurrentCase {
  name: string;
  input: GoldenArray;
  output: GoldenArray;
  grad_output: GoldenArray;
  grad_input: GoldenArray;
  params: Record<string, GoldenArray>;
  grad_params: Record<string, GoldenArray>;
  config: { hidden_size: number };
}

const layers: Record<string, (units: number) => Layer> = {
  simple_rnn: (units) => simpleRnn(units, { returnSequences: true }),
  lstm: (units) => lstm(units, { returnSequences: true }),
  gru: (units) => gru(units, { returnSequences: true }),
  bidirectional_lstm: (units) => bidirectional(lstm(units, { returnSequences: true })),
};

const cases = goldenCases<RecurrentCase>('layers').filter(({ name }) => Object.hasOwn(layers, name));

test('golden layers: there is a case of each recurrent layer', () => {
  expect(cases.map(({ name }) => name).toSorted()).toEqual(Object.keys(layers).toSorted());
});

const sum = (a: Tensor, b: Tensor): Tensor => ({ data: Float32Array.from(a.data, (v, i) => v + b.data[i]!), shape: a.shape });

/** PyTorch's parameters under our names, for one direction. */
function weightsOf(params: Record<string, GoldenArray>, suffix: string, prefix: string, twoBiases: boolean) {
  const bias = (kind: string) => goldenTensor(params[`rnn.bias_${kind}_l0${suffix}`]!);
  return {
    [`${prefix}kernel`]: transposed(params[`rnn.weight_ih_l0${suffix}`]!),
    [`${prefix}recurrentKernel`]: transposed(params[`rnn.weight_hh_l0${suffix}`]!),
    ...(twoBiases
      ? { [`${prefix}bias`]: bias('ih'), [`${prefix}recurrentBias`]: bias('hh') }
      : { [`${prefix}bias`]: sum(bias('ih'), bias('hh')) }),
  };
}

function namedWeights(name: string, params: Record<string, GoldenArray>): Record<string, Tensor> {
  if (name !== 'bidirectional_lstm') return weightsOf(params, '', 'layers.0.', name === 'gru');
  const both = [['', 'forward'], ['_reverse', 'backward']] as const;
  return Object.assign({}, ...both.map(([suffix, prefix]) => weightsOf(params, suffix, `layers.0.${prefix}.`, false)));
}

test.each(cases)('golden layers: $name', async (golden) => {
  const { name, config, params, grad_params: gradParams } = golden;
  const inputs = goldenTensor(golden.input);
  const model = await sequential([layers[name]!(config.hidden_size)], { inputShape: inputs.shape.slice(1) });
  model.setWeights(namedWeights(name, params));
  expectClose(model.predict(inputs).data, goldenTensor(golden.output).data, 1e-5, 'output');
  const gradients = model.gradients(inputs, { outputGradient: goldenTensor(golden.grad_output) });
  expectClose(gradients.inputs[0]!.data, goldenTensor(golden.grad_input).data, 1e-4, 'input gradient');
  const expected = namedWeights(name, gradParams);
  for (const [parameter, gradient] of Object.entries(gradients.parameters)) {
    // Of two biases that are only ever added, each has the gradient of the sum.
    const both = parameter.endsWith('bias') && name !== 'gru' ? 0.5 : 1;
    const exact = Float32Array.from(expected[parameter]!.data, (v) => v * both);
    expectClose(gradient.data, exact, 1e-4, `gradient of ${parameter}`);
  }
});
