// The layers of dense networks: dense, activation, prelu, dropout.
// Shapes: B batch, N features in, M units.
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { add, binary, dropout as dropoutNode, matmul, multiply, scalar, unary } from '../graph/operations/basic.ts';
import { resolveInitializer, type InitializerLike } from '../initializers/initializer.ts';
import { activate, configuredActivation, type Activation } from './activations.ts';
import {
  checkPenalty,
  createLayer,
  defineLayer,
  expectInputs,
  expectFlag,
  expectInteger,
  expectOptions,
  expectRate,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerOptions,
  type Penalty,
} from './layer.ts';

export interface DenseOptions extends LayerOptions {
  /** The function of the sum; linear by default. */
  readonly activation?: Activation;
  /** Whether a bias is added; true by default. */
  readonly useBias?: boolean;
  /** Glorot uniform by default. */
  readonly kernelInitializer?: InitializerLike;
  /** Zeros by default. */
  readonly biasInitializer?: InitializerLike;
  /** λ1·Σ|w| + λ2·Σw² of the kernel, added to the loss. */
  readonly kernelPenalty?: Penalty;
  readonly biasPenalty?: Penalty;
}

interface DenseConfig extends Config {
  units: number;
  activation: Activation;
  useBias: boolean;
  kernelInitializer: InitializerLike;
  biasInitializer: InitializerLike;
  kernelPenalty?: Penalty;
  biasPenalty?: Penalty;
}

// out[B, M] = activation(x[B, N] · kernel[N, M] + bias[M]); further axes of x before the last are rows as well.
defineLayer<DenseConfig>('dense', {
  stepwise: true,
  build(context, inputs, config) {
    expectInputs('dense', inputs, 1);
    const [x] = inputs as [Node];
    const features = x.shape.at(-1)!;
    if (x.shape.length < 2)
      throw new ShapeError(`dense: expected input [*, features], got ${formatBatchShape(x.shape.slice(1))}`);
    const { graph } = context;
    const kernel = context.parameter('kernel', [features, config.units], {
      initializer: resolveInitializer(config.kernelInitializer),
      penalty: config.kernelPenalty,
    });
    let sum = matmul(graph, x, kernel);
    if (config.useBias) {
      const initializer = resolveInitializer(config.biasInitializer);
      sum = add(graph, sum, context.parameter('bias', [config.units], { initializer, penalty: config.biasPenalty }));
    }
    return activate(graph, sum, config.activation);
  },
  restore: ({ units, ...options }, common) => dense(units, { ...options, ...common }),
});

/**
 * A fully connected layer: activation(x · kernel + bias). [*, features] → [*, units].
 * @throws RangeError for units that are no positive integer, or an unknown activation, initialiser or option
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  expectOptions('dense', options, [
    'activation',
    'useBias',
    'kernelInitializer',
    'biasInitializer',
    'kernelPenalty',
    'biasPenalty',
  ]);
  const { activation = 'linear', useBias = true } = options;
  const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros', kernelPenalty, biasPenalty } = options;
  const config = {
    units: expectInteger('dense: units', units, 1),
    activation: configuredActivation(activation),
    useBias: expectFlag('dense: useBias', useBias),
    kernelInitializer: resolveInitializer(kernelInitializer).spec,
    biasInitializer: resolveInitializer(biasInitializer).spec,
    ...(kernelPenalty !== undefined && { kernelPenalty: checkPenalty('dense: kernelPenalty', kernelPenalty) }),
    ...(biasPenalty !== undefined && { biasPenalty: checkPenalty('dense: biasPenalty', biasPenalty) }),
  };
  return createLayer('dense', config, options);
}

defineLayer<{ activation: Activation }>('activation', {
  stepwise: true,
  build(context, inputs, { activation }) {
    expectInputs('activation', inputs, 1);
    return activate(context.graph, inputs[0]!, activation);
  },
  restore: ({ activation: name }, common) => activation(name, common),
});

/** An activation function as a layer of its own. Any shape. */
export function activation(name: Activation, options: LayerOptions = {}): Layer {
  expectOptions('activation', options, []);
  return createLayer('activation', { activation: configuredActivation(name) }, options);
}

// out = max(x, 0) + alpha·min(x, 0), alpha one for all or one for each of the last axis' features.
defineLayer<{ initial: number; shared: boolean }>('prelu', {
  stepwise: true,
  build(context, inputs, { initial, shared }) {
    expectInputs('prelu', inputs, 1);
    const [x] = inputs as [Node];
    if (!shared && x.shape.length < 2)
      throw new ShapeError(`prelu: expected input [*, features], got ${formatBatchShape(x.shape.slice(1))}`);
    const initializer = resolveInitializer({ type: 'constant', value: initial });
    const alpha = context.parameter('alpha', [shared ? 1 : x.shape.at(-1)!], { initializer });
    const { graph } = context;
    return add(graph, unary(graph, 'Relu', x), multiply(graph, unary(graph, 'NegativePart', x), alpha));
  },
  restore: (config, common) => prelu({ ...config, ...common }),
});

/** ReLU with a trained slope for negative inputs (He et al. 2015). Any shape; one slope a feature unless `shared`. */
export function prelu(options: LayerOptions & { initial?: number; shared?: boolean } = {}): Layer {
  expectOptions('prelu', options, ['initial', 'shared']);
  const { initial = 0.25, shared = false } = options;
  if (!Number.isFinite(initial)) throw new RangeError(`prelu: expected a finite initial slope, got ${initial}`);
  return createLayer('prelu', { initial, shared: expectFlag('prelu: shared', shared) }, options);
}

defineLayer<{ rate: number }>('dropout', {
  stepwise: true,
  build(context, inputs, { rate }) {
    expectInputs('dropout', inputs, 1);
    const [x] = inputs as [Node];
    if (!context.training || rate === 0) return x;
    const { counter, stream } = context.random();
    return dropoutNode(context.graph, x, counter, rate, stream);
  },
  restore: ({ rate }, common) => dropout(rate, common),
});

/** Zeroes a random part of its input in training and scales the rest by 1 / (1 − rate). Any shape. */
export function dropout(rate: number, options: LayerOptions = {}): Layer {
  expectOptions('dropout', options, []);
  return createLayer('dropout', { rate: expectRate('dropout', rate) }, options);
}

/** λ1·Σ|w| + λ2·Σw² as a node. */
export function penaltyNode(graph: Parameters<typeof matmul>[0], weights: Node, { l1 = 0, l2 = 0 }: Penalty): Node {
  const flat = (kind: 'SumOfAbsolutes' | 'SumOfSquares', factor: number) =>
    multiply(graph, graph.add('reduce', [weights], { kind, from: 0, to: weights.shape.length }), scalar(graph, factor));
  if (l1 && l2) return binary(graph, 'Add', flat('SumOfAbsolutes', l1), flat('SumOfSquares', l2));
  return l1 ? flat('SumOfAbsolutes', l1) : flat('SumOfSquares', l2);
}
