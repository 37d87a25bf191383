// The ways from one population of a NIR graph to the next: the linear nodes between them, composed to one list of synapses.
import { nirArray, type NirGraph, type NirNode } from '../../formats/nir.ts';
import { windowsOf, type NirShapes } from '../../formats/nir-shapes.ts';

/** From element `source` to element `target`, both row-major; the delay in seconds. */
export interface Synapse {
  readonly source: number;
  readonly target: number;
  readonly weight: number;
  readonly delay: number;
}

/** A way to a population or an output. */
export interface Path {
  readonly to: string;
  /** The linear nodes on it. */
  readonly through: readonly string[];
  readonly synapses: readonly Synapse[];
}

type Shapes = ReadonlyMap<string, NirShapes>;

const linearTypes = ['Affine', 'Linear', 'Scale', 'Conv1d', 'Conv2d', 'SumPool2d', 'AvgPool2d', 'Flatten', 'Delay'];

export const isLinear = ({ type }: NirNode): boolean => linearTypes.includes(type);

/** The most synapses of a path. */
const mostSynapses = 2 ** 25;

/**
 * Every way on from what leaves a node.
 * @throws RangeError for a cycle of linear nodes alone, or too many synapses
 */
export function pathsFrom(graph: NirGraph, shapes: Shapes, from: string, first: readonly Synapse[]): Path[] {
  const follow = (name: string, through: readonly string[], synapses: readonly Synapse[]): Path[] =>
    graph.edges
      .filter(([before]) => before === name)
      .flatMap(([, to]) => {
        const node = graph.nodes[to]!;
        if (!isLinear(node)) return [{ to, through, synapses }];
        if (through.includes(to))
          throw new RangeError(`nirNetwork: ${[...through, to].join(' → ')} is a cycle without a neuron`);
        return follow(to, [...through, to], passed(node, shapes.get(to)!, synapses, to));
      });
  return follow(from, [], first);
}

/** Each element to itself. */
export const identity = (size: number): Synapse[] =>
  Array.from({ length: size }, (_, k) => ({ source: k, target: k, weight: 1, delay: 0 }));

/** An element of the parameters of a node, which may be one for all. */
const elementOf = (node: NirNode, name: string, k: number): number => {
  const { data } = nirArray(node, name);
  return data.length === 1 ? data[0]! : data[k]!;
};

/** Synapses, further through a linear node. */
function passed(node: NirNode, shapes: NirShapes, synapses: readonly Synapse[], name: string): Synapse[] {
  if (node.type === 'Flatten') return [...synapses];
  if (node.type === 'Scale')
    return synapses.map((each) => ({ ...each, weight: each.weight * elementOf(node, 'scale', each.target) }));
  if (node.type === 'Delay')
    return synapses.map((each) => ({ ...each, delay: each.delay + elementOf(node, 'delay', each.target) }));
  const outgoing = rowsOf(node, shapes);
  const out: Synapse[] = [];
  for (const { source, target, weight, delay } of synapses)
    outgoing(target, (to, factor) => {
      out.push({ source, target: to, weight: weight * factor, delay });
      if (out.length > mostSynapses) throw new RangeError(`nirNetwork: more than 2^25 synapses through ${name}`);
    });
  // an element leads to each output once, so that only sources that came in several times have anything to add up
  const isOnce = new Set(synapses.map(({ source }) => source)).size === synapses.length;
  return isOnce ? out : summed(out);
}

/** Synapses of the same two elements and the same delay as one. */
function summed(synapses: readonly Synapse[]): Synapse[] {
  const sums = new Map<string, Synapse>();
  for (const each of synapses) {
    const key = `${each.source} ${each.target} ${each.delay}`;
    const before = sums.get(key)?.weight ?? 0;
    sums.set(key, { ...each, weight: before + each.weight });
  }
  return [...sums.values()];
}

type Outgoing = (element: number, add: (out: number, weight: number) => void) => void;

function rowsOf(node: NirNode, shapes: NirShapes): Outgoing {
  if (node.type === 'Affine' || node.type === 'Linear') {
    const { data, shape } = nirArray(node, 'weight');
    const [outputs, inputs] = shape as [number, number];
    return (element, add) => {
      for (let out = 0; out < outputs; out++) add(out, data[out * inputs + element]!);
    };
  }
  return windowRows(node, shapes);
}

/** Convolutions and pools, whose windows go over one axis or two, channels first. */
function windowRows(node: NirNode, { input, output }: NirShapes): Outgoing {
  const rank = input!.length - 1;
  // an image of one axis is one row
  const [height, width] = rank === 1 ? [1, input![1]!] : [input![1]!, input![2]!];
  const [outHeight, outWidth] = rank === 1 ? [1, output![1]!] : [output![1]!, output![2]!];
  const flat = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 };
  const windows = windowsOf(node);
  const [rows, columns] = rank === 1 ? [flat, windows[0]!] : [windows[0]!, windows[1]!];
  const weightAt = weightsOf(node, rows.kernel * columns.kernel, output![0]!);
  return (element, add) => {
    const channel = Math.floor(element / (height * width));
    const [y, x] = [Math.floor(element / width) % height, element % width];
    for (let ky = 0; ky < rows.kernel; ky++)
      for (let kx = 0; kx < columns.kernel; kx++) {
        const oy = (y + rows.before - ky * rows.dilation) / rows.stride;
        const ox = (x + columns.before - kx * columns.dilation) / columns.stride;
        if (!isWithin(oy, outHeight) || !isWithin(ox, outWidth)) continue;
        weightAt(channel, ky * columns.kernel + kx, (outChannel, weight) =>
          add((outChannel * outHeight + oy) * outWidth + ox, weight),
        );
      }
  };
}

const isWithin = (place: number, size: number): boolean => Number.isInteger(place) && place >= 0 && place < size;

/** The outputs that a channel has at a place of the window. */
function weightsOf(node: NirNode, area: number, outputs: number) {
  type Add = (outChannel: number, weight: number) => void;
  if (node.type === 'SumPool2d' || node.type === 'AvgPool2d') {
    const share = node.type === 'SumPool2d' ? 1 : 1 / area;
    return (channel: number, _place: number, add: Add) => add(channel, share);
  }
  const { data, shape } = nirArray(node, 'weight');
  const perGroup = shape[1]!;
  const outputsOfGroup = outputs / nirArray(node, 'groups').data[0]!;
  return (channel: number, place: number, add: Add) => {
    const first = Math.floor(channel / perGroup) * outputsOfGroup;
    for (let out = first; out < first + outputsOfGroup; out++)
      add(out, data[(out * perGroup + (channel % perGroup)) * area + place]!);
  };
}
