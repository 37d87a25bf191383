// The cortical microcircuit of Potjans and Diesmann (Cereb. Cortex 24, 2014): 77,169 neurons in four layers, each of an
// excitatory and an inhibitory population, with some 299 million synapses; here at any scale. A smaller one has fewer
// neurons and fewer synapses a neuron; weights grow by 1/√scale, and a current makes up for the mean of what is missing.
// source: van Albada, Helias, Diesmann, PLoS Comput. Biol. 11, 2015 (scaling); Senk et al. 2026 (parameters)
import {
  connect,
  exponential,
  fixedTotal,
  Hz,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  normal,
  pA,
  pF,
  poissonInput,
  simulation,
  type NeuronGroup,
  type NeuronModel,
  type Precision,
  type Simulation,
  type SpikeMonitor,
} from '../../src/biology/index.ts';

export const populations = ['L2/3E', 'L2/3I', 'L4E', 'L4I', 'L5E', 'L5I', 'L6E', 'L6I'] as const;
export const fullSizes = [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948];
/** Spikes a second and neuron of the full circuit. */
export const referenceRates = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];
/** That a pair is connected, by target (row) and source. */
const probabilities = [
  [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0],
  [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0],
  [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0],
  [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0],
  [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0],
  [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0],
  [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
  [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
];
export const external = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100];
/** Spikes a second of each external source. */
export const externalRate = 8;
const [capacitance, tauMembrane, tauSynapse] = [250, 10, 0.5];
const inhibition = -4;

/** The current, in pA, whose potential peaks at 1 mV. */
function currentForOneMillivolt(): number {
  const peak = ((tauMembrane * tauSynapse) / (tauMembrane - tauSynapse)) * Math.log(tauMembrane / tauSynapse);
  const factor = (tauMembrane * tauSynapse) / (capacitance * (tauMembrane - tauSynapse));
  return 1 / (factor * (Math.exp(-peak / tauMembrane) - Math.exp(-peak / tauSynapse)));
}

/** The mean weight of the full circuit in pA. */
export const weightOf = (target: number, source: number): number => {
  const one = 0.15 * currentForOneMillivolt();
  if (source % 2 === 1) return inhibition * one;
  return target === 0 && source === 2 ? 2 * one : one;
};

/** The synapses of a pair of populations in the full circuit: so many pairs, drawn with repetition. */
export function synapsesBetween(target: number, source: number): number {
  const pairs = fullSizes[target]! * fullSizes[source]!;
  const p = probabilities[target]![source]!;
  return p === 0 ? 0 : Math.log(1 - p) / Math.log(1 - 1 / pairs);
}

/** The current, in pA, that makes up for the mean of the input that a smaller circuit lacks. */
export function compensation(target: number, scale: number): number {
  const grown = 1 / Math.sqrt(scale);
  const sources = Math.round(external[target]! * scale);
  let input = weightOf(1, 0) * (external[target]! - grown * sources) * externalRate;
  for (let source = 0; source < 8; source++) {
    const lacking = (synapsesBetween(target, source) / fullSizes[target]!) * (1 - Math.sqrt(scale));
    input += weightOf(target, source) * lacking * referenceRates[source]!;
  }
  return 0.001 * tauSynapse * input;
}

/** A neuron with a constant current in pA; one with a threshold in mV that it never reaches only adds its input up. */
export const cell = (current: number, vThreshold = -50): NeuronModel =>
  lif({
    capacitance: pF(capacitance),
    tauMembrane: ms(tauMembrane),
    vRest: mV(-65),
    vThreshold: mV(vThreshold),
    vReset: mV(-65),
    refractory: ms(2),
    current: pA(current),
    receptors: { input: exponential({ tau: ms(tauSynapse) }) },
  });

/** Normal numbers, those not above 0 drawn again. */
function positiveNormals(count: number, mean: number, deviation: number, seed: number, least: number): Float64Array {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const values = new Float64Array(count);
  for (let k = 0; k < count;) {
    const value = mean + deviation * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    if (value >= least) values[k++] = value;
  }
  return values;
}

export interface Microcircuit {
  readonly sim: Simulation;
  readonly groups: readonly NeuronGroup[];
  readonly spikes: readonly SpikeMonitor[];
  readonly synapses: number;
}

export interface MicrocircuitOptions {
  readonly scale?: number;
  readonly seed?: number;
  readonly precision?: Precision;
}

/** The circuit at a scale: of its neurons, and of each neuron's synapses. */
export async function microcircuit({
  scale = 0.1,
  seed = 1,
  precision = 'float32',
}: MicrocircuitOptions = {}): Promise<Microcircuit> {
  const dt = 0.1;
  const sim = await simulation({ dt: ms(dt), seed, precision });
  const groups = populations.map((name, target) => {
    const model = cell(compensation(target, scale));
    const size = Math.round(fullSizes[target]! * scale);
    const group = neuronGroup(sim, size, model, { name, initial: { v: normal(mV(-58), mV(10)) } });
    poissonInput(group, {
      receptor: 'input',
      sources: Math.round(external[target]! * scale),
      rate: Hz(externalRate),
      weight: pA(weightOf(1, 0) / Math.sqrt(scale)),
    });
    return group;
  });
  let synapses = 0;
  for (const [target, to] of groups.entries())
    for (const [source, from] of groups.entries()) {
      const total = Math.round(synapsesBetween(target, source) * scale * scale);
      if (!total) continue;
      const weight = weightOf(target, source) / Math.sqrt(scale);
      const delay = source % 2 ? 0.75 : 1.5;
      const delays = positiveNormals(total, delay, delay / 2, 64 * seed + 8 * target + source, dt / 2);
      const { size } = connect(from, to, {
        pattern: fixedTotal(total),
        weight: normal(pA(weight), pA(Math.abs(weight) / 10)),
        delay: ms.each(delays.map((t) => Math.max(dt, t))),
      });
      synapses += size;
    }
  return { sim, groups, synapses, spikes: groups.map((group) => monitor(group, 'spikes')) };
}
