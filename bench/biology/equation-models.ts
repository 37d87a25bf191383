// The standard models as equations, for the tests and for `bench/biology/equations.ts`.
import { equations, ms, mV, nS, pF, type EquationsOptions } from '../../src/biology/index.ts';

export const cubaText = `
  dv/dt = (ge + gi - (v - El)) / taum : volt (unless refractory)
  dge/dt = -ge / taue : volt
  dgi/dt = -gi / taui : volt
`;
export const cubaOptions: EquationsOptions = {
  constants: { taum: ms(20), taue: ms(5), taui: ms(10), El: mV(-49), Vt: mV(-50), Vr: mV(-60) },
  threshold: 'v > Vt',
  reset: 'v = Vr',
  refractory: ms(5),
};

export const cobaText = `
  dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v)) / C : volt (unless refractory)
  dge/dt = -ge / taue : siemens
  dgi/dt = -gi / taui : siemens
`;
export const cobaOptions: EquationsOptions = {
  constants: {
    C: pF(200),
    gl: nS(10),
    El: mV(-60),
    Ee: mV(0),
    Ei: mV(-80),
    taue: ms(5),
    taui: ms(10),
    Vt: mV(-50),
    Vr: mV(-60),
  },
  threshold: 'v > Vt',
  reset: 'v = Vr',
  refractory: ms(5),
  method: 'exponentialEuler',
};

export const cobahhText = `
  dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) - gna*m**3*h*(v - ENa) - gk*n**4*(v - EK)) / C : volt
  dm/dt = am*(1 - m) - bm*m : 1
  dh/dt = ah*(1 - h) - bh*h : 1
  dn/dt = an*(1 - n) - bn*n : 1
  dge/dt = -ge / taue : siemens
  dgi/dt = -gi / taui : siemens
  u = v - VT : volt
  am = 0.32*(4*mV)/exprel((13*mV - u)/(4*mV))/ms/mV : Hz
  bm = 0.28*(5*mV)/exprel((u - 40*mV)/(5*mV))/ms/mV : Hz
  ah = 0.128*exp((17*mV - u)/(18*mV))/ms : Hz
  bh = 4/(1 + exp((40*mV - u)/(5*mV)))/ms : Hz
  an = 0.032*(5*mV)/exprel((15*mV - u)/(5*mV))/ms/mV : Hz
  bn = 0.5*exp((10*mV - u)/(40*mV))/ms : Hz
`;
export const cobahhOptions: EquationsOptions = {
  constants: {
    C: pF(200),
    gl: nS(10),
    El: mV(-60),
    ENa: mV(50),
    EK: mV(-90),
    gna: '20*uS',
    gk: '6*uS',
    Ee: mV(0),
    Ei: mV(-80),
    taue: ms(5),
    taui: ms(10),
    VT: mV(-63),
  },
  threshold: 'v > -20*mV',
  refractory: ms(3),
  method: 'exponentialEuler',
};

/** Hodgkin and Huxley's axon; `I` is a current density that stimuli add to. */
export const hodgkinHuxleyText = `
  dv/dt = (I0 + I - gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK) - gL*(v - EL)) / C : volt
  dm/dt = phi*(am*(1 - m) - bm*m) : 1
  dh/dt = phi*(ah*(1 - h) - bh*h) : 1
  dn/dt = phi*(an*(1 - n) - bn*n) : 1
  am = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
  bm = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
  ah = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
  bh = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
  an = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
  bn = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
  phi = 3**((T - 279.45*kelvin)/(10*kelvin)) : 1
  I : uA/cm**2 (input)
  I0 : uA/cm**2 (constant)
`;

/** In the upswing, which ends at 0 mV, exponent and potential are bounded for what a method tries beyond. */
export const adaptiveExponentialText = `
  dv/dt = (gL*(EL - v) + gL*DT*exp(clip((v - VT)/DT, -100, 30)) - w + I) / C : volt (unless refractory)
  dw/dt = (a*(clip(v, -200*mV, 0*mV) - EL) - w) / tauw : amp
`;

/** Numbers without units; time in ms. */
export const izhikevichText = `
  dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
  du/dt = a*(b*v - u)/ms : 1
  I : 1 (input)
`;

export const texts = {
  cuba: equations(cubaText, cubaOptions),
  coba: equations(cobaText, cobaOptions),
  cobahh: equations(cobahhText, cobahhOptions),
};
