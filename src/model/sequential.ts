// The two ways to make a model: a list of layers, or inputs and outputs of a drawn topology.
import { formatBatchShape, type Layer, type SymbolicTensor } from '../layers/layer.ts';
import { input, type InputDtype } from '../layers/shape.ts';
import { ShapeError } from '../core/errors.ts';
import type { Shape } from '../graph/graph.ts';
import { Model, type ModelOptions } from './model.ts';
import { traceTopology } from './topology.ts';

export interface SequentialOptions extends ModelOptions {
  /** The shape of one sample, without the batch axis. */
  readonly inputShape: Shape;
  /** 'int32' for a model that begins with an embedding; 'float32' by default. */
  readonly inputDtype?: InputDtype;
}

/**
 * A model whose layers follow one another.
 * @example const model = await sequential([dense(8, { activation: 'tanh' }), dense(1)], { inputShape: [2], seed: 1 });
 * @throws ShapeError naming the first layer that cannot take what comes before it
 */
export async function sequential(layers: readonly Layer[], options: SequentialOptions): Promise<Model> {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new TypeError('sequential: expected a list of at least one layer');
  if (!options?.inputShape) throw new TypeError('sequential: expected the option inputShape, the shape of one sample');
  const start = input(options.inputShape, options.inputDtype ? { dtype: options.inputDtype } : {});
  return Model.create(traceTopology([start], [chain(start, layers)]), options);
}

/**
 * What the last of some layers gives, each applied to what the one before gave.
 * @throws ShapeError naming the first layer that cannot take what comes before it
 */
export function chain(start: SymbolicTensor, layers: readonly Layer[], what = 'sequential'): SymbolicTensor {
  return layers.reduce((before, layer, i) => {
    if (typeof layer !== 'function') throw new TypeError(`${what}: layer ${i} is ${typeof layer}, not a layer`);
    try {
      return layer(before);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw new ShapeError(
        `${what}: layer ${i} (${layer.type}) cannot take ${formatBatchShape(before.shape)}: ${error.message}`,
      );
    }
  }, start);
}

export interface GraphModelOptions extends ModelOptions {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/**
 * A model of any acyclic topology: several inputs and outputs, skip connections, shared layers.
 * @example
 * const x = input([4]);
 * const h = dense(4, { activation: 'relu' })(x);
 * const net = await model({ inputs: x, outputs: dense(1)(add()([x, h])) });
 * @throws NeuriteError when an output depends on an input that is not listed
 */
export async function model({ inputs, outputs, ...options }: GraphModelOptions): Promise<Model> {
  const list = (tensors: SymbolicTensor | readonly SymbolicTensor[]) => (Array.isArray(tensors) ? tensors : [tensors]);
  return Model.create(traceTopology(list(inputs), list(outputs)), options);
}
