import { describe, expect, test } from 'vitest';
import { dense, input, model as graphModel, resolveLoss, sequential, type Loss } from '../../src/index.ts';
import { compiledFunction } from '../../src/model/compiled.ts';
import { forwardFunction } from '../../src/model/functions.ts';
import { topologyIdentity } from '../../src/model/identity.ts';
import { programIdentity } from '../../src/model/program-identity.ts';

const xor = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] }; // prettier-ignore
const make = (seed: number, activation: 'tanh' | 'relu' = 'tanh') =>
  sequential([dense(4, { activation }), dense(1, { activation: 'sigmoid' })], { inputShape: [2], seed });

describe('what is compiled once', () => {
  test('the same function of the same topology is; another batch, another topology, other options are not', async () => {
    const [first, second, other] = [await make(1), await make(2), await make(1, 'relu')];
    const of = ({ topology }: typeof first, batch: number, options = {}) =>
      compiledFunction(`test ${batch} ${topologyIdentity(topology)}`, () => forwardFunction(topology, batch), options);
    expect(of(second, 1)).toBe(of(first, 1));
    expect(of(second, 2)).not.toBe(of(first, 1));
    expect(of(other, 1)).not.toBe(of(first, 1));
    expect(of(first, 1, { keepAll: true })).not.toBe(of(first, 1));
  });

  test('frozen layers and names make another topology', async () => {
    const named = (options: object) => sequential([dense(1, options)], { inputShape: [2] });
    const identities = await Promise.all(
      [{}, { trainable: false }, { name: 'out' }].map(async (options) =>
        topologyIdentity((await named(options)).topology),
      ),
    );
    expect(new Set(identities).size).toBe(3);
  });

  test('functions in a configuration are told apart even where their text is the same', () => {
    const scaled = (factor: number) => (x: number) => x * factor;
    const identity = (apply: unknown) => {
      const layer = Object.assign(() => undefined, {
        type: 'x',
        config: { apply },
        layerName: undefined,
        trainable: true,
      });
      return topologyIdentity({ layers: [layer as never], names: ['x'], inputs: [], calls: [], outputs: [] });
    };
    const double = scaled(2);
    expect(identity(double)).toBe(identity(double));
    expect(identity(double)).not.toBe(identity(scaled(3)));
  });

  test("a loss of the caller's own is never shared, a named one is", () => {
    const named = resolveLoss('meanSquaredError');
    const own: Loss = { ...named };
    expect(programIdentity('train', [named])).toBe('train');
    expect(programIdentity('train', [own])).toBeUndefined();
  });

  test('models that share have weights, states and memory of their own', async () => {
    const options = { loss: 'meanSquaredError', epochs: 5, batchSize: 4, shuffle: false };
    const [trained, untouched, alone] = [await make(7), await make(7), await make(7)];
    const before = untouched.predict(xor.inputs).data.slice();
    await trained.fit(xor, options);
    expect(untouched.predict(xor.inputs).data).toEqual(before);
    await alone.fit(xor, options);
    expect(alone.predict(xor.inputs).data).toEqual(trained.predict(xor.inputs).data);
    expect(trained.predict(xor.inputs).data).not.toEqual(before);
  });

  test('a shared layer in another place is another topology', async () => {
    const twice = async (isShared: boolean) => {
      const x = input([2]);
      const layer = dense(2);
      const y = layer(x);
      return topologyIdentity((await graphModel({ inputs: x, outputs: (isShared ? layer : dense(2))(y) })).topology);
    };
    expect(await twice(true)).not.toBe(await twice(false));
  });
});
