// Recurrent layers that give their last states beside their output. A layer has one result: here it is all of them one
// behind the other, [*, elements], and a layer `unpack` for each takes its part.
import type { Graph, Node } from '../graph/graph.ts';
import { concatenate, reshape, slice } from '../graph/operations/index.ts';
import { sizeOf, type Shape } from '../core/shape.ts';
import { createLayer, defineLayer, expectInputs, type Layer, type SymbolicTensor } from './layer.ts';
import type { RecurrentConfig } from './recurrent-options.ts';

/** A layer with several results: apply it to a symbolic tensor (or several) for the list of them. */
export interface StateLayer {
  (input: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor[];
  /** The layer that computes all results as one. */
  readonly packed: Layer;
}

/** The values of a batch as one vector a sample. */
export function packResults(graph: Graph, values: readonly Node[]): Node {
  const flat = values.map((value) => reshape(graph, value, [value.shape[0]!, sizeOf(value.shape.slice(1))]));
  return concatenate(graph, flat, 1);
}

defineLayer<{ offset: number; shape: number[] }>('unpack', {
  build(context, inputs, { offset, shape }) {
    expectInputs('unpack', inputs, 1);
    const [x] = inputs as [Node];
    const values = slice(context.graph, x, 1, offset, sizeOf(shape));
    return reshape(context.graph, values, [x.shape[0]!, ...shape]);
  },
  restore: ({ offset, shape }, common) => createLayer('unpack', { offset, shape }, common),
});

/** Wraps a layer whose result packResults made: output, then the states of each layer of the stack. */
export function stateLayer(packed: Layer, { units, layers, returnSequences }: RecurrentConfig): StateLayer {
  const apply = (input: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor[] => {
    const all = packed(input);
    const [x] = (Array.isArray(input) ? input : [input]) as [SymbolicTensor];
    const output = returnSequences ? [x.shape[0]!, units] : [units];
    const states = (packed.type === 'lstm' ? 2 : 1) * layers;
    let offset = 0;
    return [output, ...Array.from({ length: states }, () => [units])].map((shape: Shape) => {
      const part = createLayer('unpack', { offset, shape })(all);
      offset += sizeOf(shape);
      return part;
    });
  };
  return Object.assign(apply, { packed });
}
