// The adaptive exponential neuron: C v' = −g_L (v − v_rest) + g_L Δ e^((v − v_T)/Δ) − w + I, τ_w w' = a (v − v_rest) − w;
// a spike where v > v_peak: v is v_reset, w grows by b.
// source: Brette, Gerstner, Adaptive exponential integrate-and-fire model, J. Neurophysiol. 94, 2005
import { exp } from '../../core/deterministic.ts';
import { unknownName } from '../../core/nearest.ts';
import { Method } from '../../core/generated/neuron-instructions.ts';
import { combine, type Parameter } from '../parameters.ts';
import { instruction } from '../program.ts';
import {
  checkTimeConstant,
  passive,
  positiveParameter,
  refractoryState,
  refractorySteps,
  type PassiveOptions,
} from './membrane.ts';
import type { GroupContext, GroupInputs, GroupModel, NeuronModel } from './model.ts';
import { placeReceptors, type Receptors } from './receptors.ts';

/** How equations that are not linear are stepped. */
export type IntegrationMethod = 'euler' | 'exponentialEuler' | 'rungeKutta4';

const methods: Record<IntegrationMethod, number> = {
  euler: Method.Euler,
  exponentialEuler: Method.ExponentialEuler,
  rungeKutta4: Method.RungeKutta4,
};

/** The operand of a method. @throws RangeError for one that the model does not have */
export function methodOf(method: string, known: readonly IntegrationMethod[], type: string): number {
  if (!known.includes(method as IntegrationMethod)) throw unknownName(`method of ${type}`, method, known);
  return methods[method as IntegrationMethod];
}

/** The parameters of `adaptiveExponential`. Of capacitance, leakConductance, tauMembrane and resistance two are given. */
export interface AdaptiveExponentialOptions extends PassiveOptions {
  vRest: Parameter<'voltage'>;
  /** Where the exponential takes over: v_T. */
  vThreshold: Parameter<'voltage'>;
  /** Δ: how sharply it does. */
  slopeFactor: Parameter<'voltage'>;
  tauAdaptation: Parameter<'time'>;
  /** a: how w follows v. */
  adaptation: Parameter<'conductance'>;
  /** b: what a spike adds to w. */
  spikeAdaptation: Parameter<'current'>;
  vReset: Parameter<'voltage'>;
  /** v above which the neuron spikes; 0 mV by default. */
  vPeak?: Parameter<'voltage'>;
  refractory?: Parameter<'time'>;
  /** A constant current. */
  current?: Parameter<'current'>;
  receptors?: Receptors;
  /** `rungeKutta4` by default. */
  method?: IntegrationMethod;
}

/**
 * An adaptive exponential integrate-and-fire neuron.
 * @throws RangeError for an unknown method
 */
export function adaptiveExponential(options: AdaptiveExponentialOptions): NeuronModel {
  const type = 'adaptiveExponential';
  const method = methodOf(options.method ?? 'rungeKutta4', ['euler', 'exponentialEuler', 'rungeKutta4'], type);
  return { type, create: (context) => build(context, options, method) };
}

function columnsOf(context: GroupContext, options: AdaptiveExponentialOptions) {
  const { dt } = context;
  const type = 'adaptiveExponential';
  const voltage = (key: 'vRest' | 'vThreshold' | 'vReset') =>
    context.resolve(options[key], 'voltage', `${type}: ${key}`);
  const { capacitance, leak } = passive(context, options, type);
  checkTimeConstant(
    context,
    combine([capacitance, leak], (c, g) => c / g),
    `${type}: tauMembrane`,
  );
  const slope = positiveParameter(context, options.slopeFactor, 'voltage', `${type}: slopeFactor`);
  const tau = positiveParameter(context, options.tauAdaptation, 'time', `${type}: tauAdaptation`);
  checkTimeConstant(context, tau, `${type}: tauAdaptation`);
  const rest = voltage('vRest');
  const steps = refractorySteps(context, options.refractory, `${type}: refractory`);
  const peak = options.vPeak === undefined ? 0 : context.resolve(options.vPeak, 'voltage', `${type}: vPeak`);
  const columns = [
    { values: peak },
    { values: voltage('vReset') },
    { values: steps, integer: true },
    { values: context.resolve(options.spikeAdaptation, 'current', `${type}: spikeAdaptation`) },
    { values: rest },
    { values: voltage('vThreshold') },
    { values: combine([slope], (x) => 1 / x) },
    { values: leak },
    { values: combine([leak, slope], (g, x) => g * x) },
    { values: context.resolve(options.adaptation, 'conductance', `${type}: adaptation`) },
    { values: options.current === undefined ? 0 : context.resolve(options.current, 'current', `${type}: current`) },
    { values: combine([capacitance], (c) => dt / c) },
    { values: combine([tau], (t) => dt / t) },
    { values: combine([leak, capacitance], (g, c) => exp((-dt * g) / c)) },
    { values: combine([tau], (t) => exp(-dt / t)) },
  ];
  return { rest, steps, columns };
}

function build(context: GroupContext, options: AdaptiveExponentialOptions, method: number): GroupModel {
  const { arrays, size, clock } = context;
  const { rest, steps, columns } = columnsOf(context, options);
  const v = context.state('v', 'voltage', rest);
  const w = context.state('w', 'current', 0);
  const placed = placeReceptors(context, v, options.receptors ?? {}, {
    within: 0,
    conductances: 'driving',
    gains: () => [1, 0],
    fits: () => false,
  });
  const until = refractoryState(context, steps);
  const block = arrays.block(size, columns, context.name);
  const places = { wide: arrays.wide, n: size, clock, v: v.address, w: w.address, until, method };
  return {
    receptors: placed.targets,
    checked: [v, w],
    needsDrive: placed.separateDrive,
    driveDimension: 'current',
    instructions: (inputs: GroupInputs) => [
      ...placed.instructions({ drive: inputs.drive, conductance: 0, reversal: 0 }),
      instruction('AdaptiveExponential', { ...places, ...block, ...inputs }),
    ],
  };
}
