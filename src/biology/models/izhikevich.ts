// Izhikevich's neuron: v' = 0.04 v² + 5 v + 140 − u + I, u' = a (b v − u); where v > 30: v ← c, u ← u + d.
// Numbers without units (v is in mV and t in ms). Euler's method as the author wrote it: v first, then u with the new v.
// source: Izhikevich, Simple model of spiking neurons, IEEE Trans. Neural Netw. 14, 2003
import { instruction } from '../program.ts';
import { combine, type NumberParameter } from '../parameters.ts';
import { unknownName } from '../../core/nearest.ts';
import { cellTypes, patterns, type CellTypeName, type PatternName } from './izhikevich-patterns.ts';
import { checkTimeConstant } from './membrane.ts';
import type { GroupContext, GroupInputs, GroupModel, NeuronModel } from './model.ts';

/** The parameters of `izhikevich`. */
export interface IzhikevichOptions {
  a: NumberParameter;
  b: NumberParameter;
  c: NumberParameter;
  d: NumberParameter;
  /** A constant current; 0 by default. */
  current?: NumberParameter;
  /** v at the beginning; −65 by default. */
  v?: NumberParameter;
  /** u at the beginning; b v by default. */
  u?: NumberParameter;
  /** v above which the neuron spikes; 30 by default. */
  peak?: NumberParameter;
  /** The coefficients of v and the constant: 5 and 140 by default; integrators have 4.1 and 108. */
  linear?: NumberParameter;
  constant?: NumberParameter;
  /** u' = a b (v + 65) in the place of a (b v − u): accommodation. */
  accommodation?: boolean;
  /** In how many parts v makes its step: 1 by default, 2 in the network of 2003. */
  substeps?: number;
}

/**
 * Izhikevich's neuron, by its parameters, or by the name of a cell type of 2003 or of a pattern of 2004.
 * @throws RangeError for an unknown name
 */
export function izhikevich(options: IzhikevichOptions | PatternName | CellTypeName): NeuronModel {
  const all = typeof options === 'string' ? namedOptions(options) : options;
  const { substeps = 1 } = all;
  if (!Number.isInteger(substeps) || substeps < 1)
    throw new RangeError(`izhikevich: expected substeps a whole number from 1, got ${substeps}`);
  return { type: 'izhikevich', create: (context) => build(context, all, substeps) };
}

function namedOptions(name: PatternName | CellTypeName): IzhikevichOptions {
  const all = { ...patterns, ...cellTypes };
  if (!Object.hasOwn(all, name)) throw unknownName('pattern of izhikevich', name, Object.keys(all));
  return all[name].options;
}

function build(context: GroupContext, options: IzhikevichOptions, substeps: number): GroupModel {
  const { dt, arrays, size, clock } = context;
  const value = (key: keyof IzhikevichOptions, fallback?: number) =>
    context.resolve(options[key] ?? fallback, 'number', `izhikevich: ${key}`);
  const [a, b] = [value('a'), value('b')];
  checkTimeConstant(
    context,
    combine([a], (x) => (x > 0 ? 1 / x : Infinity)),
    'izhikevich: 1/a',
  );
  const v0 = value('v', -65);
  const v = context.state('v', 'number', v0);
  const u0 = options.u === undefined ? combine([b, v0], (x, y) => x * y) : value('u');
  const u = context.state('u', 'number', u0);
  const columns = [
    value('peak', 30),
    value('c'),
    0,
    dt / substeps,
    combine([a], (x) => dt * x),
    b,
    value('d'),
    value('linear', 5),
    value('constant', 140),
    options.accommodation ? 0 : 1,
    options.accommodation ? 65 : 0,
    value('current', 0),
  ];
  const block = arrays.block(
    size,
    columns.map((values) => ({ values })),
    context.name,
  );
  const places = { wide: arrays.wide, n: size, clock, v: v.address, u: u.address, until: 0, substeps };
  return {
    receptors: new Map(),
    checked: [v, u],
    needsDrive: false,
    driveDimension: 'number',
    instructions: (inputs: GroupInputs) => [instruction('Izhikevich', { ...places, ...block, ...inputs })],
  };
}
