// The dense layers of PyTorch's cases: outputs and every gradient. The other layers are in convolution, recurrent and
// attention.test.ts.
import { expect, test } from 'vitest';
import { dense, sequential } from '../../src/index.ts';
import { expectClose } from '../helpers/operation.ts';
import { goldenCases, goldenTensor, transposed, type GoldenArray } from '../helpers/golden.ts';

interface LayerCase {
  name: string;
  input: GoldenArray;
  output: GoldenArray;
  grad_output: GoldenArray;
  grad_input: GoldenArray;
  params: Record<string, GoldenArray>;
  grad_params: Record<string, GoldenArray>;
}

const cases = goldenCases<LayerCase>('layers').filter(({ name }) => name === 'dense');

test('golden layers: there are three dense cases', () => {
  expect(cases).toHaveLength(3);
});

test.each(cases)('golden layers: dense $params.weight.shape', async (golden) => {
  const [units, features] = golden.params['weight']!.shape as [number, number];
  const useBias = 'bias' in golden.params;
  const model = await sequential([dense(units, { useBias })], { inputShape: [features] });
  model.setWeights({ 'layers.0.kernel': transposed(golden.params['weight']!) });
  if (useBias) model.setWeights({ 'layers.0.bias': goldenTensor(golden.params['bias']!) });
  const inputs = goldenTensor(golden.input);
  expectClose(model.predict(inputs).data, goldenTensor(golden.output).data, 1e-5, 'output');
  const gradients = model.gradients(inputs, { outputGradient: goldenTensor(golden.grad_output) });
  expectClose(gradients.inputs[0]!.data, goldenTensor(golden.grad_input).data, 1e-4, 'input gradient');
  const kernel = transposed(golden.grad_params['weight']!).data;
  expectClose(gradients.parameters['layers.0.kernel']!.data, kernel, 1e-4, 'kernel gradient');
  if (useBias)
    expectClose(
      gradients.parameters['layers.0.bias']!.data,
      goldenTensor(golden.grad_params['bias']!).data,
      1e-4,
      'bias gradient',
    );
});
