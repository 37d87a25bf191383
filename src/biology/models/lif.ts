// Leaky integrate and fire: C dv/dt = −g_L (v − v_rest) + I + Σ synapses; a spike where v > v_threshold, then v is
// v_reset and rests there for the refractory time. With currents alone the step is exact, whatever dt; with
// conductances it is exponential Euler.
// source: Lapicque 1907; Rotter, Diesmann, Biol. Cybern. 81, 1999 (exact integration)
import { exp } from '../../core/deterministic.ts';
import type { PerNeuron } from '../arrays.ts';
import { combine, type Parameter } from '../parameters.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import { checkTimeConstant, passive, refractoryState, refractorySteps, type PassiveOptions } from './membrane.ts';
import type { GroupContext, GroupInputs, GroupModel, NeuronModel, State } from './model.ts';
import {
  exactGains,
  placeReceptors,
  receptorSteps,
  type PlacedReceptors,
  type Receptor,
  type Receptors,
} from './receptors.ts';

/** The parameters of `lif`. Of capacitance, leakConductance, tauMembrane and resistance two are given. */
export interface LifOptions extends PassiveOptions {
  vRest: Parameter<'voltage'>;
  vThreshold: Parameter<'voltage'>;
  /** By default `vRest`. */
  vReset?: Parameter<'voltage'>;
  /** After a spike v stays at the reset for so long; by default not at all. */
  refractory?: Parameter<'time'>;
  /** A constant current. */
  current?: Parameter<'current'>;
  receptors?: Receptors;
}

interface Parts {
  readonly context: GroupContext;
  readonly v: State;
  readonly tau: PerNeuron;
  readonly capacitance: PerNeuron;
  readonly leak: PerNeuron;
  readonly rest: PerNeuron;
  readonly current: PerNeuron;
  readonly spiking: readonly { values: PerNeuron; integer?: boolean }[];
  readonly until: number;
}

/**
 * A leaky integrate-and-fire neuron.
 * @throws TypeError for a quantity of another kind; RangeError for a time constant below the step, when a group is made
 */
export function lif(options: LifOptions): NeuronModel {
  return {
    type: 'lif',
    create(context) {
      const parts = partsOf(context, options);
      const receptors = options.receptors ?? {};
      const hasConductance = Object.values(receptors).some(({ reversal }) => reversal !== undefined);
      return hasConductance ? withConductances(parts, receptors) : withCurrents(parts, receptors);
    },
  };
}

function partsOf(context: GroupContext, options: LifOptions): Parts {
  const voltage = (key: 'vRest' | 'vThreshold' | 'vReset', fallback?: unknown) =>
    context.resolve(options[key] ?? fallback, 'voltage', `lif: ${key}`);
  const { capacitance, leak } = passive(context, options, 'lif');
  const tau = combine([capacitance, leak], (c, g) => c / g);
  checkTimeConstant(context, tau, 'lif: tauMembrane');
  const rest = voltage('vRest');
  const steps = refractorySteps(context, options.refractory, 'lif: refractory');
  return {
    context,
    tau,
    capacitance,
    leak,
    rest,
    v: context.state('v', 'voltage', rest),
    current: options.current === undefined ? 0 : context.resolve(options.current, 'current', 'lif: current'),
    spiking: [
      { values: voltage('vThreshold') },
      { values: voltage('vReset', options.vRest) },
      { values: steps, integer: true },
    ],
    until: refractoryState(context, steps),
  };
}

/** What both kernels read first. */
const membrane = ({ context, v, until }: Parts, { spikes, drive, jump }: GroupInputs) => ({
  wide: context.arrays.wide,
  n: context.size,
  clock: context.clock,
  v: v.address,
  until,
  spikes,
  drive,
  jump,
});

const withinOperands = ({ within }: PlacedReceptors) => ({
  receptors: within.length,
  g0: within[0]?.state.address ?? 0,
  g1: within[1]?.state.address ?? 0,
});

function withCurrents(parts: Parts, receptors: Receptors): GroupModel {
  const { context, v, tau, capacitance, leak, rest, current, spiking } = parts;
  const { dt, size, arrays } = context;
  const gain = combine([tau, leak], (t, g) => (1 - exp(-dt / t)) / g);
  const gains = (receptor: Receptor, which: 0 | 1) =>
    combine([tau, capacitance], (t, c) => exactGains(receptor, t, c, dt)[which]);
  // the drive is multiplied by `gain`, which what a receptor gives must not be
  const perGain = (receptor: Receptor, which: 0 | 1) => combine([gains(receptor, which), gain], (x, y) => x / y);
  const placed = placeReceptors(context, v, receptors, {
    within: 2,
    conductances: 'summed',
    gains: (receptor) => [perGain(receptor, 0), perGain(receptor, 1)],
    fits: () => true,
  });
  const block = arrays.block(
    size,
    [
      ...spiking,
      { values: combine([rest, current, leak], (e, i, g) => e + i / g) },
      { values: combine([tau], (t) => exp(-dt / t)) },
      { values: gain },
      ...placed.within.flatMap(({ receptor }) => [
        { values: gains(receptor, 0) },
        { values: receptorSteps(receptor, dt).gDecay },
      ]),
    ],
    context.name,
  );
  const instructions = (inputs: GroupInputs): NeuronInstruction[] => [
    ...placed.instructions({ drive: inputs.drive, conductance: 0, reversal: 0 }),
    instruction('Lif', { ...membrane(parts, inputs), ...block, ...withinOperands(placed) }),
  ];
  return {
    receptors: placed.targets,
    checked: [v],
    needsDrive: placed.separateDrive,
    driveDimension: 'current',
    instructions,
  };
}

function withConductances(parts: Parts, receptors: Receptors): GroupModel {
  const { context, v, capacitance, leak, rest, current, spiking } = parts;
  const { dt, size, arrays } = context;
  const placed = placeReceptors(context, v, receptors, {
    within: 2,
    conductances: 'summed',
    gains: () => [1, 1],
    fits: ({ reversal }) => reversal !== undefined,
  });
  const block = arrays.block(
    size,
    [
      ...spiking,
      { values: combine([leak, rest, current], (g, e, i) => g * e + i) },
      { values: leak },
      { values: combine([capacitance], (c) => dt / c) },
      ...placed.within.flatMap(({ receptor }) => [
        { values: receptor.reversal! },
        { values: receptorSteps(receptor, dt).gDecay },
      ]),
    ],
    context.name,
  );
  const sums = placed.separateConductance
    ? { conductance: context.hidden(), reversal: context.hidden() }
    : { conductance: 0, reversal: 0 };
  const instructions = (inputs: GroupInputs): NeuronInstruction[] => [
    ...placed.instructions({ drive: inputs.drive, ...sums }),
    instruction('LifConductance', { ...membrane(parts, inputs), ...block, ...withinOperands(placed), ...sums }),
  ];
  return {
    receptors: placed.targets,
    checked: [v],
    needsDrive: placed.separateDrive,
    driveDimension: 'current',
    instructions,
  };
}
