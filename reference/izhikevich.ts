// Izhikevich's neuron as its author wrote it: Euler's method in doubles, v first, then u with the new v.
// source: the program of figure 1 of Izhikevich 2004

/** The parameters of one neuron and its experiment. */
export interface IzhikevichExperiment {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly v: number;
  readonly u?: number;
  readonly linear?: number;
  readonly constant?: number;
  readonly accommodation?: boolean;
  readonly dt: number;
  readonly duration: number;
  readonly current: (t: number) => number;
}

/** The times of the spikes: the beginning of the step that found each. */
export function izhikevichSpikes(experiment: IzhikevichExperiment): number[] {
  const { a, b, c, d, linear = 5, constant = 140, accommodation = false, dt, duration, current } = experiment;
  let { v, u = b * v } = experiment;
  const spikes: number[] = [];
  for (let k = 0; k * dt <= duration + 1e-9; k++) {
    v += dt * (0.04 * v * v + linear * v + constant - u + current(k * dt));
    u += accommodation ? dt * a * (b * (v + 65)) : dt * a * (b * v - u);
    if (v <= 30) continue;
    v = c;
    u += d;
    spikes.push(Math.round(k * dt * 1e6) / 1e6);
  }
  return spikes;
}
