// The kernels of membranes and receptors against plain numbers, one step of many different neurons, with guard words
// around every array: all lengths, uniform and own parameters, with and without inputs and refractoriness.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  adaptiveSlopes,
  axonRates,
  channelRungeKutta,
  channelStep,
  pyramidalRates,
  relaxed,
  type AdaptiveParameters,
} from '../../reference/neurons.ts';
import { ChannelKind, Method, ReceptorForm } from '../../src/core/generated/neuron-instructions.ts';
import { testRandom } from '../helpers/kernel.ts';
import {
  expectNear,
  neuronCounts,
  neuronKernels,
  precisions,
  rounded,
  tolerance,
  type NeuronKernels,
} from '../helpers/neuron-kernel.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

describe.each(precisions)('in %s', (precision) => {
  let kernels: NeuronKernels;
  const step = 12;
  beforeEach(async () => {
    kernels = await neuronKernels(precision);
    kernels.at(step);
  });

  const next = testRandom(5);
  const numbers = (n: number, low: number, high: number) =>
    rounded(
      precision,
      Array.from({ length: n }, () => next(low, high)),
    );
  /** What the padding, and a lane that rests, make of a value. */
  const restUntil = (n: number) => range(n).map((k) => (k % 5 === 3 ? step + 4 : k % 5 === 4 ? step : 0));
  const rests = (k: number) => k % 5 === 3;

  /** Operands that every membrane has; places of inputs and of the log. */
  function membrane(n: number, v: number[], columns: (number | number[])[]) {
    const places = {
      v: kernels.numbers(v),
      until: kernels.integers(restUntil(n)),
      spikes: kernels.log(n),
      drive: kernels.numbers(numbers(n, -5, 5)),
      jump: kernels.numbers(numbers(n, -2, 2)),
    };
    const inputs = { drive: kernels.read(places.drive), jump: kernels.read(places.jump) };
    const operands = {
      wide: kernels.arrays.wide,
      n,
      clock: kernels.clock,
      ...kernels.block(n, columns, [2]),
      ...places,
    };
    return { places, inputs, operands };
  }

  /** Checks potential, spikes, refractoriness and that inputs are used up; `before` and `after` of each neuron. */
  function checkSpiking(
    n: number,
    { places }: ReturnType<typeof membrane>,
    after: number[],
    spiking: (k: number) => boolean,
    relative = tolerance(precision),
  ): void {
    expectNear(kernels.read(places.v), after, relative);
    expect(kernels.spikes(places.spikes, step + 1)).toEqual(range(n).filter(spiking));
    const until = restUntil(n).map((value, k) => (spiking(k) ? step + 1 + 7 : value));
    expect(kernels.readIntegers(places.until, n)).toEqual(until);
    for (const input of [places.drive, places.jump]) expect(kernels.read(input)).toEqual(range(n).map(() => 0));
  }

  test.each(neuronCounts)('Lif: %i neurons, 0 to 2 receptors', (n) => {
    for (const receptors of [0, 1, 2]) {
      const v = numbers(n, -10, 10);
      const [target, decay, gain] = [numbers(n, -10, 10), numbers(n, 0.8, 1), numbers(n, 0.1, 0.5)];
      const own = range(receptors).map(() => [numbers(n, 0.1, 0.3), numbers(n, 0.7, 0.9)] as const);
      const made = membrane(n, v, [3, -4, 7, target, decay, gain, ...own.flat()]);
      const g = range(2).map((r) => kernels.numbers(r < receptors ? numbers(n, 0, 5) : [0]));
      const values = g.map((placed) => kernels.read(placed));
      kernels.run('Lif', { ...made.operands, receptors, g0: receptors > 0 ? g[0]! : 0, g1: receptors > 1 ? g[1]! : 0 });
      const free = v.map((x, k) => {
        const relaxing = target[k]! + (x + made.inputs.jump[k]! - target[k]!) * decay[k]!;
        return own.reduce(
          (sum, [amount], r) => sum + values[r]![k]! * amount[k]!,
          relaxing + gain[k]! * made.inputs.drive[k]!,
        );
      });
      const after = v.map((x, k) => (rests(k) ? x : free[k]!));
      // a resting neuron above threshold spikes all the same: its potential is what counts
      const spiking = (k: number) => after[k]! > 3;
      checkSpiking(
        n,
        made,
        after.map((x, k) => (spiking(k) ? -4 : x)),
        spiking,
      );
      own.forEach(([, shrink], r) =>
        expectNear(
          kernels.read(g[r]!),
          values[r]!.map((x, k) => x * shrink[k]!),
          tolerance(precision),
        ),
      );
    }
  });

  test.each(neuronCounts)('LifConductance: %i neurons, with further conductances', (n) => {
    const v = numbers(n, -80, -48);
    const [leak, rate] = [numbers(n, 5, 15), numbers(n, 0.0004, 0.001)];
    const reversalLeak = leak.map((g) => -60 * g);
    const made = membrane(n, v, [-50, -60, 7, reversalLeak, leak, rate, 0, 0.9, -80, 0.95]);
    const [g0, g1] = [kernels.numbers(numbers(n, 0, 50)), kernels.numbers(numbers(n, 0, 50))];
    const [conductance, reversal] = [kernels.numbers(numbers(n, 0, 20)), kernels.numbers(numbers(n, -500, 500))];
    const [e, i, more, current] = [g0, g1, conductance, reversal].map((placed) => kernels.read(placed)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    kernels.run('LifConductance', { ...made.operands, receptors: 2, g0, g1, conductance, reversal });
    const after = v.map((x, k) => {
      if (rests(k)) return x;
      const inward = rounded(precision, reversalLeak)[k]! - 80 * i[k]! + current[k]! + made.inputs.drive[k]!;
      return relaxed(x + made.inputs.jump[k]!, inward, leak[k]! + e[k]! + i[k]! + more[k]!, rate[k]!);
    });
    const spiking = (k: number) => after[k]! > -50;
    checkSpiking(
      n,
      made,
      after.map((x, k) => (spiking(k) ? -60 : x)),
      spiking,
      tolerance(precision, 30),
    );
    expectNear(
      kernels.read(g0),
      e.map((x) => x * 0.9),
      tolerance(precision),
    );
    expectNear(
      kernels.read(g1),
      i.map((x) => x * 0.95),
      tolerance(precision),
    );
    expect(kernels.read(conductance)).toEqual(range(n).map(() => 0));
    expect(kernels.read(reversal)).toEqual(range(n).map(() => 0));
  });

  test.each(neuronCounts)('Izhikevich: %i neurons, v in one part or two', (n) => {
    for (const substeps of [1, 2]) {
      const [v, u] = [numbers(n, -70, 30), numbers(n, -15, -5)];
      const [a, b] = [numbers(n, 0.01, 0.1), numbers(n, 0.2, 0.25)];
      const made = membrane(n, v, [30, -65, 0, 0.5 / substeps, a.map((x) => x / 2), b, 8, 5, 140, 1, 0, 10]);
      const places = { ...made.operands, until: 0, u: kernels.numbers(u), substeps };
      kernels.run('Izhikevich', places);
      const expected = v.map((start, k) => {
        let x = start + made.inputs.jump[k]!;
        for (let part = 0; part < substeps; part++)
          x += (0.5 / substeps) * (0.04 * x * x + 5 * x + 140 - u[k]! + 10 + made.inputs.drive[k]!);
        const y = u[k]! + (a[k]! / 2) * (b[k]! * x - u[k]!);
        return x > 30 ? [-65, y + 8, 1] : [x, y, 0];
      });
      expectNear(
        kernels.read(made.places.v),
        expected.map(([x]) => x!),
        tolerance(precision, 200),
      );
      expectNear(
        kernels.read(places.u),
        expected.map(([, y]) => y!),
        tolerance(precision, 200),
      );
      expect(kernels.spikes(made.places.spikes, step + 1)).toEqual(range(n).filter((k) => expected[k]![2]));
    }
  });

  test.each([Method.Euler, Method.ExponentialEuler, Method.RungeKutta4])(
    'AdaptiveExponential by method %i',
    (method) => {
      for (const n of neuronCounts) {
        const [v, w] = [numbers(n, -75, -42), numbers(n, 0, 50)];
        const common = {
          peak: 0,
          rest: -70,
          threshold: -50,
          slope: 2,
          leak: 10,
          adaptation: 2,
          step: 0.1 / 200,
          wStep: 0.1 / 30,
        };
        const decays = [Math.exp(-0.1 / 20), Math.exp(-0.1 / 30)];
        const columns = [0, -58, 7, 60, -70, -50, 1 / 2, 10, 20, 2, 500, common.step, common.wStep, ...decays];
        const made = membrane(n, v, columns);
        const placed = kernels.numbers(w);
        kernels.run('AdaptiveExponential', { ...made.operands, w: placed, method });
        const expected = v.map((x, k) => {
          const p = { ...common, current: 500 + made.inputs.drive[k]! };
          const [next, y] = adaptiveStep(method, x + made.inputs.jump[k]!, w[k]!, p);
          const kept = rests(k) ? x : next;
          return kept > 0 ? ([-58, y + 60, true] as const) : ([kept, y, false] as const);
        });
        checkSpiking(
          n,
          made,
          expected.map(([x]) => x),
          (k) => expected[k]![2],
          tolerance(precision, 200),
        );
        expectNear(
          kernels.read(placed),
          expected.map(([, y]) => y),
          tolerance(precision, 200),
        );
      }
    },
  );

  function adaptiveStep(method: number, v: number, w: number, p: AdaptiveParameters): [number, number] {
    const [kv, kw] = adaptiveSlopes(v, w, p);
    if (method === Method.Euler) return [v + kv, w + kw];
    if (method === Method.ExponentialEuler) {
      const spike = p.slope * Math.exp(Math.min((Math.min(v, p.peak) - p.threshold) / p.slope, 30));
      const target = p.rest + spike + (p.current - w) / p.leak;
      return [
        target + (v - target) * Math.exp(-p.leak * p.step),
        p.adaptation * (v - p.rest) + (w - p.adaptation * (v - p.rest)) * Math.exp(-p.wStep),
      ];
    }
    const [bv, bw] = adaptiveSlopes(v + kv / 2, w + kw / 2, p);
    const [cv, cw] = adaptiveSlopes(v + bv / 2, w + bw / 2, p);
    const [dv, dw] = adaptiveSlopes(v + cv, w + cw, p);
    return [v + (kv + 2 * bv + 2 * cv + dv) / 6, w + (kw + 2 * bw + 2 * cw + dw) / 6];
  }

  test.each([
    ['HodgkinHuxley', ChannelKind.HodgkinHuxley, Method.ExponentialEuler],
    ['HodgkinHuxley', ChannelKind.HodgkinHuxley, Method.RungeKutta4],
    ['TraubMiles', ChannelKind.TraubMiles, Method.ExponentialEuler],
    ['TraubMiles', ChannelKind.TraubMiles, Method.RungeKutta4],
  ] as const)('HodgkinHuxley with the rates of %s (%i) by method %i', (name, channels, method) => {
    // also over the boundary of a block, where passes begin anew
    for (const n of [...neuronCounts, 300]) {
      const v = numbers(n, -75, 20);
      const gates = ['m', 'h', 'gateN'].map(() => numbers(n, 0.05, 0.9));
      const shift = name === 'TraubMiles' ? -63 : 0;
      const columns = [-20, 0, 7, 120, 50, 36, -77, 0.3, 0.3 * -54.4, 0.01, 0.02, shift, 0, 0.9, -80, 0.95];
      const made = membrane(n, v, columns);
      const [m, h, gateN] = gates.map((values) => kernels.numbers(values)) as [never, never, never];
      const [g0, g1] = [kernels.numbers(numbers(n, 0, 3)), kernels.numbers(numbers(n, 0, 3))];
      const [conductance, reversal] = [kernels.numbers(numbers(n, 0, 2)), kernels.numbers(numbers(n, -50, 50))];
      const [e, i, more, current] = [g0, g1, conductance, reversal].map((placed) => kernels.read(placed)) as [
        number[],
        number[],
        number[],
        number[],
      ];
      kernels.run('HodgkinHuxley', {
        ...made.operands,
        channels,
        method,
        m,
        h,
        gateN,
        receptors: 2,
        g0,
        g1,
        conductance,
        reversal,
      });
      const starts = v.map((x, k) => x + made.inputs.jump[k]!);
      const expected = starts.map((x, k) => {
        const parameters = {
          sodium: 120,
          sodiumReversal: 50,
          potassium: 36,
          potassiumReversal: -77,
          other: 0.3 + e[k]! + i[k]! + more[k]!,
          otherCurrent: 0.3 * -54.4 - 80 * i[k]! + current[k]! + made.inputs.drive[k]!,
          step: 0.01,
          gateStep: 0.02,
          rates: (potential: number) =>
            name === 'TraubMiles' ? pyramidalRates(potential - shift) : axonRates(potential),
        };
        const state = { v: x, m: gates[0]![k]!, h: gates[1]![k]!, n: gates[2]![k]! };
        return method === Method.RungeKutta4 ? channelRungeKutta(state, parameters) : channelStep(state, parameters);
      });
      const close = tolerance(precision, 400);
      expectNear(
        kernels.read(m),
        expected.map((state) => state.m),
        close,
      );
      expectNear(
        kernels.read(h),
        expected.map((state) => state.h),
        close,
      );
      expectNear(
        kernels.read(gateN),
        expected.map((state) => state.n),
        close,
      );
      const spiking = (k: number) => expected[k]!.v > -20 && starts[k]! <= -20 && !rests(k);
      checkSpiking(
        n,
        made,
        expected.map((state) => state.v),
        spiking,
        close,
      );
    }
  });

  test.each([
    ['Current', ReceptorForm.Current],
    ['Driving', ReceptorForm.Driving],
    ['Conductance', ReceptorForm.Conductance],
  ] as const)('Receptor as %s, of one stage or two, blocked or not', (_name, form) => {
    for (const n of neuronCounts)
      for (const stages of [1, 2])
        for (const magnesium of [0, 1]) {
          const [g, y, v] = [numbers(n, 0, 5), numbers(n, 0, 5), numbers(n, -80, 20)];
          const columns = [0.9, 0.2, 0.8, 1.5, 0.5, -10, 1 / 3.57];
          const places = {
            g: kernels.numbers(g),
            y: kernels.numbers(y),
            drive: kernels.numbers(range(n)),
            conductance: kernels.numbers(range(n)),
            reversal: kernels.numbers(range(n)),
          };
          const operands = {
            wide: kernels.arrays.wide,
            n,
            form,
            stages,
            magnesium,
            ...kernels.block(n, columns),
            v: kernels.numbers(v),
          };
          kernels.run('Receptor', { ...operands, ...places });
          const two = stages === 2;
          const open = g.map((x, k) => (magnesium ? x / (1 + Math.exp(-0.062 * v[k]!) / 3.57) : x));
          const given = g.map((x, k) => 1.5 * x + (two ? 0.5 * y[k]! : 0));
          const drive = range(n).map((k) => {
            if (form === ReceptorForm.Current) return k + given[k]!;
            return form === ReceptorForm.Driving ? k + open[k]! * (-10 - v[k]!) : k;
          });
          const isSummed = form === ReceptorForm.Conductance;
          const close = tolerance(precision, 60);
          expectNear(kernels.read(places.drive), drive, close);
          expectNear(
            kernels.read(places.conductance),
            range(n).map((k) => k + (isSummed ? open[k]! : 0)),
            close,
          );
          expectNear(
            kernels.read(places.reversal),
            range(n).map((k) => k - (isSummed ? 10 * open[k]! : 0)),
            close,
          );
          expectNear(
            kernels.read(places.g),
            g.map((x, k) => 0.9 * x + (two ? 0.2 * y[k]! : 0)),
            close,
          );
          expectNear(
            kernels.read(places.y),
            y.map((x) => (two ? 0.8 * x : x)),
            close,
          );
        }
  });

  test('NaN stays NaN and does not spike', () => {
    const v = [1, NaN, 5, NaN, 5];
    const made = membrane(5, v, [3, -4, 7, 0, 1, 0]);
    kernels.run('Lif', { ...made.operands, until: 0, drive: 0, jump: 0, receptors: 0, g0: 0, g1: 0 });
    expect(kernels.read(made.places.v)).toEqual([1, NaN, -4, NaN, -4]);
    expect(kernels.spikes(made.places.spikes, step + 1)).toEqual([2, 4]);
  });
});
