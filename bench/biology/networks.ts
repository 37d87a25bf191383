// The networks that are measured and tested: CUBA, COBA and COBAHH of Vogels and Abbott as in Brette et al., J. Comput.
// Neurosci. 23, 2007 (80 % excitatory; each neuron has 2 % of 4,000 others as targets, whatever the size here), and
// Izhikevich's network of 2003.
import {
  connect,
  exponential,
  allToAll,
  fixedProbability,
  izhikevich,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  noiseCurrent,
  nS,
  pA,
  pF,
  simulation,
  traubMiles,
  um2,
  uniform,
  normal,
  type NeuronModel,
  type Precision,
  type Quantity,
  type Simulation,
  type SpikeMonitor,
  type InitialValues,
} from '../../src/biology/index.ts';

export interface Network {
  readonly sim: Simulation;
  readonly spikes: SpikeMonitor;
  readonly size: number;
  readonly synapses: number;
  /** The size of the excitatory part. */
  readonly excitatory: number;
}

export interface NetworkOptions {
  readonly size?: number;
  readonly seed?: number;
  readonly precision?: Precision;
}

interface Recipe {
  readonly model: NeuronModel;
  readonly initial: InitialValues;
  readonly weights: readonly [excitatory: Quantity, inhibitory: Quantity];
}

/** The targets of a neuron. */
const fanOut = 80;

async function balanced(
  { size = 4000, seed = 1, precision = 'float32' }: NetworkOptions,
  recipe: Recipe,
): Promise<Network> {
  const sim = await simulation({ dt: ms(0.1), seed, precision });
  const neurons = neuronGroup(sim, size, recipe.model, { initial: recipe.initial });
  const excitatory = Math.round(0.8 * size);
  const pattern = fixedProbability(Math.min(1, fanOut / size));
  const [e, i] = recipe.weights;
  const first = connect(neurons.slice(0, excitatory), neurons, { pattern, receptor: 'excitatory', weight: e });
  const second = connect(neurons.slice(excitatory), neurons, { pattern, receptor: 'inhibitory', weight: i });
  return { sim, spikes: monitor(neurons, 'spikes'), size, excitatory, synapses: first.size + second.size };
}

const membrane = { capacitance: pF(200), tauMembrane: ms(20), vThreshold: mV(-50), vReset: mV(-60), refractory: ms(5) };
const currents = { excitatory: exponential({ tau: ms(5) }), inhibitory: exponential({ tau: ms(10) }) };
const conductances = {
  excitatory: exponential({ tau: ms(5), reversal: mV(0) }),
  inhibitory: exponential({ tau: ms(10), reversal: mV(-80) }),
};

/** Current-based synapses, 16.2 and −90 pA. */
export const cuba = (options: NetworkOptions = {}): Promise<Network> =>
  balanced(options, {
    model: lif({ ...membrane, vRest: mV(-49), receptors: currents }),
    initial: { v: uniform(mV(-60), mV(-50)) },
    weights: [pA(16.2), pA(-90)],
  });

/** What the conductance-based one may be told besides. */
export interface CobaOptions extends NetworkOptions {
  /** A current into every neuron, in pA: none by default, 200 of Vogels and Abbott, J. Neurosci. 25, 2005. */
  readonly bias?: number;
  /** Of excitatory and inhibitory synapses, in nS: 6 and 67 by default, 4 and 51 in 2005. */
  readonly weights?: readonly [excitatory: number, inhibitory: number];
  /** Whether potentials begin anywhere from −60 to −50 mV and without conductances, in place of the normal ones. */
  readonly quiet?: boolean;
}

/** Conductance-based synapses. */
export const coba = ({ bias = 0, weights = [6, 67], quiet = false, ...options }: CobaOptions = {}): Promise<Network> =>
  balanced(options, {
    model: lif({ ...membrane, vRest: mV(-60), receptors: conductances, current: pA(bias) }),
    initial: quiet
      ? { v: uniform(mV(-60), mV(-50)) }
      : { v: normal(mV(-60), mV(5)), excitatory: normal(nS(40), nS(15)), inhibitory: normal(nS(200), nS(120)) },
    weights: [nS(weights[0]), nS(weights[1])],
  });

/** The same with Traub and Miles's channels. */
export const cobahh = (options: NetworkOptions = {}): Promise<Network> =>
  balanced(options, {
    model: traubMiles({ area: um2(20000), refractory: ms(3), receptors: conductances }),
    initial: { v: normal(mV(-60), mV(5)), excitatory: normal(nS(40), nS(15)), inhibitory: normal(nS(200), nS(120)) },
    weights: [nS(6), nS(67)],
  });

/** Random numbers of a seed, for parameters of single neurons. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Izhikevich's network of 2003: 800 excitatory and 200 inhibitory neurons, all to all, thalamic noise, steps of 1 ms. A
 * larger one has a thousand targets for each neuron.
 */
export async function izhikevich2003({
  size = 1000,
  seed = 1,
  precision = 'float32',
}: NetworkOptions = {}): Promise<Network> {
  const sim = await simulation({ dt: ms(1), seed, precision });
  const excitatory = Math.round(0.8 * size);
  const next = randomNumbers(seed);
  const r = Float64Array.from({ length: size }, next);
  const choose = (e: (r: number) => number, i: (r: number) => number) =>
    r.map((x, k) => (k < excitatory ? e(x) : i(x)));
  const model = izhikevich({
    a: choose(
      () => 0.02,
      (x) => 0.02 + 0.08 * x,
    ),
    b: choose(
      () => 0.2,
      (x) => 0.25 - 0.05 * x,
    ),
    c: choose(
      (x) => -65 + 15 * x * x,
      () => -65,
    ),
    d: choose(
      (x) => 8 - 6 * x * x,
      () => 2,
    ),
    substeps: 2,
  });
  const neurons = neuronGroup(sim, size, model);
  const targets = Math.min(size, 1000);
  const pattern = size === targets ? allToAll() : fixedProbability(targets / size);
  const to = { pattern, receptor: 'current' };
  const first = connect(neurons.slice(0, excitatory), neurons, { ...to, weight: uniform(0, 500 / targets) });
  const second = connect(neurons.slice(excitatory), neurons, { ...to, weight: uniform(-1000 / targets, 0) });
  noiseCurrent(
    neurons,
    choose(
      () => 5,
      () => 2,
    ),
  );
  return { sim, spikes: monitor(neurons, 'spikes'), size, excitatory, synapses: first.size + second.size };
}
