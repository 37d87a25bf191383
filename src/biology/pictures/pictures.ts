// The figures that neuroscience draws: traces, rasters, rates, f–I curves, phase planes, windows of plasticity, tuning,
// travelling spikes, histograms of weights. Each is numbers and a drawing of them.
import { exp } from '../../core/deterministic.ts';
import type { RateMonitor } from '../monitors/rates.ts';
import type { SpikeMonitor } from '../monitors/spikes.ts';
import { amountReader, type PlasticityRule } from '../plasticity/rule.ts';
import { chart, colours, legend, line, pixel, points, rangeOf, type Picture, type PictureOptions } from './chart.ts';

type Numbers = ArrayLike<number>;

function sameLength(what: string, lengths: Readonly<Record<string, number>>): void {
  const values = Object.entries(lengths);
  if (values.some(([, n]) => n !== values[0]![1]))
    throw new RangeError(`${what}: expected as many of each, got ${values.map(([k, n]) => `${n} ${k}`).join(', ')}`);
}

const list = (values: Numbers): number[] => Array.from(values);

/** Named series over time. */
export interface TraceData {
  readonly times: Numbers;
  readonly series: Readonly<Record<string, Numbers>>;
}

/**
 * Series over time in ms, such as potentials of neurons, each with a colour and its name.
 * @throws RangeError for a series of another length than the times
 */
export function tracePicture(data: TraceData, options: PictureOptions & { yLabel?: string } = {}): Picture<TraceData> {
  const { times, series } = data;
  const names = Object.keys(series);
  for (const name of names) sameLength('tracePicture', { times: times.length, [name]: series[name]!.length });
  const frame = {
    x: rangeOf(times),
    y: rangeOf(names.flatMap((name) => list(rangeOf(series[name]!)))),
    xLabel: 'time (ms)',
    yLabel: options.yLabel ?? 'v (mV)',
    options,
  };
  const svg = chart(
    frame,
    (scales) =>
      names.map((name, k) => line(scales, times, series[name]!, colours[k % colours.length])).join('') +
      (names.length > 1 ? legend(names, options.width ?? 640) : ''),
  );
  return { data, svg };
}

/** Which neuron spiked when, in ms. */
export interface RasterData {
  readonly times: Numbers;
  readonly neurons: Numbers;
}

/** A dot for each spike. @throws RangeError for unequal numbers of times and neurons */
export function rasterPicture(spikes: SpikeMonitor | RasterData, options: PictureOptions = {}): Picture<RasterData> {
  const data = { times: spikes.times, neurons: spikes.neurons };
  sameLength('rasterPicture', { times: data.times.length, neurons: data.neurons.length });
  const frame = {
    x: rangeOf(data.times),
    y: rangeOf(data.neurons, [0]),
    xLabel: 'time (ms)',
    yLabel: 'neuron',
    options,
  };
  const svg = chart(frame, ({ x, y }) => {
    let path = '';
    for (let k = 0; k < data.times.length; k++)
      path += `M${pixel(x(data.times[k]!))},${pixel(y(data.neurons[k]!) - 1)}v2`;
    return `<path stroke="#000" stroke-width="1" d="${path}"/>`;
  });
  return { data, svg };
}

/** A rate in Hz over time in ms. */
export interface RateData {
  readonly times: Numbers;
  readonly rates: Numbers;
}

/** The rate of a population. @throws RangeError for unequal numbers of times and rates */
export function ratePicture(rate: RateMonitor | RateData, options: PictureOptions = {}): Picture<RateData> {
  const data = { times: rate.times, rates: rate.rates };
  sameLength('ratePicture', { times: data.times.length, rates: data.rates.length });
  const frame = {
    x: rangeOf(data.times),
    y: rangeOf(data.rates, [0]),
    xLabel: 'time (ms)',
    yLabel: 'rate (Hz)',
    options,
  };
  return { data, svg: chart(frame, (scales) => line(scales, data.times, data.rates)) };
}

/** Rates in Hz by current, as measured and, where it is known, by a formula. */
export interface CurrentRateData {
  readonly currents: Numbers;
  readonly rates: Numbers;
  readonly formula?: Numbers;
}

/** The f–I curve: dots for what was measured, a line for the formula. @throws RangeError for unequal lengths */
export function currentRatePicture(
  data: CurrentRateData,
  options: PictureOptions & { unit?: string } = {},
): Picture<CurrentRateData> {
  const { currents, rates, formula } = data;
  sameLength('currentRatePicture', {
    currents: currents.length,
    rates: rates.length,
    ...(formula && { formula: formula.length }),
  });
  const frame = {
    x: rangeOf(currents),
    y: rangeOf([...list(rates), ...(formula ? list(formula) : [])], [0]),
    xLabel: `current (${options.unit ?? 'pA'})`,
    yLabel: 'rate (Hz)',
    options,
  };
  const svg = chart(
    frame,
    (scales) => (formula ? line(scales, currents, formula) : '') + points(scales, currents, rates),
  );
  return { data, svg };
}

/** What a phase plane is drawn of. */
export interface PhasePlaneOptions extends PictureOptions {
  x: readonly [least: number, most: number];
  y: readonly [least: number, most: number];
  /** dx/dt and dy/dt. */
  flow: (x: number, y: number) => readonly [dx: number, dy: number];
  /** What the system does from somewhere on: x and y over time. */
  trajectory?: readonly [x: Numbers, y: Numbers];
  xLabel?: string;
  yLabel?: string;
}

/** The points of both nullclines, pairs of ends of short segments, and fixed points. */
export interface PhasePlaneData {
  readonly xNullcline: readonly (readonly [number, number, number, number])[];
  readonly yNullcline: readonly (readonly [number, number, number, number])[];
}

/** Where a function is 0 on a grid, as segments (marching squares). */
function zeros(f: (x: number, y: number) => number, xs: readonly number[], ys: readonly number[]) {
  const values = xs.map((x) => ys.map((y) => f(x, y)));
  const segments: [number, number, number, number][] = [];
  for (let i = 0; i + 1 < xs.length; i++)
    for (let j = 0; j + 1 < ys.length; j++) {
      const corners = [
        [xs[i]!, ys[j]!, values[i]![j]!],
        [xs[i + 1]!, ys[j]!, values[i + 1]![j]!],
        [xs[i + 1]!, ys[j + 1]!, values[i + 1]![j + 1]!],
        [xs[i]!, ys[j + 1]!, values[i]![j + 1]!],
      ] as const;
      const crossings = corners.flatMap(([x0, y0, f0], k) => {
        const [x1, y1, f1] = corners[(k + 1) % 4]!;
        if (f0 < 0 === f1 < 0) return [];
        const t = f0 / (f0 - f1);
        return [[x0 + t * (x1 - x0), y0 + t * (y1 - y0)]];
      });
      for (let k = 0; k + 1 < crossings.length; k += 2)
        segments.push([...crossings[k]!, ...crossings[k + 1]!] as [number, number, number, number]);
    }
  return segments;
}

/** The phase plane of two variables: where each stands still, and a trajectory. */
export function phasePlanePicture(options: PhasePlaneOptions): Picture<PhasePlaneData> {
  const { x, y, flow, trajectory, xLabel = 'v (mV)', yLabel = 'w' } = options;
  if (!(x[0] < x[1] && y[0] < y[1])) throw new RangeError(`phasePlanePicture: expected ranges, got ${x} and ${y}`);
  const grid = ([least, most]: readonly [number, number]) =>
    Array.from({ length: 201 }, (_, k) => least + ((most - least) * k) / 200);
  const [xs, ys] = [grid(x), grid(y)];
  const data = {
    xNullcline: zeros((a, b) => flow(a, b)[0], xs, ys),
    yNullcline: zeros((a, b) => flow(a, b)[1], xs, ys),
  };
  const svg = chart({ x, y, xLabel, yLabel, options }, (scales) => {
    const draw = (segments: PhasePlaneData['xNullcline'], colour: string) =>
      `<path fill="none" stroke="${colour}" stroke-width="1.5" d="${segments
        .map(
          ([a, b, c, d]) => `M${pixel(scales.x(a))},${pixel(scales.y(b))}L${pixel(scales.x(c))},${pixel(scales.y(d))}`,
        )
        .join('')}"/>`;
    const inside = trajectory && [
      list(trajectory[0]).map((v) => (v < x[0] || v > x[1] ? NaN : v)),
      list(trajectory[1]).map((v) => (v < y[0] || v > y[1] ? NaN : v)),
    ];
    return (
      draw(data.xNullcline, colours[0]!) +
      draw(data.yNullcline, colours[1]!) +
      (inside ? line(scales, inside[0]!, inside[1]!, '#555') : '') +
      legend(['dx/dt = 0', 'dy/dt = 0'], options.width ?? 640)
    );
  });
  return { data, svg };
}

/** The change of a weight by the time from the source's spike to the target's, in ms. */
export interface WindowData {
  readonly intervals: Numbers;
  readonly changes: Numbers;
}

/**
 * The window of a rule over pairs, for weights without a unit or in any unit: what `weight` would change by.
 * @throws TypeError for a rule by which a pair's time alone does not tell the change: any but `pairStdp`
 */
export function stdpWindow(rule: PlasticityRule, weight: number, intervals: Numbers): Float64Array {
  if (rule.type !== 'pairStdp')
    throw new TypeError(`stdpWindow: expected a rule over pairs, made by pairStdp, got ${rule.type}`);
  // a rule's amounts are read in whatever unit they were given
  const plain = amountReader('number');
  const s = rule.scalars((amount, what) => (typeof amount === 'number' ? plain(amount, what) : amount.value));
  const up = s.aPlus * (1 - weight / s.maximum) ** (s.muPlus ?? 0);
  const down = s.aMinus * (weight / s.maximum) ** (s.muMinus ?? 0);
  return Float64Array.from(list(intervals), (dt) =>
    dt >= 0 ? up * exp(-dt / rule.tauSource) : -down * exp(dt / rule.tauTarget),
  );
}

/**
 * How a rule over pairs changes a weight, by the time between the two spikes, up to `reach` ms.
 * @throws TypeError for a rule that `stdpWindow` refuses
 */
export function stdpWindowPicture(
  rule: PlasticityRule,
  options: PictureOptions & { weight?: number; reach?: number } = {},
): Picture<WindowData> {
  const { weight = 0, reach = 100 } = options;
  const intervals = Float64Array.from({ length: 401 }, (_, k) => reach * (k / 200 - 1));
  const changes = stdpWindow(rule, weight, intervals);
  const frame = {
    x: [-reach, reach] as const,
    y: rangeOf(changes, [0]),
    xLabel: 't(target) − t(source) (ms)',
    yLabel: 'Δw',
    options,
  };
  const svg = chart(frame, (scales) => {
    const zero = `<path stroke="#bbb" d="M${pixel(scales.x(-reach))},${pixel(scales.y(0))}H${pixel(scales.x(reach))}"/>`;
    const half = (from: number, to: number) => line(scales, intervals.subarray(from, to), changes.subarray(from, to));
    return zero + half(0, 200) + half(200, 401);
  });
  return { data: { intervals, changes }, svg };
}

/** Answers by a stimulus, each the mean of several, with their standard deviations. */
export interface TuningData {
  readonly stimuli: Numbers;
  readonly means: Numbers;
  readonly deviations?: Numbers;
}

/** A tuning curve with bars of one standard deviation. @throws RangeError for unequal lengths */
export function tuningPicture(
  data: TuningData,
  options: PictureOptions & { xLabel?: string } = {},
): Picture<TuningData> {
  const { stimuli, means, deviations } = data;
  sameLength('tuningPicture', {
    stimuli: stimuli.length,
    means: means.length,
    ...(deviations && { deviations: deviations.length }),
  });
  const spread = (sign: number) => list(means).map((m, k) => m + sign * (deviations?.[k] ?? 0));
  const frame = {
    x: rangeOf(stimuli),
    y: rangeOf([...spread(-1), ...spread(1)], [0]),
    xLabel: options.xLabel ?? 'orientation (°)',
    yLabel: 'rate (Hz)',
    options,
  };
  const svg = chart(frame, (scales) => {
    const [low, high] = [spread(-1), spread(1)];
    const bars = list(stimuli).map(
      (s, k) => `M${pixel(scales.x(s))},${pixel(scales.y(low[k]!))}V${pixel(scales.y(high[k]!))}`,
    );
    const bar = deviations ? `<path stroke="#999" d="${bars.join('')}"/>` : '';
    return bar + line(scales, stimuli, means) + points(scales, stimuli, means);
  });
  return { data, svg };
}

/** A value at each place and time: `values[place][time]`. */
export interface SpaceTimeData {
  readonly times: Numbers;
  readonly places: Numbers;
  readonly values: readonly Numbers[];
}

/** From dark to bright: deep blue, green, yellow. */
function shade(part: number): string {
  const stops = [
    [68, 1, 84],
    [59, 82, 139],
    [33, 145, 140],
    [94, 201, 98],
    [253, 231, 37],
  ];
  const at = Math.min(3.999, Math.max(0, part * 4));
  const k = Math.floor(at);
  const mix = stops[k]!.map((c, i) => Math.round(c + (at - k) * (stops[k + 1]![i]! - c)));
  return `rgb(${mix.join(',')})`;
}

/**
 * A potential along a cable over time, as colour: a travelling spike is a slanted stripe. Long recordings are thinned to
 * as many columns as there is room for.
 * @throws RangeError for values that do not fit times and places
 */
export function spaceTimePicture(
  data: SpaceTimeData,
  options: PictureOptions & { yLabel?: string } = {},
): Picture<SpaceTimeData> {
  const { times, places, values } = data;
  sameLength('spaceTimePicture', { places: places.length, 'rows of values': values.length });
  for (const row of values) sameLength('spaceTimePicture', { times: times.length, 'values in a row': row.length });
  const columns = Math.min(times.length, 200);
  const pick = Array.from({ length: columns }, (_, c) => Math.floor((c * times.length) / columns));
  const [least, most] = rangeOf(values.flatMap((row) => pick.map((k) => row[k]!)));
  const frame = {
    x: rangeOf(times),
    y: [-0.5, places.length - 0.5] as const,
    xLabel: 'time (ms)',
    yLabel: options.yLabel ?? 'place',
    options,
  };
  const svg = chart(frame, ({ x, y }) => {
    const width = pixel(Math.abs(x(frame.x[1]) - x(frame.x[0])) / columns + 0.3);
    const height = pixel(Math.abs(y(1) - y(0)) + 0.3);
    const start = x(frame.x[0]);
    const end = x(frame.x[1]);
    let cells = '';
    for (const [p, row] of values.entries())
      for (const [c, k] of pick.entries()) {
        const colour = shade((row[k]! - least) / (most - least));
        const left = pixel(start + ((end - start) * c) / columns);
        cells += `<rect x="${left}" y="${pixel(y(p + 0.5))}" width="${width}" height="${height}" fill="${colour}"/>`;
      }
    return `<g shape-rendering="crispEdges">${cells}</g>`;
  });
  return { data, svg };
}

/** How many values are in each bin; `edges` has one more than `counts`. */
export interface HistogramData {
  readonly edges: Numbers;
  readonly counts: Numbers;
}

/** How weights are distributed. @throws RangeError for no bins */
export function weightPicture(
  weights: Numbers,
  options: PictureOptions & { bins?: number; xLabel?: string } = {},
): Picture<HistogramData> {
  const { bins = 20 } = options;
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`weightPicture: expected bins from 1, got ${bins}`);
  const [least, most] = rangeOf(weights);
  const edges = Float64Array.from({ length: bins + 1 }, (_, k) => least + ((most - least) * k) / bins);
  const counts = new Float64Array(bins);
  for (const w of list(weights))
    if (Number.isFinite(w)) counts[Math.min(bins - 1, Math.floor(((w - least) / (most - least)) * bins))]!++;
  const frame = {
    x: [least, most] as const,
    y: rangeOf(counts, [0]),
    xLabel: options.xLabel ?? 'weight',
    yLabel: 'synapses',
    options,
  };
  const svg = chart(frame, ({ x, y }) => {
    const bars = list(counts).map((n, k) => {
      const left = x(edges[k]!);
      return `<rect x="${pixel(left)}" y="${pixel(y(n))}" width="${pixel(x(edges[k + 1]!) - left - 1)}" height="${pixel(y(0) - y(n))}"/>`;
    });
    return `<g fill="${colours[0]!}">${bars.join('')}</g>`;
  });
  return { data: { edges, counts }, svg };
}
