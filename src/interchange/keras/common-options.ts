// Options that several classes of Keras share, in both directions.
import type { Activation } from '../../layers/activations.ts';
import type { InitializerLike } from '../../initializers/initializer.ts';
import type { Penalty } from '../../layers/layer.ts';
import { resolveActivation } from '../../layers/activations.ts';
import type { KerasOptions } from './options.ts';
import type { WriteContext, Written } from './table.ts';
import { activationToKeras, initializerToKeras, penaltyToKeras } from './vocabulary.ts';

/** What is left of an object when what is undefined is left out. */
export const defined = <T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;

/** Kernel, bias, activation and penalties. */
export function kernelOptions(options: KerasOptions, prefix = 'kernel') {
  options.none('activity_regularizer', `${prefix}_constraint`, 'bias_constraint');
  return defined({
    activation: options.activation(),
    useBias: options.flag('use_bias', true),
    kernelInitializer: options.initializer(`${prefix}_initializer`),
    biasInitializer: options.initializer('bias_initializer'),
    kernelPenalty: options.penalty(`${prefix}_regularizer`),
    biasPenalty: options.penalty('bias_regularizer'),
  });
}

export interface KernelConfig {
  readonly activation?: Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: InitializerLike;
  readonly biasInitializer: InitializerLike;
  readonly kernelPenalty?: Penalty;
  readonly biasPenalty?: Penalty;
}

const penalty = (value: Penalty | undefined) => (value === undefined ? null : penaltyToKeras(value));

export function kernelToKeras(config: KernelConfig, context: WriteContext, prefix = 'kernel') {
  return {
    activation: activationInside(config.activation ?? 'linear', context),
    use_bias: config.useBias,
    [`${prefix}_initializer`]: initializerToKeras(config.kernelInitializer),
    bias_initializer: initializerToKeras(config.biasInitializer),
    [`${prefix}_regularizer`]: penalty(config.kernelPenalty),
    bias_regularizer: penalty(config.biasPenalty),
  };
}

/** Keras' name of an activation inside of a layer, or `linear` and a layer behind it that does the same. */
function activationInside(activation: Activation, context: WriteContext): string {
  const name = activationToKeras(activation, context.dialect);
  if (name !== undefined) return name;
  const layer = activationLayer(activation, context);
  if (layer) context.after(layer);
  return 'linear';
}

/** A layer that is an activation. */
export function activationLayer(activation: Activation, context: WriteContext): Written | undefined {
  const { name, alpha } = resolveActivation(activation);
  const keras = activationToKeras(activation, context.dialect);
  if (keras !== undefined) return { class_name: 'Activation', config: { activation: keras } };
  if (name === 'leakyRelu') {
    const slope = context.dialect === 'keras3' ? 'negative_slope' : 'alpha';
    return { class_name: 'LeakyReLU', config: { [slope]: alpha ?? 0.01 } };
  }
  if (name === 'elu' && context.dialect !== 'tfjs') return { class_name: 'ELU', config: { alpha: alpha ?? 1 } };
  context.problem(`activation ${name}${alpha === undefined ? '' : ` with alpha ${alpha}`}`);
  return undefined;
}

/** A class that neither Keras 2 nor TensorFlow.js has. */
export function onlyIn3(className: string, config: object, { dialect, problem }: WriteContext): Written {
  if (dialect !== 'keras3') problem('it is of Keras 3 alone: write a .keras file');
  return { class_name: className, config: { ...config } };
}
