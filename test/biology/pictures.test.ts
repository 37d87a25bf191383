// Pictures: their numbers, that each is well-formed SVG with as many marks as there is data, and what is refused.
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import {
  currentRatePicture,
  lif,
  lifRate,
  Hz,
  inhibitoryStdp,
  monitor,
  ms,
  mV,
  neuronGroup,
  pairStdp,
  pF,
  phasePlanePicture,
  poissonGroup,
  rasterPicture,
  ratePicture,
  rewardModulated,
  simulation,
  spaceTimePicture,
  stdpWindow,
  stdpWindowPicture,
  tracePicture,
  tripletStdp,
  tuningPicture,
  weightPicture,
} from '../../src/biology/index.ts';
import { rangeOf, ticks } from '../../src/biology/pictures/chart.ts';

const drawing = (svg: string) => {
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(document.querySelectorAll('svg').length).toBe(1);
  return document;
};
const commands = (svg: string, letter: string) => svg.split(letter).length - 1;

test('ticks are round numbers within the range', () => {
  expect(ticks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks([-70.3, 31])).toEqual([-60, -40, -20, 0, 20]);
  expect(ticks([0.001, 0.0042])).toEqual([0.001, 0.0015, 0.002, 0.0025, 0.003, 0.0035, 0.004]);
  expect(rangeOf([3, NaN, -2, Infinity])).toEqual([-2, 3]);
  expect(rangeOf([4])).toEqual([3.5, 4.5]);
  expect(rangeOf([])).toEqual([0, 1]);
});

test('a trace has a line for each series, with gaps where numbers are missing', () => {
  const { svg, data } = tracePicture({ times: [0, 1, 2, 3], series: { 'a<b': [1, NaN, 2, 3], c: [0, 1, 2, 3] } });
  const document = drawing(svg);
  expect(document.querySelectorAll('path[fill=none][stroke-width="1.5"]').length).toBe(2);
  const [first] = document.querySelectorAll('path[stroke-width="1.5"]');
  expect(commands(first!.getAttribute('d')!, 'M')).toBe(2);
  expect(svg).toContain('a&lt;b');
  expect(data.times).toEqual([0, 1, 2, 3]);
  expect(() => tracePicture({ times: [0, 1], series: { v: [1] } })).toThrow('got 2 times, 1 v');
  expect(() => tracePicture({ times: [0], series: {} }, { width: 10 })).toThrow('expected a width from 160');
});

test('a raster has a mark for each spike, a rate a line', async () => {
  const sim = await simulation({ dt: ms(0.1), seed: 1 });
  const group = poissonGroup(sim, 30, Hz(50));
  const [spikes, rate] = [monitor(group, 'spikes'), monitor(group, 'rate', { every: ms(10) })];
  await sim.run(ms(200));
  const raster = rasterPicture(spikes);
  const marks = drawing(raster.svg).querySelector('path[stroke="#000"]')!.getAttribute('d')!;
  expect(commands(marks, 'M')).toBe(spikes.count);
  expect(ratePicture(rate).data.rates).toEqual(rate.rates);
  drawing(ratePicture(rate).svg);
});

test('an f–I curve and a tuning curve have a dot for each value', () => {
  const membrane = { tauMembrane: ms(10), vThreshold: mV(10), vReset: mV(0), refractory: ms(5) };
  const currents = [5, 10, 12, 15, 20];
  const rates = currents.map((v) => lifRate(mV(v), membrane).in(Hz));
  const curve = currentRatePicture({ currents, rates, formula: rates }, { unit: 'mV' });
  expect(drawing(curve.svg).querySelectorAll('circle').length).toBe(5);
  const tuning = tuningPicture({ stimuli: [0, 45, 90], means: [1, 5, 2], deviations: [0.5, 1, 0.5] });
  expect(drawing(tuning.svg).querySelectorAll('circle').length).toBe(3);
  expect(() => tuningPicture({ stimuli: [0], means: [1, 2] })).toThrow('got 1 stimuli, 2 means');
});

test('a phase plane has its nullclines where nothing changes', () => {
  const flow = (v: number, w: number) => [v - v ** 3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)] as const;
  const picture = phasePlanePicture({
    x: [-2.5, 2.5],
    y: [-1, 2],
    flow,
    trajectory: [
      [-2, -1, 9],
      [0, 1, 9],
    ],
  });
  drawing(picture.svg);
  expect(picture.data.xNullcline.length).toBeGreaterThan(200);
  for (const [a, b] of picture.data.xNullcline) expect(Math.abs(flow(a, b)[0])).toBeLessThan(2e-3);
  for (const [a, b] of picture.data.yNullcline) expect(Math.abs(flow(a, b)[1])).toBeLessThan(1e-12);
  expect(() => phasePlanePicture({ x: [1, 1], y: [0, 1], flow })).toThrow('expected ranges');
});

test('the window of a rule is what pairs do', () => {
  const rule = pairStdp({
    tauPlus: ms(20),
    tauMinus: ms(20),
    aPlus: mV(0.005),
    aMinus: mV(0.00525),
    maximum: mV(1),
    dependence: 'multiplicative',
  });
  const [up, down] = stdpWindow(rule, 0.25, [10, -10]);
  expect(up).toBeCloseTo(0.75 * 0.00303265, 8);
  expect(down).toBeCloseTo(-0.25 * 0.00318429, 8);
  const { svg, data } = stdpWindowPicture(rule, { weight: 0.25 });
  drawing(svg);
  expect(data.intervals.length).toBe(401);
  const others = [
    tripletStdp({
      tauPlus: ms(16.8),
      tauMinus: ms(33.7),
      tauX: ms(101),
      tauY: ms(125),
      a2Plus: 0.005,
      a2Minus: 0.007,
      a3Plus: 0.0062,
      a3Minus: 0.0002,
      maximum: 1,
    }),
    inhibitoryStdp({ tau: ms(20), learningRate: 0.01, targetRate: Hz(5), maximum: 1 }),
    rewardModulated(rule, { tauEligibility: ms(1000), tauReward: ms(200) }),
  ];
  for (const other of others) {
    const message = `stdpWindow: expected a rule over pairs, made by pairStdp, got ${other.type}`;
    expect(() => stdpWindow(other, 0.25, [10])).toThrow(message);
    expect(() => stdpWindowPicture(other)).toThrow(message);
  }
});

test('a space-time plot has a cell for each value, a histogram counts each weight once', async () => {
  const times = Array.from({ length: 50 }, (_, k) => k / 10);
  const values = [0, 1, 2, 3].map((place) => times.map((t) => Math.exp(-((t - place) ** 2))));
  const { svg } = spaceTimePicture({ times, places: [0, 1, 2, 3], values });
  expect(drawing(svg).querySelectorAll('rect').length).toBe(1 + 200);
  expect(() => spaceTimePicture({ times, places: [0], values })).toThrow('got 1 places, 4 rows of values');
  const { data, svg: bars } = weightPicture([0, 0.1, 0.1, 1, 0.95], { bins: 10 });
  expect([...(data.counts as Float64Array)]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(drawing(bars).querySelectorAll('rect').length).toBe(11);
  expect(() => weightPicture([1], { bins: 0 })).toThrow('expected bins from 1, got 0');
  const sim = await simulation({ dt: ms(0.1) });
  const model = lif({ capacitance: pF(100), tauMembrane: ms(10), vRest: mV(-60), vThreshold: mV(-50) });
  const trace = monitor(neuronGroup(sim, 1, model), 'v');
  await sim.run(ms(1));
  drawing(tracePicture({ times: trace.times, series: { v: trace.values('v') } }).svg);
});
