// Recurrent layers as one instruction and step by step, against ONNX Runtime.
import { expect, test } from 'vitest';
import { randomFloats } from '../helpers/kernel.ts';
import { floats, info, modelBytes, node, openBytes, type AttributeValue } from '../helpers/onnx-graph.ts';
import { openInRuntime } from '../helpers/onnxruntime.ts';

const [time, batch, features, units] = [5, 3, 4, 6];
const gates = { RNN: 1, GRU: 3, LSTM: 4 };

interface Case {
  readonly attributes?: Record<string, AttributeValue>;
  /** Whether biases and first states are given. */
  readonly bare?: boolean;
  /** The outputs that are read: all, or the last states alone. */
  readonly lastOnly?: boolean;
}

async function compare(kind: keyof typeof gates, { attributes = {}, bare = false, lastOnly = false }: Case) {
  const directions = attributes['direction'] === 'bidirectional' ? 2 : 1;
  const width = gates[kind] * units;
  const isLstm = kind === 'LSTM';
  const x = { data: randomFloats(time * batch * features, 1, -1, 1), shape: [time, batch, features] };
  const weight = (name: string, shape: number[], seed: number) =>
    floats(name, shape, randomFloats(shape.reduce((a, b) => a * b, 1), seed, -0.5, 0.5)); // prettier-ignore
  const states = isLstm ? ['h0', 'c0'] : ['h0'];
  const shapes = ['y', 'hidden', ...(isLstm ? ['cell'] : [])];
  const wanted = lastOnly ? shapes.slice(1) : shapes;
  const graph = {
    input: [info('x', [time, 'b', features])],
    output: wanted.map((name) => info(name, name === 'y' ? [time, directions, 'b', units] : [directions, 'b', units])),
    initializer: [
      weight('w', [directions, width, features], 2),
      weight('r', [directions, width, units], 3),
      ...(bare ? [] : [weight('b', [directions, 2 * width], 4)]),
      ...(bare ? [] : states.map((name, i) => weight(name, [directions, batch, units], 5 + i))),
    ],
    node: [
      node(kind, ['x', 'w', 'r', ...(bare ? [] : ['b', '', ...states])], shapes.map((name) => (wanted.includes(name) ? name : '')), { hidden_size: units, ...attributes }), // prettier-ignore
    ],
  };
  const bytes = modelBytes(graph);
  const ours = (await openBytes(bytes)).run({ x });
  const theirs = await (await openInRuntime(bytes))({ x });
  for (const name of wanted) {
    const expected = theirs[name]!;
    expect(ours[name]!.shape).toEqual([...expected.dims]);
    (expected.data as Float32Array).forEach((value, i) =>
      expect(Math.abs(ours[name]!.data[i]! - value), `${name}[${i}]`).toBeLessThan(1e-5),
    );
  }
}

const cases: [string, Case][] = [
  ['forward', {}],
  ['reverse', { attributes: { direction: 'reverse' } }],
  ['both ways', { attributes: { direction: 'bidirectional' } }],
  ['without biases and first states', { bare: true, attributes: { direction: 'bidirectional' } }],
  ['the last states alone', { lastOnly: true, attributes: { direction: 'reverse' } }],
  ['clipped', { attributes: { clip: { float: 0.3 } } }],
];
for (const kind of ['RNN', 'GRU', 'LSTM'] as const)
  test.each(cases)(`${kind}: %s`, (_name, each) => compare(kind, each));

test.each(cases)('GRU that resets after the product: %s', (_name, each) =>
  compare('GRU', { ...each, attributes: { ...each.attributes, linear_before_reset: 1 } }),
);
test('LSTM whose input gate is one with its forget gate', () => compare('LSTM', { attributes: { input_forget: 1 } }));
