// A network of neurons and synapses from the description of a NIR file.
import { checkNir, nirArray, type NirGraph, type NirNode } from '../../formats/nir.ts';
import type { NirShapes } from '../../formats/nir-shapes.ts';
import { NeuriteError } from '../../core/errors.ts';
import { connect, type Connection } from '../connections/connect.ts';
import { allToAll, pairs } from '../connections/patterns.ts';
import { NeuronGroup, neuronGroup } from '../group.ts';
import type { Simulation } from '../simulation.ts';
import { spikeTimes, stimulate, type SpikeList } from '../sources.ts';
import { ms, s, type Time } from '../units.ts';
import { isNeuron, isSpiking, modelOf } from './neurons.ts';
import { identity, isLinear, pathsFrom, type Path, type Synapse } from './paths.ts';

/** A signal that is no spikes: its value, for all elements or for each, at the beginning of each step (t in ms). */
export interface NirSignal {
  readonly signal: (time: number) => number | ArrayLike<number>;
  readonly duration: Time;
}

/** What is given with a network from NIR. */
export interface NirNetworkOptions {
  /** By the name of the Input node: spikes at given times, a group that spikes (such as a poissonGroup), or a signal. */
  inputs?: Readonly<Record<string, SpikeList | NeuronGroup | NirSignal>>;
  /**
   * What a spike is to its targets: `pulse`, the default, is 1 for one step, as in simulators of discrete time (snnTorch,
   * Norse, SpikingJelly); `impulse` is a Dirac impulse of area 1 s, spread over one step.
   */
  spikes?: 'pulse' | 'impulse';
}

/** What `nirNetwork` has built. */
export interface NirNetwork {
  /** The populations, and the inputs that spike, by the names of their nodes. */
  readonly groups: Readonly<Record<string, NeuronGroup>>;
  readonly connections: readonly Connection[];
  /** By the name of the Output node: the populations that lead to it. */
  readonly outputs: Readonly<Record<string, readonly NeuronGroup[]>>;
}

/** Everything while it is built. */
interface Build {
  readonly simulation: Simulation;
  readonly graph: NirGraph;
  readonly shapes: ReadonlyMap<string, NirShapes>;
  readonly groups: Map<string, NeuronGroup>;
  readonly connections: Connection[];
  /** What a spike's weight is multiplied by. */
  readonly height: number;
}

/**
 * Builds the network of a NIR description: each node of neurons becomes a group of the same name, stepped exactly, whose
 * states are NIR's (`v`, and `I` of the Cuba types) as numbers without units, at v_leak (0 without a leak) in the beginning;
 * the linear nodes between become connections.
 * @throws FormatError, ShapeError and NeuriteError as `readNir` for a description that does not hold together; NeuriteError
 *   for what cannot be simulated, all of it; RangeError for inputs that do not fit, delays that are no whole steps and time
 *   constants below the step
 */
export function nirNetwork(simulation: Simulation, graph: NirGraph, options: NirNetworkOptions = {}): NirNetwork {
  const { inputs = {}, spikes = 'pulse' } = options;
  if (spikes !== 'pulse' && spikes !== 'impulse')
    throw new RangeError(`nirNetwork: expected spikes pulse or impulse, got ${String(spikes)}`);
  const shapes = checkNir(graph, 'nirNetwork');
  const height = spikes === 'pulse' ? 1 : 1000 / simulation.dt.value;
  const build: Build = { simulation, graph, shapes, groups: new Map(), connections: [], height };
  checkInputs(build, inputs);
  const ways = waysOf(build);
  refuse(build, ways, inputs);
  const biases = biasesOf(build);
  for (const [name, node] of nodesOf(graph, isNeuron)) {
    const model = modelOf(node, biases.get(name) ?? new Float64Array(1));
    build.groups.set(name, neuronGroup(simulation, sizeOfNode(build, name), model, { name }));
  }
  for (const [name, input] of Object.entries(inputs)) addInput(build, name, input, ways.get(name)!);
  for (const [name] of nodesOf(graph, isSpiking)) connectWays(build, name, ways.get(name)!);
  return { groups: Object.fromEntries(build.groups), connections: build.connections, outputs: outputsOf(build, ways) };
}

const nodesOf = ({ nodes }: NirGraph, is: (node: NirNode) => boolean): [string, NirNode][] =>
  Object.entries(nodes).filter(([, node]) => is(node));

const isInput = ({ type }: NirNode): boolean => type === 'Input';

function sizeOfNode({ shapes }: Build, name: string): number {
  return shapes.get(name)!.output!.reduce((product, size) => product * size, 1);
}

/** From each input and population. @throws NeuriteError where a shape is not known */
function waysOf(build: Build): Map<string, Path[]> {
  const { graph, shapes } = build;
  const open = [...shapes].filter(([, { output }]) => output === undefined).map(([name]) => name);
  if (open.length > 0) throw new NeuriteError(`nirNetwork: nothing tells the shapes of ${open.join(', ')}`);
  const starts = nodesOf(graph, (node) => isInput(node) || isNeuron(node));
  return new Map(
    starts.map(([name]) => [name, pathsFrom(graph, shapes, name, identity(sizeOfNode(build, name)))] as const),
  );
}

/** All that cannot be simulated. */
function refuse({ graph }: Build, ways: ReadonlyMap<string, readonly Path[]>, inputs: object): void {
  const problems = nodesOf(graph, ({ type }) => type === 'Threshold').map(
    ([name]) => `${name} (Threshold) has no state; use IF or LIF`,
  );
  for (const [name, paths] of ways)
    for (const { to, through } of paths) {
      const target = graph.nodes[to]!;
      if (target.type === 'Output') {
        if (through.length > 0) problems.push(`${through.join(' → ')} leads to ${to} (Output) without a neuron`);
      } else if (isNeuron(target) && isNeuron(graph.nodes[name]!) && !isSpiking(graph.nodes[name]!))
        problems.push(`${name} (${graph.nodes[name]!.type}) does not spike and leads to ${to}`);
    }
  for (const [name] of nodesOf(graph, isInput))
    if (!Object.hasOwn(inputs, name)) problems.push(`${name} (Input) is not given`);
  if (problems.length > 0) throw new NeuriteError(`nirNetwork: ${problems.join('; ')}`);
}

function checkInputs(build: Build, inputs: Readonly<Record<string, SpikeList | NeuronGroup | NirSignal>>): void {
  for (const [name, input] of Object.entries(inputs)) {
    const node = Object.hasOwn(build.graph.nodes, name) ? build.graph.nodes[name] : undefined;
    if (node?.type !== 'Input') throw new RangeError(`nirNetwork: the network has no Input "${name}"`);
    if (input instanceof NeuronGroup && input.size !== sizeOfNode(build, name))
      throw new RangeError(`nirNetwork: ${name} takes ${sizeOfNode(build, name)} neurons, got ${input.size}`);
  }
}

/** What the biases come to at each population: a bias goes on as a signal that is always there. */
function biasesOf(build: Build): Map<string, Float64Array> {
  const { graph, shapes } = build;
  const sums = new Map<string, Float64Array>();
  for (const [name, node] of nodesOf(graph, (each) => isLinear(each) && 'bias' in each.parameters)) {
    const bias = nirArray(node, 'bias').data;
    const size = sizeOfNode(build, name);
    // of a convolution each channel has one
    const first = Array.from({ length: size }, (_, target) => {
      const weight = bias[Math.floor((target * bias.length) / size)]!;
      return { source: 0, target, weight, delay: 0 };
    });
    for (const { to, synapses } of pathsFrom(graph, shapes, name, first)) {
      const sum = sums.get(to) ?? new Float64Array(sizeOfNode(build, to));
      for (const { target, weight } of synapses) sum[target]! += weight;
      sums.set(to, sum);
    }
  }
  return sums;
}

function addInput(
  build: Build,
  name: string,
  input: SpikeList | NeuronGroup | NirSignal,
  paths: readonly Path[],
): void {
  if ('signal' in input) {
    for (const { to, synapses } of paths) {
      const group = build.groups.get(to);
      if (group) driveBy(group, name, input, synapses, sizeOfNode(build, name));
    }
    return;
  }
  const isGroup = input instanceof NeuronGroup;
  const group = isGroup ? input : spikeTimes(build.simulation, sizeOfNode(build, name), input, { name });
  build.groups.set(name, group);
  connectWays(build, name, paths);
}

/** A signal as currents into a population. */
function driveBy(
  group: NeuronGroup,
  name: string,
  { signal, duration }: NirSignal,
  synapses: readonly Synapse[],
  size: number,
) {
  const delays = [...new Set(synapses.map(({ delay }) => delay))];
  const current = (time: number): Float64Array => {
    const sum = new Float64Array(group.size);
    for (const delay of delays) {
      const then = time - 1000 * delay;
      // before its beginning a signal is 0
      const values = then < -1e-9 ? 0 : signal(then);
      if (typeof values !== 'number' && values.length !== size)
        throw new RangeError(`nirNetwork: ${name} takes ${size} values, got ${values.length}`);
      for (const each of synapses)
        if (each.delay === delay)
          sum[each.target]! += each.weight * (typeof values === 'number' ? values : values[each.source]!);
    }
    return sum;
  };
  const longest = 1000 * Math.max(0, ...delays);
  stimulate(group, current, { duration: ms(duration.value + longest) });
}

function connectWays(build: Build, name: string, paths: readonly Path[]): void {
  const source = build.groups.get(name)!;
  for (const { to, synapses } of paths) {
    const target = build.groups.get(to);
    if (target) build.connections.push(...connectPath(source, target, synapses, build.height));
  }
}

/** In the order of sources, and of a source's targets; a full matrix where every pair is there. */
function connectPath(source: NeuronGroup, target: NeuronGroup, synapses: readonly Synapse[], height: number) {
  const kept = synapses
    .filter(({ weight }) => weight !== 0)
    .toSorted((a, b) => a.source - b.source || a.target - b.target || a.delay - b.delay);
  if (kept.length === 0) return [];
  const delays = new Set(kept.map(({ delay }) => delay));
  const isFull = kept.length === source.size * target.size && delays.size === 1;
  const pattern = isFull ? allToAll() : pairs(kept.map((each) => [each.source, each.target] as const));
  const delay = delays.size === 1 ? s(kept[0]!.delay) : s.each(kept.map((each) => each.delay));
  const weight = Float64Array.from(kept, (each) => each.weight * height);
  return [connect(source, target, { pattern, receptor: 'current', weight, delay })];
}

function outputsOf({ graph, groups }: Build, ways: ReadonlyMap<string, readonly Path[]>) {
  const leading = (output: string): NeuronGroup[] =>
    [...groups].filter(([name]) => ways.get(name)?.some(({ to }) => to === output)).map(([, group]) => group);
  return Object.fromEntries(
    nodesOf(graph, ({ type }) => type === 'Output').map(([name]) => [name, leading(name)] as const),
  );
}
