// The losses against PyTorch (losses.json): the mean over rows and its gradient.
import { expect, test } from 'vitest';
import golden from './losses.json' with { type: 'json' };
import type { LossName } from '../../reference/losses.ts';
import { meanLossAndGradient } from '../helpers/loss.ts';

interface Config {
  readonly delta?: number;
  readonly beta?: number;
  readonly label_smoothing?: number;
  readonly log_input?: boolean;
  readonly pos_weight?: number[];
  readonly class_weight?: number[];
  readonly ignore_index?: number;
  readonly target?: string;
}

const kinds: Record<string, LossName> = {
  mse: 'MeanSquared',
  mae: 'MeanAbsolute',
  huber: 'Huber',
  smooth_l1: 'SmoothL1',
  binary_cross_entropy: 'BinaryCrossEntropy',
  binary_cross_entropy_with_logits: 'BinaryCrossEntropyLogits',
  nll: 'NegativeLogLikelihood',
  kl_div: 'KullbackLeibler',
  hinge: 'Hinge',
  poisson_nll: 'Poisson',
  cosine_similarity: 'CosineSimilarity',
};

function kindOf(name: string, config: Config): LossName {
  if (name !== 'cross_entropy') return kinds[name]!;
  return config.target === 'probabilities' ? 'CrossEntropyProbabilities' : 'CrossEntropyIndices';
}

// Connectionist temporal classification is no loss of single rows; it comes with the recurrent layers (issue 4).
const cases = golden.cases.filter(({ name }) => name !== 'ctc');

test('every case is here but one', () => expect(cases.length).toBe(golden.cases.length - 1));

test.each(cases.map((c, index) => ({ ...c, index })))('$name, case $index: $config', (c) => {
  const config: Config = c.config;
  const [rows, columns] = c.prediction.shape as [number, number];
  const kind = kindOf(c.name, config);
  const weights = config.pos_weight ?? config.class_weight;
  const { loss, gradient } = meanLossAndGradient({
    kind,
    prediction: Float32Array.from(c.prediction.data),
    target: 'dtype' in c.target ? Int32Array.from(c.target.data) : Float32Array.from(c.target.data),
    rows,
    columns,
    alpha: config.delta ?? config.beta ?? config.label_smoothing ?? (config.log_input ? 1 : 0),
    weights: weights && Float32Array.from(weights),
    ignoreIndex: config.ignore_index,
  });
  expect(Math.abs(loss / c.loss - 1), `loss ${loss} for ${c.loss}`).toBeLessThan(1e-5);
  const scale = Math.max(...c.grad.data.map(Math.abs));
  c.grad.data.forEach((exact, i) =>
    expect(Math.abs(gradient[i]! - exact), `gradient ${i}: ${gradient[i]} for ${exact}`).toBeLessThanOrEqual(
      1e-4 * Math.abs(exact) + 1e-7 * scale,
    ),
  );
});
