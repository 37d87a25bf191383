// Steps of single neurons in plain float64, as the kernels of assembly/neuron take them.

/** x after a step of x' = inward − rate x with both constant. */
export const relaxed = (x: number, inward: number, rate: number, step: number): number =>
  inward / rate + (x - inward / rate) * Math.exp(-rate * step);

/** x / (1 − e^(−x)) */
const linoid = (x: number): number => (Math.abs(x) < 1e-9 ? 1 : x / (1 - Math.exp(-x)));

export type Rates = Readonly<Record<'m' | 'h' | 'n', readonly [open: number, close: number]>>;

/** Of Hodgkin and Huxley's axon with rest at −65 mV, in 1/ms. */
export const axonRates = (v: number): Rates => ({
  m: [linoid((v + 40) / 10), 4 * Math.exp(-(v + 65) / 18)],
  h: [0.07 * Math.exp(-(v + 65) / 20), 1 / (1 + Math.exp(-(v + 35) / 10))],
  n: [0.1 * linoid((v + 55) / 10), 0.125 * Math.exp(-(v + 65) / 80)],
});

/** Of Traub and Miles's cell, u the potential above its shift. */
export const pyramidalRates = (u: number): Rates => ({
  m: [0.32 * 4 * linoid((u - 13) / 4), 0.28 * 5 * linoid((40 - u) / 5)],
  h: [0.128 * Math.exp((17 - u) / 18), 4 / (1 + Math.exp((40 - u) / 5))],
  n: [0.032 * 5 * linoid((u - 15) / 5), 0.5 * Math.exp((10 - u) / 40)],
});

/** State of a neuron with channels. */
export interface ChannelState {
  readonly v: number;
  readonly m: number;
  readonly h: number;
  readonly n: number;
}

/** Its conductances and reversal currents: of sodium, potassium, and the sum of all others. */
export interface ChannelParameters {
  readonly sodium: number;
  readonly sodiumReversal: number;
  readonly potassium: number;
  readonly potassiumReversal: number;
  readonly other: number;
  readonly otherCurrent: number;
  /** dt / C and dt φ. */
  readonly step: number;
  readonly gateStep: number;
  rates(v: number): Rates;
}

/** Exponential Euler: the gates for v as it is, then v for those gates. */
export function channelStep(state: ChannelState, p: ChannelParameters): ChannelState {
  const rates = p.rates(state.v);
  const gate = (name: 'm' | 'h' | 'n') => {
    const [open, close] = rates[name];
    return relaxed(state[name], open, open + close, p.gateStep);
  };
  const [m, h, n] = [gate('m'), gate('h'), gate('n')];
  const [na, k] = [p.sodium * m ** 3 * h, p.potassium * n ** 4];
  const inward = na * p.sodiumReversal + k * p.potassiumReversal + p.otherCurrent;
  return { v: relaxed(state.v, inward, na + k + p.other, p.step), m, h, n };
}

/** The classical Runge–Kutta method. */
export function channelRungeKutta(state: ChannelState, p: ChannelParameters): ChannelState {
  const slopes = ({ v, m, h, n }: ChannelState): ChannelState => {
    const rates = p.rates(v);
    const gate = (x: number, [open, close]: readonly [number, number]) => p.gateStep * (open - (open + close) * x);
    const [na, k] = [p.sodium * m ** 3 * h, p.potassium * n ** 4];
    const inward = na * p.sodiumReversal + k * p.potassiumReversal + p.otherCurrent;
    return {
      v: p.step * (inward - (na + k + p.other) * v),
      m: gate(m, rates.m),
      h: gate(h, rates.h),
      n: gate(n, rates.n),
    };
  };
  const moved = (slope: ChannelState, by: number): ChannelState => ({
    v: state.v + by * slope.v,
    m: state.m + by * slope.m,
    h: state.h + by * slope.h,
    n: state.n + by * slope.n,
  });
  const k1 = slopes(state);
  const k2 = slopes(moved(k1, 0.5));
  const k3 = slopes(moved(k2, 0.5));
  const k4 = slopes(moved(k3, 1));
  const mean = (name: keyof ChannelState) => (k1[name] + 2 * k2[name] + 2 * k3[name] + k4[name]) / 6;
  return moved({ v: mean('v'), m: mean('m'), h: mean('h'), n: mean('n') }, 1);
}

/** Parameters of the adaptive exponential neuron. */
export interface AdaptiveParameters {
  readonly peak: number;
  readonly rest: number;
  readonly threshold: number;
  readonly slope: number;
  readonly leak: number;
  readonly adaptation: number;
  readonly current: number;
  /** dt / C and dt / τ_w. */
  readonly step: number;
  readonly wStep: number;
}

/** dt times the slopes, v bounded by the peak. */
export function adaptiveSlopes(v: number, w: number, p: AdaptiveParameters): [v: number, w: number] {
  const x = Math.min(v, p.peak);
  const spike = p.leak * p.slope * Math.exp(Math.min((x - p.threshold) / p.slope, 30));
  return [p.step * (p.leak * (p.rest - x) + spike + p.current - w), p.wStep * (p.adaptation * (x - p.rest) - w)];
}
