// The shapes of what comes into the nodes of a NIR graph and of what leaves them: from their parameters, and from what is
// before them for those that take any. NIR's images are channels first, [C, H, W].
import { quote } from './numeric.ts';
import type { NirArray, NirGraph, NirNode } from './nir.ts';

export interface NirShapes {
  readonly input: readonly number[] | undefined;
  readonly output: readonly number[] | undefined;
}

/** A shape for a comparison: axes of one element do not count. */
export const withoutOnes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();

/** @throws never: what does not fit is in `problems` */
export function nirShapes(graph: NirGraph): { shapes: Map<string, NirShapes>; problems: string[] } {
  const shapes = new Map<string, NirShapes>();
  const problems: string[] = [];
  const failed = new Set<string>();
  const find = (name: string, given: readonly number[] | undefined): void => {
    const node = graph.nodes[name]!;
    try {
      shapes.set(name, shapesOf(node, given));
    } catch (error) {
      failed.add(name);
      problems.push(`${quote(name)} (${node.type}) ${(error as Error).message}`);
      shapes.set(name, { input: undefined, output: undefined });
    }
  };
  const after = new Map<string, string[]>();
  for (const name of Object.keys(graph.nodes)) after.set(name, []);
  for (const [from, to] of graph.edges) after.get(from)!.push(to);
  for (const name of Object.keys(graph.nodes)) find(name, undefined);
  // What is known goes forward; each node learns its shape at most once.
  const queue = [...shapes.keys()].filter((name) => shapes.get(name)!.output);
  for (let from = queue.pop(); from !== undefined; from = queue.pop())
    for (const to of after.get(from)!) {
      if (shapes.get(to)!.output || shapes.get(to)!.input || failed.has(to)) continue;
      find(to, shapes.get(from)!.output);
      if (shapes.get(to)!.output) queue.push(to);
    }
  return { shapes, problems };
}

const numbers = (node: NirNode, name: string): number[] => {
  const value = node.parameters[name];
  return value === undefined || typeof value === 'string' ? [] : Array.from(value.data);
};

/** One number for each of two axes, or one for both. */
function pairOf(node: NirNode, name: string): [number, number] {
  const given = numbers(node, name);
  const [first, second] = given.length === 1 ? [given[0]!, given[0]!] : given;
  if (first === undefined || second === undefined || given.length > 2)
    throw new RangeError(`has ${name} ${quote(given)}: expected one number or two`);
  return [first, second];
}

function shapesOf(node: NirNode, given: readonly number[] | undefined): NirShapes {
  switch (node.type) {
    case 'Input':
    case 'Output': {
      const shape = numbers(node, 'shape');
      if (!shape.every((size) => size >= 1)) throw new RangeError(`has the shape ${quote(shape)}`);
      return { input: shape, output: shape };
    }
    case 'Affine':
    case 'Linear':
      return matrixShapes(node);
    case 'Conv1d':
    case 'Conv2d':
      return convShapes(node, given);
    case 'SumPool2d':
    case 'AvgPool2d':
      return poolShapes(node, given);
    case 'Flatten':
      return flattenShapes(node, numbers(node, 'input_type').length > 0 ? numbers(node, 'input_type') : given);
    default:
      return elementShapes(node, given);
  }
}

/** Parameters are one for each element, or one for all. */
function elementShapes(node: NirNode, given: readonly number[] | undefined): NirShapes {
  const arrays = Object.entries(node.parameters) as [string, NirArray][];
  const own = arrays.map(([, { shape }]) => shape).find((shape) => shape.length > 0);
  for (const [name, { shape }] of arrays)
    if (shape.length > 0 && shape.join() !== own!.join() && !(shape.length === 1 && shape[0] === 1))
      throw new RangeError(`has ${name} of the shape ${quote([...shape])} beside ${quote([...own!])}`);
  if (own?.includes(0)) throw new RangeError(`has the shape ${quote([...own])}`);
  const shape = own ?? given;
  return { input: shape, output: shape };
}

function matrixShapes(node: NirNode): NirShapes {
  const { shape } = node.parameters['weight'] as NirArray;
  if (shape.length !== 2 || shape.includes(0))
    throw new RangeError(`has a weight of the shape ${quote([...shape])}: expected [outputs, inputs]`);
  const bias = node.parameters['bias'] as NirArray | undefined;
  if (bias && bias.data.length !== shape[0])
    throw new RangeError(`has a bias of ${bias.data.length} numbers for ${shape[0]} outputs`);
  return { input: [shape[1]!], output: [shape[0]!] };
}

/** What a window of a size gives along an axis. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Before the first element. */
  readonly before: number;
  readonly after: number;
}

const extent = ({ kernel, dilation }: Window): number => dilation * (kernel - 1) + 1;

function outputSize(size: number, window: Window): number {
  const { stride, before, after } = window;
  const out = Math.floor((size + before + after - extent(window)) / stride) + 1;
  if (!(out >= 1 && out < 2 ** 31)) throw new RangeError(`has a window of ${extent(window)} on an axis of ${size}`);
  return out;
}

/** The windows of a convolution or a pool along its axes. @throws RangeError */
export function windowsOf(node: NirNode): Window[] {
  const isConv = node.type === 'Conv1d' || node.type === 'Conv2d';
  const kernels = isConv ? (node.parameters['weight'] as NirArray).shape.slice(2) : pairOf(node, 'kernel_size');
  const strides = pairOf(node, 'stride');
  const dilations = isConv ? pairOf(node, 'dilation') : [1, 1];
  const padding = node.parameters['padding'];
  const paddings = typeof padding === 'string' ? [0, 0] : pairOf(node, 'padding');
  return kernels.map((kernel, axis) => {
    const [stride, dilation, pad] = [strides[axis]!, dilations[axis]!, paddings[axis]!];
    if (!(kernel >= 1 && stride >= 1 && dilation >= 1 && pad >= 0))
      throw new RangeError(`has kernel ${kernel}, stride ${stride}, dilation ${dilation}, padding ${pad}`);
    if (padding !== 'same') return { kernel, stride, dilation, before: pad, after: pad };
    if (stride !== 1) throw new RangeError('has padding "same" with a stride above 1');
    const all = dilation * (kernel - 1);
    return { kernel, stride, dilation, before: Math.floor(all / 2), after: Math.ceil(all / 2) };
  });
}

function convShapes(node: NirNode, given: readonly number[] | undefined): NirShapes {
  const axes = node.type === 'Conv1d' ? 1 : 2;
  const { shape } = node.parameters['weight'] as NirArray;
  if (shape.length !== axes + 2 || shape.includes(0))
    throw new RangeError(`has a weight of the shape ${quote([...shape])}: expected ${axes + 2} axes`);
  const [outputs, perGroup] = shape as [number, number];
  const groups = numbers(node, 'groups')[0] ?? 0;
  if (!(groups >= 1) || outputs % groups !== 0) throw new RangeError(`has ${groups} groups for ${outputs} outputs`);
  if ((node.parameters['bias'] as NirArray).data.length !== outputs)
    throw new RangeError(`has a bias that is not one number for each of ${outputs} outputs`);
  const windows = windowsOf(node);
  const spatial = numbers(node, 'input_shape');
  const own = spatial.length > 0 ? [perGroup * groups, ...spatial] : given;
  if (!own) return { input: undefined, output: undefined };
  if (own.length !== axes + 1 || own[0] !== perGroup * groups)
    throw new RangeError(`takes ${perGroup * groups} channels and ${axes} axes, got ${quote([...own])}`);
  return { input: own, output: [outputs, ...windows.map((window, axis) => outputSize(own[axis + 1]!, window))] };
}

function poolShapes(node: NirNode, given: readonly number[] | undefined): NirShapes {
  const windows = windowsOf(node);
  if (!given) return { input: undefined, output: undefined };
  if (given.length !== 3) throw new RangeError(`takes [C, H, W], got ${quote([...given])}`);
  return { input: given, output: [given[0]!, ...windows.map((window, axis) => outputSize(given[axis + 1]!, window))] };
}

function flattenShapes(node: NirNode, given: readonly number[] | undefined): NirShapes {
  if (!given) return { input: undefined, output: undefined };
  const axis = (name: string): number => {
    const value = numbers(node, name)[0] ?? NaN;
    const found = value < 0 ? value + given.length : value;
    if (!(found >= 0 && found < given.length)) throw new RangeError(`has ${name} ${value} for ${quote([...given])}`);
    return found;
  };
  // an axis alone is flat, wherever flattening begins
  if (given.length < 2) return { input: given, output: given };
  const [first, last] = [axis('start_dim'), axis('end_dim')];
  if (last < first) throw new RangeError(`flattens from axis ${first} to ${last}`);
  const middle = given.slice(first, last + 1).reduce((product, size) => product * size, 1);
  return { input: given, output: [...given.slice(0, first), middle, ...given.slice(last + 1)] };
}
