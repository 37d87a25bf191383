// Forms of dropout beside the plain one (core.ts): whole channels, multiplicative normal noise, and the one that keeps
// mean and variance of self-normalising networks. They act in training alone. Shapes: B batch, C channels.
import type { Graph, Node, Shape } from '../graph/graph.ts';
import { dropout as dropoutNode, multiply, randomNormal, unary } from '../graph/operations/index.ts';
import {
  createLayer,
  defineLayer,
  expectInputs,
  expectOptions,
  expectRate,
  type Layer,
  type LayerContext,
  type LayerOptions,
} from './layer.ts';
import { spatialInput, type Rank } from './spatial.ts';

type DropoutType = 'spatialDropout1d' | 'spatialDropout2d' | 'spatialDropout3d' | 'alphaDropout' | 'gaussianDropout';

function makeDropout(type: DropoutType, rate: number, options: LayerOptions): Layer {
  expectOptions(type, options, []);
  return createLayer(type, { rate: expectRate(type, rate) }, options);
}

/** 1 where something is kept, 0 where it falls, drawn for each element of a shape. */
function keptMask(context: LayerContext, shape: Shape, rate: number): Node {
  const { graph } = context;
  const { counter, stream } = context.random();
  const scaled = dropoutNode(graph, ones(graph, shape), counter, rate, stream);
  return unary(graph, 'Affine', scaled, 1 - rate, 0);
}

const ones = (graph: Graph, shape: Shape): Node => graph.add('fill', [], { shape, value: 1 });

// ---- whole channels: out = x · mask[B, 1, …, C] / (1 − rate)

const defineSpatial = (type: DropoutType, rank: Rank) =>
  defineLayer<{ rate: number }>(type, {
    build(context, inputs, { rate }) {
      const { x, channels } = spatialInput(type, inputs, rank);
      if (!context.training || rate === 0) return x;
      const { counter, stream } = context.random();
      const shape = [x.shape[0]!, ...x.shape.slice(1, -1).map(() => 1), channels];
      return multiply(context.graph, x, dropoutNode(context.graph, ones(context.graph, shape), counter, rate, stream));
    },
    restore: ({ rate }, common) => makeDropout(type, rate, common),
  });

defineSpatial('spatialDropout1d', 1);
defineSpatial('spatialDropout2d', 2);
defineSpatial('spatialDropout3d', 3);

/**
 * Zeroes whole channels of each sample in training and scales the others by 1 / (1 − rate), since neighbours in an image
 * or a signal tell the same. [*, length, channels] → the same. Source: Tompson et al. 2015.
 * @throws RangeError for a rate outside [0, 1); ShapeError for a sample of another number of axes
 */
export function spatialDropout1d(rate: number, options: LayerOptions = {}): Layer {
  return makeDropout('spatialDropout1d', rate, options);
}

/** The same for images, [*, height, width, channels]. @throws as spatialDropout1d */
export function spatialDropout2d(rate: number, options: LayerOptions = {}): Layer {
  return makeDropout('spatialDropout2d', rate, options);
}

/** The same for volumes, [*, depth, height, width, channels]. @throws as spatialDropout1d */
export function spatialDropout3d(rate: number, options: LayerOptions = {}): Layer {
  return makeDropout('spatialDropout3d', rate, options);
}

// ---- out = a · (x where kept, −λα elsewhere) + b

/** What SELU tends to for small x: −λα. */
const saturation = -1.7580993408473766;

// With q = 1 − rate: a = (q + s² q (1 − q))^(−½), b = −a (1 − q) s, s the saturation.
defineLayer<{ rate: number }>('alphaDropout', {
  stepwise: true,
  build(context, inputs, { rate }) {
    expectInputs('alphaDropout', inputs, 1);
    const [x] = inputs as [Node];
    if (!context.training || rate === 0) return x;
    const { graph } = context;
    const keep = 1 - rate;
    const a = 1 / Math.sqrt(keep + saturation ** 2 * keep * rate);
    const b = -a * rate * saturation;
    // a (x m + s (1 − m)) + b = m (a x − a s) + (a s + b)
    const kept = multiply(graph, unary(graph, 'Affine', x, a, -a * saturation), keptMask(context, x.shape, rate));
    return unary(graph, 'Affine', kept, 1, a * saturation + b);
  },
  restore: ({ rate }, common) => alphaDropout(rate, common),
});

/**
 * Dropout for networks of `selu`: in training a random part becomes what selu saturates at, and all is scaled and moved so
 * that inputs of mean 0 and variance 1 keep both. Any shape. Source: Klambauer et al. 2017.
 * @throws RangeError for a rate outside [0, 1)
 */
export function alphaDropout(rate: number, options: LayerOptions = {}): Layer {
  return makeDropout('alphaDropout', rate, options);
}

// ---- out = x · (1 + √(rate / (1 − rate)) ε)

defineLayer<{ rate: number }>('gaussianDropout', {
  stepwise: true,
  build(context, inputs, { rate }) {
    expectInputs('gaussianDropout', inputs, 1);
    const [x] = inputs as [Node];
    if (!context.training || rate === 0) return x;
    const { graph } = context;
    const { counter, stream } = context.random();
    const noise = randomNormal(graph, x.shape, counter, stream);
    return multiply(graph, x, unary(graph, 'Affine', noise, Math.sqrt(rate / (1 - rate)), 1));
  },
  restore: ({ rate }, common) => gaussianDropout(rate, common),
});

/**
 * Multiplies by normal noise of mean 1 and variance rate / (1 − rate) in training: the variance that plain dropout of this
 * rate has. Any shape. Source: Srivastava et al. 2014. @throws RangeError for a rate outside [0, 1)
 */
export function gaussianDropout(rate: number, options: LayerOptions = {}): Layer {
  return makeDropout('gaussianDropout', rate, options);
}
