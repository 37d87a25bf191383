// What the membranes of models have in common: capacitance, leak, threshold, reset and refractory time.
import { notShorterThanStep } from '../checks.ts';
import { anyOf, combine, type Parameter } from '../parameters.ts';
import type { PerNeuron } from '../arrays.ts';
import type { GroupContext } from './model.ts';

/** A membrane's passive electricity: any two that determine the others. */
export interface PassiveOptions {
  capacitance?: Parameter<'capacitance'>;
  leakConductance?: Parameter<'conductance'>;
  /** capacitance / leakConductance */
  tauMembrane?: Parameter<'time'>;
  /** 1 / leakConductance */
  resistance?: Parameter<'resistance'>;
}

export interface Passive {
  /** In pF and nS. */
  readonly capacitance: PerNeuron;
  readonly leak: PerNeuron;
}

const dimensions = {
  capacitance: 'capacitance',
  leakConductance: 'conductance',
  tauMembrane: 'time',
  resistance: 'resistance',
} as const;

/**
 * Capacitance and leak from the two that are given.
 * @throws TypeError unless two of the four are given that determine the others
 */
export function passive(context: GroupContext, options: PassiveOptions, type: string): Passive {
  const keys = Object.keys(dimensions) as (keyof PassiveOptions)[];
  const given = keys.filter((key) => options[key] !== undefined);
  const values = new Map(
    given.map((key) => [key, positiveParameter(context, options[key], dimensions[key], `${type}: ${key}`)]),
  );
  const [c, g, tau, r] = keys.map((key) => values.get(key));
  const isPair = given.length === 2 && !(g !== undefined && r !== undefined);
  if (!isPair)
    throw new TypeError(
      `${type}: expected two of capacitance, leakConductance, tauMembrane, resistance that determine the others, got ${given.join(', ') || 'none'}`,
    );
  const leak = g ?? (r !== undefined ? combine([r], (x) => 1 / x) : combine([c!, tau!], (x, y) => x / y));
  return { leak, capacitance: c ?? combine([leak, tau!], (x, y) => x * y) };
}

/** A parameter whose every value is above 0. */
export function positiveParameter(
  context: GroupContext,
  parameter: unknown,
  dimension: Parameters<GroupContext['resolve']>[1],
  what: string,
): PerNeuron {
  const values = context.resolve(parameter, dimension, what);
  if (anyOf(values, (x) => !(x > 0)))
    throw new RangeError(`${what}: expected values above 0, got ${String(parameter)}`);
  return values;
}

/** Refuses a time constant that is shorter than the step. */
export function checkTimeConstant({ dt }: GroupContext, values: PerNeuron, what: string): void {
  notShorterThanStep(typeof values === 'number' ? values : values.reduce((a, b) => Math.min(a, b)), dt, what);
}

/** A refractory time as whole steps. */
export function refractorySteps(context: GroupContext, parameter: unknown, what: string): PerNeuron {
  if (parameter === undefined) return 0;
  const values = context.resolve(parameter, 'time', what);
  if (anyOf(values, (x) => x < 0)) throw new RangeError(`${what}: expected no time below 0, got ${String(parameter)}`);
  return combine([values], (x) => Math.round(x / context.dt));
}

/** What a membrane instruction reads of spiking: refractoriness only where there is some. */
export function refractoryState(context: GroupContext, steps: PerNeuron): number {
  return anyOf(steps, (x) => x > 0) ? context.hidden() : 0;
}
