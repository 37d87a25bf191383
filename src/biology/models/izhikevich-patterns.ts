// The twenty patterns of Izhikevich's paper of 2004 and the eight cell types of 2003, with the author's initial values,
// steps and stimuli.
// source: Izhikevich, Which model to use for cortical spiking neurons?, IEEE Trans. Neural Netw. 15, 2004, figure 1
//         and its program; Simple model of spiking neurons, IEEE Trans. Neural Netw. 14, 2003, figure 2
import type { IzhikevichOptions } from './izhikevich.ts';

/** A neuron with the experiment that shows what it does. */
export interface IzhikevichPattern {
  readonly options: IzhikevichOptions;
  /** The author's step and the length of the experiment, in ms. */
  readonly dt: number;
  readonly duration: number;
  /** The current at a time in ms. */
  readonly current: (t: number) => number;
}

type Four = readonly [a: number, b: number, c: number, d: number];

function pattern(
  [a, b, c, d]: Four,
  v: number,
  dt: number,
  duration: number,
  current: (t: number) => number,
  others: Partial<IzhikevichOptions> = {},
): IzhikevichPattern {
  return { options: { a, b, c, d, v, ...others }, dt, duration, current };
}

const after = (start: number, size: number) => (t: number) => (t > start ? size : 0);
const between = (start: number, end: number, size: number) => (t: number) => (t > start && t < end ? size : 0);
/** Pulses of one length at several times, over a constant. */
const pulses =
  (times: readonly number[], length: number, size: number, base = 0) =>
  (t: number) =>
    times.some((start) => t > start && t < start + length) ? size : base;
const integrator = { linear: 4.1, constant: 108 };

/** The patterns of 2004, A to T. */
export const patterns = {
  tonicSpiking: pattern([0.02, 0.2, -65, 6], -70, 0.25, 100, after(10, 14)),
  phasicSpiking: pattern([0.02, 0.25, -65, 6], -64, 0.25, 200, after(20, 0.5)),
  tonicBursting: pattern([0.02, 0.2, -50, 2], -70, 0.25, 220, after(22, 15)),
  phasicBursting: pattern([0.02, 0.25, -55, 0.05], -64, 0.2, 200, after(20, 0.6)),
  mixedMode: pattern([0.02, 0.2, -55, 4], -70, 0.25, 160, after(16, 10)),
  spikeFrequencyAdaptation: pattern([0.01, 0.2, -65, 8], -70, 0.25, 85, after(8.5, 30)),
  class1: pattern([0.02, -0.1, -55, 6], -60, 0.25, 300, (t) => (t > 30 ? 0.075 * (t - 30) : 0), integrator),
  class2: pattern([0.2, 0.26, -65, 0], -64, 0.25, 300, (t) => (t > 30 ? -0.5 + 0.015 * (t - 30) : -0.5)),
  spikeLatency: pattern([0.02, 0.2, -65, 6], -70, 0.2, 100, between(10, 13, 7.04)),
  subthresholdOscillations: pattern([0.05, 0.26, -60, 0], -62, 0.25, 200, between(20, 25, 2)),
  resonator: pattern([0.1, 0.26, -60, -1], -62, 0.25, 400, pulses([40, 60, 280, 320], 4, 0.65)),
  integrator: pattern([0.02, -0.1, -55, 6], -60, 0.25, 100, pulses([100 / 11, 100 / 11 + 5, 70, 80], 2, 9), integrator),
  reboundSpike: pattern([0.03, 0.25, -60, 4], -64, 0.2, 200, between(20, 25, -15)),
  reboundBurst: pattern([0.03, 0.25, -52, 0], -64, 0.2, 200, between(20, 25, -15)),
  thresholdVariability: pattern([0.03, 0.25, -60, 4], -64, 0.25, 100, (t) =>
    (t > 10 && t < 15) || (t > 80 && t < 85) ? 1 : t > 70 && t < 75 ? -6 : 0,
  ),
  bistability: pattern([0.1, 0.26, -60, 0], -61, 0.25, 300, pulses([37.5, 216], 5, 1.24, 0.24)),
  depolarizingAfterPotential: pattern([1, 0.2, -60, -21], -70, 0.1, 50, (t) => (Math.abs(t - 10) < 1 ? 20 : 0)),
  accommodation: pattern(
    [0.02, 1, -55, 4],
    -65,
    0.5,
    400,
    (t) => (t < 200 ? t / 25 : t < 300 ? 0 : t < 312.5 ? ((t - 300) / 12.5) * 4 : 0),
    { accommodation: true, u: -16 },
  ),
  inhibitionInducedSpiking: pattern([-0.02, -1, -60, 8], -63.8, 0.5, 350, (t) => (t < 50 || t > 250 ? 80 : 75)),
  inhibitionInducedBursting: pattern([-0.026, -1, -45, -2], -63.8, 0.5, 350, (t) => (t < 50 || t > 250 ? 80 : 75)),
} as const;

export type PatternName = keyof typeof patterns;

/** The cell types of 2003. */
export const cellTypes = {
  regularSpiking: pattern([0.02, 0.2, -65, 8], -63, 0.25, 150, after(15, 14)),
  intrinsicallyBursting: pattern([0.02, 0.2, -55, 4], -70, 0.25, 150, after(15, 11)),
  chattering: pattern([0.02, 0.2, -50, 2], -70, 0.25, 150, after(15, 10)),
  fastSpiking: pattern([0.1, 0.2, -65, 2], -70, 0.25, 150, after(15, 10)),
  thalamoCortical: pattern([0.02, 0.25, -65, 0.05], -63, 0.25, 150, after(30, 1.5)),
  thalamoCorticalBurst: pattern([0.02, 0.25, -65, 0.05], -87, 0.25, 150, (t) => (t > 45 ? 0 : -25)),
  resonating: pattern([0.1, 0.26, -65, 2], -70, 0.25, 150, (t) => (t > 60 && t < 65 ? 10 : t > 10 ? -0.5 : -2)),
  lowThresholdSpiking: pattern([0.02, 0.25, -65, 2], -63, 0.25, 250, after(25, 10)),
} as const;

export type CellTypeName = keyof typeof cellTypes;
