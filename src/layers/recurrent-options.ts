// The options of recurrent layers and their checked, JSON form.
import { resolveInitializer, type InitializerLike, type InitializerSpec } from '../initializers/initializer.ts';
import {
  checkPenalty,
  expectFlag,
  expectInteger,
  expectOptions,
  expectRate,
  type LayerOptions,
  type Penalty,
} from './layer.ts';

export interface RecurrentOptions extends LayerOptions {
  /** Gives the state after every step, [*, time, units], instead of the last alone; false by default. */
  readonly returnSequences?: boolean;
  /** Gives the last states beside the output: the layer then gives a list, output, hidden (and cell) of each layer. */
  readonly returnState?: boolean;
  /** Reads the sequence from its end; the states then stand in the order in which they arose. */
  readonly goBackwards?: boolean;
  /** Begins where the call before left off: each sample of a batch continues its own sequence. */
  readonly stateful?: boolean;
  /** Takes the first states as further inputs, hidden (and cell) of each layer; zeros otherwise. */
  readonly initialState?: boolean;
  /** How many layers stand on one another, each on the states of the one below; 1 by default. */
  readonly layers?: number;
  /** The rate at which inputs are dropped in training, the same at every step of a sample; 0 by default. */
  readonly dropout?: number;
  /** The same for the states on their way into the product (Gal and Ghahramani 2016); 0 by default. */
  readonly recurrentDropout?: number;
  /** Whether biases are added; true by default. */
  readonly useBias?: boolean;
  /** Of the kernel [features, gates · units]; Glorot uniform by default. */
  readonly kernelInitializer?: InitializerLike;
  /** Of the recurrent kernel [units, gates · units]; orthogonal by default. */
  readonly recurrentInitializer?: InitializerLike;
  /** Zeros by default. */
  readonly biasInitializer?: InitializerLike;
  readonly kernelPenalty?: Penalty;
  readonly recurrentPenalty?: Penalty;
  readonly biasPenalty?: Penalty;
}

export interface SimpleRnnOptions extends RecurrentOptions {
  /** tanh by default. */
  readonly activation?: 'tanh' | 'relu';
}

export interface LstmOptions extends RecurrentOptions {
  /** Begins with 1 as the forget gate's bias, so that memories last (Jozefowicz et al. 2015); true by default. */
  readonly unitForgetBias?: boolean;
}

export interface GruOptions extends RecurrentOptions {
  /** Whether the reset gate acts behind the recurrent product (cuDNN, PyTorch) or before it (Cho et al. 2014); true. */
  readonly resetAfter?: boolean;
}

export interface RecurrentConfig extends Readonly<Record<string, unknown>> {
  readonly units: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly initialState: boolean;
  readonly layers: number;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly useBias: boolean;
  readonly kernelInitializer: InitializerSpec;
  readonly recurrentInitializer: InitializerSpec;
  readonly biasInitializer: InitializerSpec;
  readonly kernelPenalty?: Penalty;
  readonly recurrentPenalty?: Penalty;
  readonly biasPenalty?: Penalty;
  /** Of an LSTM. */
  readonly unitForgetBias?: boolean;
  /** Whether states of a reversed sequence stand where their inputs stand; `bidirectional` sets it. */
  readonly alignOutputs?: boolean;
}

const flags = { returnSequences: false, returnState: false, goBackwards: false, stateful: false, initialState: false };
const rates = ['dropout', 'recurrentDropout'] as const;
const penalties = ['kernelPenalty', 'recurrentPenalty', 'biasPenalty'] as const;
const initializers = {
  kernelInitializer: 'glorotUniform',
  recurrentInitializer: 'orthogonal',
  biasInitializer: 'zeros',
};

const optionNames = [...Object.keys(flags), ...rates, ...penalties, ...Object.keys(initializers), 'layers', 'useBias'];

/** What all recurrent layers have in common. @throws RangeError or TypeError for an option that is unknown or wrong */
export function recurrentConfig(
  type: string,
  units: number,
  options: RecurrentOptions,
  own: readonly string[],
): RecurrentConfig {
  expectOptions(type, options, [...optionNames, ...own]);
  const map = <K extends string, V>(names: readonly K[], value: (name: K) => V) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<K, V>;
  const flagNames = Object.keys(flags) as (keyof typeof flags)[];
  const initializerNames = Object.keys(initializers) as (keyof typeof initializers)[];
  const config = {
    units: expectInteger(`${type}: units`, units, 1),
    layers: expectInteger(`${type}: layers`, options.layers ?? 1, 1),
    useBias: expectFlag(`${type}: useBias`, options.useBias ?? true),
    ...map(flagNames, (name) => expectFlag(`${type}: ${name}`, options[name] ?? flags[name])),
    ...map(rates, (name) => expectRate(`${type}: ${name}`, options[name] ?? 0)),
    ...map(initializerNames, (name) => resolveInitializer(options[name] ?? initializers[name]).spec),
    ...map(
      penalties.filter((name) => options[name] !== undefined),
      (name) => checkPenalty(`${type}: ${name}`, options[name]!),
    ),
  };
  if (config.stateful && config.initialState)
    throw new RangeError(`${type}: stateful and initialState exclude each other: both say where the states begin`);
  return config;
}
