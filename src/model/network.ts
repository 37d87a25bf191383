// Networks from hyperparameters alone: a table from a type to its builder, and what the task decides:
// the output's activation and the loss.
import { unknownName } from '../core/nearest.ts';
import type { Shape } from '../graph/graph.ts';
import { dense, dropout } from '../layers/core.ts';
import { flatten } from '../layers/shape.ts';
import type { Activation } from '../layers/activations.ts';
import { expectInteger, type Layer, type Penalty } from '../layers/layer.ts';
import { resolveLoss, type LossType } from '../losses/loss.ts';
import type { Model, ModelOptions } from './model.ts';
import { sequential } from './sequential.ts';

/** What the outputs mean. */
export type Task = 'regression' | 'binary' | 'multiclass' | 'multilabel';

export interface NetworkOptions extends ModelOptions {
  readonly type: NetworkType;
  /** The shape of one sample. */
  readonly inputShape: Shape;
  /** The units of the hidden layers, in order. */
  readonly layers?: readonly number[];
  /** Of the hidden layers; ReLU by default. */
  readonly activation?: Activation;
  /** How many outputs: classes for `multiclass`, 1 for `binary`. */
  readonly outputs: number;
  /** By default `multiclass` for more than one output and `regression` for one. */
  readonly task?: Task;
  /** Of the output; by default what the task asks for. */
  readonly outputActivation?: Activation;
  /** The rate of dropout behind each hidden layer; 0 by default. */
  readonly dropout?: number;
  /** λ2·Σw² (and λ1·Σ|w|) of every kernel, added to the loss. */
  readonly penalty?: Penalty;
}

const tasks: Readonly<Record<Task, { activation: Activation; loss: LossType }>> = {
  regression: { activation: 'linear', loss: 'meanSquaredError' },
  binary: { activation: 'sigmoid', loss: 'binaryCrossEntropy' },
  multiclass: { activation: 'softmax', loss: 'crossEntropy' },
  multilabel: { activation: 'sigmoid', loss: 'binaryCrossEntropy' },
};

/** Makes the layers of one type of network. */
type Builder = (options: NetworkOptions & { outputActivation: Activation }) => Layer[];

const hiddenInitializer = (activation: Activation) => {
  const name = typeof activation === 'string' ? activation : activation.name;
  return /relu|elu|silu|mish|gelu|hardSwish/i.test(name) && name !== 'selu' ? 'heUniform' : 'glorotUniform';
};

/** The known types; a new one is a line here. */
const builders = {
  /** One neuron, or one for each output, with the output activation of the task: no hidden layers. */
  perceptron({ outputs, outputActivation, layers = [], penalty }) {
    if (layers.length)
      throw new RangeError(`network: a perceptron has no hidden layers, got ${layers.length}; use type "mlp"`);
    return [flatten(), dense(outputs, { activation: outputActivation, ...(penalty && { kernelPenalty: penalty }) })];
  },
  /** Dense hidden layers, each with the same activation. */
  mlp({ inputShape, layers = [64], activation = 'relu', outputs, outputActivation, dropout: rate = 0, penalty }) {
    const kernelPenalty = penalty && { kernelPenalty: penalty };
    const hidden = layers.flatMap((units, i) => [
      dense(expectInteger(`network: layers[${i}]`, units, 1), {
        activation,
        kernelInitializer: hiddenInitializer(activation),
        ...kernelPenalty,
      }),
      ...(rate === 0 ? [] : [dropout(rate)]),
    ]);
    const start = inputShape.length > 1 ? [flatten()] : [];
    return [...start, ...hidden, dense(outputs, { activation: outputActivation, ...kernelPenalty })];
  },
} satisfies Record<string, Builder>;

export type NetworkType = keyof typeof builders;

/** The names of all types of network. */
export const networkTypes = /* @__PURE__ */ Object.keys(builders) as NetworkType[];

const optionNames = [
  'type',
  'inputShape',
  'layers',
  'activation',
  'outputs',
  'task',
  'outputActivation',
  'dropout',
  'penalty',
  'seed',
  'variant',
  'deterministic',
] as const satisfies readonly (keyof NetworkOptions)[] as readonly string[];

/**
 * A model described by a few words. Its loss is chosen by the task too: `model.fit(data)` needs no other.
 * @example const model = await network({ type: 'mlp', inputShape: [4], layers: [16], outputs: 3, task: 'multiclass' });
 * @throws RangeError for an unknown type (with the known ones), task or size
 */
export async function network(options: NetworkOptions): Promise<Model> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('network: expected an object of hyperparameters');
  if (!Object.hasOwn(builders, options.type)) throw unknownName('network type', options.type, networkTypes);
  for (const name of Object.keys(options))
    if (!optionNames.includes(name)) throw unknownName('option of network', name, optionNames);
  if (!Array.isArray(options.inputShape))
    throw new TypeError('network: expected the option inputShape, the shape of one sample');
  if (options.layers !== undefined && !Array.isArray(options.layers))
    throw new TypeError(`network: expected layers as a list of units, got ${typeof options.layers}`);
  const outputs = expectInteger('network: outputs', options.outputs, 1);
  const task = options.task ?? (outputs > 1 ? 'multiclass' : 'regression');
  if (!Object.hasOwn(tasks, task)) throw unknownName('task', task, Object.keys(tasks));
  if (task === 'multiclass' && outputs < 2)
    throw new RangeError(
      'network: task "multiclass" needs at least 2 outputs; for two classes in one output use "binary"',
    );
  if (task === 'binary' && outputs !== 1)
    throw new RangeError(`network: task "binary" has 1 output, got ${outputs}; for several yes or no use "multilabel"`);
  const outputActivation = options.outputActivation ?? tasks[task].activation;
  const build: Builder = builders[options.type];
  const model = await sequential(build({ ...options, outputActivation }), options);
  model.metadata['task'] = task;
  model.trainer.losses = [resolveLoss(tasks[task].loss)];
  return model;
}
