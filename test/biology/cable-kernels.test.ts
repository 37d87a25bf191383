// The kernels of trees of cable and of the channels in them against plain numbers, with guard words around every array:
// one tree, whose nodes are beside each other, and many trees, of which a row holds a node of all.
import { beforeEach, describe, expect, test } from 'vitest';
import { treeStep, type Tree } from '../../reference/cables.ts';
import { axonRates, pyramidalRates, relaxed } from '../../reference/neurons.ts';
import { ChannelKind } from '../../src/core/generated/neuron-instructions.ts';
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
/** The trees of a group; 1 has the other layout. */
const treeCounts = [1, 2, 3, 4, 5, 9, 33];

describe.each(precisions)('in %s', (precision) => {
  let kernels: NeuronKernels;
  let lanes: number;
  const step = 12;
  beforeEach(async () => {
    kernels = await neuronKernels(precision);
    lanes = 16 / kernels.arrays.bytes;
    kernels.at(step);
  });
  const next = testRandom(11);
  const numbers = (n: number, low: number, high: number) =>
    rounded(
      precision,
      Array.from({ length: n }, () => next(low, high)),
    );

  function randomTree(nodes: number): Tree {
    const parents = range(nodes).map((node) => Math.floor(next(0, node)));
    const [axial, capacity] = [numbers(nodes, 0.5, 3), numbers(nodes, 1, 2)];
    const constant = capacity.map((c) => c + 0.1);
    for (let node = 1; node < nodes; node++) for (const end of [node, parents[node]!]) constant[end]! += axial[node]!;
    return { parents, axial, capacity, constant: rounded(precision, constant), leak: numbers(nodes, -7, -6) };
  }

  /** How rows of `trees` numbers lie in memory: their distance in numbers, and all with the vector that may follow. */
  const layout = (nodes: number, trees: number) => {
    const row = trees === 1 ? 1 : Math.ceil(trees / lanes) * lanes;
    return { row, length: (Math.ceil((nodes * row) / lanes) + 1) * lanes };
  };

  /** Rows as they lie in memory, padded with their last numbers, and 0 behind. */
  const laid = (rows: readonly number[][], trees: number) => {
    const { row, length } = layout(rows.length, trees);
    return range(length).map((k) => rows[Math.floor(k / row)]?.[Math.min(k % row, trees - 1)] ?? 0);
  };

  function cable(nodes: number, trees: number, v: number[][]) {
    const { row, length } = layout(nodes, trees);
    const tree = randomTree(nodes);
    const [conductance, inward] = [0, 1].map(() => range(nodes).map(() => numbers(trees, 0, 2))) as [
      number[][],
      number[][],
    ];
    const bytes = row * kernels.arrays.bytes;
    const perNode = {
      axial: kernels.numbers(tree.axial),
      constant: kernels.numbers(tree.constant),
      capacity: kernels.numbers(tree.capacity),
      leak: kernels.numbers(tree.leak),
    };
    const rows = {
      tree: kernels.numbers(laid(v, trees)),
      conductance: kernels.numbers(laid(conductance, trees)),
      inward: kernels.numbers(laid(inward, trees)),
      diagonal: kernels.numbers(range(length).map(() => 0)),
      right: kernels.numbers(range(length).map(() => 0)),
    };
    const log = kernels.log(trees);
    const until = kernels.integers(range(trees).map((k) => (k % 5 === 3 ? step + 4 : 0)));
    const run = (soma: number, operands: { extrapolate: number; resets: number }) =>
      kernels.run('Cable', {
        wide: kernels.arrays.wide,
        n: trees,
        nodes,
        row: bytes,
        clock: kernels.clock,
        drive: 0,
        jump: 0,
        ...kernels.block(trees, [-50, -65, 7], [2]),
        ...perNode,
        ...rows,
        ...operands,
        until,
        spikes: log,
        parents: kernels.words(tree.parents.map((parent) => parent * bytes)),
        v: rows.tree.address + soma * bytes,
      });
    const read = (placed: (typeof rows)['tree']) => {
      const values = kernels.read(placed);
      return range(nodes).map((node) => range(trees).map((k) => values[node * row + k]!));
    };
    return { tree, conductance, inward, rows, log, until, run, read };
  }

  describe.each(treeCounts)('%i trees', (trees) => {
    test.each([1, 2, 3, 4, 5, 8, 9, 17])('Cable solves %i nodes, spikes at the soma, and resets or not', (nodes) => {
      for (const extrapolate of [0, 1])
        for (const resets of [0, 1]) {
          const soma = nodes >> 1;
          const v = range(nodes).map(() => numbers(trees, -70, -40));
          const made = cable(nodes, trees, v);
          made.run(soma, { extrapolate, resets });
          const after = range(trees).map((k) => {
            const [before, g, current] = [v, made.conductance, made.inward].map((rows) => rows.map((row) => row[k]!));
            const x = treeStep(made.tree, before!, g!, current!);
            return extrapolate ? x.map((value, node) => 2 * value - before![node]!) : x;
          });
          const spiking = range(trees).filter(
            (k) => after[k]![soma]! > -50 && (resets || v[soma]![k]! <= -50) && k % 5 !== 3,
          );
          expect(kernels.spikes(made.log, step + 1)).toEqual(spiking);
          expect(kernels.readIntegers(made.until, trees)).toEqual(
            range(trees).map((k) => (spiking.includes(k) ? step + 8 : k % 5 === 3 ? step + 4 : 0)),
          );
          if (resets) for (const k of spiking) after[k]![soma] = -65;
          const expected = range(nodes).map((node) => after.map((x) => x[node]!));
          expectNear(made.read(made.rows.tree).flat(), expected.flat(), tolerance(precision, 100));
          for (const used of [made.rows.conductance, made.rows.inward])
            expect(made.read(used).flat()).toEqual(range(nodes * trees).map(() => 0));
        }
    });

    test('NaN at one node reaches all of its tree, and no other tree', () => {
      const v = range(5).map(() => numbers(trees, -70, -40));
      v[4]![trees - 1] = NaN;
      const made = cable(5, trees, v);
      made.run(0, { extrapolate: 0, resets: 0 });
      for (const row of made.read(made.rows.tree))
        expect(row.map(Number.isNaN)).toEqual(range(trees).map((k) => k === trees - 1));
    });

    test.each(neuronCounts)('CableChannels steps the gates of %i nodes and sums what they conduct', (count) => {
      const bytes = kernels.arrays.bytes;
      const nodes = 2 * count + 1;
      const { row } = layout(nodes, trees);
      // the places of channels, from the last to the first, with nodes between them
      const places = range(count).map((k) => nodes - 2 - 2 * k);
      const vectors = Math.ceil(count / lanes) * lanes;
      for (const kind of [ChannelKind.HodgkinHuxley, ChannelKind.TraubMiles]) {
        const shift = kind === ChannelKind.TraubMiles ? -63 : 0;
        const columns = [
          numbers(count, 10, 120),
          numbers(count, 45, 55),
          numbers(count, 5, 36),
          numbers(count, -90, -77),
          numbers(count, 0.01, 0.02),
          range(count).map(() => shift),
        ];
        const v = range(nodes).map(() => numbers(trees, -80, 20));
        const sums = [0, 1].map(() => range(nodes).map(() => numbers(trees, 0, 9))) as [number[][], number[][]];
        const gates = range(3).map(() => range(count).map(() => numbers(trees, 0.05, 0.95)));
        const [m, h, gateN] = gates.map((rows) => kernels.numbers(laid(rows, trees)));
        const [conductance, inward] = sums.map((rows) => kernels.numbers(laid(rows, trees)));
        kernels.run('CableChannels', {
          wide: kernels.arrays.wide,
          channels: kind,
          count,
          row: row * bytes,
          places: kernels.words(range(vectors).map((k) => (places[k] ?? places[0]!) * row * bytes)),
          parameters: kernels.numbers(columns.flatMap((column) => range(vectors).map((k) => column[k] ?? 0))),
          tree: kernels.numbers(laid(v, trees)),
          m: m!,
          h: h!,
          gateN: gateN!,
          conductance: conductance!,
          inward: inward!,
        });
        const ratesOf = kind === ChannelKind.TraubMiles ? pyramidalRates : axonRates;
        const after = gates.map((rows) => rows.map((each) => [...each]));
        places.forEach((node, c) => {
          const [sodium, sodiumReversal, potassium, potassiumReversal, dt] = columns.map((column) => column[c]!);
          for (const k of range(trees)) {
            const rates = ratesOf(v[node]![k]! - shift);
            (['m', 'h', 'n'] as const).forEach((gate, g) => {
              const [open, close] = rates[gate];
              after[g]![c]![k] = relaxed(gates[g]![c]![k]!, open, open + close, dt!);
            });
            const [mNew, hNew, nNew] = after.map((rows) => rows[c]![k]!);
            const na = sodium! * mNew! ** 3 * hNew!;
            const ka = potassium! * nNew! ** 4;
            sums[0][node]![k]! += na + ka;
            sums[1][node]![k]! += na * sodiumReversal! + ka * potassiumReversal!;
          }
        });
        const check = (placed: typeof m, rows: number[][]) => {
          const values = kernels.read(placed!);
          const found = rows.flatMap((_, r) => range(trees).map((k) => values[r * row + k]!));
          expectNear(found, rows.flat(), tolerance(precision, 60));
        };
        [m, h, gateN].forEach((placed, g) => check(placed, after[g]!));
        [conductance, inward].forEach((placed, s) => check(placed, sums[s]!));
      }
    });
  });
});
