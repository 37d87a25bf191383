// Synapses between groups: a pattern, a receptor, weights, delays and plasticity.
import { NeuronGroup, type NeuronRange } from '../group.ts';
import type { State } from '../models/model.ts';
import { incoming, placeHomeostasis, placeRule, type PlacedRule, type PlasticConnection } from '../plasticity/place.ts';
import { placeRateRule, type PlacedRateRule, type RateRule } from '../plasticity/rate-rules.ts';
import type { PlasticityRule } from '../plasticity/rule.ts';
import type { Homeostasis } from '../plasticity/stdp.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import { resolve } from '../parameters.ts';
import type { SimulationParts } from '../simulation.ts';
import { checkSigns, placeSigns, signsOf, type SignParameter } from './dale.ts';
import { commonDelay, hasOwnDelays, ownDelays, type DelayParameter, type OwnDelays } from './delays.ts';
import type { Pattern, Rows } from './rows.ts';
import { placeShortTerm, type ShortTermPlasticity } from './short-term.ts';
import { isShared, listedWeights, matrixWeights, sharedWeight, type WeightParameter, type Weights } from './weights.ts';

/** How two groups are connected. */
export interface ConnectOptions {
  pattern: Pattern;
  /**
   * What a spike adds: one weight for all synapses, one for each (in the order of sources, and of a source's targets),
   * or a distribution. Its kind is that of the receptor: a current, a conductance, or a potential for the receptor `v`.
   */
  weight?: WeightParameter;
  /**
   * What a spike does, in the place of `receptor`: `'ge += w'`, `'v -= 0.5*w'`, where w is the weight, or `'ge += 2*nS'`
   * without one.
   */
  onPre?: string;
  /** The target's receptor; not needed where it has only one. `v` jumps at once, `current` flows for one step. */
  receptor?: string;
  /**
   * From spike to arrival, in whole steps; 0 by default. One for all synapses, one for each, or a distribution (rounded to
   * whole steps). Plastic synapses share one.
   */
  delay?: DelayParameter;
  /** How weights change with the spikes of both sides. */
  plasticity?: PlasticityRule | RateRule;
  /** How weights follow the rate of the targets. */
  homeostasis?: Homeostasis;
  /** How much of a weight the spikes of a source release, one after the other. */
  shortTerm?: ShortTermPlasticity;
  /**
   * Dale's law: whether the sources excite or inhibit, all of them or each. Their weights keep that sign: one that
   * plasticity would take beyond 0 stays at 0.
   */
  signs?: SignParameter;
}

/** The synapses of one `connect`. */
export class Connection {
  readonly source: NeuronRange;
  readonly target: NeuronRange;
  readonly receptor: string;
  private readonly parts: SimulationParts;
  private readonly place: State;
  private readonly delaySteps: number;
  private readonly delays: OwnDelays | undefined;
  private readonly rows: Rows | undefined;
  private readonly placed: Weights;
  private readonly shortTerm: { scale: number; instruction(): NeuronInstruction } | undefined;
  private readonly signs: Int8Array | undefined;
  private rule: PlacedRule | undefined;
  private rateRule: PlacedRateRule | undefined;
  private homeostasis: (() => NeuronInstruction) | undefined;

  /** @internal by `connect` */
  constructor(source: NeuronRange, target: NeuronRange, options: ConnectOptions) {
    checkRange(source, 'connect', 'source');
    checkRange(target, 'connect', 'target');
    this.source = source;
    this.target = target;
    this.parts = target.group.parts;
    if (source.group.parts !== this.parts) throw new RangeError('connect: the groups are of different simulations');
    this.parts.mustBeNew('connect');
    const { pattern, delay, shortTerm } = options;
    const { receptor, weight } = effectOf(target.group, options);
    this.receptor = receptor;
    this.place = target.group.receptor(receptor);
    const isPlastic = options.plasticity !== undefined || options.homeostasis !== undefined;
    if (isPlastic && hasOwnDelays(delay))
      throw new RangeError('connect: plastic synapses share one delay, got one for each');
    if (source.group.rates) checkRateConnection(options);
    this.delaySteps = hasOwnDelays(delay) ? 0 : commonDelay(this.parts, delay);
    const shared = isShared(weight) && !isPlastic;
    // a whole matrix adds rows as vectors
    const couldBeMatrix = !shared && !target.first && !isPlastic && !hasOwnDelays(delay) && !source.group.rates;
    const isMatrix = pattern.isFull === true && couldBeMatrix;
    if (!isMatrix) this.rows = pattern.rows(this.rowsContext());
    this.placed = this.placeWeights(weight, shared);
    if (options.signs !== undefined) {
      this.signs = signsOf(source, options.signs);
      this.checkSigns(this.weights);
      source.group.signs.set(this.signs, source.first);
    }
    if (hasOwnDelays(delay)) this.delays = ownDelays(this.parts, delay, this.size, target.group.size);
    if (shortTerm) this.shortTerm = placeShortTerm(this.parts, source, this.delaySteps, shortTerm);
    source.group.remember(this.delaySteps);
    if (isPlastic) this.placePlasticity(options);
  }

  /** The number of synapses. */
  get size(): number {
    return this.rows?.count ?? this.source.size * this.target.size;
  }

  /** A copy of the weights, synapse by synapse: in the order of sources, and of a source's targets. */
  get weights(): Float64Array<ArrayBuffer> {
    return this.placed.read();
  }

  /**
   * Sets the weights: one for all, one for each, or a distribution.
   * @throws RangeError where synapses share one weight and several are given
   */
  setWeights(weight: WeightParameter): void {
    if (this.placed.shared && !isShared(weight))
      throw new RangeError('setWeights: the synapses were connected with one weight that they share');
    const values = resolve(this.parts, weight, this.place.dimension, this.size, 'setWeights');
    if (this.signs) this.checkSigns(typeof values === 'number' ? new Float64Array(this.size).fill(values) : values);
    this.placed.write(values);
  }

  /** Refuses weights that are not of their sources' signs; those of conductances are never below 0. */
  private checkSigns(weights: Float64Array): void {
    if (this.place.dimension === 'conductance') return;
    const { sources } = this.pairs();
    checkSigns(weights, this.signs!, (synapse) => sources[synapse]!);
  }

  /**
   * A copy of the sliding thresholds θ of the targets.
   * @throws RangeError for a connection without the rule of Bienenstock, Cooper and Munro
   */
  get thresholds(): Float64Array<ArrayBuffer> {
    if (!this.rateRule?.thresholds) throw new RangeError('thresholds: the connection has no rule with thresholds');
    return this.parts.arrays.read(this.rateRule.thresholds, this.target.size);
  }

  /** Source and target of each synapse, as numbers within the ranges that were connected. */
  pairs(): { sources: Uint32Array<ArrayBuffer>; targets: Uint32Array<ArrayBuffer> } {
    const { size } = this.target;
    const sources = new Uint32Array(this.size);
    if (!this.rows) {
      const targets = new Uint32Array(this.size).map((_, s) => s % size);
      return { sources: sources.map((_, s) => Math.floor(s / size)), targets };
    }
    const { memory } = this.parts.arrays.instance;
    const ends = memory.u32.subarray(this.rows.rows / 4, this.rows.rows / 4 + this.source.size + 1);
    for (let i = 0; i < this.source.size; i++) sources.fill(i, ends[i]!, ends[i + 1]!);
    const targets = memory.u32.slice(this.rows.targets / 4, this.rows.targets / 4 + this.size);
    return { sources, targets: targets.map((target) => target - this.target.first) };
  }

  /**
   * Raises the reward at the present time; what has been tagged is learned while it lasts.
   * @throws RangeError for a connection whose plasticity does not wait for a reward
   */
  reward(amount: number): void {
    if (!this.rule?.reward)
      throw new RangeError('reward: the connection has no plasticity that is modulated by reward');
    this.parts.arrays.view(this.rule.reward, 1)[0]! += amount;
  }

  /** @internal where each weight is, for a monitor */
  get weightPlaces(): Pick<Weights, 'address' | 'place'> {
    return this.placed;
  }

  /** @internal the delivery of the spikes that arrive in a step */
  instructions(): NeuronInstruction[] {
    return [
      ...(this.shortTerm ? [this.shortTerm.instruction()] : []),
      ...(this.homeostasis ? [this.homeostasis()] : []),
      ...(this.rule ? this.rule.instructions() : [this.delivery()]),
      ...(this.rateRule ? this.rateRule.instructions() : []),
    ];
  }

  private delivery(): NeuronInstruction {
    const { arrays, clock } = this.parts;
    const { first, size: count, group } = this.source;
    const scale = this.shortTerm?.scale ?? 0;
    const common = { wide: arrays.wide, clock, spikes: group.log, first, count, scale };
    const places = { ...common, weights: this.placed.address, out: this.place.address };
    const delay = this.delaySteps;
    if (!this.rows) return instruction('PropagateDense', { ...places, delay, n: this.target.size });
    const { rows, targets } = this.rows;
    if (group.rates) {
      const { wide, weights, out } = places;
      const rates = group.rates.address + first * arrays.bytes;
      const shared = this.placed.shared ? 1 : 0;
      return instruction('PropagateRates', { wide, count, rows, targets, weights, shared, rates, out });
    }
    const sparse = { ...places, rows, targets, shared: this.placed.shared ? 1 : 0 };
    if (this.delays) return instruction('PropagateDelayed', { ...sparse, ...this.delays });
    return instruction('Propagate', { ...sparse, delay });
  }

  private placeWeights(weight: WeightParameter, shared: boolean): Weights {
    const of = { parts: this.parts, dimension: this.place.dimension, synapses: this.size };
    if (shared) return sharedWeight(of, weight);
    return this.rows ? listedWeights(of, weight) : matrixWeights(of, weight, this.source.size, this.target.size);
  }

  private placePlasticity({ plasticity, homeostasis }: ConnectOptions): void {
    const isConductance = this.place.dimension === 'conductance';
    const connection: PlasticConnection = {
      parts: this.parts,
      source: this.source,
      target: this.target,
      rows: this.rows!,
      weights: this.placed.address,
      dimension: this.place.dimension,
      delay: this.delaySteps,
      out: this.place.address,
      scale: this.shortTerm?.scale ?? 0,
      // a conductance is never below 0, whoever its source is
      signs: this.signs && !isConductance ? placeSigns(this.parts, this.signs, this.rows!) : 0,
    };
    if (plasticity && !('scalars' in plasticity))
      throw new TypeError(`connect: expected plasticity such as pairStdp({ … }), got ${String(plasticity)}`);
    if (plasticity && 'interval' in plasticity) this.rateRule = placeRateRule(connection, plasticity);
    if (!homeostasis && (!plasticity || 'interval' in plasticity)) return;
    const byTarget = incoming(connection);
    if (plasticity && !('interval' in plasticity)) this.rule = placeRule(connection, plasticity, byTarget);
    if (homeostasis) this.homeostasis = placeHomeostasis(connection, homeostasis, byTarget);
  }

  private rowsContext() {
    const { source, target, parts } = this;
    const diagonal = source.group === target.group ? source.first - target.first : undefined;
    return {
      instance: parts.arrays.instance,
      seed: parts.seed,
      nextStream: parts.nextStream,
      sources: source.size,
      targets: target.size,
      firstTarget: target.first,
      diagonal,
    };
  }
}

/** Rates are there in every step: nothing waits for a spike. */
function checkRateConnection({ delay, plasticity, homeostasis, shortTerm }: ConnectOptions): void {
  const unfit = Object.entries({ delay, homeostasis, shortTerm }).find(([, value]) => value !== undefined);
  if (unfit) throw new TypeError(`connect: expected no ${unfit[0]}, since the sources are told by rates`);
  if (plasticity && !('interval' in plasticity))
    throw new TypeError(`connect: expected plasticity by rates, such as oja({ … }), got ${plasticity.type}`);
}

/** Refuses what is no range of neurons within its group, given to `caller` as `what`. */
export function checkRange(range: unknown, caller: string, what: string): void {
  const { group, first, size } = Object(range) as Partial<NeuronRange>;
  if (!(group instanceof NeuronGroup))
    throw new TypeError(`${caller}: expected a group of neurons or a slice of one as ${what}, got ${String(range)}`);
  const isWithin = Number.isInteger(first) && Number.isInteger(size) && first! >= 0 && size! >= 1;
  if (!isWithin || first! + size! > group.size)
    throw new RangeError(
      `${caller}: expected a ${what} within neurons 0 to ${group.size - 1} of ${group.name}, got ${first} to ${first! + size! - 1}`,
    );
}

/** What a spike adds, and where. */
function effectOf(group: NeuronGroup, { receptor, weight, onPre }: ConnectOptions) {
  if (onPre !== undefined) {
    if (receptor !== undefined) throw new TypeError('connect: expected either onPre or a receptor, got both');
    return group.onPre(onPre, weight);
  }
  if (weight === undefined) throw new TypeError('connect: expected a weight, such as nS(6)');
  return { receptor: receptor ?? onlyReceptor(group), weight };
}

function onlyReceptor(group: NeuronGroup): string {
  const names = group.receptorNames;
  if (names.length === 1) return names[0]!;
  if (group.rates) return 'current';
  const known = [...names, 'current', 'v'].join(', ');
  throw new TypeError(`connect: expected the name of a receptor of ${group.name}, one of ${known}`);
}

/**
 * Connects neurons: each spike of a source adds the synapse's weight to the target's receptor after the delay.
 * @throws EquationError for a statement `onPre` that the target cannot do; TypeError for a weight of another kind than the receptor takes; RangeError for a delay shorter than the step,
 *   or a connection outside its groups
 */
export function connect(source: NeuronRange, target: NeuronRange, options: ConnectOptions): Connection {
  const connection = new Connection(source, target, options);
  target.group.parts.deliveries.push(connection);
  return connection;
}
