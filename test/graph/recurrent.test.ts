// The recurrent operation against its float64 reference: every kind of cell and every option, at sizes around the
// tiles, forward and the gradient of every input against finite differences.
import { describe, test } from 'vitest';
import { gateCount, recurrent as reference, type RecurrentKind } from '../../reference/recurrent.ts';
import { recurrent, type RecurrentInputs, type RecurrentResult } from '../../src/graph/operations/index.ts';
import type { Node, Shape } from '../../src/graph/graph.ts';
import { checkOperation } from '../helpers/operation.ts';

const kinds = Object.keys(gateCount) as RecurrentKind[];

interface Options {
  readonly reverse?: boolean;
  readonly processingOrder?: boolean;
  readonly sequences?: boolean;
  readonly timeMajor?: boolean;
  readonly bias?: boolean;
  readonly mask?: ArrayLike<number>;
  readonly dropout?: boolean;
  readonly initial?: boolean;
  readonly result?: RecurrentResult;
}

/** [second, first, F] as [first, second, F]. */
const turned = (x: ArrayLike<number>, first: number, second: number) => {
  const size = x.length / (first * second);
  return Float64Array.from({ length: x.length }, (_, i) => {
    const [row, feature] = [Math.floor(i / size), i % size];
    return x[((row % second) * first + Math.floor(row / second)) * size + feature]!;
  });
};

/** Steps of [B, T, H] from the last to the first. */
const backwards = (x: Float64Array, time: number, units: number) =>
  x.map((_, i) => {
    const [sample, t, unit] = [Math.floor(i / (time * units)), Math.floor(i / units) % time, i % units];
    return x[(sample * time + time - 1 - t) * units + unit]!;
  });

function check(kind: RecurrentKind, [batch, time, units]: readonly [number, number, number], options: Options = {}) {
  const { reverse = false, processingOrder = false, sequences = true, timeMajor = false, result = 'output' } = options;
  const width = gateCount[kind] * units;
  const given: { role: keyof RecurrentInputs; shape: Shape; data?: ArrayLike<number> }[] = [
    { role: 'projected', shape: timeMajor ? [time, batch, width] : [batch, time, width] },
    { role: 'kernel', shape: [units, width] },
  ];
  if (options.bias) given.push({ role: 'bias', shape: [width] });
  if (options.mask) given.push({ role: 'mask', shape: [batch, time], data: options.mask });
  const dropout = Float32Array.from({ length: batch * units }, (_, i) => (i % 3 ? 1.5 : 0));
  if (options.dropout) given.push({ role: 'dropout', shape: [batch, units], data: dropout });
  if (options.initial) given.push({ role: 'hidden0', shape: [batch, units] });
  if (options.initial && kind === 'Lstm') given.push({ role: 'cell0', shape: [batch, units] });
  checkOperation({
    inputs: given.map(({ shape, data }) => (data ? { shape, data } : { shape })),
    build: (graph, ...nodes) => {
      const inputs = Object.fromEntries(given.map(({ role }, i) => [role, nodes[i]])) as unknown as RecurrentInputs;
      return recurrent(graph, inputs, { kind, sequences, reverse, processingOrder, timeMajor })[result] as Node;
    },
    reference: (...arrays) => {
      const value = (role: string) => arrays[given.findIndex((input) => input.role === role)];
      const x = timeMajor ? turned(arrays[0]!, batch, time) : arrays[0]!;
      const names = ['kernel', 'bias', 'mask', 'dropout', 'hidden0', 'cell0'];
      const inputs = Object.fromEntries(names.map((name) => [name, value(name)]));
      const states = reference({ kind, batch, time, units, x, reverse, ...(inputs as { kernel: Float64Array }) });
      if (result !== 'output') return states[result];
      if (!sequences) return states.hidden;
      return processingOrder && reverse ? backwards(states.output, time, units) : states.output;
    },
    withoutGradient: given.flatMap(({ role }, i) => (role === 'mask' || role === 'dropout' ? [i] : [])),
    tolerance: 1e-5,
    shape: result === 'output' && sequences ? [batch, time, units] : [batch, units],
  });
}

describe.each(kinds)('recurrent %s', (kind) => {
  test.each([
    [1, 1, 1],
    [1, 4, 3],
    [2, 3, 7],
    [4, 2, 8],
    [5, 2, 9],
    [6, 2, 5],
    [8, 2, 10],
    [13, 1, 3],
    [2, 1, 17],
  ] as const)('B=%i T=%i H=%i: forward and gradients match the reference', (batch, time, units) => {
    check(kind, [batch, time, units]);
    check(kind, [batch, time, units], { sequences: false, timeMajor: true, bias: true, initial: true });
  });

  test.each([
    ['a bias of the recurrent product', { bias: true }],
    ['first states', { initial: true }],
    ['the last state alone', { sequences: false }],
    ['time from behind', { reverse: true }],
    ['time from behind, the states in the order in which they arose', { reverse: true, processingOrder: true }],
    ['time from behind, the last state alone', { reverse: true, sequences: false }],
    ['inputs [T, B, …]', { timeMajor: true }],
    ['dropout of the state', { dropout: true, initial: true }],
    ['dropout of the state, inputs [T, B, …]', { dropout: true, timeMajor: true }],
    ['the state after the last step', { result: 'hidden' as const, initial: true }],
  ])('%s', (_, options) => {
    check(kind, [3, 4, 5], options);
    check(kind, [7, 2, 9], options);
  });

  const masks = {
    right: [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0],
    left: [0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1],
    inside: [1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1],
  };
  test.each(Object.entries(masks))('a mask with padding on the %s', (_, mask) => {
    check(kind, [3, 4, 5], { mask, initial: true });
    check(kind, [3, 4, 5], { mask, reverse: true });
    check(kind, [3, 4, 5], { mask, sequences: false, bias: true, timeMajor: true });
    check(kind, [9, 4, 3], { mask: [...mask, ...mask, ...mask], dropout: true });
  });
});

test('recurrent Lstm: the gradient of the last cell state', () => {
  check('Lstm', [3, 4, 5], { result: 'cell', initial: true });
  check('Lstm', [8, 2, 9], { result: 'cell', mask: [1, 0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1] });
});
