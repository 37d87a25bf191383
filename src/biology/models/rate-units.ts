// Neurons that are told by their rate alone: τ rate' = f(gain · input + bias) − rate. Numbers without units.
import { exp } from '../../core/deterministic.ts';
import { anyOf, combine, type NumberParameter, type Parameter } from '../parameters.ts';
import { instruction } from '../program.ts';
import { checkTimeConstant } from './membrane.ts';
import type { NeuronModel } from './model.ts';

/** The parameters of `rateUnits`. */
export interface RateUnitsOptions {
  /** How fast a rate follows its input; left out, it is there with the next step. */
  tau?: Parameter<'time'>;
  /** 1 and 0 by default. */
  gain?: NumberParameter;
  bias?: NumberParameter;
  /** `linear`, the default, or `rectified`: no rate below 0. */
  activation?: 'linear' | 'rectified';
}

/**
 * Neurons whose state is a `rate`. What they are connected to receives weight · rate in every step; their input is the
 * receptor `current`.
 * @throws RangeError for another activation; for a time constant below the step, when a group is made
 */
export function rateUnits(options: RateUnitsOptions = {}): NeuronModel {
  const { tau, gain = 1, bias = 0, activation = 'linear' } = options;
  if (activation !== 'linear' && activation !== 'rectified')
    throw new RangeError(`rateUnits: expected activation linear or rectified, got ${String(activation)}`);
  return {
    type: 'rateUnits',
    create(context) {
      const { arrays, size, dt, resolve } = context;
      const times = tau === undefined ? 0 : resolve(tau, 'time', 'rateUnits: tau');
      if (tau !== undefined) checkTimeConstant(context, times, 'rateUnits: tau');
      const rate = context.state('rate', 'number', 0);
      const columns = [
        resolve(bias, 'number', 'rateUnits: bias'),
        resolve(gain, 'number', 'rateUnits: gain'),
        anyOf(times, (t) => t > 0) ? combine([times], (t) => exp(-dt / t)) : 0,
      ];
      const block = arrays.block(
        size,
        columns.map((values) => ({ values })),
        context.name,
      );
      const operands = { wide: arrays.wide, n: size, rectified: activation === 'rectified' ? 1 : 0, ...block };
      return {
        receptors: new Map(),
        checked: [rate],
        rates: rate,
        insteadOfSpikes: 'rate',
        needsDrive: true,
        driveDimension: 'number',
        instructions: ({ drive }) => [instruction('RateUnits', { ...operands, rate: rate.address, drive })],
      };
    },
  };
}
