// NIR files: what is written is read again, what is damaged or does not fit is refused with its place.
import { describe, expect, test, vi } from 'vitest';
import { gunzipSync } from 'node:zlib';
import { readNir, writeNir, type NirGraph, type NirNode } from '../../src/interchange/index.ts';
import { checkNir } from '../../src/formats/nir.ts';
import { NeuriteError } from '../../src/core/errors.ts';
import { testRandom } from '../helpers/kernel.ts';
import { mutated } from '../helpers/mutate.ts';

const array = (values: number[], shape: number[] = [values.length]) => ({ data: Float32Array.from(values), shape });
const whole = (...values: number[]) => ({ data: Float64Array.from(values), shape: [values.length] });
const one = (value: number) => ({ data: Float64Array.of(value), shape: [] });

const lif: NirNode = {
  type: 'LIF',
  parameters: {
    tau: array([0.02, 0.01]),
    r: array([1, 2]),
    v_leak: array([0, 0]),
    v_threshold: array([1, 1]),
    v_reset: array([0, 0.5]),
  },
};
const recurrent: NirGraph = {
  nodes: {
    input: { type: 'Input', parameters: { shape: whole(3) } },
    dense: { type: 'Affine', parameters: { weight: array([1, 2, 3, 4, 5, 6], [2, 3]), bias: array([0.5, -0.5]) } },
    lif,
    back: { type: 'Linear', parameters: { weight: array([0, 1, 1, 0], [2, 2]) }, metadata: { note: 'again' } },
    output: { type: 'Output', parameters: { shape: whole(2) } },
  },
  edges: [
    ['input', 'dense'],
    ['dense', 'lif'],
    ['lif', 'back'],
    ['back', 'lif'],
    ['lif', 'output'],
  ],
  version: '1.0.4',
};
const image: NirGraph = {
  nodes: {
    input: { type: 'Input', parameters: { shape: whole(2, 5, 4) } },
    conv: {
      type: 'Conv2d',
      parameters: {
        input_shape: whole(5, 4),
        weight: array(
          Array.from({ length: 54 }, (_, k) => k),
          [3, 2, 3, 3],
        ),
        bias: array([1, 2, 3]),
        stride: whole(1, 1),
        padding: 'same',
        dilation: whole(1, 1),
        groups: one(1),
      },
    },
    pool: { type: 'SumPool2d', parameters: { kernel_size: whole(2, 2), stride: whole(2, 2), padding: whole(0, 0) } },
    flat: { type: 'Flatten', parameters: { start_dim: one(0), end_dim: one(-1), input_type: whole(3, 2, 2) } },
    output: { type: 'Output', parameters: { shape: whole(12) } },
  },
  edges: [
    ['input', 'conv'],
    ['conv', 'pool'],
    ['pool', 'flat'],
    ['flat', 'output'],
  ],
  version: '1.0.4',
};

const nodesWith = (nodes: Record<string, unknown>, edges: [string, string][] = recurrent.edges.slice() as never) =>
  ({ nodes: { ...recurrent.nodes, ...nodes }, edges }) as NirGraph;

describe('what is written', () => {
  test.each([
    ['a recurrent network', recurrent],
    ['a convolutional network', image],
  ])('%s is read again, with types, shapes and numbers', async (_, graph) => {
    const back = await readNir(await writeNir(graph));
    // the file has its groups in the order of their names
    expect(back).toEqual(graph);
  });

  test('of neurons v_reset and w_in may be left out', async () => {
    const { v_reset: _, ...parameters } = lif.parameters;
    const back = await readNir(await writeNir(nodesWith({ lif: { type: 'LIF', parameters } })));
    expect(Object.keys(back.nodes['lif']!.parameters)).not.toContain('v_reset');
  });
});

describe('a description that does not hold together', () => {
  test('unknown types are named, all of them', async () => {
    const graph = nodesWith({ a: { type: 'Quadratic', parameters: {} }, b: { type: 'toString', parameters: {} } });
    await expect(writeNir(graph)).rejects.toThrow(
      /unknown type: a \("Quadratic"\); b \("toString"\); known types: Input/,
    );
  });
  test('an edge to a node that is missing', async () => {
    await expect(writeNir(nodesWith({}, [['input', 'nobody']]))).rejects.toThrow(
      /"input" → "nobody" has no node "nobody"/,
    );
  });
  test('shapes that do not fit', async () => {
    await expect(writeNir(nodesWith({ input: { type: 'Input', parameters: { shape: whole(4) } } }))).rejects.toThrow(
      /"input" gives \[4\] where "dense" takes \[3\]/,
    );
  });
  test('a node that does not fit itself is named once, whatever leads to it', async () => {
    const pool = image.nodes['pool']!;
    const broken = { ...pool, parameters: { ...pool.parameters, stride: whole(0, 0) } };
    const error = await writeNir({ ...image, nodes: { ...image.nodes, pool: broken } }).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as Error).message.match(/"pool"/g)).toHaveLength(1);
  });
  test('many edges from one node take no longer than as many from others', () => {
    const edges = Array.from({ length: 200_000 }, () => ['input', 'dense'] as const);
    const started = performance.now();
    expect(checkNir(nodesWith({}, edges as never), 'a.nir').get('dense')?.output).toEqual([2]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
  test('parameters that are missing, unknown, or of another number', async () => {
    const { tau: _, ...rest } = lif.parameters;
    await expect(writeNir(nodesWith({ lif: { type: 'LIF', parameters: rest } }))).rejects.toThrow(
      /"lif" \(LIF\) lacks tau/,
    );
    const more = { type: 'LIF', parameters: { ...lif.parameters, gain: array([1]) } };
    await expect(writeNir(nodesWith({ lif: more }))).rejects.toThrow(/unknown parameter "gain"/);
    const unfit = { type: 'LIF', parameters: { ...lif.parameters, r: array([1, 2, 3]) } };
    await expect(writeNir(nodesWith({ lif: unfit }))).rejects.toThrow(/"lif" \(LIF\) has r of the shape \[3\]/);
  });
});

describe('a file that is no NIR', () => {
  test('other bytes, and HDF5 without a network', async () => {
    await expect(readNir(new Uint8Array(100), { name: 'a.nir' })).rejects.toThrow(/a\.nir does not begin as an HDF5/);
  });

  test('mutations and cut files end in a clean error or in a network', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const files = [await writeNir(recurrent), await writeNir(image), chunked()];
    const next = testRandom(61);
    const tried = { read: 0, refused: 0 };
    for (let k = 0; k < 2000; k++) {
      const started = performance.now();
      try {
        await readNir(mutated(files[k % files.length]!, next), { name: 'm.nir' });
        tried.read++;
      } catch (error) {
        tried.refused++;
        const isClean = error instanceof NeuriteError || (error as Error).name === 'ShapeError';
        if (!isClean || !(error as Error).message.startsWith('m.nir')) throw error;
      }
      expect(performance.now() - started, `try ${k}`).toBeLessThan(5000);
    }
    expect(tried.read).toBeGreaterThan(100);
    expect(tried.refused).toBeGreaterThan(500);
  }, 120_000);
});

test('compressed chunks and texts of free length, as h5py writes them', async () => {
  const graph = await readNir(chunked());
  const { weight } = graph.nodes['dense']!.parameters as { weight: { data: Float32Array; shape: number[] } };
  expect(weight.shape).toEqual([5, 7]);
  expect([...weight.data]).toEqual(Array.from({ length: 35 }, (_, k) => k / 2));
  expect(graph.edges).toEqual([
    ['input', 'dense'],
    ['dense', 'output'],
  ]);
});

/** Written by HDF5's own library with h5wasm: gzip, chunks of [2, 3], texts of free length. */
function chunked(): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(chunkedFile, 'base64')));
}
const chunkedFile =
  'H4sIAAAAAAACA+2bX2gcRRzHvzN7d93Ltc0ljeaSXOnlKJRWk1apzYEtRGzTFEpjQ/oggl7ibZNDuYx3lxjR1INAaatUxBefpNiHFP/QBx8teNpqSyko4p+KSENLxQdBHwqlVFBmd5bbm7omOSJtrr8PLMvvN7+Z3+z8Zu52fzt7tH9n36qG9gZumnD5W7HhCUfeovTv9eVPDvTvHOSJ6VvBF7zHFG/2VnRp4GBAqBlgWDFp5QvZ8dxZ1VioUWoDufGMdYUp3WYsltfiOy7ZXerUuwTGAgAHYLSAtXUyRAH7cLyZCHIwg5vNgMGgrj7qNlzGsufczePJWsLlBKb4irDyXMUqKlVBKzNqFY4bVToZv8IHAeVy7TxdSp5+LLUU4YrG6i9cPx3o2ug7NusBzhlT8YDfeSFjl1Bj1+s6PnHvj80vl1485kzlQ2pMDi1oKjtzNJsTE8Udwap5m7FyBev3kNI1SV1ofKIoJooPb1NOO/6zS8/9kP2kli5VVtc31T0qjA0LS6jg4JEaRunj5q7upVhd6TpcXc88OvRRJVzeY6HhOrOxarK8bGVHx4qXN6H6P3IRfP/d06N3fVzkHIyqPz85F3Y/ObCXeYLPPHb2vOze0r3V84vj3jXs2zO4Oz8sxgzN3l5nAAI+eldWKxHOGqzIbrm9hgGs0PR7lN7U2tmbzVnDeSCs6QdU+y6xRhAEQRAEQRAEQRDEfYfpyQdwLT8Q0mRDkwPKxpWDWrl8dnfyU3oOBoy1AJwx5uYb3LOxEkzWd5rodfJUkchKMG7bMturuQYwOH+zrVLZrjC7bMZ9dvbDg0ODu3YxsDtSURGfOmc6q2XmiSFBEARBEPXJ1LPPj5bsuyLTe9tlOkVpGK+GDocS+wS+7d3+OUN7u7FZ6lPpr8vluXL5BM5FSlNGdJ0Auk8GhCwTIl2aiYhteCDF3paKqbly+U92pC3eFttauowjXXHWc8O4LovmRCYdxUg4MYmRxsRqEUDsIn9LljwlMqUZM9WBVb/itlT0i0z6Aq7yRB+Q/JT9JXWnRCY9hqsPSt2Gd3iv1P0mMmWOprW46L2gsHNBVsl+zxaiwBMEQRD3Nb65lEXs9Tmvcgj1tNdn5osDQ75jo3bSuftH9P0krizHrimxTu1bSaDVROvr0u7f80+tMv9k3HjIqcxVcsyu/MY9NTbT75/+0skzhe/IM8XmqfujmitxTW9o8h/KrknT63dukaRzdjfacR+/cWXXrtnpfnuS1X65j9/9yq5FyQEfvyM+drrfSWW3WrPT/R5LVsuuXXiefhAEQRAEQdzV542a989/pr6r8H7u8HOParqWzx2uPd4xsBSPQO8m6+8RyPjqcOP/+qr9ZqpSeZm9ap8+/1LnYl+1n9Ju3elVO0EQBEHUP/8AXP4VBSdBAAA=';
