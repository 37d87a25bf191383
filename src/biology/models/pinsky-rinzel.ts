// Pinsky and Rinzel's pyramidal cell: a soma with sodium and potassium channels and a dendrite with calcium, joined by a
// conductance. A weak current makes bursts that ride on a calcium spike of the dendrite, a strong one single spikes.
//   C v' = −g_L (v − E_L) − g_Na m∞² h (v − E_Na) − g_K n (v − E_K) + g_c (v_d − v)/p + I/p
//   C v_d' = −g_L (v_d − E_L) − g_Ca s² (v_d − E_Ca) − (g_AHP q + g_KCa c χ) (v_d − E_K) + g_c (v − v_d)/(1 − p) + I_d/(1 − p)
//   Ca' = −0.13 I_Ca − 0.075 Ca, χ = min(Ca/250, 1); x' = α_x (1 − x) − β_x x for h, n, s, c, q
// Potentials are absolute, 60 mV below those of the paper, which count from rest.
// source: Pinsky, Rinzel, Intrinsic and network rhythmogenesis in a reduced Traub model for CA3 neurons,
//         J. Comput. Neurosci. 1, 1994
import { valueOf } from '../checks.ts';
import { equations } from '../equations/index.ts';
import { mSPerCm2, mV, uAPerCm2, uFPerCm2, type Quantity, type Voltage } from '../units.ts';
import type { NeuronModel } from './model.ts';

/** The parameters of `pinskyRinzel`; what is left out is as in the paper. */
export interface PinskyRinzelOptions {
  /** 3 µF/cm² */
  capacitance?: Quantity<'capacitance density'>;
  /** Between soma and dendrite: 2.1 mS/cm². */
  coupling?: Quantity<'conductance density'>;
  /** The soma's part of the membrane: 0.5. */
  somaPart?: number;
  /** 0.1 mS/cm² */
  leak?: Quantity<'conductance density'>;
  /** Of the soma: 30 and 15 mS/cm². */
  sodium?: Quantity<'conductance density'>;
  potassium?: Quantity<'conductance density'>;
  /** Of the dendrite: 10, and 0.8 and 15 mS/cm² of the potassium channels that calcium opens, slowly and fast. */
  calcium?: Quantity<'conductance density'>;
  afterHyperpolarisation?: Quantity<'conductance density'>;
  calciumPotassium?: Quantity<'conductance density'>;
  /** −60, 60, −75 and 80 mV */
  leakReversal?: Voltage;
  sodiumReversal?: Voltage;
  potassiumReversal?: Voltage;
  calciumReversal?: Voltage;
  /** Constant currents into soma and dendrite, of each cm² of the whole membrane: −0.5 and 0 µA/cm². */
  current?: Quantity<'current density'>;
  dendriteCurrent?: Quantity<'current density'>;
  /** A spike is an upward crossing of this potential by the soma: −20 mV by default, which the second of a burst passes. */
  vThreshold?: Voltage;
}

// x / (e^x − 1) is 1 / exprel(x)
const text = `
dv/dt = (-gL*(v - EL) - gNa*m**2*h*(v - ENa) - gK*n*(v - EK) + gc*(vDendrite - v)/p + (Is + current)/p)/C : volt
dvDendrite/dt = (-gL*(vDendrite - EL) - ICa - gD*(vDendrite - EK) + gc*(v - vDendrite)/(1 - p) + (Id + dendrite)/(1 - p))/C : volt
dh/dt = (ah*(1 - h) - bh*h)/ms : 1
dn/dt = (an*(1 - n) - bn*n)/ms : 1
ds/dt = (as*(1 - s) - bs*s)/ms : 1
dc/dt = (ac*(1 - c) - bc*c)/ms : 1
dq/dt = (aq*(1 - q) - 0.001*q)/ms : 1
dcalcium/dt = (-0.13*ICa/(uA/cm**2) - 0.075*calcium)/ms : 1
ICa = gCa*s**2*(vDendrite - ECa) : amp/meter**2
gD = gAHP*q + gKCa*c*clip(calcium/250, 0, 1) : siemens/meter**2
u = v/mV : 1
w = vDendrite/mV : 1
am = 1.28/exprel((-46.9 - u)/4) : 1
bm = 1.4/exprel((u + 19.9)/5) : 1
m = am/(am + bm) : 1
ah = 0.128*exp((-43 - u)/18) : 1
bh = 4/(1 + exp((-20 - u)/5)) : 1
an = 0.08/exprel((-24.9 - u)/5) : 1
bn = 0.25*exp(-1 - 0.025*u) : 1
as = 1.6/(1 + exp(-0.072*(w - 5))) : 1
bs = 0.1/exprel((w + 8.9)/5) : 1
fall = 2*exp((-53.5 - w)/27) : 1
low = int(w <= -10) : 1
ac = low*exp(clip((w + 50)/11 - (w + 53.5)/27, -80, 80))/18.975 + (1 - low)*fall : 1
bc = low*(fall - ac) : 1
aq = clip(0.00002*calcium, 0, 0.01) : 1
current : amp/meter**2 (input)
dendrite : amp/meter**2 (input)
`;

/**
 * Pinsky and Rinzel's cell of two compartments, by Runge and Kutta's method. Its states are `v` and `vDendrite`, the gates
 * `h`, `n`, `s`, `c`, `q` and `calcium`; currents from outside are densities at the receptors `current` and `dendrite`.
 * @throws RangeError for a part of the soma outside 0 to 1; TypeError for a quantity of another kind
 */
export function pinskyRinzel(options: PinskyRinzelOptions = {}): NeuronModel {
  const { somaPart = 0.5 } = options;
  if (!(somaPart > 0 && somaPart < 1))
    throw new RangeError(`pinskyRinzel: expected somaPart between 0 and 1, got ${somaPart}`);
  const density = (key: keyof PinskyRinzelOptions, fallback: number) => {
    const given = (options[key] ?? mSPerCm2(fallback)) as Quantity<'conductance density'>;
    if (valueOf(given, 'conductance density', `pinskyRinzel: ${key}`) < 0)
      throw new RangeError(`pinskyRinzel: ${key}: expected no density below 0, got ${given}`);
    return given;
  };
  const { capacitance = uFPerCm2(3), vThreshold = mV(-20) } = options;
  const constants = {
    C: capacitance,
    p: somaPart,
    gc: density('coupling', 2.1),
    gL: density('leak', 0.1),
    gNa: density('sodium', 30),
    gK: density('potassium', 15),
    gCa: density('calcium', 10),
    gAHP: density('afterHyperpolarisation', 0.8),
    gKCa: density('calciumPotassium', 15),
    EL: options.leakReversal ?? mV(-60),
    ENa: options.sodiumReversal ?? mV(60),
    EK: options.potassiumReversal ?? mV(-75),
    ECa: options.calciumReversal ?? mV(80),
    Is: options.current ?? uAPerCm2(-0.5),
    Id: options.dendriteCurrent ?? uAPerCm2(0),
    threshold: vThreshold,
  };
  const rest = { v: mV(-64.43), vDendrite: mV(-64.43), h: 0.999, n: 0.001, s: 0.009, c: 0.007, q: 0.01, calcium: 0.2 };
  const spiking = { threshold: 'v > threshold', refractory: 'v > threshold' };
  const model = equations(text, { constants, initial: rest, method: 'rungeKutta4', ...spiking });
  return { ...model, type: 'pinskyRinzel' };
}
