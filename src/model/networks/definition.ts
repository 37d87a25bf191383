// What a type of network is: the hyperparameters that it knows and the topology that it draws of them. And what many
// types share: the task of the outputs, which chooses their activation and the loss.
import { unknownName } from '../../core/nearest.ts';
import type { Shape } from '../../graph/graph.ts';
import type { Activation } from '../../layers/activations.ts';
import { dense } from '../../layers/core.ts';
import { expectInteger, type Layer, type Penalty, type SymbolicTensor } from '../../layers/layer.ts';
import type { LossLike, LossType } from '../../losses/loss.ts';
import { input } from '../../layers/shape.ts';
import type { ModelOptions } from '../model.ts';
import { chain } from '../sequential.ts';

/** What the outputs mean. */
export type Task = 'regression' | 'binary' | 'multiclass' | 'multilabel';

/** What every network takes. */
export interface CommonOptions extends ModelOptions {
  /** The shape of one sample. */
  readonly inputShape: Shape;
}

/** What a network takes whose outputs are numbers or classes. */
export interface OutputOptions {
  /** How many outputs: classes for `multiclass`, 1 for `binary`. */
  readonly outputs: number;
  /** By default `multiclass` for more than one output and `regression` for one. */
  readonly task?: Task;
  /** Of the output; by default what the task asks for. */
  readonly outputActivation?: Activation;
}

/** What a network takes that has hidden layers of one kind. */
export interface HiddenOptions {
  /** The units of the hidden layers, in order. */
  readonly layers?: readonly number[];
  /** Of the hidden layers; ReLU by default. */
  readonly activation?: Activation;
  /** The rate of dropout behind each hidden layer; 0 by default. */
  readonly dropout?: number;
  /** λ2·Σw² (and λ1·Σ|w|) of every kernel, added to the loss. */
  readonly penalty?: Penalty;
}

/** A drawn network, and what it is trained with where `fit` is told nothing else. */
export interface Drawing {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** One for all outputs. */
  readonly loss: LossLike;
  /** What the model remembers of its purpose. */
  readonly task: string;
}

export interface NetworkDefinition<O extends CommonOptions = never> {
  /** The options that it knows beside those of every network. */
  readonly options: readonly Exclude<keyof O, keyof CommonOptions | 'type'>[];
  /** @throws RangeError, TypeError or ShapeError naming the option that is wrong */
  draw(options: O): Drawing;
}

/** The names of `HiddenOptions` and `OutputOptions`. */
export const hiddenNames = ['layers', 'activation', 'dropout', 'penalty'] as const;
export const outputNames = ['outputs', 'task', 'outputActivation'] as const;

const tasks: Readonly<Record<Task, { activation: Activation; loss: LossType }>> = {
  regression: { activation: 'linear', loss: 'meanSquaredError' },
  binary: { activation: 'sigmoid', loss: 'binaryCrossEntropy' },
  multiclass: { activation: 'softmax', loss: 'crossEntropy' },
  multilabel: { activation: 'sigmoid', loss: 'binaryCrossEntropy' },
};

export interface ResolvedOutput {
  readonly outputs: number;
  readonly task: Task;
  readonly activation: Activation;
  readonly loss: LossType;
}

/** The task of the outputs with its activation and loss. @throws RangeError for a number of outputs it cannot have */
export function resolveOutput(options: OutputOptions): ResolvedOutput {
  const outputs = expectInteger('network: outputs', options.outputs, 1);
  const task = options.task ?? (outputs > 1 ? 'multiclass' : 'regression');
  if (!Object.hasOwn(tasks, task)) throw unknownName('task', task, Object.keys(tasks));
  if (task === 'multiclass' && outputs < 2)
    throw new RangeError(
      'network: task "multiclass" needs at least 2 outputs; for two classes in one output use "binary"',
    );
  if (task === 'binary' && outputs !== 1)
    throw new RangeError(`network: task "binary" has 1 output, got ${outputs}; for several yes or no use "multilabel"`);
  return { outputs, task, activation: options.outputActivation ?? tasks[task].activation, loss: tasks[task].loss };
}

/** The dense layer that gives the outputs. */
export const outputLayer = ({ outputs, activation }: ResolvedOutput, penalty: Penalty | undefined): Layer =>
  dense(outputs, { activation, ...(penalty && { kernelPenalty: penalty }) });

/** A network whose layers follow one another. */
export function drawChain(inputShape: Shape, layers: readonly Layer[], { task, loss }: ResolvedOutput): Drawing {
  const start = input(inputShape);
  return { inputs: [start], outputs: [chain(start, layers, 'network')], task, loss };
}

/** The units of the hidden layers, checked. */
export function resolveUnits(layers: readonly number[] | undefined, fallback: readonly number[]): readonly number[] {
  if (layers === undefined) return fallback;
  if (!Array.isArray(layers)) throw new TypeError(`network: expected layers as a list of units, got ${typeof layers}`);
  return layers.map((units, i) => expectInteger(`network: layers[${i}]`, units, 1));
}

/** He's initial weights before an activation that cuts off half, else Glorot's. */
export function initializerBefore(activation: Activation): 'heUniform' | 'glorotUniform' {
  const name = typeof activation === 'string' ? activation : activation.name;
  return /relu|elu|silu|mish|gelu|hardSwish/i.test(name) && name !== 'selu' ? 'heUniform' : 'glorotUniform';
}
