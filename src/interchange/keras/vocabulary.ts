// Names that Keras has other ones for, in both directions: activations, initialisers, penalties.
import { isObject } from '../../formats/numeric.ts';
import { resolveActivation, type Activation, type ActivationName } from '../../layers/activations.ts';
import { resolveInitializer, type InitializerLike, type InitializerSpec } from '../../initializers/initializer.ts';
import type { Penalty } from '../../layers/layer.ts';
import type { Dialect } from './options.ts';

type Config = Readonly<Record<string, unknown>>;

/** Our name and Keras'; the first of several is written. */
const activations: Readonly<Partial<Record<ActivationName, readonly string[]>>> = {
  linear: ['linear'],
  relu: ['relu'],
  relu6: ['relu6'],
  elu: ['elu'],
  selu: ['selu'],
  sigmoid: ['sigmoid'],
  tanh: ['tanh'],
  softmax: ['softmax'],
  softplus: ['softplus'],
  softsign: ['softsign'],
  exp: ['exponential'],
  silu: ['swish', 'silu'],
  gelu: ['gelu'],
  mish: ['mish'],
  logSoftmax: ['log_softmax'],
  hardTanh: ['hard_tanh'],
  hardSwish: ['hard_swish', 'hard_silu'],
  logSigmoid: ['log_sigmoid'],
  celu: ['celu'],
  hardSigmoid: ['hard_sigmoid'],
};

/** Those that TensorFlow.js and Keras 2 do not know, or know as another function. */
const ofKeras3: readonly ActivationName[] = [
  'logSoftmax',
  'hardTanh',
  'hardSwish',
  'logSigmoid',
  'celu',
  'hardSigmoid',
];

/** An activation by the name or object that a layer's configuration has; undefined where neurite has none such. */
export function activationOfKeras(value: unknown, dialect: Dialect): Activation | undefined {
  if (value === undefined || value === null) return 'linear';
  const name = isObject(value)
    ? isObject(value['config'])
      ? undefined
      : (value['config'] ?? value['class_name'])
    : value;
  if (dialect !== 'keras3' && name === 'hard_sigmoid') return undefined;
  if (name === 'gelu_new') return 'geluTanh';
  if (name === 'leaky_relu') return { name: 'leakyRelu', alpha: 0.2 };
  const found = Object.entries(activations).find(([, names]) => names.includes(name as string));
  return found?.[0] as ActivationName | undefined;
}

/** Keras' name; undefined where the function needs a layer of its own, or is not there. */
export function activationToKeras(activation: Activation, dialect: Dialect): string | undefined {
  const { name, alpha } = resolveActivation(activation);
  // TensorFlow.js writes `gelu_new`, and turns it into `geluNew` when it reads it, which it does not know.
  if (name === 'geluTanh') return undefined;
  if (alpha !== undefined && !(name === 'elu' && alpha === 1)) return undefined;
  if (dialect !== 'keras3' && ofKeras3.includes(name)) return undefined;
  if (dialect === 'tfjs' && name === 'exp') return undefined;
  return activations[name]?.[0];
}

const snake = (name: string) => name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();

const plainInitializers = [
  'zeros',
  'ones',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
];

/** An initialiser by the name or object that a configuration has; undefined where neurite has none such. */
export function initializerOfKeras(value: unknown): InitializerSpec | undefined {
  const name = isObject(value) ? value['class_name'] : value;
  if (typeof name !== 'string') return undefined;
  const config = isObject(value) && isObject(value['config']) ? value['config'] : {};
  const number = (key: string, fallback: number) =>
    typeof config[key] === 'number' ? (config[key] as number) : fallback;
  const wanted = snake(name);
  const plain = plainInitializers.find((each) => snake(each) === wanted);
  const forms: Readonly<Record<string, () => InitializerSpec | undefined>> = {
    constant: () => ({ type: 'constant', value: number('value', 0) }),
    random_uniform: () => ({ type: 'uniform', minimum: number('minval', -0.05), maximum: number('maxval', 0.05) }),
    random_normal: () => ({ type: 'normal', mean: number('mean', 0), deviation: number('stddev', 0.05) }),
    truncated_normal: () => ({ type: 'truncatedNormal', mean: number('mean', 0), deviation: number('stddev', 0.05) }),
    orthogonal: () => ({ type: 'orthogonal', gain: number('gain', 1) }),
    identity: () => ({ type: 'identity', gain: number('gain', 1) }),
    variance_scaling: () => scaled(config),
  };
  const spec = plain ? { type: plain } : forms[wanted]?.();
  try {
    return spec && resolveInitializer(spec).spec;
  } catch {
    return undefined;
  }
}

function scaled({ scale, mode, distribution }: Config): InitializerSpec | undefined {
  const form = distribution === 'uniform' ? 'Uniform' : 'Normal';
  const kind = `${String(scale)} ${String(mode)}`;
  const name = { '1 fan_avg': 'glorot', '2 fan_in': 'he', '1 fan_in': 'lecun' }[kind];
  return name === undefined ? undefined : { type: name + form };
}

const initializerClasses: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>> = {
  constant: ['Constant', { value: 'value' }],
  uniform: ['RandomUniform', { minimum: 'minval', maximum: 'maxval' }],
  normal: ['RandomNormal', { mean: 'mean', deviation: 'stddev' }],
  truncatedNormal: ['TruncatedNormal', { mean: 'mean', deviation: 'stddev' }],
  orthogonal: ['Orthogonal', { gain: 'gain' }],
  identity: ['Identity', { gain: 'gain' }],
};

/** The class and configuration of an initialiser. */
export function initializerToKeras(initializer: InitializerLike): { class_name: string; config: Config } {
  const { type, ...parameters } = resolveInitializer(initializer).spec;
  const known = initializerClasses[type];
  if (!known) return { class_name: type[0]!.toUpperCase() + type.slice(1), config: {} };
  const [name, keys] = known;
  return {
    class_name: name,
    config: Object.fromEntries(Object.entries(keys).map(([ours, theirs]) => [theirs, parameters[ours]])),
  };
}

/** λ1 and λ2; undefined for another kind of penalty. */
export function penaltyOfKeras(value: unknown): Penalty | undefined {
  if (!isObject(value) || !['L1', 'L2', 'L1L2'].includes(value['class_name'] as string)) return undefined;
  const { l1, l2 } = (isObject(value['config']) ? value['config'] : {}) as { l1?: unknown; l2?: unknown };
  const number = (factor: unknown) => (typeof factor === 'number' && factor > 0 ? factor : 0);
  return { ...(number(l1) && { l1: number(l1) }), ...(number(l2) && { l2: number(l2) }) };
}

export const penaltyToKeras = ({ l1 = 0, l2 = 0 }: Penalty) => ({ class_name: 'L1L2', config: { l1, l2 } });
