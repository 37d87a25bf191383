// What a cable neuron may be told, and what follows from it without a simulation: the properties of each section, its
// compartments, the tree of nodes. Densities are per µm² in the consistent set of units.
import { unknownName } from '../../core/nearest.ts';
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
import { Hz, mSPerCm2, mV, ohmCm, uFPerCm2, type Frequency, type Quantity, type Time, type Voltage } from '../units.ts';
import type { Channels } from './cable-channels.ts';
import type { Receptor } from './receptors.ts';

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

/** The properties of a section in the consistent set of units, per µm². */
export interface SectionNumbers extends Cut {
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
export interface Plan {
  readonly morphology: Morphology;
  readonly options: CableOptions;
  readonly numbers: readonly SectionNumbers[];
  readonly tree: NodeTree;
  readonly compartments: readonly Compartment[];
  /** The node of a place. */
  nodeAt(place: string): number;
}

/** @throws RangeError for an unknown section or place, a property out of range */
export function planOf(tree: Morphology, options: CableOptions): Plan {
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
