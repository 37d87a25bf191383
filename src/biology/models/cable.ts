// Neurons with dendrites: a tree of cables, cut into compartments, each a membrane that leaks, may have channels and
// receptors, and is joined to its neighbours by the resistance of the cytoplasm:
//   C v' = −g_L (v − E_L) − Σ g (v − E) + I + Σ g_axial (v_neighbour − v)
// One step is implicit in v (Euler or Crank–Nicolson) and exact in the gates; the solver is Hines's, in the core.
// source: Rall, in Reiss (ed.), Neural Theory and Modeling, 1964; Hines, Int. J. Biomed. Comput. 15, 1984
import { unknownName } from '../../core/nearest.ts';
import type { Arrays } from '../arrays.ts';
import { positive, valueOf } from '../checks.ts';
import {
  compartmentAt,
  compartmentsOf,
  dLambdaCount,
  nodeTree,
  type Compartment,
  type Cut,
  type NodeTree,
} from '../morphology/compartments.ts';
import { locate, pathLength } from '../morphology/locations.ts';
import { Morphology, type Section } from '../morphology/section.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import { Hz, mSPerCm2, mV, ohmCm, uFPerCm2, type Frequency, type Quantity, type Time, type Voltage } from '../units.ts';
import { placeChannels, type Channels, type ChannelPlace, type PlacedChannels } from './cable-channels.ts';
import { refractoryState, refractorySteps } from './membrane.ts';
import type { GroupContext, GroupModel, NeuronModel, State } from './model.ts';
import { placeReceptors, type PlacedReceptors, type Receptor } from './receptors.ts';

/** The electricity of a section's membrane and inside. */
export interface CableProperties {
  /** Of the cytoplasm: 150 Ω·cm by default. */
  axialResistivity?: Quantity<'resistivity'>;
  /** 1 µF/cm² by default. */
  capacitance?: Quantity<'capacitance density'>;
  /** 0.1 mS/cm² by default. */
  leak?: Quantity<'conductance density'>;
  /** −70 mV by default. */
  leakReversal?: Voltage;
  /** None by default, and at most one of a kind. */
  channels?: Channels | readonly Channels[];
  /** The potential at the beginning, with the gates of channels at rest there; by default that of `leakReversal`. */
  vInitial?: Voltage;
  /** How many compartments; by default what the list of segments says, or the d-lambda rule. */
  compartments?: number;
}

/** Receptors at a place, or at several, each with a name of its own then: `ampa[0]`, `ampa[1]` … */
export interface ReceptorPlace {
  receptor: Receptor;
  /** A place such as `dendrite(0.5)`. */
  at: string | readonly string[];
}

/** How implicit steps are made: both are stable for every step, the second is of second order in it. */
export type CableMethod = 'implicitEuler' | 'crankNicolson';

/** What `cableNeuron` may be told. */
export interface CableOptions extends CableProperties {
  /** What is different in some sections, by name; `dendrite` is for `dendrite[0]`, `dendrite[1]` … too. */
  sections?: Readonly<Record<string, CableProperties>>;
  /** No compartment is longer than this part of a length constant at `frequency`: 0.1 by default, at 100 Hz. */
  dLambda?: number;
  frequency?: Frequency;
  /** Where `v` is measured, `current` flows in and spikes are found: the middle of the first section by default. */
  soma?: string;
  /** A spike is an upward crossing of this potential: 0 mV by default. */
  vThreshold?: Voltage;
  /** With it, the soma spikes where it is above the threshold, and its compartment is set to this: for trees without channels. */
  vReset?: Voltage;
  /** For so long after a spike there is no other. */
  refractory?: Time;
  /** By the names that `connect` calls them. */
  receptors?: Readonly<Record<string, ReceptorPlace>>;
  /** `implicitEuler` by default. */
  method?: CableMethod;
}

/** A model whose neurons are trees: what `cableNeuron` makes. */
export interface CableNeuron extends NeuronModel {
  readonly morphology: Morphology;
  /** All compartments, in the order of sections. */
  readonly compartments: readonly Compartment[];
}

/** The properties of a section in the consistent set of units, per µm². */
interface SectionNumbers extends Cut {
  readonly leak: number;
  readonly leakReversal: number;
  readonly vInitial: number;
  readonly channels: readonly Channels[];
}

const defaults = {
  axialResistivity: ohmCm(150),
  capacitance: uFPerCm2(1),
  leak: mSPerCm2(0.1),
  leakReversal: mV(-70),
};

/** The name without the number at its end. */
const kindOf = (name: string): string => name.replace(/\[\d+\]$/, '');

function numbersOf(section: Section, options: CableOptions): SectionNumbers {
  const own = { ...options.sections?.[kindOf(section.name)], ...options.sections?.[section.name] };
  const { dLambda = 0.1, frequency = Hz(100), ...all } = { ...defaults, ...options, ...own };
  const what = (key: string) => `cableNeuron: ${section.name}: ${key}`;
  const leak = valueOf(all.leak, 'conductance density', what('leak'));
  if (leak < 0) throw new RangeError(`${what('leak')}: expected no density below 0, got ${all.leak}`);
  const leakReversal = valueOf(all.leakReversal, 'voltage', what('leakReversal'));
  const electricity = {
    axialResistivity: positive(all.axialResistivity, 'resistivity', what('axialResistivity')),
    capacitance: positive(all.capacitance, 'capacitance density', what('capacitance')),
  };
  if (!(dLambda > 0)) throw new RangeError(`cableNeuron: expected dLambda above 0, got ${dLambda}`);
  const perMs = positive(frequency, 'frequency', 'cableNeuron: frequency');
  const compartments = own.compartments ?? section.compartments ?? options.compartments;
  if (compartments !== undefined && !(Number.isInteger(compartments) && compartments >= 1))
    throw new RangeError(`${what('compartments')}: expected a whole number from 1, got ${compartments}`);
  const channels = [all.channels ?? []].flat() as readonly Channels[];
  if (new Set(channels.map(({ kind }) => kind)).size < channels.length)
    throw new RangeError(`${what('channels')}: expected at most one of a kind`);
  return {
    ...electricity,
    leak,
    leakReversal,
    channels,
    vInitial: all.vInitial === undefined ? leakReversal : valueOf(all.vInitial, 'voltage', what('vInitial')),
    compartments: compartments ?? dLambdaCount(section, electricity, dLambda, perMs),
  };
}

/** Everything about the model that needs no simulation. */
interface Plan {
  readonly morphology: Morphology;
  readonly options: CableOptions;
  readonly numbers: readonly SectionNumbers[];
  readonly tree: NodeTree;
  readonly compartments: readonly Compartment[];
  /** The node of a place. */
  nodeAt(place: string): number;
}

/**
 * Neurons that are trees of cable. `v` is the potential of the soma; `v@dendrite(0.5)` that of the compartment there, and
 * so `m`, `h` and `n` where there are channels; receptors `current@dendrite(0.5)` and `v@dendrite(0.5)` take a current and
 * jumps there.
 * @throws RangeError for an unknown section or place, a property out of range
 */
export function cableNeuron(tree: Morphology, options: CableOptions = {}): CableNeuron {
  const plan = planOf(tree, options);
  return {
    type: 'cableNeuron',
    morphology: tree,
    compartments: plan.compartments,
    create: (context) => build(context, plan),
  };
}

function planOf(tree: Morphology, options: CableOptions): Plan {
  if (!(tree instanceof Morphology))
    throw new TypeError(`cableNeuron: expected a morphology, made by morphology or readSwc, got ${String(tree)}`);
  const names = tree.sections.map(({ name }) => name);
  for (const name of Object.keys(options.sections ?? {}))
    if (!names.some((each) => each === name || kindOf(each) === name))
      throw unknownName('section of cableNeuron', name, names);
  const { method = 'implicitEuler' } = options;
  if (method !== 'implicitEuler' && method !== 'crankNicolson')
    throw unknownName('method of cableNeuron', method, ['implicitEuler', 'crankNicolson']);
  const numbers = tree.sections.map((section) => numbersOf(section, options));
  const soma = locate(tree, options.soma ?? names[0]!, 'cableNeuron');
  const nodes = nodeTree(tree, numbers);
  return {
    morphology: tree,
    options: { ...options, method },
    numbers,
    tree: nodes,
    compartments: compartmentsOf(tree, numbers, (place) => pathLength(tree, soma, place)),
    nodeAt: (place) => nodes.nodeOf[compartmentAt(numbers, locate(tree, place, 'cableNeuron'))]!,
  };
}

/** Where the rows of a group are. */
interface Memory {
  /** Bytes of a row: a number for one tree, whole vectors for many. */
  readonly row: number;
  readonly tree: number;
  readonly conductance: number;
  readonly inward: number;
  readonly diagonal: number;
  readonly right: number;
}

function allocate({ arrays, size, name }: GroupContext, nodes: number): Memory {
  const row = size === 1 ? arrays.bytes : arrays.paddedBytes(size);
  // where a row is one number the vector of the last goes on beyond it
  const rows = () => arrays.instance.memory.allocate(Math.ceil((nodes * row) / 16) * 16 + 16, name);
  return { row, tree: rows(), conductance: rows(), inward: rows(), diagonal: rows(), right: rows() };
}

/** Numbers of nodes: 0 where there is no membrane. */
function perNode(plan: Plan, of: (section: SectionNumbers, compartment: Compartment) => number): Float64Array {
  const values = new Float64Array(plan.tree.nodes);
  const sections = new Map(plan.morphology.sections.map(({ name }, s) => [name, plan.numbers[s]!]));
  plan.compartments.forEach((compartment, k) => {
    values[plan.tree.nodeOf[k]!] = of(sections.get(compartment.section)!, compartment);
  });
  return values;
}

/** A copy of numbers of nodes in memory, padded to whole vectors. */
function place(arrays: Arrays, values: Float64Array, what: string): number {
  const address = arrays.allocate(values.length, what);
  arrays.write(address, values.length, values);
  return address;
}

/** The matrix that does not change: what each node has on the diagonal, and what it gives to the right-hand side. */
function placeMatrix({ arrays, dt, name }: GroupContext, plan: Plan) {
  const { nodes, parents, axial } = plan.tree;
  const step = plan.options.method === 'crankNicolson' ? dt / 2 : dt;
  const capacity = perNode(plan, ({ capacitance }, { area }) => (capacitance * area) / step);
  const leak = perNode(plan, (section, { area }) => section.leak * area);
  const diagonal = capacity.map((c, node) => c + leak[node]!);
  for (let node = 1; node < nodes; node++) {
    diagonal[node]! += axial[node]!;
    diagonal[parents[node]!]! += axial[node]!;
  }
  return {
    axial: place(arrays, axial, name),
    constant: place(arrays, diagonal, name),
    capacity: place(arrays, capacity, name),
    leak: place(
      arrays,
      perNode(plan, (section, { area }) => section.leak * area * section.leakReversal),
      name,
    ),
  };
}

/** The potentials at the beginning: where there is no membrane, what the neighbours make it. */
function initialPotentials(plan: Plan): Float64Array {
  const values = perNode(plan, ({ vInitial }) => vInitial);
  const { parents, axial, nodeOf } = plan.tree;
  const hasMembrane = new Set(nodeOf);
  const [sums, currents] = [new Float64Array(values.length), new Float64Array(values.length)];
  const give = (to: number, from: number, g: number) => {
    sums[to]! += g;
    currents[to]! += g * values[from]!;
  };
  for (let node = 1; node < values.length; node++) {
    give(node, parents[node]!, axial[node]!);
    give(parents[node]!, node, axial[node]!);
  }
  return values.map((v, node) => (hasMembrane.has(node) ? v : currents[node]! / sums[node]!));
}

function channelsOf(context: GroupContext, plan: Plan, memory: Memory): Map<Channels['kind'], PlacedChannels> {
  const byKind = new Map<Channels['kind'], ChannelPlace[]>();
  const sections = new Map(plan.morphology.sections.map(({ name }, s) => [name, plan.numbers[s]!]));
  plan.compartments.forEach(({ section, area }, k) => {
    const { channels, vInitial } = sections.get(section)!;
    for (const each of channels) {
      const places = byKind.get(each.kind) ?? [];
      byKind.set(each.kind, [...places, { node: plan.tree.nodeOf[k]!, channels: each, area, v: vInitial }]);
    }
  });
  const { row, tree, conductance, inward } = memory;
  return new Map(
    [...byKind].map(([kind, places]) => [
      kind,
      // in the order of memory
      placeChannels(
        context,
        places.toSorted((a, b) => a.node - b.node),
        { row, tree, conductance, inward },
      ),
    ]),
  );
}

/** One receptor at one place. */
interface PlacedAt {
  readonly node: number;
  readonly placed: PlacedReceptors;
}

function receptorsOf(context: GroupContext, plan: Plan, memory: Memory): PlacedAt[] {
  const one = (name: string, receptor: Receptor, at: string): PlacedAt => {
    const node = plan.nodeAt(at);
    const v = { address: memory.tree + node * memory.row, dimension: 'voltage' as const };
    const options = {
      within: 0,
      conductances: 'summed' as const,
      gains: () => [1, 0] as [number, number],
      fits: () => false,
    };
    return { node, placed: placeReceptors(context, v, { [name]: receptor }, options) };
  };
  return Object.entries(plan.options.receptors ?? {}).flatMap(([name, { receptor, at }]) =>
    typeof at === 'string' ? [one(name, receptor, at)] : at.map((each, k) => one(`${name}[${k}]`, receptor, each)),
  );
}

function build(context: GroupContext, plan: Plan): GroupModel {
  const { arrays, size, clock, name } = context;
  const { options, tree, compartments } = plan;
  const memory = allocate(context, tree.nodes);
  const initial = initialPotentials(plan);
  initial.forEach((v, node) => arrays.write(memory.tree + node * memory.row, memory.row / arrays.bytes, v));
  const soma = plan.nodeAt(options.soma ?? plan.morphology.sections[0]!.name);
  const rowAt = (of: number, node: number) => of + node * memory.row;
  const v: State = { address: rowAt(memory.tree, soma), dimension: 'voltage' };
  context.placed('v', v);
  const steps = refractorySteps(context, options.refractory, 'cableNeuron: refractory');
  const potential = (key: 'vThreshold' | 'vReset', fallback: Voltage) =>
    valueOf(options[key] ?? fallback, 'voltage', `cableNeuron: ${key}`);
  const block = arrays.block(
    size,
    [
      { values: potential('vThreshold', mV(0)) },
      { values: potential('vReset', mV(0)) },
      { values: steps, integer: true },
    ],
    name,
  );
  const channels = channelsOf(context, plan, memory);
  const receptors = receptorsOf(context, plan, memory);
  const operands = {
    wide: arrays.wide,
    n: size,
    clock,
    ...block,
    ...memory,
    ...placeMatrix(context, plan),
    v: v.address,
    until: refractoryState(context, steps),
    nodes: tree.nodes,
    parents: arrays.integers(
      tree.parents.map((parent) => parent * memory.row),
      name,
    ),
    extrapolate: options.method === 'crankNicolson' ? 1 : 0,
    resets: options.vReset === undefined ? 0 : 1,
  };
  const names = ['v', ...new Set([...channels.keys()].flatMap(() => ['m', 'h', 'n']))];
  const find = (text: string): State | undefined => {
    const [state, at] = splitAt(text);
    if (at === undefined || !names.includes(state)) return undefined;
    const node = plan.nodeAt(at);
    if (state === 'v') return { address: rowAt(memory.tree, node), dimension: 'voltage' };
    for (const placed of channels.values()) {
      const gate = placed.gate(state as 'm', node);
      if (gate) return gate;
    }
    throw new RangeError(`${name}: there are no channels at ${at}`);
  };
  const input = (text: string): State | undefined => {
    const [kind, at] = splitAt(text);
    if (kind !== 'current' && kind !== 'v') return undefined;
    const node = at === undefined ? soma : plan.nodeAt(at);
    return kind === 'v'
      ? { address: rowAt(memory.tree, node), dimension: 'voltage' }
      : { address: rowAt(memory.inward, node), dimension: 'current' };
  };
  void compartments;
  return {
    receptors: new Map(receptors.flatMap(({ placed }) => [...placed.targets])),
    checked: [v],
    needsDrive: false,
    driveDimension: 'current',
    find,
    input,
    instructions: ({ spikes }): NeuronInstruction[] => [
      ...receptors.flatMap(({ node, placed }) => {
        const inward = rowAt(memory.inward, node);
        return placed.instructions({ drive: inward, conductance: rowAt(memory.conductance, node), reversal: inward });
      }),
      ...[...channels.values()].map((each) => each.instruction()),
      instruction('Cable', { ...operands, spikes, drive: 0, jump: 0 }),
    ],
  };
}

/** `v@dendrite(0.5)` as `v` and `dendrite(0.5)`. */
function splitAt(text: string): [state: string, at: string | undefined] {
  const at = text.indexOf('@');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
