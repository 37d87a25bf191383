// What models given as equations can do: methods and their order, noise, refractoriness, resets, inputs, parameters of
// each neuron, text as values, snapshots, plasticity.
import { describe, expect, test } from 'vitest';
import {
  connect,
  equations,
  monitor,
  ms,
  mV,
  nA,
  neuronGroup,
  Hz,
  oneToOne,
  pA,
  pairStdp,
  quantity,
  simulation,
  spikeTimes,
  stimulate,
  uniform,
  type EquationMethod,
  type EquationsOptions,
  type InitialValues,
  type Precision,
} from '../../src/biology/index.ts';

interface Setting {
  readonly n?: number;
  readonly dt?: number;
  readonly seed?: number;
  readonly precision?: Precision;
  readonly initial?: InitialValues;
}

async function groupOf(text: string, options: EquationsOptions = {}, setting: Setting = {}) {
  const { n = 1, dt = 0.1, seed = 1, precision = 'float64', initial = {} } = setting;
  const sim = await simulation({ dt: ms(dt), seed, precision });
  const group = neuronGroup(sim, n, equations(text, options), { initial });
  return { sim, group };
}

/** The state at the end of a time. */
async function after(duration: number, state: string, ...model: Parameters<typeof groupOf>) {
  const { sim, group } = await groupOf(...model);
  await sim.run(ms(duration));
  return group.get(state);
}

const mean = (x: Float64Array) => x.reduce((sum, y) => sum + y, 0) / x.length;
const deviation = (x: Float64Array) => {
  const middle = mean(x);
  return Math.sqrt(mean(x.map((y) => (y - middle) ** 2)));
};

describe('methods', () => {
  /** x' = −x² (1 + t): x = 1 / (1 + t + t²/2), t in ms. */
  const nonlinear = 'dx/dt = -x**2 * (1 + t/ms) / ms : 1';
  const error = async (method: EquationMethod, dt: number) =>
    Math.abs((await after(2, 'x', nonlinear, { method }, { dt, initial: { x: 1 } }))[0]! - 1 / 5);

  test.each([
    ['euler', 1],
    ['heun', 2],
    ['rungeKutta4', 4],
  ] as const)('%s is of order %i', async (method, order) => {
    const [coarse, fine] = [await error(method, 0.1), await error(method, 0.05)];
    expect(Math.abs(Math.log2(coarse / fine) - order)).toBeLessThan(0.25);
  });

  test('exponentialEuler is exact for an equation that is linear in its own variable, and of order 1 for others', async () => {
    const single = await after(10, 'x', 'dx/dt = (3 - x)/(7*ms) : 1', { method: 'exponentialEuler' });
    expect(single[0]).toBeCloseTo(3 * (1 - Math.exp(-10 / 7)), 12);
    // x' = y, y' = −x: cos t
    const pair = 'dx/dt = y/ms : 1\ndy/dt = -x/ms : 1';
    const errors = [];
    for (const dt of [0.02, 0.01])
      errors.push(
        Math.abs(
          (await after(2, 'x', pair, { method: 'exponentialEuler' }, { dt, initial: { x: 1 } }))[0]! - Math.cos(2),
        ),
      );
    expect(Math.abs(Math.log2(errors[0]! / errors[1]!) - 1)).toBeLessThan(0.2);
  });

  test('exact is exact, for equations that act on each other, whatever the step', async () => {
    const oscillator = 'dx/dt = y/ms : 1\ndy/dt = (1 - x)/ms : 1';
    for (const dt of [1, 0.1])
      expect((await after(3, 'x', oscillator, { method: 'exact' }, { dt }))[0]).toBeCloseTo(1 - Math.cos(3), 12);
    // an alpha function, whose two rates are equal
    const alpha = 'dg/dt = (y - g)/(5*ms) : 1\ndy/dt = -y/(5*ms) : 1';
    expect((await after(8, 'g', alpha, {}, { initial: { y: 1 } }))[0]).toBeCloseTo((8 / 5) * Math.exp(-8 / 5), 13);
  });

  test('exact takes time constants of each neuron, and is computed anew when one is set', async () => {
    const text = 'dv/dt = -v/tau : volt\ntau : second (constant)';
    const options = { method: 'exact' as const };
    const { sim, group } = await groupOf(text, options, { n: 3, initial: { v: mV(1), tau: ms.each([5, 10, 20]) } });
    await sim.run(ms(10));
    expect([...group.get('v')].map((v) => v.toFixed(12))).toEqual([2, 1, 0.5].map((x) => Math.exp(-x).toFixed(12)));
    group.set('tau', ms(10));
    await sim.run(ms(10));
    expect(group.get('v')[0]).toBeCloseTo(Math.exp(-3), 12);
  });

  test('what is not named is exact for linear equations, euler for others, heun for multiplied noise', async () => {
    expect((await after(10, 'v', 'dv/dt = -v/(20*ms) : 1', {}, { initial: { v: 1 } }))[0]).toBeCloseTo(
      Math.exp(-0.5),
      13,
    );
    const euler = await after(2, 'x', nonlinear, { method: 'euler' }, { initial: { x: 1 } });
    expect(await after(2, 'x', nonlinear, {}, { initial: { x: 1 } })).toEqual(euler);
    const noisy = 'dx/dt = -x/(10*ms) + x*xi/sqrt(50*ms) : 1';
    const heun = await after(2, 'x', noisy, { method: 'heun' }, { initial: { x: 1 } });
    expect(await after(2, 'x', noisy, {}, { initial: { x: 1 } })).toEqual(heun);
  });

  test('one that cannot step the equations is refused, with the reason', async () => {
    const refused = (text: string, method: EquationMethod) => expect(groupOf(text, { method })).rejects;
    await refused('dx/dt = -x**2/ms : 1', 'exact').toThrow('method exact: the equations are not linear');
    await refused('dx/dt = -x*t/ms**2 : 1', 'exact').toThrow('not linear with coefficients that stay as they are');
    await refused('dx/dt = -x**2/ms : 1', 'exponentialEuler').toThrow(
      'not every equation is linear in its own variable',
    );
    await refused('dx/dt = x*xi/sqrt(ms) : 1', 'euler').toThrow('takes heun');
    await refused('dx/dt = xi/sqrt(ms) : 1', 'rk4').toThrow('equations with noise (xi) take euler or heun');
    expect(() => equations('dx/dt = -x/ms : 1', { method: 'exakt' as never })).toThrow('did you mean "exact"?');
  });
});

describe('noise', () => {
  const process = 'dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : volt';
  const constants = { tau: ms(5), sigma: mV(2) };

  test('makes of a relaxing potential one of the deviation sigma, independent between neurons', async () => {
    const v = await after(60, 'v', process, { constants }, { n: 4000, dt: 0.05 });
    expect(Math.abs(mean(v))).toBeLessThan(0.12);
    expect(Math.abs(deviation(v) - 2)).toBeLessThan(0.1);
    const neighbours = v.map((x, k) => x * (v[k + 1] ?? 0));
    expect(Math.abs(mean(neighbours)) / 4).toBeLessThan(0.06);
  });

  test('of one name is one noise for all equations of a neuron', async () => {
    const text = (second: string) => `dx/dt = xi_a/sqrt(ms) : 1\ndy/dt = ${second}/sqrt(ms) : 1`;
    const { sim, group } = await groupOf(text('xi_a'), {}, { n: 8 });
    await sim.run(ms(2));
    expect(group.get('x')).toEqual(group.get('y'));
    expect(deviation(group.get('x'))).toBeGreaterThan(0.3);
    const other = await groupOf(text('xi_b'), {}, { n: 8 });
    await other.sim.run(ms(2));
    expect(other.group.get('x')).not.toEqual(other.group.get('y'));
  });

  test("multiplied by the variable, by heun, is Stratonovich's: the logarithm has no drift", async () => {
    // dx = x ∘ dW / √τ: ln x is normal with mean 0 and variance t/τ
    const x = await after(10, 'x', 'dx/dt = x*xi/sqrt(40*ms) : 1', {}, { n: 4000, dt: 0.05, initial: { x: 1 } });
    const logarithms = x.map(Math.log);
    expect(Math.abs(mean(logarithms))).toBeLessThan(0.03);
    expect(Math.abs(deviation(logarithms) - 0.5)).toBeLessThan(0.025);
  });

  test('is the same for the same seed, another for another', async () => {
    const run = (seed: number) => after(3, 'v', process, { constants }, { n: 37, seed });
    expect(await run(4)).toEqual(await run(4));
    expect(await run(4)).not.toEqual(await run(5));
  });

  test('rand() and randn() are drawn in each step, each call for itself', async () => {
    const { sim, group } = await groupOf(
      'dx/dt = (rand() - rand())/ms : 1\ndy/dt = randn()/ms : 1',
      { method: 'euler' },
      { n: 4000 },
    );
    await sim.run(ms(1));
    // ten steps of 0.1: variance 10 · 0.01 · 2/12, and 10 · 0.01
    expect(Math.abs(deviation(group.get('x')) - Math.sqrt(0.1 / 6))).toBeLessThan(0.006);
    expect(Math.abs(deviation(group.get('y')) - Math.sqrt(0.1))).toBeLessThan(0.015);
  });
});

describe('threshold, reset and refractoriness', () => {
  const rising = 'dv/dt = 1/ms : 1 (unless refractory)\ndc/dt = 1/ms : 1\nw : 1';

  test('a spike has the time of the state that crossed; reset statements follow one another', async () => {
    const options = { threshold: 'v > 2.05', reset: 'v = 0.5; w = w + v\nw *= 2; w -= 0.25; w /= 0.5' };
    const { sim, group } = await groupOf(rising, options);
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(3));
    expect([...spikes.times].map((t) => t.toFixed(1))).toEqual(['2.1']);
    expect(group.get('v')[0]).toBeCloseTo(0.5 + 0.9, 12);
    expect(group.get('w')[0]).toBeCloseTo((0.5 * 2 - 0.25) / 0.5, 12);
  });

  test.each(['1.5*ms', 'pause', 'quantity'])(
    'a refractory time (%s) holds what says so, and nothing else',
    async (kind) => {
      const refractory = kind === 'quantity' ? ms(1.5) : kind;
      const options = { threshold: 'v > 2.05', reset: 'v = 0', refractory, constants: { pause: ms(1.5) } };
      const { sim, group } = await groupOf(rising, options);
      const trace = monitor(group, ['v', 'c']);
      await sim.run(ms(5));
      const v = trace.values('v');
      expect(v[20]).toBeCloseTo(2, 12);
      expect(v.subarray(21, 37).every((x) => x === 0)).toBe(true);
      expect(v[37]).toBeCloseTo(0.1, 12);
      expect(trace.values('c')[40]).toBeCloseTo(4, 12);
    },
  );

  test('a refractory time may be that of each neuron', async () => {
    const text = 'dv/dt = 1/ms : 1 (unless refractory)\npause : second (constant)';
    const spiking = { threshold: 'v > 0.95', reset: 'v = 0' };
    for (const precision of ['float32', 'float64'] as const)
      for (const refractory of [ms.each([0, 1, 2]), 'pause']) {
        const initial = { pause: ms.each([0, 1, 2]) };
        const { sim, group } = await groupOf(text, { ...spiking, refractory }, { n: 3, precision, initial });
        const spikes = monitor(group, 'spikes');
        await sim.run(ms(12));
        expect([0, 1, 2].map((k) => spikes.train(k).length)).toEqual([12, 6, 4]);
        group.set('pause', ms(3));
        await sim.run(ms(120));
        const late = [0, 1, 2].map((k) => spikes.train(k).filter((t) => t > 32).length);
        expect(late).toEqual(typeof refractory === 'string' ? [25, 25, 25] : [100, 50, 33]);
      }
  });

  test('a refractory time that is set below 0 is refused', async () => {
    const text = 'dv/dt = 1/ms : 1\npause : second (constant)';
    const { group } = await groupOf(text, { threshold: 'v > 1', refractory: 'pause' });
    expect(() => group.set('pause', ms(-1))).toThrow('no refractory time below 0');
  });

  test('a refractory condition sees what comes in with the step', async () => {
    const text = 'dv/dt = I/ms : 1\nI : 1 (input)';
    const { sim, group } = await groupOf(text, { threshold: 'v > 0.25', refractory: 'I > 0' });
    stimulate(group, (t) => (t < 0.95 ? 1 : 0), { duration: ms(2) });
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(2));
    // one while the input lasts, then one a step
    expect(spikes.times.filter((t) => t < 1.05).length).toBe(1);
    expect(spikes.count).toBeGreaterThan(9);
  });

  test('with a condition a neuron spikes again only when it held no longer', async () => {
    const { sim, group } = await groupOf('dx/dt = 1/ms : 1\nv = sin(2*pi*x/10) : 1', {
      threshold: 'v > 0.5',
      refractory: 'v > 0.5',
    });
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(40));
    expect(spikes.count).toBe(4);
    const without = await groupOf('dx/dt = 1/ms : 1\nv = sin(2*pi*x/10) : 1', { threshold: 'v > 0.5' });
    const all = monitor(without.group, 'spikes');
    await without.sim.run(ms(40));
    expect(all.count).toBeGreaterThan(100);
  });

  test('a condition may be made of several, and a reset may be random', async () => {
    const options = { threshold: 'v > 1 and not (w > 0 or v > 100)', reset: 'v = rand()/2' };
    const { sim, group } = await groupOf(rising, options, { n: 50, initial: { w: 'int(i >= 25)' } });
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(20));
    expect(Math.max(...spikes.neurons)).toBe(24);
    expect(new Set(Array.from(group.get('v').subarray(0, 25), (x) => (x % 0.1).toFixed(6))).size).toBeGreaterThan(20);
  });

  test('where a variable rests, one that depends on it goes on from it as it is', async () => {
    const text = 'dv/dt = (1 - v)/(5*ms) : 1 (unless refractory)\ndw/dt = (v - w)/(7*ms) : 1';
    const options = { threshold: 'v > 0.5', reset: 'v = 0.25', refractory: ms(100) };
    const run = async (method: EquationMethod, dt: number) => {
      const { sim, group } = await groupOf(text, { ...options, method }, { dt });
      const spikes = monitor(group, 'spikes');
      await sim.run(ms(20));
      return { w: group.get('w')[0]!, v: group.get('v')[0]!, t: spikes.times[0]! };
    };
    const exact = await run('exact', 0.01);
    const fine = await run('rungeKutta4', 0.01);
    expect(exact.v).toBe(0.25);
    expect(exact.t).toBe(fine.t);
    expect(exact.w).toBeCloseTo(fine.w, 9);
  });
});

describe('synapses', () => {
  const text = 'dv/dt = (I - v)/(10*ms) : volt (unless refractory)\ndg/dt = -g/(5*ms) : amp\nk : 1\nI : volt (input)';

  async function arrival(
    receptor: string,
    weight: Parameters<typeof connect>[2]['weight'],
    options: EquationsOptions = {},
  ) {
    const { sim, group } = await groupOf(text, options);
    const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
    connect(source, group, { pattern: oneToOne(), receptor, weight });
    const trace = monitor(group, ['v', 'g', 'k']);
    await sim.run(ms(3));
    return (state: string) => trace.values(state);
  }

  test('add to a variable, to a parameter, or give an input for one step', async () => {
    expect((await arrival('g', nA(2)))('g')[15]).toBeCloseTo(2000 * Math.exp(-0.1), 9);
    const v = (await arrival('v', mV(3)))('v');
    expect(v[10]).toBe(3);
    expect(v[11]).toBeCloseTo(3 * Math.exp(-0.01), 12);
    expect((await arrival('k', 2))('k')[15]).toBe(2);
    for (const input of ['I', 'current'])
      expect((await arrival(input, mV(7)))('v')[20]).toBeCloseTo(7 * (1 - Math.exp(-0.01)) * Math.exp(-0.09), 12);
  });

  test('do not move what rests', async () => {
    const options = { threshold: 't < 0.25*ms and t > 0.15*ms', refractory: ms(2) };
    expect(Math.max(...(await arrival('v', mV(3), options))('v'))).toBe(0);
  });

  test('that say what they do (onPre) are those of the variable they name', async () => {
    const { sim, group } = await groupOf(text);
    const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
    connect(source, group, { pattern: oneToOne(), onPre: 'g += 2*w', weight: nA(1) });
    connect(source, group, { pattern: oneToOne(), onPre: 'g -= 500*pA' });
    await sim.run(ms(1.1));
    expect(group.get('g')[0]).toBeCloseTo(1500 * Math.exp(-0.02), 9);
    const make = (onPre: string, weight?: ReturnType<typeof mV>) => () =>
      connect(source, group, { pattern: oneToOne(), onPre, ...(weight ? { weight } : {}) });
    const other = await groupOf(text);
    const from = spikeTimes(other.sim, 1, { neurons: [0], times: ms.each([1]) });
    expect(() => connect(from, other.group, { pattern: oneToOne(), onPre: 'g += w', weight: mV(1) })).toThrow(
      'units do not fit: what is added to g must be A, got V',
    );
    expect(() => connect(from, other.group, { pattern: oneToOne(), onPre: 'gg += w', weight: mV(1) })).toThrow(
      'unknown variable',
    );
    expect(() => connect(from, other.group, { pattern: oneToOne(), onPre: 'k += w*w', weight: 2 })).toThrow(
      'linear in w',
    );
    expect(() => connect(from, other.group, { pattern: oneToOne(), onPre: 'g = w', weight: nA(1) })).toThrow('+=');
    expect(() => connect(from, other.group, { pattern: oneToOne(), onPre: 'g += 1*mV' })).toThrow('units do not fit');
    expect(make('g += w')).toThrow();
  });

  test('learn as between other neurons', async () => {
    const { sim, group } = await groupOf('dv/dt = -v/(10*ms) : volt\ndg/dt = -g/(5*ms) : amp', {
      threshold: 'v > 10*mV',
      reset: 'v = 0*mV',
    });
    const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([5]) });
    const driver = spikeTimes(sim, 1, { neurons: [0], times: ms.each([14.9]) });
    connect(driver, group, { pattern: oneToOne(), receptor: 'v', weight: mV(20) });
    const plasticity = pairStdp({ tauPlus: ms(20), tauMinus: ms(20), aPlus: pA(0.1), aMinus: pA(0.1), maximum: pA(9) });
    const synapse = connect(source, group, { pattern: oneToOne(), receptor: 'g', weight: pA(1), plasticity });
    await sim.run(ms(30));
    expect(synapse.weights[0]).toBeCloseTo(1 + 0.1 * Math.exp(-10 / 20), 9);
  });

  test('an input may decide about the threshold, for its step alone', async () => {
    const { sim, group } = await groupOf('dv/dt = -v/(10*ms) : 1\nI : 1 (input)', { threshold: 'I > 0.5' });
    const source = spikeTimes(sim, 1, { neurons: [0, 0], times: ms.each([1, 2]) });
    connect(source, group, { pattern: oneToOne(), weight: 1, receptor: 'I' });
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(4));
    expect([...spikes.times].map((t) => t.toFixed(1))).toEqual(['1.1', '2.1']);
  });

  test('a stimulus goes to the one input', async () => {
    const { sim, group } = await groupOf(text);
    stimulate(group, () => mV(5) as never, { duration: ms(50) });
    await sim.run(ms(20));
    expect(group.get('v')[0]).toBeCloseTo(5 * (1 - Math.exp(-2)), 12);
  });
});

describe('values', () => {
  test('a group begins at 0, at what the model says, or at what the group says; text is an expression', async () => {
    const options: EquationsOptions = {
      constants: { El: mV(-70), spread: '2*mV', rates: Hz.each([1, 2, 3, 4]), random: uniform(mV(0), mV(1)) },
      initial: { v: 'El + spread*i', x: 3 },
    };
    const text = 'dv/dt = (El - v + random)*rates : volt\nx : 1\nsum : volt\ny : 1';
    const { group } = await groupOf(text, options, { n: 4, initial: { sum: 'v + x*mV', x: 'clip(v/mV, -69, 0)' } });
    expect([...group.get('v')].map((v) => v.toFixed(9))).toEqual([
      '-70.000000000',
      '-68.000000000',
      '-66.000000000',
      '-64.000000000',
    ]);
    expect([...group.get('x')]).toEqual([-69, -68, -66, -64]);
    expect([...group.get('y')]).toEqual([0, 0, 0, 0]);
    group.set('sum', '1*volt - N*mV');
    expect(group.get('sum')[2]).toBeCloseTo(996, 9);
    expect(() => group.set('v', 'El + 3')).toThrow('units do not fit: "+" of V and no unit');
    expect(() => group.set('v', ms(3) as never)).toThrow('expected a voltage');
  });

  test('a unit without a name has quantities too', async () => {
    const { sim, group } = await groupOf(
      'dv/dt = k*t : volt\nk : volt/second**2',
      { method: 'rk4' },
      { initial: { k: quantity(3, 'mV/ms**2') } },
    );
    await sim.run(ms(2));
    expect(group.get('v')[0]).toBeCloseTo(6, 9);
    expect(() => group.set('k', mV(1))).toThrow("expected a V/s² such as quantity(1, '…'), got 1 mV");
    expect(String(quantity(2.5, 'nA/ms'))).toBe('2.5 nA/ms');
    expect(() => quantity(1, 'nAmp')).toThrow('did you mean "namp"?');
  });

  test('i, N, t, dt and subexpressions of subexpressions', async () => {
    const text = 'a = b + i : 1\nb = t/ms + N : 1\ndx/dt = a/ms : 1\ndy/dt = dt/ms**2 : 1';
    const { sim, group } = await groupOf(text, { method: 'euler' }, { n: 3 });
    await sim.run(ms(0.2));
    // two steps of 0.1, at t = 0 and t = 0.1
    expect([...group.get('x')].map((x) => x.toFixed(9))).toEqual(
      [0, 1, 2].map((i) => (0.1 * (2 * (3 + i) + 0.1)).toFixed(9)),
    );
    expect(group.get('y')[0]).toBeCloseTo(0.02, 12);
  });
});

test('a snapshot goes back to the same bits, noise and resets included', async () => {
  const text = 'dv/dt = (20*mV - v)/(10*ms) + 3*mV*xi/sqrt(10*ms) : volt (unless refractory)';
  const options = { threshold: 'v > 15*mV', reset: 'v = 5*mV*rand()', refractory: ms(1) };
  const { sim, group } = await groupOf(text, options, { n: 33, precision: 'float32' });
  const spikes = monitor(group, 'spikes');
  await sim.run(ms(20));
  const kept = sim.snapshot();
  await sim.run(ms(30));
  const [v, count] = [group.get('v'), spikes.count];
  expect(count).toBeGreaterThan(33);
  sim.restore(kept);
  await sim.run(ms(30));
  expect(group.get('v')).toEqual(v);
  expect(spikes.count).toBe(count);
});

test('the size of the group changes nothing for a neuron: whole vectors, blocks and odd rests', async () => {
  const text =
    'dv/dt = (i*mV + 20*mV - v)/(10*ms) + exp(-w)*mV/ms : volt (unless refractory)\ndw/dt = (1 - w)/(30*ms) : 1';
  const options = { threshold: 'v > 25*mV', reset: 'v = 0*mV; w += 0.1', refractory: ms(2) };
  for (const precision of ['float32', 'float64'] as const) {
    const all = await after(50, 'v', text, options, { n: 1100, precision });
    for (const n of [1, 3, 4, 5, 17, 33, 513])
      expect(await after(50, 'v', text, options, { n, precision })).toEqual(all.slice(0, n));
  }
});
