// The kernels of delivery, plasticity, sources, monitors and connections against plain numbers, with guard words around
// every array.
import { beforeEach, describe, expect, test } from 'vitest';
import { DistanceKind, RandomKind } from '../../src/core/generated/neuron-instructions.ts';
import { testRandom } from '../helpers/kernel.ts';
import {
  expectNear,
  neuronCounts,
  neuronKernels,
  precisions,
  rounded,
  tolerance,
  type NeuronKernels,
  type Placed,
} from '../helpers/neuron-kernel.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, k) => k);

describe.each(precisions)('in %s', (precision) => {
  let kernels: NeuronKernels;
  let wide: number;
  let clock: number;
  beforeEach(async () => {
    kernels = await neuronKernels(precision);
    wide = kernels.arrays.wide;
    clock = kernels.clock;
  });
  const next = testRandom(7);
  const numbers = (n: number, low: number, high: number) =>
    rounded(
      precision,
      Array.from({ length: n }, () => next(low, high)),
    );
  const near = (placed: Placed, expected: number[]) =>
    expectNear(kernels.read(placed), expected, tolerance(precision, 20));

  /** Rows of random targets: some empty, some with a target twice. */
  function synapses(sources: number, targets: number) {
    const lists = range(sources).map((k) => Array.from({ length: (k * 3) % 6 }, () => Math.floor(next(0, targets))));
    const rows = [0];
    for (const list of lists) rows.push(rows.at(-1)! + list.length);
    return {
      lists,
      rows: kernels.words(rows),
      targets: kernels.words([...lists.flat(), 0]),
      count: rows.at(-1)!,
      begins: rows,
    };
  }

  test.each(neuronCounts)(
    'Propagate adds to the targets of %i sources, with one weight or many, scaled or not',
    (n) => {
      for (const shared of [1, 0])
        for (const scaled of [false, true]) {
          const { lists, begins, ...places } = synapses(n, 9);
          const weights = numbers(Math.max(1, shared ? 1 : places.count), -2, 2);
          const scale = numbers(n, 0, 2);
          const out = kernels.numbers(range(9));
          const log = kernels.log(n + 4, 4);
          // the group has two neurons before these sources, and two behind them
          kernels.putSpikes(log, 5, [
            0,
            ...range(n)
              .filter((k) => k % 2 === 0)
              .map((k) => k + 2),
            n + 3,
          ]);
          kernels.at(7);
          const operands = {
            wide,
            clock,
            spikes: log,
            first: 2,
            count: n,
            rows: places.rows,
            targets: places.targets,
            shared,
            out,
          };
          kernels.run('Propagate', {
            ...operands,
            delay: 2,
            weights: kernels.numbers(weights),
            scale: scaled ? kernels.numbers(scale) : 0,
          });
          const expected = range(9);
          lists.forEach((list, source) => {
            if (source % 2) return;
            list.forEach(
              (target, k) =>
                (expected[target]! += weights[shared ? 0 : begins[source]! + k]! * (scaled ? scale[source]! : 1)),
            );
          });
          near(out, expected);
        }
    },
  );

  test('Propagate waits until there can be spikes', () => {
    const out = kernels.numbers([0]);
    const log = kernels.log(1, 8);
    kernels.putSpikes(log, 7, [0]);
    const operands = {
      wide,
      clock,
      spikes: log,
      first: 0,
      count: 1,
      shared: 1,
      weights: kernels.numbers([1]),
      scale: 0,
      out,
    };
    const rows = { rows: kernels.words([0, 1]), targets: kernels.words([0]) };
    kernels.at(1);
    kernels.run('Propagate', { ...operands, ...rows, delay: 2 });
    expect(kernels.read(out)).toEqual([0]);
  });

  test.each(neuronCounts)('PropagateDense adds whole rows to %i targets', (n) => {
    const padded = kernels.arrays.paddedBytes(n) / kernels.arrays.bytes;
    const weights = numbers(3 * padded, -2, 2);
    const [out, scale] = [kernels.numbers(range(n)), numbers(3, 0, 2)];
    const log = kernels.log(5);
    kernels.putSpikes(log, 4, [0, 1, 3]);
    kernels.at(4);
    const operands = { wide, clock, spikes: log, delay: 0, first: 1, count: 3, n, out };
    kernels.run('PropagateDense', { ...operands, weights: kernels.numbers(weights), scale: kernels.numbers(scale) });
    // of the sources 1 to 3 those that spiked are 1 and 3
    near(
      out,
      range(n).map((k) => k + scale[0]! * weights[k]! + scale[2]! * weights[2 * padded + k]!),
    );
  });

  test.each(neuronCounts)('PropagateDelayed gives each of %i targets its sum at its time', (n) => {
    const { lists, begins, ...places } = synapses(6, n);
    const delays = range(places.count).map((s) => s % 4);
    const weights = numbers(Math.max(1, places.count), -2, 2);
    const padded = kernels.arrays.paddedBytes(n) / kernels.arrays.bytes;
    const [out, ring] = [kernels.numbers(range(n).map(() => 0)), kernels.numbers(range(4 * padded).map(() => 0))];
    const log = kernels.log(6, 8);
    const operands = {
      wide,
      clock,
      spikes: log,
      first: 0,
      count: 6,
      rows: places.rows,
      targets: places.targets,
      shared: 0,
      scale: 0,
      slots: 4,
      n,
    };
    const all = { ...operands, weights: kernels.numbers(weights), delays: kernels.words([...delays, 0]), ring, out };
    const expected = range(12).map(() => range(n).map(() => 0));
    for (let step = 0; step < 8; step++) {
      const spiking = range(6).filter((k) => (k + step) % 3 === 0 && step < 5);
      kernels.putSpikes(log, step, spiking);
      for (const source of spiking)
        lists[source]!.forEach((target, k) => {
          const s = begins[source]! + k;
          expected[step + delays[s]!]![target]! += weights[s]!;
        });
      kernels.at(step);
      kernels.run('PropagateDelayed', all);
      expectNear(
        kernels.read(out),
        range(n).map((k) => range(step + 1).reduce((sum, t) => sum + expected[t]![k]!, 0)),
        tolerance(precision, 400),
      );
    }
  });

  test('ShortTerm releases what Tsodyks and Markram say, of the sources that spike', () => {
    const [use, tauRecovery, tauFacilitation, dt] = [0.2, 130, 530, 0.5];
    const initial = () =>
      [kernels.numbers([0, 0.1, 0]), kernels.numbers([1, 0.6, 1]), kernels.numbers([0, 0, 0])] as const;
    const [u, x, y] = initial();
    const [last, scale] = [kernels.words([0, 40, 0]), kernels.numbers([0, 0, 0])];
    const log = kernels.log(3);
    kernels.putSpikes(log, 60, [1, 2]);
    kernels.at(60);
    const parameters = kernels.numbers([use, tauRecovery, tauFacilitation, 0, dt]);
    kernels.run('ShortTerm', {
      wide,
      clock,
      spikes: log,
      delay: 0,
      first: 0,
      count: 3,
      parameters,
      u,
      x,
      y,
      last,
      scale,
    });
    const step = (before: number, left: number, steps: number) => {
      const decayed = left * Math.exp((-steps * dt) / tauFacilitation);
      const after = decayed + use * (1 - decayed);
      const recovered = 1 + (before - 1) * Math.exp((-steps * dt) / tauRecovery);
      return { u: after, x: recovered - after * recovered, released: after * recovered };
    };
    const [one, two] = [step(0.6, 0.1, 20), step(1, 0, 60)];
    near(u, [0, one.u, two.u]);
    near(x, [1, one.x, two.x]);
    near(scale, [0, one.released, two.released]);
    expect(kernels.read(last)).toEqual([0, 60, 60]);
  });

  test.each(neuronCounts)('Decay shrinks %i numbers', (n) => {
    const x = numbers(n, -3, 3);
    const placed = kernels.numbers(x);
    kernels.run('Decay', { wide, n, x: placed, factor: kernels.numbers([0.75]) });
    near(
      placed,
      x.map((value) => value * 0.75),
    );
  });

  describe.each([0, 1])('plasticity, nearest %i', (nearest) => {
    const rule = {
      aPlus: 0.1,
      aMinus: 0.12,
      muPlus: 0.5,
      muMinus: 1,
      maximum: 2,
      minimum: 0,
      bPlus: 0.03,
      bMinus: 0.02,
      constant: 0.01,
    };
    const scalars = () => kernels.numbers(Object.values(rule));
    const bounded = (w: number) => Math.min(Math.max(w, rule.minimum), rule.maximum);
    const jumped = (values: number[], spiking: number[]) =>
      values.map((x, k) => (spiking.includes(k) ? (nearest ? 1 : x + 1) : x));

    test('PlasticArrival delivers with the weight as it was, then changes it; traces of sources jump', () => {
      const { lists, begins, ...places } = synapses(5, 4);
      const w = numbers(places.count, 0, 2);
      const [x, xSlow, y, ySlow] = [numbers(5, 0, 1), numbers(5, 0, 1), numbers(4, 0, 1), numbers(4, 0, 1)];
      const [weights, traces] = [
        kernels.numbers(w),
        { x: kernels.numbers(x), xSlow: kernels.numbers(xSlow), y: kernels.numbers(y), ySlow: kernels.numbers(ySlow) },
      ];
      const [out, log] = [kernels.numbers(range(6).map(() => 0)), kernels.log(5)];
      kernels.putSpikes(log, 9, [1, 3, 4]);
      kernels.at(9);
      // target 0 of the rule is neuron 2 of its group
      const targets = kernels.words([...lists.flat().map((target) => target + 2), 0]);
      const operands = {
        wide,
        clock,
        spikes: log,
        delay: 0,
        first: 0,
        count: 5,
        weights,
        parameters: scalars(),
        nearest,
        ...traces,
        tags: 0,
        signs: 0,
      };
      kernels.run('PlasticArrival', { ...operands, rows: places.rows, targets, firstTarget: 2, scale: 0, out });
      const expected = [...w];
      const sums = range(6).map(() => 0);
      for (const source of [1, 3, 4])
        lists[source]!.forEach((target, k) => {
          const s = begins[source]! + k;
          sums[target + 2]! += expected[s]!;
          const amount = rule.aMinus * (expected[s]! / rule.maximum) ** rule.muMinus + rule.bMinus * xSlow[source]!;
          expected[s] = bounded(expected[s]! + rule.constant - y[target]! * amount);
        });
      near(weights, expected);
      near(out, sums);
      near(traces.x, jumped(x, [1, 3, 4]));
      near(traces.xSlow, jumped(xSlow, [1, 3, 4]));
      near(traces.y, y);
    });

    test('PlasticSpike changes what comes in to a target; with tags these alone', () => {
      for (const tagged of [false, true]) {
        // entries of targets: their synapses in another order
        const rows = [0, 2, 2, 5];
        const sources = [1, 0, 3, 2, 0];
        const order = [4, 0, 2, 1, 3];
        const w = numbers(5, 0, 2);
        const [x, y, ySlow] = [numbers(4, 0, 1), numbers(3, 0, 1), numbers(3, 0, 1)];
        const [weights, tags] = [kernels.numbers(w), kernels.numbers(range(5))];
        const traces = { x: kernels.numbers(x), xSlow: 0, y: kernels.numbers(y), ySlow: kernels.numbers(ySlow) };
        const log = kernels.log(3);
        kernels.putSpikes(log, 6, [0, 2]);
        kernels.at(6);
        const operands = {
          wide,
          clock,
          spikes: log,
          delay: 0,
          first: 0,
          count: 3,
          weights,
          parameters: scalars(),
          nearest,
          ...traces,
        };
        const lists = { rows: kernels.words(rows), sources: kernels.words(sources), order: kernels.words(order) };
        kernels.run('PlasticSpike', { ...operands, ...lists, tags: tagged ? tags : 0, signs: 0 });
        const change = range(5).map(() => 0);
        for (const target of [0, 2])
          for (let e = rows[target]!; e < rows[target + 1]!; e++) {
            const grown = rule.aPlus * (1 - w[order[e]!]! / rule.maximum) ** rule.muPlus + rule.bPlus * ySlow[target]!;
            change[order[e]!] = x[sources[e]!]! * grown;
          }
        near(
          weights,
          w.map((value, s) => (tagged ? value : bounded(value + change[s]!))),
        );
        near(
          tags,
          range(5).map((value, s) => value + (tagged ? change[s]! : 0)),
        );
        near(traces.y, jumped(y, [0, 2]));
        near(traces.ySlow, jumped(ySlow, [0, 2]));
      }
    });
  });

  test.each(neuronCounts)('Eligibility turns %i tags into changes while there is a reward', (n) => {
    for (const amount of [0, 0.5]) {
      const [w, c] = [numbers(n, 0, 2), numbers(n, -3, 3)];
      const [weights, tags, reward] = [kernels.numbers(w), kernels.numbers(c), kernels.numbers([amount])];
      const parameters = kernels.numbers([0.4, 0.9, 0.8, 0, 2]);
      kernels.run('Eligibility', { wide, n, weights, tags, reward, parameters, signs: 0 });
      near(
        weights,
        w.map((x, k) => (amount ? Math.min(Math.max(x + 0.4 * amount * c[k]!, 0), 2) : x)),
      );
      near(
        tags,
        c.map((x) => x * 0.9),
      );
      near(reward, [amount * 0.8]);
    }
  });

  test('Scaling follows rates, and scales every so many steps', () => {
    for (const step of [20, 21]) {
      const [w, r] = [numbers(5, 0, 2), numbers(3, 0, 0.02)];
      const [weights, rate, log] = [kernels.numbers(w), kernels.numbers(r), kernels.log(4)];
      kernels.putSpikes(log, step, [0, 2]);
      kernels.at(step);
      const lists = { rows: kernels.words([0, 2, 2, 5]), order: kernels.words([4, 0, 2, 1, 3]) };
      const parameters = kernels.numbers([0.95, 0.001, 100, 0.01]);
      kernels.run('Scaling', {
        wide,
        clock,
        every: 10,
        n: 3,
        ...lists,
        weights,
        rate,
        parameters,
        spikes: log,
        first: 1,
      });
      // of the targets 1 to 3 of the group, neuron 2 spiked
      const rates = r.map((x, k) => x * 0.95 + (k === 1 ? 0.001 : 0));
      near(rate, rates);
      const factor = rates.map((x) => Math.max(0, 1 + 0.01 * (1 - 100 * x)));
      const target = [0, 2, 2, 2, 0];
      near(
        weights,
        w.map((x, s) => (step === 20 ? x * factor[target[s]!]! : x)),
      );
    }
  });

  test.each(neuronCounts)('Drive adds the row of its step to %i neurons, one value or many', (n) => {
    for (const columns of new Set([1, n])) {
      const table = numbers(3 * columns, -5, 5);
      for (const step of [3, 4, 6, 7]) {
        const drive = kernels.numbers(range(n));
        kernels.at(step);
        kernels.run('Drive', { wide, n, clock, drive, values: kernels.numbers(table), first: 4, rows: 3, columns });
        const row = step - 4;
        const value = (k: number) => (row >= 0 && row < 3 ? table[row * columns + (columns === 1 ? 0 : k)]! : 0);
        near(
          drive,
          range(n).map((k) => k + value(k)),
        );
      }
    }
  });

  test('SpikeTimes gives the spikes of its label, and passes over those of before', () => {
    const [log, cursor] = [kernels.log(6, 3), kernels.words([0])];
    const operands = {
      clock,
      spikes: log,
      steps: kernels.words([2, 5, 5, 7]),
      neurons: kernels.words([1, 0, 4, 3]),
      count: 4,
      cursor,
    };
    kernels.at(4);
    kernels.run('SpikeTimes', operands);
    expect(kernels.spikes(log, 5)).toEqual([0, 4]);
    kernels.at(5);
    kernels.run('SpikeTimes', operands);
    expect(kernels.spikes(log, 6)).toEqual([]);
    kernels.at(6);
    kernels.run('SpikeTimes', operands);
    expect(kernels.spikes(log, 7)).toEqual([3]);
    expect(kernels.read(cursor)).toEqual([4]);
  });

  test('RecordSpikes keeps pairs of its range, and stops where there is no room', () => {
    const log = kernels.log(6);
    kernels.putSpikes(log, 9, [0, 2, 3, 5]);
    kernels.at(8);
    const [out, used] = [kernels.words(range(10).map(() => 0)), kernels.words([1])];
    const operands = { clock, spikes: log, first: 2, count: 3, out, used };
    expect(kernels.run('RecordSpikes', { ...operands, capacity: 4 })).toBe(false);
    expect(kernels.read(used)).toEqual([1]);
    expect(kernels.run('RecordSpikes', { ...operands, capacity: 5 })).toBe(true);
    expect(kernels.read(out)).toEqual([0, 0, 9, 0, 9, 1, 0, 0, 0, 0]);
    expect(kernels.read(used)).toEqual([3]);
  });

  test('RecordStates keeps rows every so many steps, and stops where there is no room', () => {
    const [state, out, used] = [
      kernels.numbers([5, 6, 7, 8]),
      kernels.numbers(range(6).map(() => 0)),
      kernels.words([1]),
    ];
    const operands = { wide, clock, every: 4, state, n: 2, indices: kernels.words([3, 1]), out, used };
    kernels.at(6);
    expect(kernels.run('RecordStates', { ...operands, capacity: 3 })).toBe(true);
    expect(kernels.read(used)).toEqual([1]);
    kernels.at(8);
    expect(kernels.run('RecordStates', { ...operands, capacity: 1 })).toBe(false);
    expect(kernels.run('RecordStates', { ...operands, capacity: 3 })).toBe(true);
    expect(kernels.read(out)).toEqual([0, 0, 8, 6, 0, 0]);
    expect(kernels.read(used)).toEqual([2]);
  });

  test.each(neuronCounts)('CheckState stops at what is not finite among %i, and at nothing else', (n) => {
    for (const bad of [NaN, Infinity, -Infinity, 3])
      for (const step of [16, 17]) {
        const state = kernels.numbers(range(n).map((k) => (k === n - 1 ? bad : k)));
        kernels.at(step);
        const goesOn = kernels.run('CheckState', { wide, clock, every: 16, n, state });
        expect(goesOn).toBe(bad === 3 || step === 17);
      }
  });

  test('RandomValues and Noise: the numbers of a neuron are its own, in any length', () => {
    const draw = (n: number, kind: number, stream: number) => {
      const out = kernels.numbers(range(n).map(() => 0));
      const bounds = kernels.numbers([2, 5]);
      kernels.run('RandomValues', { wide, kind, out, n, bounds, seedLow: 1, seedHigh: 2, stream });
      return kernels.read(out);
    };
    const noise = (n: number, stream: number, columns: number) => {
      const out = kernels.numbers(range(n).map(() => 0));
      const amplitude = kernels.numbers(range(columns).map((k) => 2 + (columns === 1 ? 0 : k)));
      kernels.run('Noise', { wide, n, clock, stream, out, amplitude, columns });
      return kernels.read(out);
    };
    const [uniform, normal, noisy] = [
      draw(5000, RandomKind.Uniform, 3),
      draw(5000, RandomKind.Normal, 3),
      noise(5000, 3, 1),
    ];
    const mean = (x: number[]) => x.reduce((sum, y) => sum + y, 0) / x.length;
    expect(uniform.every((x) => x >= 2 && x < 5)).toBe(true);
    expect(Math.abs(mean(uniform) - 3.5)).toBeLessThan(0.05);
    expect(Math.abs(mean(normal) - 2)).toBeLessThan(0.3);
    expect(Math.abs(mean(noisy.map((x) => x * x)) - 4)).toBeLessThan(0.3);
    for (const n of neuronCounts) {
      expect(draw(n, RandomKind.Uniform, 3)).toEqual(uniform.slice(0, n));
      expect(draw(n, RandomKind.Normal, 3)).toEqual(normal.slice(0, n));
      expect(noise(n, 3, 1)).toEqual(noisy.slice(0, n));
      expectNear(
        noise(n, 3, n),
        noisy.slice(0, n).map((x, k) => (n === 1 ? x : (x * (2 + k)) / 2)),
        tolerance(precision),
      );
    }
    expect(noise(9, 4, 1)).not.toEqual(noisy.slice(0, 9));
    kernels.at(1);
    expect(noise(9, 3, 1)).not.toEqual(noisy.slice(0, 9));
  });

  test('PoissonSource spikes as often as its threshold says; PoissonInput counts the levels below its word', () => {
    const n = 4000;
    const source = (size: number, thresholds: number[], columns: number) => {
      const log = kernels.log(size);
      kernels.run('PoissonSource', {
        n: size,
        clock,
        stream: 2,
        spikes: log,
        thresholds: kernels.words(thresholds),
        columns,
      });
      return kernels.spikes(log, 1);
    };
    const spikes = source(n, [2 ** 30], 1);
    expect(Math.abs(spikes.length / n - 0.25)).toBeLessThan(0.03);
    for (const size of neuronCounts) expect(source(size, [2 ** 30], 1)).toEqual(spikes.filter((k) => k < size));
    const own = range(16).map((k) => (k % 2 ? 2 ** 32 - 1 : 0));
    expect(source(9, own, 9)).toEqual([1, 3, 5, 7]);
    const input = (size: number, levels: number[]) => {
      const out = kernels.numbers(range(size).map(() => 1));
      const operands = { wide, n: size, clock, stream: 2, out, levels: kernels.words(levels), count: levels.length };
      kernels.run('PoissonInput', { ...operands, weight: kernels.numbers([0.5]) });
      return kernels.read(out);
    };
    // the same words as above: those below 2³⁰ have counted no level
    const counted = input(n, [2 ** 30, 2 ** 31]);
    expect(range(n).filter((k) => counted[k] === 1)).toEqual(spikes);
    expect(new Set(counted)).toEqual(new Set([1, 1.5, 2]));
    for (const size of neuronCounts) expect(input(size, [2 ** 30, 2 ** 31])).toEqual(counted.slice(0, size));
  });
});

describe('connections', () => {
  let kernels: NeuronKernels;
  beforeEach(async () => {
    kernels = await neuronKernels('float32');
  });
  const seed = { seedLow: 1, seedHigh: 2, stream: 3 };
  const rowsOf = (rows: number[], out: number[]) => rows.slice(1).map((end, k) => out.slice(rows[k], end));

  test('ConnectProbability makes ascending rows, leaves out itself, and stops when full', () => {
    const make = (sources: number, targets: number, capacity: number) => {
      const [rows, out] = [kernels.words(range(sources + 1)), kernels.words(range(capacity))];
      const operands = {
        sources,
        targets,
        first: 10,
        inverseLog: 1 / Math.log(0.7),
        distinct: 1,
        diagonal: 0,
        ...seed,
      };
      const finished = kernels.run('ConnectProbability', { ...operands, rows, out, capacity });
      return { finished, rows: rowsOf(kernels.read(rows), kernels.read(out)) };
    };
    const { finished, rows } = make(40, 33, 700);
    expect(finished).toBe(true);
    rows.forEach((row, source) => {
      expect(row).toEqual([...new Set(row)].toSorted((a, b) => a - b));
      expect(row.every((target) => target >= 10 && target < 43 && target !== source + 10)).toBe(true);
    });
    expect(Math.abs(rows.flat().length / (40 * 33) - 0.3)).toBeLessThan(0.05);
    expect(make(40, 33, 100).finished).toBe(false);
    for (const sources of neuronCounts) expect(make(sources, 33, 700).rows).toEqual(rows.slice(0, sources));
  });

  test('ConnectDegree draws as many as it is told, once or more often', () => {
    for (const repeated of [0, 1]) {
      const [marks, out] = [kernels.words(range(3).map(() => 0)), kernels.words(range(7 * 9))];
      const operands = { n: 7, choices: 11, degree: 9, first: 5, repeated, distinct: 1, diagonal: 0, ...seed };
      kernels.run('ConnectDegree', { ...operands, marks, out });
      const drawn = kernels.read(out);
      range(7).forEach((row) => {
        const choices = drawn.slice(9 * row, 9 * row + 9);
        expect(choices.every((choice) => choice >= 5 && choice < 16 && choice !== row + 5)).toBe(true);
        if (!repeated) expect(new Set(choices).size).toBe(9);
      });
      expect(kernels.read(marks)).toEqual([0, 0, 0]);
    }
  });

  test('ConnectDistance connects what is near enough, in any number of targets', () => {
    for (const targets of neuronCounts) {
      const stride = Math.ceil(targets / 16) * 16;
      const words = (values: number[]) => [...new Uint32Array(Float32Array.from(values).buffer)];
      const there = [0, 1, 2].flatMap((axis) => range(stride).map((k) => (axis === 0 ? k : 0)));
      const [rows, out] = [kernels.words([9, 9, 9]), kernels.words(range(2 * targets + 1))];
      const places = {
        sourcePositions: kernels.words(words([0, 0, 0, 8, 0, 0])),
        targetPositions: kernels.words(words(there)),
      };
      const operands = {
        kind: DistanceKind.Disc,
        sources: 2,
        targets,
        first: 3,
        distinct: 0,
        diagonal: 0,
        peak: 1,
        scale: 1,
        maximum: 4.5,
        ...seed,
      };
      const finished = kernels.run('ConnectDistance', { ...operands, ...places, rows, out, capacity: 2 * targets });
      expect(finished).toBe(true);
      const near = (position: number) =>
        range(targets)
          .filter((k) => Math.abs(k - position) <= 4.5)
          .map((k) => k + 3);
      expect(rowsOf(kernels.read(rows), kernels.read(out))).toEqual([near(0), near(8)]);
    }
  });

  test('TransposeRows sorts synapses by target, those of a target in their order', () => {
    const [rows, columns] = [
      [0, 3, 3, 5, 8],
      [4, 6, 4, 5, 6, 4, 4, 7],
    ];
    const outRows = kernels.words([9, 9, 9, 9, 9]);
    const [outSources, order] = [kernels.words(range(8)), kernels.words(range(8))];
    const operands = { sources: 4, targets: 4, rows: kernels.words(rows), columns: kernels.words(columns), first: 4 };
    kernels.run('TransposeRows', { ...operands, outRows, outSources, order });
    expect(kernels.read(outRows)).toEqual([0, 4, 5, 7, 8]);
    expect(kernels.read(order)).toEqual([0, 2, 5, 6, 3, 1, 4, 7]);
    expect(kernels.read(outSources)).toEqual([0, 0, 3, 3, 2, 0, 2, 3]);
  });
});
