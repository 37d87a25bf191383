// Folding: what scales and shifts every channel of a product or a convolution by vectors that stay as they are (a batch
// normalisation at inference) goes into its weights and its bias, computed once (stage.ts):
//   (x·W + b)·s + t = x·(W·s) + (b·s + t)
// Only where nothing else reads the value in between. The rules move the scale before the bias and join two biases; fuse
// then takes the one that is left. Source: Jacob et al., Quantization and training of neural networks (2018), section 3.2.
import { sameShape, sizeOf, type Graph, type GraphFunction, type Node } from '../graph.ts';
import { add, multiply, reshape } from '../operations/basic.ts';
import { isFixed } from './stage.ts';
import { operationOf } from '../operation.ts';
import { countUses, rewrite } from './transform.ts';

export function fold(source: GraphFunction): GraphFunction {
  const uses = countUses(source);
  const isSource = isFixed(source);
  /** Nothing else reads a node of the source, nor what it adds a bias to or scales. */
  const readOnce = (node: Node): boolean =>
    uses.get(node) === 1 && (node.operation !== 'binary' || node.inputs.some(readOnce));
  const known = new Map<Node, boolean>();
  /** Whether a node of the new graph depends on constants and on weights alone. */
  const isStaged = (node: Node): boolean => {
    let result = known.get(node);
    if (result === undefined) {
      const { source: origin } = operationOf(node.operation);
      result = origin
        ? isSource(node)
        : node.operation !== 'update' && node.inputs.every(isStaged) && node.inputs.length > 0;
      known.set(node, result);
    }
    return result;
  };
  return rewrite(source, (node, inputs, graph) => {
    const kind = node.attributes['kind'];
    if (node.operation !== 'binary' || (kind !== 'Multiply' && kind !== 'Add')) return undefined;
    for (const [first, second] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const [value, vector] = [inputs[first]!, inputs[second]!];
      if (!readOnce(node.inputs[first]!) || !sameShape(node.shape, value.shape)) continue;
      const along = channelVector(graph, vector, value);
      if (!along || !isStaged(vector)) continue;
      const folded =
        kind === 'Multiply' ? scaled(graph, value, along, isStaged) : shifted(graph, value, along, isStaged);
      if (folded) return folded;
    }
    return undefined;
  });
}

/** The vector [channels] that a node repeats over all other axes of a value; undefined where it is none. */
function channelVector(graph: Graph, vector: Node, value: Node): Node | undefined {
  const channels = value.shape.at(-1);
  if (vector.shape.length === 0 || sizeOf(vector.shape) !== channels || vector.shape.at(-1) !== channels)
    return undefined;
  return reshape(graph, vector, [channels]);
}

type IsStaged = (node: Node) => boolean;

/** value · s, with s in the weights of a product, or before the bias of one. */
function scaled(graph: Graph, value: Node, s: Node, isStaged: IsStaged): Node | undefined {
  if (isProduct(value)) {
    const { operation, inputs, attributes } = value;
    const [x, weights] = inputs as [Node, Node];
    if (attributes['transposeB'] || !isStaged(weights)) return undefined;
    return graph.add(operation, [x, multiply(graph, weights, s)], attributes);
  }
  const bias = biasOf(graph, value, isStaged);
  if (!bias) return undefined;
  const before = scaled(graph, bias.value, s, isStaged);
  return before && add(graph, before, multiply(graph, bias.vector, s));
}

/** value + t: in one with the bias that value ends in, or as the bias of a product. */
function shifted(graph: Graph, value: Node, t: Node, isStaged: IsStaged): Node | undefined {
  if (isProduct(value)) return add(graph, value, t);
  const bias = biasOf(graph, value, isStaged);
  return bias && add(graph, bias.value, add(graph, bias.vector, t));
}

const isProduct = ({ operation, inputs, attributes }: Node): boolean =>
  (operation === 'matmul' || operation === 'convolution') && inputs.length === 2 && !attributes['activation'];

/** A product and the bias that is added to it. */
function biasOf(graph: Graph, node: Node, isStaged: IsStaged): { value: Node; vector: Node } | undefined {
  if (node.operation !== 'binary' || node.attributes['kind'] !== 'Add') return undefined;
  const [value, b] = node.inputs as [Node, Node];
  if (!isProduct(value)) return undefined;
  const vector = isStaged(b) ? channelVector(graph, b, value) : undefined;
  return vector && { value, vector };
}
