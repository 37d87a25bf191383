// Layers that rearrange: flatten, reshape; and those that join branches: add, multiply, concatenate.
import { ShapeError } from '../core/errors.ts';
import { sizeOf, type Node, type Shape } from '../graph/graph.ts';
import * as operations from '../graph/operations/basic.ts';
import {
  createLayer,
  defineLayer,
  expectInputs,
  expectOptions,
  expectShape,
  formatBatchShape,
  resolveAxis,
  type Layer,
  type LayerContext,
  type LayerOptions,
  type SymbolicTensor,
} from './layer.ts';

defineLayer('flatten', {
  build(context, inputs) {
    expectInputs('flatten', inputs, 1);
    const [x] = inputs as [Node];
    return operations.reshape(context.graph, x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
  },
  restore: (_config, common) => flatten(common),
});

/** [*, a, b, …] → [*, a·b·…]. */
export function flatten(options: LayerOptions = {}): Layer {
  expectOptions('flatten', options, []);
  return createLayer('flatten', {}, options);
}

defineLayer<{ shape: number[] }>('reshape', {
  build(context, inputs, { shape }) {
    expectInputs('reshape', inputs, 1);
    const [x] = inputs as [Node];
    const sample = operations.resolveShape(x.shape.slice(1), shape);
    return operations.reshape(context.graph, x, [x.shape[0]!, ...sample]);
  },
  restore: ({ shape }, common) => reshape(shape, common),
});

/** The same elements of each sample under another shape; one size may be −1. */
export function reshape(shape: readonly number[], options: LayerOptions = {}): Layer {
  expectOptions('reshape', options, []);
  if (Array.isArray(shape) && shape.filter((size) => size === -1).length > 1)
    throw new RangeError(`reshape: expected at most one -1, got [${shape.join(', ')}]`);
  expectShape('reshape', Array.isArray(shape) ? shape.filter((size) => size !== -1) : shape);
  return createLayer('reshape', { shape: [...shape] }, options);
}

/** Folds two or more inputs of one shape (or shapes that broadcast) by an elementwise operation. */
const defineFold = (type: string, kind: 'Add' | 'Multiply', make: (options: LayerOptions) => Layer) =>
  defineLayer(type, {
    stepwise: true,
    build(context: LayerContext, inputs: readonly Node[]) {
      if (inputs.length < 2) throw new ShapeError(`${type}: expected at least 2 inputs, got ${inputs.length}`);
      for (const { shape } of inputs.slice(1))
        if (shape.length !== inputs[0]!.shape.length)
          throw new ShapeError(
            `${type}: expected inputs of one rank, got ${inputs.map((node) => formatBatchShape(node.shape.slice(1))).join(' and ')}`,
          );
      return inputs.reduce((sum, next) => operations.binary(context.graph, kind, sum, next));
    },
    restore: (_config, common) => make(common),
  });

defineFold('add', 'Add', add);
defineFold('multiply', 'Multiply', multiply);

/** The elementwise sum of its inputs: `add()([a, b])`. */
export function add(options: LayerOptions = {}): Layer {
  expectOptions('add', options, []);
  return createLayer('add', {}, options);
}

/** The elementwise product of its inputs: `multiply()([a, b])`. */
export function multiply(options: LayerOptions = {}): Layer {
  expectOptions('multiply', options, []);
  return createLayer('multiply', {}, options);
}

defineLayer<{ axis: number }>('concatenate', {
  build(context, inputs, { axis }) {
    if (inputs.length === 0) throw new ShapeError('concatenate: expected at least 1 input, got 0');
    const at = resolveAxis('concatenate', axis, inputs[0]!.shape.length);
    return operations.concatenate(context.graph, inputs, at);
  },
  restore: ({ axis }, common) => concatenate({ axis, ...common }),
});

/** Joins its inputs along an axis (the last by default; 0 is the batch and not allowed): `concatenate()([a, b])`. */
export function concatenate(options: LayerOptions & { axis?: number } = {}): Layer {
  expectOptions('concatenate', options, ['axis']);
  const { axis = -1 } = options;
  if (!Number.isInteger(axis)) throw new RangeError(`concatenate: expected an integer axis, got ${String(axis)}`);
  return createLayer('concatenate', { axis }, options);
}

/** What an input holds: numbers, or whole numbers of 32 bits (indices of words, of classes). */
export type InputDtype = 'float32' | 'int32';

export interface InputOptions {
  /** `input` by default, or `input0`, `input1`, … */
  readonly name?: string;
  /** 'float32' by default. */
  readonly dtype?: InputDtype;
}

/**
 * An input of a model: samples of this shape, without the batch axis.
 * @example input([12], { dtype: 'int32' }) // twelve indices a sample, for embedding
 * @throws RangeError for sizes that are no positive integers, a name of other characters than a layer's, another dtype
 */
export function input(shape: Shape, { name, dtype = 'float32' }: InputOptions = {}): SymbolicTensor {
  if (name !== undefined && (typeof name !== 'string' || !/^[\w-]+$/.test(name)))
    throw new RangeError(`input: expected a name of letters, digits, "_" and "-", got ${JSON.stringify(name)}`);
  if (dtype !== 'float32' && dtype !== 'int32')
    throw new RangeError(`input: expected dtype 'float32' or 'int32', got ${JSON.stringify(dtype)}`);
  return { shape: [...expectShape('input', shape)], dtype: dtype === 'int32' ? 'i32' : 'f32', source: null, name };
}
