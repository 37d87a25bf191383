// Layers that add normal noise in training: Gaussian noise, and the sampling of a variational autoencoder.
import { ShapeError } from '../core/errors.ts';
import { formatShape, sameShape, type Node } from '../graph/graph.ts';
import { add, axpy, multiply, randomNormal, reduce, subtract, unary } from '../graph/operations/index.ts';
import { createLayer, defineLayer, expectInputs, expectOptions, type Layer, type LayerOptions } from './layer.ts';

const expectNumber = (what: string, value: unknown, minimum: number): number => {
  if (typeof value !== 'number' || !(value >= minimum && value < Infinity))
    throw new RangeError(`${what}: expected a number of at least ${minimum}, got ${String(value)}`);
  return value;
};

defineLayer<{ deviation: number }>('gaussianNoise', {
  build(context, inputs, { deviation }) {
    expectInputs('gaussianNoise', inputs, 1);
    const [x] = inputs as [Node];
    if (!context.training || deviation === 0) return x;
    const { counter, stream } = context.random();
    return axpy(context.graph, deviation, randomNormal(context.graph, x.shape, counter, stream), x);
  },
  restore: ({ deviation }, common) => gaussianNoise(deviation, common),
});

/** Adds normal noise of this standard deviation in training. Any shape. */
export function gaussianNoise(deviation: number, options: LayerOptions = {}): Layer {
  expectOptions('gaussianNoise', options, []);
  return createLayer('gaussianNoise', { deviation: expectNumber('gaussianNoise: deviation', deviation, 0) }, options);
}

// z = m + exp(½ l) · ε, and beta · KL = beta · ½ Σ (m² + eˡ − l − 1) of each sample is added to the loss.
defineLayer<{ beta: number }>('gaussianSample', {
  build(context, inputs, { beta }) {
    expectInputs('gaussianSample', inputs, 2);
    const [mean, logVariance] = inputs as [Node, Node];
    const { graph, training } = context;
    if (!sameShape(mean.shape, logVariance.shape))
      throw new ShapeError(
        `gaussianSample: expected means and logarithms of variances of one shape, got ${formatShape(mean.shape.slice(1))} and ${formatShape(logVariance.shape.slice(1))}`,
      );
    if (beta > 0) context.addLoss(divergence(graph, mean, logVariance, beta));
    if (!training) return mean;
    const { counter, stream } = context.random();
    const noise = randomNormal(graph, mean.shape, counter, stream);
    return add(graph, mean, multiply(graph, unary(graph, 'Exp', unary(graph, 'Affine', logVariance, 0.5, 0)), noise));
  },
  restore: ({ beta }, common) => gaussianSample({ beta, ...common }),
});

/** beta / B · Σ ½ (m² + eˡ − l − 1): the mean over the samples of the divergence from the standard normal distribution. */
function divergence(graph: Parameters<typeof reduce>[0], mean: Node, logVariance: Node, beta: number): Node {
  const excess = subtract(graph, unary(graph, 'Exp', logVariance), unary(graph, 'Affine', logVariance, 1, 1));
  const total = reduce(graph, 'Sum', add(graph, multiply(graph, mean, mean), excess));
  return unary(graph, 'Affine', total, (0.5 * beta) / mean.shape[0]!, 0);
}

/**
 * Draws from normal distributions with given means and logarithms of variances, two inputs of one shape, so that
 * gradients reach both (the reparameterisation trick); adds `beta` times their Kullback–Leibler divergence from the
 * standard normal distribution to the loss. A prediction takes the means. Source: Kingma, Welling 2013.
 */
export function gaussianSample(options: LayerOptions & { beta?: number } = {}): Layer {
  expectOptions('gaussianSample', options, ['beta']);
  const { beta = 1 } = options;
  return createLayer('gaussianSample', { beta: expectNumber('gaussianSample: beta', beta, 0) }, options);
}
