// Plasticity by the times of single spikes: pairs, triplets, the inhibitory rule, and pairs whose effect waits for a reward.
// source: Song, Miller, Abbott, Nat. Neurosci. 3, 2000; Gütig et al., J. Neurosci. 23, 2003; Pfister, Gerstner,
//         J. Neurosci. 26, 2006; Vogels et al., Science 334, 2011; Izhikevich, Cereb. Cortex 17, 2007
import { positive } from '../checks.ts';
import type { Frequency, Time } from '../units.ts';
import { boundsOf, type PlasticityRule, type WeightAmount } from './rule.ts';

/** What rules over pairs of spikes have in common. */
interface Bounded {
  /** Weights stay between these; the minimum is 0 by default. */
  maximum: WeightAmount;
  minimum?: WeightAmount;
}

/** The parameters of `pairStdp`. */
export interface PairStdpOptions extends Bounded {
  /** Time constants of the traces: how long before a target's spike, and how long after it, a source's spike counts. */
  tauPlus: Time;
  tauMinus: Time;
  /** What a pair with no time between adds, source first, and takes away, target first. */
  aPlus: WeightAmount;
  aMinus: WeightAmount;
  /**
   * How changes depend on the weight: `additive`, not at all; `multiplicative`, as (1 − w/maximum) and w/maximum;
   * or by powers of these two.
   */
  dependence?: 'additive' | 'multiplicative' | { muPlus: number; muMinus: number };
  /** Only the last spike of each side counts. */
  nearest?: boolean;
}

const exponents = {
  additive: { muPlus: 0, muMinus: 0 },
  multiplicative: { muPlus: 1, muMinus: 1 },
};

function exponentsOf(dependence: NonNullable<PairStdpOptions['dependence']>): { muPlus: number; muMinus: number } {
  const powers = typeof dependence === 'string' ? exponents[dependence] : dependence;
  if (!powers || !(powers.muPlus >= 0 && powers.muMinus >= 0))
    throw new RangeError('pairStdp: expected dependence additive, multiplicative, or powers from 0 on');
  return powers;
}

/**
 * Each pair of spikes changes the weight by a₊ e^(−Δt/τ₊) where the source was first, by −a₋ e^(Δt/τ₋) where the target
 * was. In one step the source's spike counts as first.
 * @throws RangeError for powers below 0; when it is connected, for bounds in the wrong order
 */
export function pairStdp(options: PairStdpOptions): PlasticityRule {
  const { dependence = 'additive', nearest = false } = options;
  const powers = exponentsOf(dependence);
  return {
    type: 'pairStdp',
    tauSource: positive(options.tauPlus, 'time', 'pairStdp: tauPlus'),
    tauTarget: positive(options.tauMinus, 'time', 'pairStdp: tauMinus'),
    nearest,
    scalars: (read) => ({
      aPlus: read(options.aPlus, 'pairStdp: aPlus'),
      aMinus: read(options.aMinus, 'pairStdp: aMinus'),
      ...powers,
      ...boundsOf(read, options, 'pairStdp'),
    }),
  };
}

/** The parameters of `tripletStdp`, named as in the paper. */
export interface TripletStdpOptions extends Bounded {
  tauPlus: Time;
  tauMinus: Time;
  tauX: Time;
  tauY: Time;
  a2Plus: WeightAmount;
  a2Minus: WeightAmount;
  a3Plus: WeightAmount;
  a3Minus: WeightAmount;
  /** Only the last spike counts: traces jump to 1, not by 1. */
  nearest?: boolean;
}

/**
 * Pairs and triplets, all of them: at a source's spike w −= o₁ (A₂⁻ + A₃⁻ r₂), at a target's w += r₁ (A₂⁺ + A₃⁺ o₂), the
 * slow traces r₂ and o₂ as they were just before.
 */
export function tripletStdp(options: TripletStdpOptions): PlasticityRule {
  const time = (key: 'tauPlus' | 'tauMinus' | 'tauX' | 'tauY') => positive(options[key], 'time', `tripletStdp: ${key}`);
  return {
    type: 'tripletStdp',
    tauSource: time('tauPlus'),
    tauTarget: time('tauMinus'),
    tauSourceSlow: time('tauX'),
    tauTargetSlow: time('tauY'),
    nearest: options.nearest ?? false,
    scalars: (read) => ({
      aPlus: read(options.a2Plus, 'tripletStdp: a2Plus'),
      aMinus: read(options.a2Minus, 'tripletStdp: a2Minus'),
      bPlus: read(options.a3Plus, 'tripletStdp: a3Plus'),
      bMinus: read(options.a3Minus, 'tripletStdp: a3Minus'),
      ...boundsOf(read, options, 'tripletStdp'),
    }),
  };
}

/** The parameters of `inhibitoryStdp`. */
export interface InhibitoryStdpOptions extends Bounded {
  /** Of both traces. */
  tau: Time;
  learningRate: WeightAmount;
  /** The rate at which it holds the target. */
  targetRate: Frequency;
}

/**
 * Inhibition that balances: at a source's spike w += η (y − 2 ρ₀ τ), at a target's w += η x.
 */
export function inhibitoryStdp(options: InhibitoryStdpOptions): PlasticityRule {
  const tau = positive(options.tau, 'time', 'inhibitoryStdp: tau');
  const bias = 2 * positive(options.targetRate, 'frequency', 'inhibitoryStdp: targetRate') * tau;
  return {
    type: 'inhibitoryStdp',
    tauSource: tau,
    tauTarget: tau,
    scalars(read) {
      const rate = read(options.learningRate, 'inhibitoryStdp: learningRate');
      return { aPlus: rate, aMinus: -rate, constant: -rate * bias, ...boundsOf(read, options, 'inhibitoryStdp') };
    },
  };
}

/** The parameters of `rewardModulated`. */
export interface RewardOptions {
  /** How long a synapse remembers that its weight is to change; 1 s in the paper. */
  tauEligibility: Time;
  /** How long a reward works; 200 ms in the paper. */
  tauReward: Time;
}

/**
 * A rule whose changes are only noted, in a tag c of each synapse (c' = −c/τ_c), and become changes of the weight while
 * there is a reward d (d' = −d/τ_d, raised by `connection.reward`): w' = c d.
 */
export function rewardModulated(rule: PlasticityRule, options: RewardOptions): PlasticityRule {
  const tauTag = positive(options.tauEligibility, 'time', 'rewardModulated: tauEligibility');
  const tauReward = positive(options.tauReward, 'time', 'rewardModulated: tauReward');
  return { ...rule, type: `rewardModulated ${rule.type}`, reward: { tauTag, tauReward } };
}

/** The parameters of `homeostaticScaling`. */
export interface HomeostaticScalingOptions {
  /** The rate that each target's weights are scaled towards. */
  targetRate: Frequency;
  /** How fast weights follow. */
  tau: Time;
  /** Over how long the rate is measured. */
  tauRate: Time;
  /** The time between two scalings; ten steps by default. */
  interval?: Time;
}

/** Scaling of all incoming weights of a neuron by one factor, to be given to `connect`. */
export interface Homeostasis {
  readonly targetRate: number;
  readonly tau: number;
  readonly tauRate: number;
  readonly interval: number | undefined;
}

/**
 * τ w' = w (ρ₀ − ρ)/ρ₀, ρ the rate of the target's spikes: weights keep their ratios while the rate goes to ρ₀.
 * source: Turrigiano et al., Nature 391, 1998
 */
export function homeostaticScaling(options: HomeostaticScalingOptions): Homeostasis {
  const type = 'homeostaticScaling';
  return {
    targetRate: positive(options.targetRate, 'frequency', `${type}: targetRate`),
    tau: positive(options.tau, 'time', `${type}: tau`),
    tauRate: positive(options.tauRate, 'time', `${type}: tauRate`),
    interval: options.interval === undefined ? undefined : positive(options.interval, 'time', `${type}: interval`),
  };
}
