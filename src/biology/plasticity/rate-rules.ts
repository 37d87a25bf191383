// Plasticity by rates: the rules of Oja and of Bienenstock, Cooper and Munro. Rates are those of rate units as they are,
// or of spikes, measured by traces.
// source: Oja, J. Math. Biol. 15, 1982; Bienenstock, Cooper, Munro, J. Neurosci. 2, 1982
import { exp } from '../../core/deterministic.ts';
import { RateRuleKind } from '../../core/generated/neuron-instructions.ts';
import { notShorterThanStep, positive } from '../checks.ts';
import type { NeuronRange } from '../group.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { Frequency, Time } from '../units.ts';
import type { PlasticConnection } from './place.ts';
import { amountReader, type AmountReader, type WeightAmount } from './rule.ts';

/** What rules by rates have in common. */
export interface RateRuleOptions {
  /** The time between two changes, a whole number of steps; one step by default. A change comes at its end. */
  interval?: Time;
  /** For groups that spike: over how long rates are measured, and the rate that counts as 1. */
  tauRate?: Time;
  referenceRate?: Frequency;
  /** Weights stay between these, where they are given. */
  minimum?: WeightAmount;
  maximum?: WeightAmount;
}

/** The parameters of `oja`. */
export interface OjaOptions extends RateRuleOptions {
  /** η of each change. */
  learningRate: number;
  /** The length that a target's weights come to have; 1 by default. */
  norm?: WeightAmount;
}

/** The parameters of `bcm`. */
export interface BcmOptions extends RateRuleOptions {
  /** η of each change, in the unit of the weights. */
  learningRate: WeightAmount;
  /** How fast the threshold follows y²; it must be faster than the weights. */
  tauThreshold: Time;
}

/** A rule by which weights change with rates, to be given to `connect`. */
export interface RateRule {
  readonly type: 'oja' | 'bcm';
  readonly interval: number | undefined;
  readonly tauRate: number | undefined;
  readonly referenceRate: number | undefined;
  readonly tauThreshold: number | undefined;
  /** @internal η, and the norm of Oja's rule */
  scalars(read: AmountReader): { rate: number; norm: number; minimum: number; maximum: number };
}

const common = (type: 'oja' | 'bcm', { interval, tauRate, referenceRate }: RateRuleOptions) => ({
  type,
  interval: interval === undefined ? undefined : positive(interval, 'time', `${type}: interval`),
  tauRate: tauRate === undefined ? undefined : positive(tauRate, 'time', `${type}: tauRate`),
  referenceRate:
    referenceRate === undefined ? undefined : positive(referenceRate, 'frequency', `${type}: referenceRate`),
});

function bounds(read: AmountReader, { minimum, maximum }: RateRuleOptions, type: string) {
  const made = {
    minimum: minimum === undefined ? -Infinity : read(minimum, `${type}: minimum`),
    maximum: maximum === undefined ? Infinity : read(maximum, `${type}: maximum`),
  };
  if (!(made.minimum < made.maximum))
    throw new RangeError(`${type}: expected minimum below maximum, got ${String(minimum)} and ${String(maximum)}`);
  return made;
}

function learningRate(rate: number, type: string): number {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new RangeError(`${type}: expected a learningRate above 0, got ${rate}`);
  return rate;
}

/**
 * Δw = η y (c x − y w): the weights of a target turn towards the principal component of what they receive, and their
 * length becomes the norm c.
 * @throws RangeError for a learningRate that is not above 0
 */
export function oja(options: OjaOptions): RateRule {
  const rate = learningRate(options.learningRate, 'oja');
  return {
    ...common('oja', options),
    tauThreshold: undefined,
    scalars(read) {
      const { norm } = options;
      // without a unit for the norm there is none to compare with: a current of 1 pA, a potential of 1 mV
      return { rate, norm: norm === undefined ? 1 : read(norm, 'oja: norm'), ...bounds(read, options, 'oja') };
    },
  };
}

/**
 * Δw = η x y (y − θ), τ θ' = y² − θ: a target comes to answer one pattern of several and no other.
 * @throws RangeError, when it is connected, for a learningRate that is not above 0
 */
export function bcm(options: BcmOptions): RateRule {
  return {
    ...common('bcm', options),
    tauThreshold: positive(options.tauThreshold, 'time', 'bcm: tauThreshold'),
    scalars(read) {
      const rate = learningRate(read(options.learningRate, 'bcm: learningRate'), 'bcm');
      return { rate, norm: 1, ...bounds(read, options, 'bcm') };
    },
  };
}

/** A rule at work: rates, thresholds, and the instructions after the delivery. */
export interface PlacedRateRule {
  /** Where the thresholds of the targets are; 0 without them. */
  readonly thresholds: number;
  instructions(): NeuronInstruction[];
}

export function placeRateRule(connection: PlasticConnection, rule: RateRule): PlacedRateRule {
  const { parts, source, target, rows, weights, dimension, delay, signs } = connection;
  const { arrays, dt, clock } = parts;
  const { type } = rule;
  const every = rule.interval === undefined ? 1 : parts.steps(rule.interval, `${type}: interval`);
  const [x, y] = [rateOf(connection, rule, source, delay), rateOf(connection, rule, target, 0)];
  const { rate, norm, minimum, maximum } = rule.scalars(amountReader(dimension));
  const follow = rule.tauThreshold === undefined ? norm : 1 - exp((-every * dt) / rule.tauThreshold);
  const parameters = arrays.allocate(4, type);
  arrays.view(parameters, 4).set([rate, follow, minimum, maximum]);
  const thresholds = type === 'bcm' ? arrays.allocate(target.size, type) : 0;
  const operands = {
    wide: arrays.wide,
    clock,
    every,
    kind: type === 'bcm' ? RateRuleKind.Bcm : RateRuleKind.Oja,
    sources: source.size,
    rows: rows.rows,
    targets: rows.targets,
    firstTarget: target.first,
    weights,
    x: x.address,
    y: y.address,
    threshold: thresholds,
    n: target.size,
    parameters,
    signs,
  };
  return { thresholds, instructions: () => [...x.traces, ...y.traces, instruction('RateRule', operands)] };
}

/** Where the rates of a range are: of rate units as they are, else a trace of spikes. */
function rateOf({ parts }: PlasticConnection, rule: RateRule, { group, first, size }: NeuronRange, delay: number) {
  const { arrays, dt, clock } = parts;
  if (group.rates) return { address: group.rates.address + first * arrays.bytes, traces: [] };
  const { type, tauRate, referenceRate } = rule;
  if (tauRate === undefined || referenceRate === undefined)
    throw new TypeError(`${type}: expected tauRate and referenceRate, since ${group.name} spikes`);
  notShorterThanStep(tauRate, dt, `${type}: tauRate`);
  const address = arrays.allocate(size, type);
  const parameters = arrays.allocate(2, type);
  arrays.view(parameters, 2).set([exp(-dt / tauRate), 1 / (tauRate * referenceRate)]);
  const spikes = { spikes: group.log, delay, first, count: size };
  return {
    address,
    traces: [instruction('SpikeTrace', { wide: arrays.wide, clock, ...spikes, x: address, parameters })],
  };
}
