// A plasticity rule in the memory of a simulation: traces, scalars, and the instructions of a step.
import { notShorterThanStep } from '../checks.ts';
import { exp } from '../../core/deterministic.ts';
import type { NeuronRange } from '../group.ts';
import { instruction, runOnce, type NeuronInstruction } from '../program.ts';
import type { Rows } from '../connections/rows.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Dimension } from '../units.ts';
import { amountReader, type PlasticityRule } from './rule.ts';
import type { Homeostasis } from './stdp.ts';

/** A connection as plasticity sees it. */
export interface PlasticConnection {
  readonly parts: SimulationParts;
  readonly source: NeuronRange;
  readonly target: NeuronRange;
  readonly rows: Rows;
  readonly weights: number;
  readonly dimension: Dimension | 'number';
  readonly delay: number;
  readonly out: number;
  /** Short-term plasticity's factor; 0: none. */
  readonly scale: number;
  /** The sign that each synapse keeps; 0: any. */
  readonly signs: number;
}

/** The synapses by targets. */
export interface Incoming {
  readonly rows: number;
  readonly sources: number;
  readonly order: number;
}

export function incoming({ parts, source, target, rows }: PlasticConnection): Incoming {
  const { instance } = parts.arrays;
  const { memory } = instance;
  const words = (n: number) => memory.allocate(4 * Math.max(1, n), 'incoming synapses');
  const made = { rows: words(target.size + 1), sources: words(rows.count), order: words(rows.count) };
  const from = {
    sources: source.size,
    targets: target.size,
    rows: rows.rows,
    columns: rows.targets,
    first: target.first,
  };
  const to = { outRows: made.rows, outSources: made.sources, order: made.order };
  runOnce(instance, [instruction('TransposeRows', { ...from, ...to })]);
  return made;
}

/** A rule at work. */
export interface PlacedRule {
  /** Where the reward is; 0 without one. */
  readonly reward: number;
  readonly tags: number;
  instructions(): NeuronInstruction[];
}

export function placeRule(
  connection: PlasticConnection,
  rule: PlasticityRule,
  { rows: inRows, sources, order }: Incoming,
): PlacedRule {
  const { parts, source, target, rows, weights, dimension, delay, out, scale, signs } = connection;
  const { arrays, dt, clock } = parts;
  const { wide } = arrays;
  const what = rule.type;
  const scalars = (values: readonly number[]) => {
    const address = arrays.allocate(values.length, what);
    arrays.view(address, values.length).set(values);
    return address;
  };
  const decays: NeuronInstruction[] = [];
  const trace = (tau: number | undefined, n: number) => {
    if (tau === undefined) return 0;
    notShorterThanStep(tau, dt, what);
    const x = arrays.allocate(n, what);
    decays.push(instruction('Decay', { wide, n, x, factor: scalars([exp(-dt / tau)]) }));
    return x;
  };
  const traces = {
    x: trace(rule.tauSource, source.size),
    xSlow: trace(rule.tauSourceSlow, source.size),
    y: trace(rule.tauTarget, target.size),
    ySlow: trace(rule.tauTargetSlow, target.size),
  };
  const s = rule.scalars(amountReader(dimension));
  const parameters = scalars([
    s.aPlus,
    s.aMinus,
    s.muPlus ?? 0,
    s.muMinus ?? 0,
    s.maximum,
    s.minimum,
    s.bPlus ?? 0,
    s.bMinus ?? 0,
    s.constant ?? 0,
  ]);
  const tags = rule.reward ? arrays.allocate(Math.max(1, rows.count), what) : 0;
  const common = { wide, clock, weights, parameters, nearest: rule.nearest ? 1 : 0, ...traces, tags, signs };
  const rewards = rule.reward ? placeReward(connection, rule.reward, tags, [s.minimum, s.maximum], scalars) : undefined;
  return {
    reward: rewards?.reward ?? 0,
    tags,
    instructions: () => [
      ...decays,
      instruction('PlasticArrival', {
        ...common,
        spikes: source.group.log,
        delay,
        first: source.first,
        count: source.size,
        rows: rows.rows,
        targets: rows.targets,
        firstTarget: target.first,
        scale,
        out,
      }),
      instruction('PlasticSpike', {
        ...common,
        spikes: target.group.log,
        delay: 0,
        first: target.first,
        count: target.size,
        rows: inRows,
        sources,
        order,
      }),
      ...(rewards ? [rewards.instruction] : []),
    ],
  };
}

function placeReward(
  { parts, rows, weights, signs }: PlasticConnection,
  { tauTag, tauReward }: NonNullable<PlasticityRule['reward']>,
  tags: number,
  [minimum, maximum]: readonly [number, number],
  scalars: (values: readonly number[]) => number,
): { reward: number; instruction: NeuronInstruction } {
  const { dt, arrays } = parts;
  for (const tau of [tauTag, tauReward]) notShorterThanStep(tau, dt, 'rewardModulated');
  const rate = 1 / tauTag + 1 / tauReward;
  const share = (1 - exp(-dt * rate)) / rate;
  const parameters = scalars([share, exp(-dt / tauTag), exp(-dt / tauReward), minimum, maximum]);
  const reward = scalars([0]);
  const operands = { wide: arrays.wide, n: rows.count, weights, tags, reward, parameters, signs };
  return { reward, instruction: instruction('Eligibility', operands) };
}

/** The instruction of homeostatic scaling. */
export function placeHomeostasis(
  { parts, target, weights }: PlasticConnection,
  { targetRate, tau, tauRate, interval }: Homeostasis,
  { rows, order }: Incoming,
): () => NeuronInstruction {
  const { arrays, dt, clock } = parts;
  for (const time of [tau, tauRate]) notShorterThanStep(time, dt, 'homeostaticScaling');
  const every = interval === undefined ? 10 : parts.steps(interval, 'homeostaticScaling: interval');
  const parameters = arrays.allocate(4, 'homeostaticScaling');
  arrays.view(parameters, 4).set([exp(-dt / tauRate), 1 / tauRate, 1 / targetRate, (every * dt) / tau]);
  const rate = arrays.allocate(target.size, 'homeostaticScaling');
  arrays.write(rate, target.size, targetRate);
  const places = { rows, order, weights, rate, parameters };
  return () =>
    instruction('Scaling', {
      wide: arrays.wide,
      clock,
      every,
      n: target.size,
      ...places,
      spikes: target.group.log,
      first: target.first,
    });
}
