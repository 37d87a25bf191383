// Neurons with dendrites: a tree of cables, cut into compartments, each a membrane that leaks, may have channels and
// receptors, and is joined to its neighbours by the resistance of the cytoplasm:
//   C v' = −g_L (v − E_L) − Σ g (v − E) + I + Σ g_axial (v_neighbour − v)
// One step is implicit in v (Euler or Crank–Nicolson) and exact in the gates; the solver is Hines's, in the core.
// source: Rall, in Reiss (ed.), Neural Theory and Modeling, 1964; Hines, Int. J. Biomed. Comput. 15, 1984
import type { Arrays, PerNeuron } from '../arrays.ts';
import { valueOf } from '../checks.ts';
import type { Compartment } from '../morphology/compartments.ts';
import type { Morphology } from '../morphology/section.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import { mV } from '../units.ts';
import { placeChannels, type Channels, type ChannelPlace, type PlacedChannels } from './cable-channels.ts';
import { planOf, type CableOptions, type Plan, type SectionNumbers } from './cable-plan.ts';
import { refractoryState, refractorySteps } from './membrane.ts';
import type { GroupContext, GroupModel, NeuronModel, State } from './model.ts';
import { placeReceptors, type PlacedReceptors, type Receptor } from './receptors.ts';

/** A model whose neurons are trees: what `cableNeuron` makes. */
export interface CableNeuron extends NeuronModel {
  readonly morphology: Morphology;
  /** All compartments, in the order of sections. */
  readonly compartments: readonly Compartment[];
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

/** The memory of a group with the addresses of its places. */
interface Placed {
  readonly context: GroupContext;
  readonly plan: Plan;
  readonly memory: Memory;
  readonly soma: number;
  readonly channels: ReadonlyMap<Channels['kind'], PlacedChannels>;
}

/** A node's row of potentials, or of currents that flow in. */
const potentialAt = ({ memory }: Placed, node: number): State => ({
  address: memory.tree + node * memory.row,
  dimension: 'voltage',
});
const currentAt = ({ memory }: Placed, node: number): State => ({
  address: memory.inward + node * memory.row,
  dimension: 'current',
});

/** The state that `v@dendrite(0.5)` or `m@axon` names. */
function findState(placed: Placed, text: string): State | undefined {
  const [state, at] = splitAt(text);
  const isGate = placed.channels.size > 0 && ['m', 'h', 'n'].includes(state);
  if (at === undefined || (state !== 'v' && !isGate)) return undefined;
  const node = placed.plan.nodeAt(at);
  if (state === 'v') return potentialAt(placed, node);
  for (const each of placed.channels.values()) {
    const gate = each.gate(state as 'm' | 'h' | 'n', node);
    if (gate) return gate;
  }
  throw new RangeError(`${placed.context.name}: there are no channels at ${at}`);
}

/** Where what is given to `current` or `v`, at the soma or at a place, is added. */
function findInput(placed: Placed, text: string): State | undefined {
  const [kind, at] = splitAt(text);
  if (kind !== 'current' && kind !== 'v') return undefined;
  const node = at === undefined ? placed.soma : placed.plan.nodeAt(at);
  return kind === 'v' ? potentialAt(placed, node) : currentAt(placed, node);
}

/** One receptor at one place. */
interface ReceptorAt {
  readonly receptor: PlacedReceptors;
  instructions(): NeuronInstruction[];
}

function receptorsOf(placed: Placed): ReceptorAt[] {
  const { context, plan, memory } = placed;
  const one = (name: string, kind: Receptor, at: string): ReceptorAt => {
    const node = plan.nodeAt(at);
    const receptor = placeReceptors(context, potentialAt(placed, node), { [name]: kind }, separately);
    const inward = currentAt(placed, node).address;
    const places = { drive: inward, conductance: memory.conductance + node * memory.row, reversal: inward };
    return { receptor, instructions: () => receptor.instructions(places) };
  };
  return Object.entries(plan.options.receptors ?? {}).flatMap(([name, { receptor, at }]) =>
    typeof at === 'string' ? [one(name, receptor, at)] : at.map((each, k) => one(`${name}[${k}]`, receptor, each)),
  );
}

/** Receptors with instructions of their own, whose conductances and currents are summed for each node. */
const separately: Parameters<typeof placeReceptors>[3] = {
  within: 0,
  conductances: 'summed',
  gains: () => [1, 0],
  fits: () => false,
};

/** Threshold, reset and refractory time. */
function spiking({ arrays, size, name }: GroupContext, { vThreshold = mV(0), vReset }: CableOptions, steps: PerNeuron) {
  const threshold = valueOf(vThreshold, 'voltage', 'cableNeuron: vThreshold');
  const reset = vReset === undefined ? threshold : valueOf(vReset, 'voltage', 'cableNeuron: vReset');
  if (reset > threshold)
    throw new RangeError(`cableNeuron: expected vReset below vThreshold, got ${vReset} and ${vThreshold}`);
  const columns = [{ values: threshold }, { values: reset }, { values: steps, integer: true }];
  return { ...arrays.block(size, columns, name), resets: vReset === undefined ? 0 : 1 };
}

function build(context: GroupContext, plan: Plan): GroupModel {
  const { arrays, size, clock, name } = context;
  const { options, tree } = plan;
  const memory = allocate(context, tree.nodes);
  initialPotentials(plan).forEach((v, node) =>
    arrays.write(memory.tree + node * memory.row, memory.row / arrays.bytes, v),
  );
  const soma = plan.nodeAt(options.soma ?? plan.morphology.sections[0]!.name);
  const placed: Placed = { context, plan, memory, soma, channels: channelsOf(context, plan, memory) };
  const v = potentialAt(placed, soma);
  context.placed('v', v);
  const steps = refractorySteps(context, options.refractory, 'cableNeuron: refractory');
  const receptors = receptorsOf(placed);
  const operands = {
    wide: arrays.wide,
    n: size,
    clock,
    ...spiking(context, options, steps),
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
  };
  return {
    receptors: new Map(receptors.flatMap(({ receptor }) => [...receptor.targets])),
    // what is not finite anywhere is so everywhere after a step
    checked: [v],
    needsDrive: false,
    driveDimension: 'current',
    find: (text) => findState(placed, text),
    input: (text) => findInput(placed, text),
    instructions: ({ spikes }): NeuronInstruction[] => [
      ...receptors.flatMap((each) => each.instructions()),
      ...[...placed.channels.values()].map((each) => each.instruction()),
      instruction('Cable', { ...operands, spikes, drive: 0, jump: 0 }),
    ],
  };
}

/** `v@dendrite(0.5)` as `v` and `dendrite(0.5)`. */
function splitAt(text: string): [state: string, at: string | undefined] {
  const at = text.indexOf('@');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
