// Receptors: how a synapse's conductance or current rises and falls after a spike arrives. All are linear:
//   exponential          g' = −g/τ, g += w
//   alpha                g(t) = w (t/τ) e^(1−t/τ): the peak is w, at t = τ
//   doubleExponential    g(t) = w · norm · (e^(−t/τ_decay) − e^(−t/τ_rise)): the peak is w
// With a reversal potential a receptor is a conductance (weights in nS); without, a current (weights in pA).
// source: Roth, van Rossum, Modeling synapses, in De Schutter (ed.), Computational Modeling Methods, 2009
import { exp, log } from '../../core/deterministic.ts';
import { ReceptorForm } from '../../core/generated/neuron-instructions.ts';

import { instruction, type NeuronInstruction } from '../program.ts';
import { propagator } from '../propagator.ts';
import { positive, valueOf } from '../checks.ts';
import { mM, ms, mV, type Quantity, type Time, type Voltage } from '../units.ts';
import type { GroupContext, State } from './model.ts';
import type { PerNeuron } from '../arrays.ts';

/** What receptors have in common. */
export interface ReceptorOptions {
  /** The potential at which no current flows; with it the receptor is a conductance, without it a current. */
  reversal?: Voltage;
}

/** A kind of receptor, to be given to a neuron model by name. */
export interface Receptor {
  readonly kind: 'exponential' | 'alpha' | 'doubleExponential' | 'tonic';
  /** Time constants in ms: of the rise (none where it is at once), and of the decay. */
  readonly rise: number;
  readonly decay: number;
  /** In mV; undefined for a current. */
  readonly reversal: number | undefined;
  /** In mM; undefined where magnesium does not block it. */
  readonly magnesium: number | undefined;
}

/** The receptors of a model, by the names that `connect` calls them. */
export type Receptors = Readonly<Record<string, Receptor>>;

const reversalOf = (kind: string, { reversal }: ReceptorOptions): number | undefined =>
  reversal === undefined ? undefined : valueOf(reversal, 'voltage', `${kind}: reversal`);

/** Jumps by the weight, then decays with `tau`. */
export function exponential(options: ReceptorOptions & { tau: Time }): Receptor {
  const decay = positive(options.tau, 'time', 'exponential: tau');
  return { kind: 'exponential', rise: 0, decay, reversal: reversalOf('exponential', options), magnesium: undefined };
}

/** Rises to the weight within `tau`, and decays with it. */
export function alpha(options: ReceptorOptions & { tau: Time }): Receptor {
  const tau = positive(options.tau, 'time', 'alpha: tau');
  return { kind: 'alpha', rise: tau, decay: tau, reversal: reversalOf('alpha', options), magnesium: undefined };
}

/**
 * Rises with one time constant and decays with another; the peak is the weight.
 * @throws RangeError unless the rise is shorter than the decay
 */
export function doubleExponential(options: ReceptorOptions & { tauRise: Time; tauDecay: Time }): Receptor {
  const kind = 'doubleExponential';
  const rise = positive(options.tauRise, 'time', `${kind}: tauRise`);
  const decay = positive(options.tauDecay, 'time', `${kind}: tauDecay`);
  if (rise >= decay)
    throw new RangeError(`${kind}: expected tauRise below tauDecay, got ${options.tauRise} and ${options.tauDecay}`);
  return { kind, rise, decay, reversal: reversalOf(kind, options), magnesium: undefined };
}

/** The usual constants of a receptor, where no others are given. */
export interface NamedReceptorOptions {
  reversal?: Voltage;
  /** How fast it opens; not given and without a default: at once. */
  tauRise?: Time;
  tauDecay?: Time;
}

function named(
  { reversal, tauRise, tauDecay }: NamedReceptorOptions,
  usual: { readonly reversal: Voltage; readonly tauRise?: Time; readonly tauDecay: Time },
): Receptor {
  const [rise, decay] = [tauRise ?? usual.tauRise, tauDecay ?? usual.tauDecay];
  const given = { reversal: reversal ?? usual.reversal };
  return rise === undefined
    ? exponential({ tau: decay, ...given })
    : doubleExponential({ tauRise: rise, tauDecay: decay, ...given });
}

/** AMPA, fast excitation: opens at once, decays with 2 ms, reversal 0 mV. */
export const ampa = (options: NamedReceptorOptions = {}): Receptor =>
  named(options, { reversal: mV(0), tauDecay: ms(2) });

/** GABA-A, fast inhibition by chloride: opens at once, decays with 6 ms, reversal −75 mV. */
export const gabaA = (options: NamedReceptorOptions = {}): Receptor =>
  named(options, { reversal: mV(-75), tauDecay: ms(6) });

/** GABA-B, slow inhibition by potassium: opens with 50 ms, decays with 150 ms, reversal −95 mV. */
export const gabaB = (options: NamedReceptorOptions = {}): Receptor =>
  named(options, { reversal: mV(-95), tauRise: ms(50), tauDecay: ms(150) });

/**
 * NMDA: opens and closes slowly, and only where the membrane is depolarised: magnesium blocks it by the factor
 * B(v) = 1 / (1 + [Mg] e^(−0.062 v / mV) / 3.57 mM) (Jahr, Stevens, J. Neurosci. 10, 1990). The weight is the peak
 * conductance without the block.
 */
export function nmda(options: NmdaOptions = {}): Receptor {
  const { tauRise = ms(2), tauDecay = ms(100), reversal = mV(0), magnesium = mM(1) } = options;
  const concentration = valueOf(magnesium, 'concentration', 'nmda: magnesium');
  if (concentration < 0) throw new RangeError(`nmda: expected a concentration from 0 on, got ${magnesium}`);
  return { ...doubleExponential({ tauRise, tauDecay, reversal }), magnesium: concentration };
}

/**
 * A conductance that stays as it is: what `group.set` makes it, and each spike adds to. With magnesium it is blocked as
 * that of `nmda` is.
 */
export function tonic(options: Required<ReceptorOptions> & { magnesium?: Quantity<'concentration'> }): Receptor {
  const { magnesium } = options;
  const concentration = magnesium === undefined ? undefined : valueOf(magnesium, 'concentration', 'tonic: magnesium');
  const reversal = reversalOf('tonic', options);
  return { kind: 'tonic', rise: 0, decay: Infinity, reversal, magnesium: concentration };
}

/** What `nmda` may be told: 2 ms, 100 ms, 0 mV and 1 mM by default. */
export interface NmdaOptions extends ReceptorOptions {
  tauRise?: Time;
  tauDecay?: Time;
  /** The concentration of magnesium outside. */
  magnesium?: Quantity<'concentration'>;
}

/** B(v) of the magnesium block, v in mV and [Mg] in mM. */
export function magnesiumBlock(v: Voltage, magnesium: Quantity<'concentration'> = mM(1)): number {
  const mg = valueOf(magnesium, 'concentration', 'magnesiumBlock: magnesium');
  return 1 / (1 + (mg * exp(-0.062 * valueOf(v, 'voltage', 'magnesiumBlock: v'))) / 3.57);
}

/** Where the receptors of a group are, and how its membrane takes them. */
export interface PlacedReceptors {
  /** Where weights are added, by name. */
  readonly targets: ReadonlyMap<string, State>;
  /** Those that the membrane's own kernel steps: at most two, exponential, without magnesium. */
  readonly within: readonly { readonly receptor: Receptor; readonly state: State }[];
  /** Whether any of the others is a conductance that the membrane must add up. */
  readonly separateConductance: boolean;
  readonly separateDrive: boolean;
  /** Steps of the others. */
  instructions(places: { drive: number; conductance: number; reversal: number }): NeuronInstruction[];
}

/** What a current adds to the membrane in a step for each unit of g and y, and how g and y go on. */
interface Steps {
  readonly gDecay: number;
  readonly gFromY: number;
  readonly yDecay: number;
}

/** y' = −y/τ_rise, g' = −g/τ_decay + k y, where a unit of y makes a peak of 1 in g. */
export function receptorMatrix({ rise, decay }: Receptor): number[][] {
  if (rise === 0) return [[-1 / decay]];
  const opening = rise === decay ? exp(1) / rise : doubleNorm(rise, decay) * (1 / rise - 1 / decay);
  return [
    [-1 / decay, opening],
    [0, -1 / rise],
  ];
}

/** 1 / the peak of e^(−t/τ_decay) − e^(−t/τ_rise). */
export function doubleNorm(rise: number, decay: number): number {
  const peak = ((rise * decay) / (decay - rise)) * log(decay / rise);
  return 1 / (exp(-peak / decay) - exp(-peak / rise));
}

export function receptorSteps(receptor: Receptor, dt: number): Steps {
  const step = propagator(receptorMatrix(receptor), dt);
  return receptor.rise === 0
    ? { gDecay: step[0]![0]!, gFromY: 0, yDecay: 0 }
    : { gDecay: step[0]![0]!, gFromY: step[0]![1]!, yDecay: step[1]![1]! };
}

/**
 * What a linear membrane (τ v' = −v + R I) gains in a step from a unit of g and of y at its beginning, exactly.
 */
export function exactGains(receptor: Receptor, tau: number, capacitance: number, dt: number): [g: number, y: number] {
  const inner = receptorMatrix(receptor);
  const rows = inner.map((row) => [0, ...row]);
  const step = propagator([[-1 / tau, 1 / capacitance, ...inner.slice(1).map(() => 0)], ...rows], dt);
  return [step[0]![1]!, step[0]![2] ?? 0];
}

interface PlaceOptions {
  /** How many exponential receptors the membrane's kernel can step itself. */
  readonly within: number;
  /** How a conductance acts where it is not within. */
  readonly conductances: 'driving' | 'summed';
  /** What a current gives to the drive for each unit of g and y. */
  gains(receptor: Receptor): [g: PerNeuron, y: PerNeuron];
  /** Whether a receptor may be stepped by the membrane's kernel. */
  fits(receptor: Receptor): boolean;
}

/** The states of receptors, and the steps of those that the membrane does not hold itself. */
export function placeReceptors(
  context: GroupContext,
  v: State,
  receptors: Receptors,
  options: PlaceOptions,
): PlacedReceptors {
  const { dt, name } = context;
  const targets = new Map<string, State>();
  const within: { receptor: Receptor; state: State }[] = [];
  const separate: { receptor: Receptor; g: number; y: number }[] = [];
  for (const [key, receptor] of Object.entries(receptors)) {
    for (const tau of [receptor.rise, receptor.decay])
      if (tau > 0 && tau < dt)
        throw new RangeError(
          `${name}: the time constant ${tau} ms of receptor "${key}" is shorter than the step of ${dt} ms`,
        );
    const dimension = receptor.reversal === undefined ? 'current' : 'conductance';
    const state = context.state(key, dimension, 0);
    const fits = receptor.kind === 'exponential' && receptor.magnesium === undefined && options.fits(receptor);
    if (fits && within.length < options.within) {
      within.push({ receptor, state });
      targets.set(key, state);
    } else {
      const y = receptor.rise === 0 ? 0 : context.hidden();
      separate.push({ receptor, g: state.address, y });
      targets.set(key, { address: y || state.address, dimension });
    }
  }
  const isConductance = ({ receptor }: { receptor: Receptor }) => receptor.reversal !== undefined;
  const blocks = separate.map(({ receptor }) => receptorBlock(context, receptor, options));
  return {
    targets,
    within,
    separateConductance: options.conductances === 'summed' && separate.some(isConductance),
    separateDrive: separate.some((each) => options.conductances === 'driving' || !isConductance(each)),
    instructions: (places) =>
      separate.map(({ receptor, g, y }, k) =>
        instruction('Receptor', {
          wide: context.arrays.wide,
          n: context.size,
          form: formOf(receptor, options),
          stages: y ? 2 : 1,
          magnesium: receptor.magnesium === undefined ? 0 : 1,
          ...blocks[k]!,
          g,
          y,
          v: v.address,
          ...places,
        }),
      ),
  };
}

function formOf({ reversal }: Receptor, { conductances }: PlaceOptions): number {
  if (reversal === undefined) return ReceptorForm.Current;
  return conductances === 'driving' ? ReceptorForm.Driving : ReceptorForm.Conductance;
}

/** The parameters of one receptor's own instruction. */
function receptorBlock({ arrays, size, dt }: GroupContext, receptor: Receptor, { gains }: PlaceOptions) {
  const { gDecay, gFromY, yDecay } = receptorSteps(receptor, dt);
  const [g, y] = receptor.reversal === undefined ? gains(receptor) : [0, 0];
  const columns = [gDecay, gFromY, yDecay, g, y, receptor.reversal ?? 0, (receptor.magnesium ?? 0) / 3.57];
  return arrays.block(
    size,
    columns.map((values) => ({ values })),
    'receptor',
  );
}
