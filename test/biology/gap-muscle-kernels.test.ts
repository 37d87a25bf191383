// The kernels of gap junctions and of motor units against plain numbers, with guard words around every array.
import { beforeEach, describe, expect, test } from 'vitest';
import { motorUnitStep, twitchGain } from '../../reference/cables.ts';
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
  let wide: number;
  beforeEach(async () => {
    kernels = await neuronKernels(precision);
    wide = kernels.arrays.wide;
  });
  const next = testRandom(13);
  const numbers = (n: number, low: number, high: number) =>
    rounded(
      precision,
      Array.from({ length: n }, () => next(low, high)),
    );
  const indices = (n: number, below: number) => range(n).map(() => Math.floor(next(0, below)));

  test.each(neuronCounts)('GapJunctions: %i junctions, between two groups and within one', (count) => {
    for (const within of [false, true]) {
      const [a, b] = [indices(count, 7), indices(count, within ? 7 : 5)];
      const conductances = numbers(count, 0, 3);
      const vA = numbers(7, -80, 20);
      const vB = within ? vA : numbers(5, -80, 20);
      const [driveA, driveB] = [numbers(7, -5, 5), numbers(within ? 7 : 5, -5, 5)];
      const places = { vA: kernels.numbers(vA), driveA: kernels.numbers(driveA) };
      const [placeB, drivenB] = within ? [places.vA, places.driveA] : [kernels.numbers(vB), kernels.numbers(driveB)];
      kernels.run('GapJunctions', {
        wide,
        count,
        a: kernels.words(a),
        b: kernels.words(b),
        ...places,
        vB: placeB,
        driveB: drivenB,
        conductances: kernels.numbers(conductances),
      });
      const expectedB = within ? driveA : driveB;
      range(count).forEach((k) => {
        const current = conductances[k]! * (vB[b[k]!]! - vA[a[k]!]!);
        driveA[a[k]!]! += current;
        expectedB[b[k]!]! -= current;
      });
      expectNear(kernels.read(places.driveA), driveA, tolerance(precision, 40));
      expectNear(kernels.read(drivenB), expectedB, tolerance(precision, 40));
      expect(kernels.read(places.vA)).toEqual(vA);
    }
  });

  test.each(neuronCounts)('GapJunctions: of %i, those at a cell with NaN carry it to the other', (count) => {
    const drives = [kernels.numbers(range(count)), kernels.numbers(range(count))];
    const v = range(count).map((k) => (k === count - 1 ? NaN : k));
    kernels.run('GapJunctions', {
      wide,
      count,
      a: kernels.words(range(count)),
      b: kernels.words(range(count)),
      conductances: kernels.numbers(range(count).map(() => 1)),
      vA: kernels.numbers(range(count)),
      vB: kernels.numbers(v),
      driveA: drives[0]!,
      driveB: drives[1]!,
    });
    for (const drive of drives) expect(kernels.read(drive).map(Number.isNaN)).toEqual(v.map(Number.isNaN));
  });

  test.each(neuronCounts)('MotorUnits: %i units with and without spikes, a gain, and an earlier spike', (n) => {
    const step = 40;
    kernels.at(step);
    for (const saturates of [0, 1]) {
      const [force, y, decay, peak] = [numbers(n, 0, 2), numbers(n, 0, 1), numbers(n, 0.9, 1), numbers(n, 0.1, 3)];
      // contraction times in steps, some of them far shorter than the time since the last spike
      const contraction = numbers(n, 1, 60);
      const nerve = range(n).map((k) => (k % 3 === 0 ? 0 : k % 3));
      const last = range(n).map((k) => (k % 2 ? step - ((7 * k) % 30) : 0));
      const dt = rounded(precision, [0.1])[0]!;
      const places = {
        nerve: kernels.numbers(nerve),
        force: kernels.numbers(force),
        y: kernels.numbers(y),
        last: kernels.words(last),
      };
      kernels.run('MotorUnits', {
        wide,
        n,
        clock: kernels.clock,
        saturates,
        ...places,
        dt: kernels.numbers([dt]),
        parameters: kernels.numbers([...decay, ...peak, ...contraction]),
      });
      const after = range(n).map((k) => {
        const gain = saturates && last[k] ? twitchGain(contraction[k]! / (step + 1 - last[k]!)) : 1;
        return motorUnitStep(force[k]!, y[k]!, nerve[k]! * peak[k]! * gain, dt, decay[k]!);
      });
      [places.force, places.y].forEach((placed, which) =>
        expectNear(
          kernels.read(placed),
          after.map((pair) => pair[which]!),
          tolerance(precision, 20),
        ),
      );
      expect(kernels.read(places.last)).toEqual(last.map((label, k) => (nerve[k] ? step + 1 : label)));
      expect(kernels.read(places.nerve)).toEqual(range(n).map(() => 0));
    }
  });
});
