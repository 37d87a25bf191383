// Pooling over windows of an image, and moving pixels: padding, cropping, enlarging by lists of positions.
// Shapes: x [B, ...spatial, C] with 1 to 3 spatial axes.
import { PoolKind } from '../../core/generated/instructions.ts';
import { defineOperation } from '../operation.ts';
import type { Graph, Node } from '../graph.ts';
import type { UnaryName } from './unary.ts';
import { threeAxes, type AxisWindow } from './window.ts';

export type PoolName = keyof typeof PoolKind;

interface PoolAttributes {
  kind: PoolName;
  /** By axis, for each output position: begin, end, count. */
  windows: readonly (readonly AxisWindow[])[];
}

const poolAttributes = (node: Node) => node.attributes as unknown as PoolAttributes;
const one: readonly AxisWindow[] = [{ begin: 0, end: 1, count: 1 }];

/** Batch, three spatial sizes and channels of x, and the three sizes of the result. */
function sizesOf(x: Node, output: readonly number[]) {
  const [depth, height, width] = threeAxes(x.shape.slice(1, -1), 1);
  const [outDepth, outHeight, outWidth] = threeAxes(output, 1);
  const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
  return { batch, depth, height, width, channels, outDepth, outHeight, outWidth };
}

const windowWords = ({ windows }: PoolAttributes): number[] =>
  [...Array.from({ length: 3 - windows.length }, () => one), ...windows].flatMap((axis) =>
    axis.flatMap(({ begin, end, count }) => [begin, end, count]),
  );

const outputOf = ({ windows }: PoolAttributes): number[] => windows.map(({ length }) => length);

defineOperation('pool', {
  infer([x], attributes) {
    const output = outputOf(attributes as unknown as PoolAttributes);
    return { shape: [x!.shape[0]!, ...output, x!.shape.at(-1)!], dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [x] = node.inputs as [Node];
    const inputs = poolAttributes(node).kind === 'Maximum' ? [dOut, x, node] : [dOut];
    return [graph.add('poolBackward', inputs, { ...node.attributes, shape: x.shape })];
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const attributes = poolAttributes(node);
    emitter.emit('Pool', {
      kind: PoolKind[attributes.kind],
      out: emitter.at(node),
      x: emitter.at(x),
      windows: emitter.table(windowWords(attributes)),
      ...sizesOf(x, outputOf(attributes)),
    });
  },
});

// Inputs: dOut and, for the maximum, x and its result.
defineOperation('poolBackward', {
  infer: (_inputs, { shape }) => ({ shape: shape as readonly number[], dtype: 'f32' }),
  lower(emitter, node) {
    const [dOut, x, y] = node.inputs as [Node, Node?, Node?];
    const attributes = poolAttributes(node);
    emitter.emit('PoolBackward', {
      kind: PoolKind[attributes.kind],
      dX: emitter.at(node),
      dOut: emitter.at(dOut),
      x: x ? emitter.at(x) : 0,
      y: y ? emitter.at(y) : 0,
      windows: emitter.table(windowWords(attributes)),
      ...sizesOf(node, outputOf(attributes)),
    });
  },
});

/** Functions that never fall and are made of comparisons and one product, so that max f(x) and f(max x) are the same bits. */
const rising: ReadonlySet<unknown> = new Set<UnaryName>(['Relu', 'Relu6', 'LeakyRelu', 'HardTanh']);

const risesWith = ({ operation, attributes }: Node): boolean =>
  operation === 'unary' &&
  rising.has(attributes['kind']) &&
  !(attributes['kind'] === 'LeakyRelu' && (attributes['alpha'] as number) < 0);

/**
 * The maximum or average of x over windows, for each channel. A maximum goes before an activation that never falls: that
 * then has fewer elements to work on, forward and backward.
 */
export function pool(graph: Graph, kind: PoolName, x: Node, windows: readonly (readonly AxisWindow[])[]): Node {
  if (kind === 'Maximum' && risesWith(x))
    return graph.add('unary', [graph.add('pool', [x.inputs[0]!], { kind, windows })], x.attributes);
  return graph.add('pool', [x], { kind, windows });
}

type Sources = readonly (readonly number[])[];

const sourcesOf = (node: Node) => node.attributes['sources'] as Sources;
const sourceWords = (sources: Sources): number[] =>
  [...Array.from({ length: 3 - sources.length }, () => [0]), ...sources].flat();

defineOperation('gatherPixels', {
  infer([x], { sources }) {
    const output = (sources as Sources).map(({ length }) => length);
    return { shape: [x!.shape[0]!, ...output, x!.shape.at(-1)!], dtype: x!.dtype };
  },
  gradient: (graph, node, dOut) => [
    graph.add('scatterPixels', [dOut], { ...node.attributes, shape: node.inputs[0]!.shape }),
  ],
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    emitter.emit('GatherPixels', {
      out: emitter.at(node),
      x: emitter.at(x),
      sources: emitter.table(sourceWords(sourcesOf(node))),
      ...sizesOf(x, node.shape.slice(1, -1)),
    });
  },
});

defineOperation('scatterPixels', {
  infer: (_inputs, { shape }) => ({ shape: shape as readonly number[], dtype: 'f32' }),
  gradient: (graph, node, dX) => [gatherPixels(graph, dX, sourcesOf(node))],
  lower(emitter, node) {
    const [dOut] = node.inputs as [Node];
    emitter.emit('ScatterPixels', {
      dX: emitter.at(node),
      dOut: emitter.at(dOut),
      sources: emitter.table(sourceWords(sourcesOf(node))),
      ...sizesOf(node, dOut.shape.slice(1, -1)),
    });
  },
});

/** Each output position of a spatial axis reads the position of x that its list has, or 0 where that is −1. */
export const gatherPixels = (graph: Graph, x: Node, sources: Sources): Node =>
  graph.add('gatherPixels', [x], { sources });
