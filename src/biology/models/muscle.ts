// Muscle: motor units, each a nerve fibre's share of the muscle, and pools of them as they are found in a muscle.
//   one spike        f(t) = P (t/T) e^(1 − t/T): a twitch, its peak P at t = T
//   several          twitches add up; of spikes nearer than 2.5 T each is multiplied by a gain that first grows, then
//                    falls, so that force over rate is a sigmoid with a bound, the tetanus
//   a pool           small units are many, slow and recruited first (Henneman's size principle)
// source: Fuglevand, Winter, Patla, Models of recruitment and rate coding organization in motor-unit pools,
//         J. Neurophysiol. 70, 1993; Henneman, Science 126, 1957
import { exp, log, pow } from '../../core/deterministic.ts';
import { positive } from '../checks.ts';
import type { StateMonitor } from '../monitors/states.ts';
import { anyOf, combine, type NumberParameter, type Parameter } from '../parameters.ts';
import { instruction } from '../program.ts';
import { ms, type Quantities, type Time } from '../units.ts';
import { checkTimeConstant, positiveParameter } from './membrane.ts';
import type { NeuronModel } from './model.ts';

/** The parameters of `motorUnits`. */
export interface MotorUnitOptions {
  /** P: the peak force of a single twitch, in any unit. */
  twitchForce: NumberParameter;
  /** T: how long a twitch rises. */
  contractionTime: Parameter<'time'>;
  /** `saturating` (the default): force over rate is a sigmoid with a bound; `linear`: each twitch is as if alone. */
  summation?: 'saturating' | 'linear';
}

/**
 * Motor units of a muscle: a group that takes spikes, at its receptor `nerve` with a weight of 1, and makes `force`.
 * @throws RangeError for a force or a time that is not above 0, or another kind of summation
 */
export function motorUnits(options: MotorUnitOptions): NeuronModel {
  const { summation = 'saturating' } = options;
  if (summation !== 'saturating' && summation !== 'linear')
    throw new RangeError(`motorUnits: expected summation saturating or linear, got ${String(summation)}`);
  return {
    type: 'motorUnits',
    create: (context) => {
      const { arrays, size, dt, clock, name } = context;
      const forces = context.resolve(options.twitchForce, 'number', 'motorUnits: twitchForce');
      if (anyOf(forces, (x) => !(x > 0)))
        throw new RangeError(`motorUnits: twitchForce: expected values above 0, got ${String(options.twitchForce)}`);
      const times = positiveParameter(context, options.contractionTime, 'time', 'motorUnits: contractionTime');
      checkTimeConstant(context, times, 'motorUnits: contractionTime');
      const columns = [
        combine([times], (t) => exp(-dt / t)),
        combine([forces, times], (p, t) => (p * exp(1)) / t),
        combine([times], (t) => t / dt),
      ];
      const parameters = arrays.instance.memory.allocate(3 * size * arrays.bytes, name);
      columns.forEach((values, r) => arrays.write(parameters + r * size * arrays.bytes, size, values));
      const step = arrays.allocate(1, name);
      arrays.write(step, 1, dt);
      const force = context.state('force', 'number', 0);
      const nerve = context.hidden();
      const operands = {
        wide: arrays.wide,
        n: size,
        clock,
        nerve,
        force: force.address,
        y: context.hidden(),
        last: arrays.integers(new Uint32Array(size), name),
        parameters,
        dt: step,
        saturates: summation === 'saturating' ? 1 : 0,
      };
      return {
        receptors: new Map([['nerve', { address: nerve, dimension: 'number' }]]),
        checked: [force],
        insteadOfSpikes: 'force',
        needsDrive: false,
        driveDimension: 'number',
        instructions: () => [instruction('MotorUnits', operands)],
      };
    },
  };
}

/** What `motorPool` may be told: the ranges of Fuglevand, Winter and Patla. */
export interface MotorPoolOptions {
  /** The strongest unit's twitch in those of the weakest: 100 by default. */
  forceRange?: number;
  /** The contraction time of the weakest: 90 ms by default. */
  contractionTime?: Time;
  /** By how much the strongest is faster: 3 by default. */
  contractionRange?: number;
  /** The excitation that the last needs, in those of the first: 30 by default. */
  recruitmentRange?: number;
}

/** Motor units from the weakest to the strongest. */
export interface MotorPool {
  /** Pᵢ = range^(i/(n − 1)), i from 0: 1 for the first. */
  readonly twitchForces: Float64Array<ArrayBuffer>;
  /** Tᵢ = T₁ Pᵢ^(−1/c), c = ln(force range) / ln(contraction range) */
  readonly contractionTimes: Quantities<'time'>;
  /** The excitation from which on a unit's motor neuron fires, in that of the first. */
  readonly thresholds: Float64Array<ArrayBuffer>;
}

/**
 * The motor units of a muscle: many weak and slow ones with low thresholds, few that are strong and fast.
 * @throws RangeError for a size that is not a whole number from 2, or a range that is not above 1
 */
export function motorPool(size: number, options: MotorPoolOptions = {}): MotorPool {
  const { forceRange = 100, contractionTime = ms(90), contractionRange = 3, recruitmentRange = 30 } = options;
  if (!Number.isInteger(size) || size < 2)
    throw new RangeError(`motorPool: expected a whole number of motor units from 2, got ${size}`);
  for (const [name, range] of Object.entries({ forceRange, contractionRange, recruitmentRange }))
    if (!(range > 1 && range < Infinity)) throw new RangeError(`motorPool: expected a ${name} above 1, got ${range}`);
  const slowest = positive(contractionTime, 'time', 'motorPool: contractionTime');
  const grown = (range: number) => Float64Array.from({ length: size }, (_, i) => exp((log(range) * i) / (size - 1)));
  const twitchForces = grown(forceRange);
  const power = -log(contractionRange) / log(forceRange);
  return {
    twitchForces,
    contractionTimes: ms.each(twitchForces.map((p) => slowest * pow(p, power))),
    thresholds: grown(recruitmentRange),
  };
}

/**
 * The force of a muscle over time: the sum of its units', at the monitor's times.
 * @throws RangeError unless `force` was recorded of all of them
 */
export function muscleForce(monitor: StateMonitor): Float64Array<ArrayBuffer> {
  const total = new Float64Array(monitor.times.length);
  for (let unit = 0; unit < monitor.target.size; unit++)
    monitor.values('force', unit).forEach((force, k) => (total[k]! += force));
  return total;
}
