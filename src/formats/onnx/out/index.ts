// A traced model to an ONNX file (operator set 17). The names of its inputs are the model's; sizes of the batch are free.
import { NeuriteError } from '../../../core/errors.ts';
import type { GraphFunction, Node, Shape } from '../../../graph/graph.ts';
import { prune } from '../../../graph/passes/prune.ts';
import type { ValueInfoProto } from '../schema.ts';
import { dataTypeNumbers } from '../types.ts';
import { writeModel } from '../write.ts';
import './arithmetic.ts';
import './layers.ts';
import './movement.ts';
import { writerOf } from './table.ts';
import { GraphWriter, type Size } from './writer.ts';

export { tracedBatches } from './writer.ts';

/** The values of a stored name. */
export type StoredValues = (name: string) => Float32Array | Int32Array;

/**
 * @param traces the same model for the two batches of `tracedBatches`
 * @throws NeuriteError for operations that ONNX has no form for, all in one list
 */
export function graphToOnnx(traces: readonly [GraphFunction, GraphFunction], values: StoredValues): Uint8Array {
  const [first, second] = traces.map(prune) as [GraphFunction, GraphFunction];
  refuseUnknown(first);
  const twins = new Map(first.nodes.map((node, i) => [node, second.nodes[i]!]));
  // The file takes what the model takes, whether a prediction reads it or not.
  const [inputs, others] = traces.map(({ nodes }) => nodes.filter(({ operation }) => operation === 'input')) as [
    Node[],
    Node[],
  ];
  inputs.forEach((node, i) => twins.set(node, others[i]!));
  const nameOf = (node: Node) => node.attributes['name'] as string;
  const writer = new GraphWriter(twins, inputs[0] && nameOf(inputs[0]));
  for (const node of inputs) writer.bind(node, writer.fresh(nameOf(node)));
  for (const node of first.nodes) {
    writer.label = node.label;
    if (node.operation === 'input') continue;
    if (node.operation === 'storage') writer.bind(node, writer.weight(nameOf(node), values(nameOf(node)), node.shape));
    else {
      const name = writerOf(node.operation)!(writer, node);
      if (name !== undefined) writer.bind(node, name);
    }
  }
  writer.label = '';
  const outputs = Object.entries(first.outputs).map(([name, node]) => {
    const unique = writer.fresh(name);
    writer.addNode('Identity', [writer.nameOf(node)], [unique]);
    return info(unique, node, writer.sizes(node));
  });
  return writeModel({
    irVersion: 8,
    producerName: 'neurite',
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'model',
      node: writer.nodes,
      initializer: writer.initializers,
      input: inputs.map((node) => info(writer.nameOf(node), node, writer.sizes(node))),
      output: outputs,
    },
  });
}

function refuseUnknown({ nodes, effects }: GraphFunction): void {
  if (effects.some(({ operation }) => operation !== 'checkFinite'))
    throw new NeuriteError('toOnnx: predictions of this model change what it keeps, which ONNX has no form for');
  const unknown = nodes.filter(
    ({ operation }) => !writerOf(operation) && operation !== 'input' && operation !== 'storage',
  );
  if (!unknown.length) return;
  const lines = [...new Set(unknown.map(({ operation, label }) => `${operation} of "${label}"`))];
  throw new NeuriteError(`toOnnx: ONNX has no form for ${lines.join(', ')}`);
}

function info(name: string, { dtype }: { dtype: string; shape: Shape }, sizes: readonly Size[]): ValueInfoProto {
  const elemType = dtype === 'i32' ? dataTypeNumbers.int32 : dataTypeNumbers.float32;
  const dim = sizes.map((size) => {
    if (typeof size === 'number') return { dimValue: size };
    return { dimParam: size.perSample === 1 ? 'batch' : `${size.perSample}batch` };
  });
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
