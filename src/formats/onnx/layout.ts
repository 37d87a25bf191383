// Channels first, as ONNX has them, and channels last, as the core's kernels do: nodes are brought from one order to the
// other only where an operator needs it.
import { permute, reshape } from '../../graph/operations/index.ts';
import type { Graph, Node } from '../../graph/graph.ts';

/** Where an axis of a value lies in its node with the channels last. */
export const axisInLast = (axis: number, rank: number): number => (axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1);

/** Whether both orders are the same in memory. */
const isSameInMemory = (channels: number, spatial: readonly number[]): boolean =>
  channels === 1 || spatial.every((size) => size === 1);

/** [B, C, …] → [B, …, C] */
export function channelsLast(graph: Graph, x: Node): Node {
  const [batch, channels, ...spatial] = x.shape as [number, number, ...number[]];
  if (isSameInMemory(channels, spatial)) return reshape(graph, x, [batch, ...spatial, channels]);
  return permute(graph, x, [0, ...spatial.map((_, i) => i + 2), 1]);
}

/** [B, …, C] → [B, C, …] */
export function channelsFirst(graph: Graph, x: Node): Node {
  const [batch, channels, spatial] = [x.shape[0]!, x.shape.at(-1)!, x.shape.slice(1, -1)];
  if (isSameInMemory(channels, spatial)) return reshape(graph, x, [batch, channels, ...spatial]);
  return permute(graph, x, [0, x.shape.length - 1, ...spatial.map((_, i) => i + 1)]);
}
