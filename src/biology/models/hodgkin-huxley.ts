// Neurons with sodium and potassium channels: Hodgkin and Huxley's axon, and Traub and Miles's pyramidal cell.
//   C v' = I − g_Na m³ h (v − E_Na) − g_K n⁴ (v − E_K) − g_L (v − E_L) − Σ synapses,  x' = φ (α_x (1 − x) − β_x x)
// source: Hodgkin, Huxley, J. Physiol. 117, 1952; Traub, Miles, Neuronal Networks of the Hippocampus, 1991
import { exp, pow } from '../../core/deterministic.ts';
import { ChannelKind } from '../../core/generated/neuron-instructions.ts';
import { positive, valueOf } from '../checks.ts';
import { combine, type Parameter } from '../parameters.ts';
import { instruction } from '../program.ts';
import { celsius, mSPerCm2, mV, uFPerCm2, um2, type Quantity } from '../units.ts';
import { methodOf, type IntegrationMethod } from './adex.ts';
import { checkTimeConstant, positiveParameter, refractoryState, refractorySteps } from './membrane.ts';
import type { GroupContext, GroupInputs, GroupModel, NeuronModel } from './model.ts';
import { placeReceptors, receptorSteps, type PlacedReceptors, type Receptors } from './receptors.ts';

/** The parameters of `hodgkinHuxley`; what is left out is as in the paper of 1952, with rest at −65 mV. */
export interface HodgkinHuxleyOptions {
  /** 1 µF/cm² */
  capacitance?: Parameter<'capacitance density'>;
  /** 120, 36 and 0.3 mS/cm² */
  sodium?: Parameter<'conductance density'>;
  potassium?: Parameter<'conductance density'>;
  leak?: Parameter<'conductance density'>;
  /** 50, −77 and −54.387 mV */
  sodiumReversal?: Parameter<'voltage'>;
  potassiumReversal?: Parameter<'voltage'>;
  leakReversal?: Parameter<'voltage'>;
  /** Channels are three times as fast for each 10 °C above 6.3 °C. */
  temperature?: Quantity<'temperature'>;
  /** Of the membrane: with it currents from outside are in pA and receptors in nS; without, currents in µA/cm². */
  area?: Quantity<'area'>;
  /** A constant current through each cm². */
  current?: Parameter<'current density'>;
  /** A spike is an upward crossing of this potential: 0 mV by default. */
  vThreshold?: Parameter<'voltage'>;
  /** For so long after a spike there is no other. */
  refractory?: Parameter<'time'>;
  receptors?: Receptors;
  /** `exponentialEuler` by default, or `rungeKutta4`. */
  method?: IntegrationMethod;
}

/** The parameters of `traubMiles`; what is left out is as in the COBAHH network of Brette et al. 2007. */
export interface TraubMilesOptions extends Omit<HodgkinHuxleyOptions, 'temperature'> {
  /** Shifts the potentials at which channels open: −63 mV by default. */
  vShift?: Parameter<'voltage'>;
}

interface Kind {
  readonly type: string;
  readonly channels: number;
  readonly defaults: Required<
    Pick<
      HodgkinHuxleyOptions,
      | 'capacitance'
      | 'sodium'
      | 'potassium'
      | 'leak'
      | 'sodiumReversal'
      | 'potassiumReversal'
      | 'leakReversal'
      | 'vThreshold'
    >
  > & { area?: Quantity<'area'> };
  readonly rest: number;
  /** The rates at a potential, to begin at rest. */
  rates(u: number): Record<'m' | 'h' | 'n', readonly [open: number, close: number]>;
}

/** x / (1 − e^(−x)) */
const linoid = (x: number): number => (Math.abs(x) < 1e-6 ? 1 + x / 2 : x / (1 - exp(-x)));

const axon: Kind = {
  type: 'hodgkinHuxley',
  channels: ChannelKind.HodgkinHuxley,
  defaults: {
    capacitance: uFPerCm2(1),
    sodium: mSPerCm2(120),
    potassium: mSPerCm2(36),
    leak: mSPerCm2(0.3),
    sodiumReversal: mV(50),
    potassiumReversal: mV(-77),
    leakReversal: mV(-54.387),
    vThreshold: mV(0),
  },
  rest: -65,
  rates: (u) => ({
    m: [linoid((u + 40) / 10), 4 * exp(-(u + 65) / 18)],
    h: [0.07 * exp(-(u + 65) / 20), 1 / (1 + exp(-(u + 35) / 10))],
    n: [0.1 * linoid((u + 55) / 10), 0.125 * exp(-(u + 65) / 80)],
  }),
};

const pyramidal: Kind = {
  type: 'traubMiles',
  channels: ChannelKind.TraubMiles,
  defaults: {
    capacitance: uFPerCm2(1),
    sodium: mSPerCm2(100),
    potassium: mSPerCm2(30),
    leak: mSPerCm2(0.05),
    sodiumReversal: mV(50),
    potassiumReversal: mV(-90),
    leakReversal: mV(-60),
    vThreshold: mV(-20),
    area: um2(20000),
  },
  rest: -60,
  rates: (u) => ({
    m: [1.28 * linoid((u - 13) / 4), 1.4 * linoid((40 - u) / 5)],
    h: [0.128 * exp((17 - u) / 18), 4 / (1 + exp((40 - u) / 5))],
    n: [0.16 * linoid((u - 15) / 5), 0.5 * exp((10 - u) / 40)],
  }),
};

/** How fast the gates of a kind of channels open and close, in 1/ms, at a potential less the kind's shift. */
export const channelRates = (kind: 'hodgkinHuxley' | 'traubMiles', u: number): ReturnType<Kind['rates']> =>
  (kind === 'traubMiles' ? pyramidal : axon).rates(u);

/**
 * Hodgkin and Huxley's axon. It begins at −65 mV with its gates at rest there.
 * @throws RangeError for an unknown method
 */
export function hodgkinHuxley(options: HodgkinHuxleyOptions = {}): NeuronModel {
  const temperature = valueOf(options.temperature ?? celsius(6.3), 'temperature', 'hodgkinHuxley: temperature');
  return channelModel(axon, options, pow(3, (temperature - 6.3) / 10), undefined);
}

/**
 * Traub and Miles's pyramidal cell. It begins at −60 mV with its gates at rest there.
 * @throws RangeError for an unknown method
 */
export function traubMiles(options: TraubMilesOptions = {}): NeuronModel {
  return channelModel(pyramidal, options, 1, options.vShift ?? mV(-63));
}

function channelModel(
  kind: Kind,
  options: HodgkinHuxleyOptions,
  phi: number,
  shift: Parameter<'voltage'> | undefined,
): NeuronModel {
  const method = methodOf(options.method ?? 'exponentialEuler', ['exponentialEuler', 'rungeKutta4'], kind.type);
  return { type: kind.type, create: (context) => build(context, kind, options, method, phi, shift) };
}

/** In µm²; 1 where currents are densities. */
function areaOf(kind: Kind, options: HodgkinHuxleyOptions): number {
  const area = options.area ?? kind.defaults.area;
  if (area !== undefined) return positive(area, 'area', `${kind.type}: area`);
  if (Object.keys(options.receptors ?? {}).length)
    throw new TypeError(`${kind.type}: expected the area of the membrane, which receptors need, such as um2(20000)`);
  return 1;
}

function columnsOf(
  context: GroupContext,
  kind: Kind,
  options: HodgkinHuxleyOptions,
  phi: number,
  shift: ReturnType<GroupContext['resolve']>,
) {
  const { dt } = context;
  const all = { ...kind.defaults, ...options };
  const what = (key: string) => `${kind.type}: ${key}`;
  const area = areaOf(kind, options);
  const total = (
    key: 'capacitance' | 'sodium' | 'potassium' | 'leak',
    dimension: 'capacitance density' | 'conductance density',
  ) => combine([positiveParameter(context, all[key], dimension, what(key))], (x) => x * area);
  const voltage = (key: 'sodiumReversal' | 'potassiumReversal' | 'leakReversal' | 'vThreshold') =>
    context.resolve(all[key], 'voltage', what(key));
  const leak = total('leak', 'conductance density');
  const capacitance = total('capacitance', 'capacitance density');
  const tau = combine([capacitance, leak], (c, g) => c / g);
  checkTimeConstant(context, tau, what('capacitance / leak'));
  const current =
    options.current === undefined ? 0 : context.resolve(options.current, 'current density', what('current'));
  const steps = refractorySteps(context, options.refractory, what('refractory'));
  const columns = [
    { values: voltage('vThreshold') },
    { values: 0 },
    { values: steps, integer: true },
    { values: total('sodium', 'conductance density') },
    { values: voltage('sodiumReversal') },
    { values: total('potassium', 'conductance density') },
    { values: voltage('potassiumReversal') },
    { values: leak },
    { values: combine([leak, voltage('leakReversal'), current], (g, e, i) => g * e + i * area) },
    { values: combine([capacitance], (c) => dt / c) },
    { values: dt * phi },
    { values: shift },
  ];
  return { columns, steps };
}

function build(
  context: GroupContext,
  kind: Kind,
  options: HodgkinHuxleyOptions,
  method: number,
  phi: number,
  shiftOption: Parameter<'voltage'> | undefined,
): GroupModel {
  const { arrays, size, clock } = context;
  const shift = shiftOption === undefined ? 0 : context.resolve(shiftOption, 'voltage', `${kind.type}: vShift`);
  const { columns, steps } = columnsOf(context, kind, options, phi, shift);
  const v = context.state('v', 'voltage', kind.rest);
  const gate = (name: 'm' | 'h' | 'n') =>
    context.state(
      name,
      'number',
      combine([shift], (x) => {
        const [open, close] = kind.rates(kind.rest - x)[name];
        return open / (open + close);
      }),
    );
  const [m, h, n] = [gate('m'), gate('h'), gate('n')];
  const placed = placeReceptors(context, v, options.receptors ?? {}, {
    within: 2,
    conductances: 'summed',
    gains: () => [1, 0],
    fits: ({ reversal }) => reversal !== undefined,
  });
  const block = arrays.block(size, [...columns, ...receptorColumns(placed, context.dt)], context.name);
  const sums = placed.separateConductance
    ? { conductance: context.hidden(), reversal: context.hidden() }
    : { conductance: 0, reversal: 0 };
  const places = {
    wide: arrays.wide,
    n: size,
    clock,
    v: v.address,
    m: m.address,
    h: h.address,
    gateN: n.address,
    until: refractoryState(context, steps),
    channels: kind.channels,
    method,
    receptors: placed.within.length,
    g0: placed.within[0]?.state.address ?? 0,
    g1: placed.within[1]?.state.address ?? 0,
  };
  return {
    receptors: placed.targets,
    checked: [v],
    needsDrive: placed.separateDrive,
    driveDimension: (options.area ?? kind.defaults.area) ? 'current' : 'current density',
    instructions: (inputs: GroupInputs) => [
      ...placed.instructions({ drive: inputs.drive, ...sums }),
      instruction('HodgkinHuxley', { ...places, ...block, ...sums, ...inputs }),
    ],
  };
}

/** Reversal potential and decay of the receptors within; room for two. */
const receptorColumns = ({ within }: PlacedReceptors, dt: number) =>
  within.flatMap(({ receptor }) => [{ values: receptor.reversal! }, { values: receptorSteps(receptor, dt).gDecay }]);
