// Networks from NIR descriptions: closed forms, and every linear node against its definition.
import { describe, expect, test } from 'vitest';
import { monitor, ms, nirNetwork, s, simulation, type NirGraph, type NirNode } from '../../src/biology/index.ts';
import { readNir, writeNir } from '../../src/interchange/index.ts';

const array = (values: number[], shape: number[] = [values.length]) => ({ data: Float64Array.from(values), shape });
const ofShape = (type: 'Input' | 'Output', ...shape: number[]): NirNode => ({
  type,
  parameters: { shape: array(shape) },
});

/** Input → nodes in their order → Output. */
function chain(input: number[], nodes: Record<string, NirNode>, output: number[]): NirGraph {
  const all = { in: ofShape('Input', ...input), ...nodes, out: ofShape('Output', ...output) };
  const names = Object.keys(all);
  return { nodes: all, edges: names.slice(1).map((name, k) => [names[k]!, name] as const) };
}
const lif = (n: number, parameters: NirNode['parameters'] = {}): NirNode => ({
  type: 'LIF',
  parameters: {
    tau: array(Array(n).fill(0.02)),
    r: array(Array(n).fill(1)),
    v_leak: array(Array(n).fill(0)),
    v_threshold: array(Array(n).fill(1)),
    ...parameters,
  },
});
const integrator = (n: number): NirNode => ({ type: 'I', parameters: { r: array(Array(n).fill(1)) } });
const affine = (weight: number[], shape: number[], bias: number[]): NirNode => ({
  type: 'Affine',
  parameters: { weight: array(weight, shape), bias: array(bias) },
});

test('a LIF neuron read from a file spikes at the times of the closed form', async () => {
  const currents = [1.5, 2, 0.9];
  const written = chain([1], { dense: affine([0, 0, 0], [3, 1], currents), lif: lif(3) }, [3]);
  const graph = await readNir(await writeNir(written));
  const sim = await simulation({ dt: ms(0.01) });
  const { groups } = nirNetwork(sim, graph, { inputs: { in: { neurons: [], times: ms.each([]) } } });
  const spikes = monitor(groups['lif']!, 'spikes');
  await sim.run(ms(200));
  for (const [k, current] of currents.entries()) {
    const period = current > 1 ? 20 * Math.log(current / (current - 1)) : Infinity;
    const steps = Math.ceil(period / 0.01 - 1e-9);
    const expected = Array.from({ length: Math.floor(20_000 / steps) }, (_, i) => (i + 1) * steps * 0.01);
    const times = [...spikes.times].filter((_, i) => spikes.neurons[i] === k);
    expect(times.length).toBe(expected.length);
    times.forEach((time, i) => expect(time).toBeCloseTo(expected[i]!, 6));
  }
});

describe('a spike', () => {
  /** v of a neuron after `steps` steps of 1 ms, one spike at 1 ms with weight 0.5. */
  async function after(node: NirNode, steps: number, spikes: 'pulse' | 'impulse' = 'pulse') {
    const sim = await simulation({ dt: ms(1) });
    const graph = chain([1], { dense: affine([0.5], [1, 1], [0]), n: node }, [1]);
    const inputs = { in: { neurons: [0], times: ms.each([1]) } };
    const { groups } = nirNetwork(sim, graph, { inputs, spikes });
    await sim.run(ms(steps));
    return groups['n']!.get('v')[0]!;
  }
  const li = (type: 'LI' | 'CubaLI', more: NirNode['parameters']): NirNode => ({
    type,
    parameters: { r: array([3]), v_leak: array([0.25]), ...more },
  });

  test('is 1 for one step: LI, I and IF', async () => {
    const expected = 0.25 + 0.5 * 3 * (1 - Math.exp(-1 / 10)) * Math.exp(-4 / 10);
    expect(await after(li('LI', { tau: array([0.01]) }), 6)).toBeCloseTo(expected, 12);
    expect(await after({ type: 'I', parameters: { r: array([7]) } }, 6)).toBeCloseTo(0.5 * 7 * 0.001, 14);
    const fire: NirNode = {
      type: 'IF',
      parameters: { r: array([7000]), v_threshold: array([3]), v_reset: array([-2]) },
    };
    expect(await after(fire, 6)).toBe(-2);
  });

  test('is an area of 1 s, where that is asked for', async () => {
    expect(await after(integrator(1), 6, 'impulse')).toBeCloseTo(0.5, 12);
  });

  test.each([0.005, 0.01])('of CubaLI follows the closed form of two exponentials, tau_syn %d', async (tauSyn) => {
    const node = li('CubaLI', { tau_syn: array([tauSyn]), tau_mem: array([0.01]), w_in: array([2]) });
    const got = await after(node, 6);
    // I is w (1 − e^{−t/τs}) while the spike lasts; the rest by fine steps of the two equations
    let [v, i] = [0.25, 0];
    const n = 200_000;
    for (let k = 0; k < 5 * n; k++) {
      const [dt, input] = [0.001 / n, k < n ? 0.5 : 0];
      const middle = i + ((2 * input - i) / tauSyn) * (dt / 2);
      v += ((0.25 - (v + ((0.25 - v + 3 * i) / 0.01) * (dt / 2)) + 3 * middle) / 0.01) * dt;
      i += ((2 * input - middle) / tauSyn) * dt;
    }
    expect(got).toBeCloseTo(v, 8);
  });

  test('comes later through a Delay, each its own', async () => {
    const sim = await simulation({ dt: ms(1) });
    const delay: NirNode = { type: 'Delay', parameters: { delay: array([0, 0.003]) } };
    const graph = chain([2], { delay, n: integrator(2) }, [2]);
    const { groups, outputs } = nirNetwork(sim, graph, { inputs: { in: { neurons: [0, 1], times: ms.each([1, 1]) } } });
    expect(outputs['out']).toEqual([groups['n']]);
    const seen = monitor(groups['n']!, 'v');
    await sim.run(ms(8));
    const first = (k: number) => seen.values('v', k).findIndex((v) => v > 0);
    expect(first(1) - first(0)).toBe(3);
  });
});

describe('linear nodes', () => {
  /** What ten steps of 1 ms with a signal come to in an integrator with r 100: the linear map of it. */
  async function through(input: number[], nodes: Record<string, NirNode>, size: number, values: number[]) {
    const sim = await simulation({ dt: ms(1) });
    const integrators: NirNode = { type: 'I', parameters: { r: array(Array(size).fill(100)) } };
    const graph = chain(input, { ...nodes, n: integrators }, [size]);
    const { groups } = nirNetwork(sim, graph, { inputs: { in: { signal: () => values, duration: ms(10) } } });
    await sim.run(ms(10));
    return [...groups['n']!.get('v')];
  }
  const near = (got: number[], expected: number[]) => {
    expect(got.length).toBe(expected.length);
    got.forEach((x, k) => expect(x, `element ${k}`).toBeCloseTo(expected[k]!, 10));
  };

  test('Affine, Scale and Linear one after the other, with the bias', async () => {
    const nodes = {
      a: affine([1, 2, 3, 4, 5, 6], [2, 3], [10, 20]),
      b: { type: 'Scale', parameters: { scale: array([2, -1]) } } as NirNode,
      c: { type: 'Linear', parameters: { weight: array([1, 1, 0, 2], [2, 2]) } } as NirNode,
    };
    // a: [1 + 4 + 9 + 10, 4 + 10 + 18 + 20] = [24, 52]; b: [48, -52]; c: [-4, -104]
    near(await through([3], nodes, 2, [1, 2, 3]), [-4, -104]);
  });

  test.each([
    { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 1 },
    { stride: [1, 1], padding: 'same', dilation: [2, 1], groups: 2 },
    { stride: [1, 3], padding: 'valid', dilation: [1, 1], groups: 2 },
  ])(
    'Conv2d and its bias against the sum of its definition, $padding',
    async ({ stride, padding, dilation, groups }) => {
      const [channels, height, width, outputs, kh, kw] = [4, 6, 7, 2, 2, 3];
      const weight = Array.from({ length: (outputs * channels * kh * kw) / groups }, (_, k) => Math.sin(k));
      const image = Array.from({ length: channels * height * width }, (_, k) => Math.cos(k * k));
      const all = [dilation[0]! * (kh - 1), dilation[1]! * (kw - 1)];
      const before = padding === 'same' ? all.map((x) => Math.floor(x / 2)) : padding === 'valid' ? [0, 0] : padding;
      const both = padding === 'same' ? all : (before as number[]).map((x) => 2 * x);
      const size = [height, width].map((n, a) => Math.floor((n + both[a]! - all[a]! - 1) / stride[a]!) + 1);
      const perGroup = channels / groups;
      const expected: number[] = [];
      for (let o = 0; o < outputs; o++)
        for (let y = 0; y < size[0]!; y++)
          for (let x = 0; x < size[1]!; x++) {
            let sum = o + 0.5;
            for (let c = 0; c < perGroup; c++)
              for (let i = 0; i < kh; i++)
                for (let j = 0; j < kw; j++) {
                  const [iy, ix] = [
                    y * stride[0]! + i * dilation[0]! - (before[0] as number),
                    x * stride[1]! + j * dilation[1]! - (before[1] as number),
                  ];
                  if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
                  const channel = Math.floor(o / (outputs / groups)) * perGroup + c;
                  sum += weight[((o * perGroup + c) * kh + i) * kw + j]! * image[(channel * height + iy) * width + ix]!;
                }
            expected.push(sum);
          }
      const conv: NirNode = {
        type: 'Conv2d',
        parameters: {
          input_shape: array([height, width]),
          weight: array(weight, [outputs, perGroup, kh, kw]),
          bias: array([0.5, 1.5]),
          stride: array(stride),
          padding: typeof padding === 'string' ? padding : array(padding),
          dilation: array(dilation),
          groups: { data: Float64Array.of(groups), shape: [] },
        },
      };
      const flat: NirNode = { type: 'Flatten', parameters: { start_dim: array([0]), end_dim: array([-1]) } };
      near(await through([channels, height, width], { conv, flat }, expected.length, image), expected);
    },
  );

  test('Conv1d, SumPool2d and AvgPool2d', async () => {
    const one = (k: number) => ({ data: Float64Array.of(k), shape: [] });
    const conv: NirNode = {
      type: 'Conv1d',
      parameters: {
        weight: array([1, 10], [1, 1, 2]),
        bias: array([0]),
        stride: one(2),
        padding: one(1),
        dilation: one(1),
        groups: one(1),
      },
    };
    near(await through([1, 4], { conv }, 3, [1, 2, 3, 4]), [10, 32, 4]);
    const pool = (type: 'SumPool2d' | 'AvgPool2d'): NirNode => ({
      type,
      parameters: { kernel_size: array([2, 2]), stride: array([2, 2]), padding: array([0, 0]) },
    });
    const image = Array.from({ length: 12 }, (_, k) => k);
    const flat: NirNode = { type: 'Flatten', parameters: { start_dim: array([0]), end_dim: array([-1]) } };
    near(await through([1, 2, 6], { pool: pool('SumPool2d'), flat }, 3, image), [14, 22, 30]);
    near(await through([1, 2, 6], { pool: pool('AvgPool2d'), flat }, 3, image), [3.5, 5.5, 7.5]);
  });
});

test('a recurrent network: two neurons that excite each other in turn', async () => {
  const sim = await simulation({ dt: ms(1) });
  const fire: NirNode = { type: 'IF', parameters: { r: array([1000, 1000]), v_threshold: array([0.5, 0.5]) } };
  const graph: NirGraph = {
    nodes: {
      in: ofShape('Input', 2),
      n: fire,
      back: { type: 'Linear', parameters: { weight: array([0, 1, 1, 0], [2, 2]) } },
      out: ofShape('Output', 2),
    },
    edges: [
      ['in', 'n'],
      ['n', 'back'],
      ['back', 'n'],
      ['n', 'out'],
    ],
  };
  const { groups } = nirNetwork(sim, graph, { inputs: { in: { neurons: [0], times: ms.each([1]) } } });
  const spikes = monitor(groups['n']!, 'spikes');
  await sim.run(ms(6));
  expect([...spikes.neurons]).toEqual([0, 1, 0, 1, 0]);
  expect([...spikes.times]).toEqual([2, 3, 4, 5, 6]);
});

describe('bad input', () => {
  const build = async (graph: NirGraph, inputs: Parameters<typeof nirNetwork>[2] = {}, dt = s(0.001)) =>
    nirNetwork(await simulation({ dt }), graph, inputs);
  const silent = { inputs: { in: { neurons: [], times: ms.each([]) } } };

  test('all that cannot be simulated is listed', async () => {
    const threshold: NirNode = { type: 'Threshold', parameters: { threshold: array([1]) } };
    const li: NirNode = { type: 'LI', parameters: { tau: array([0.1]), r: array([1]), v_leak: array([0]) } };
    const graph = chain(
      [1],
      { a: threshold, li, n: lif(1), scale: { type: 'Scale', parameters: { scale: array([2]) } } },
      [1],
    );
    await expect(build(graph)).rejects.toThrow(
      /a \(Threshold\) has no state.*li \(LI\) does not spike and leads to n.*scale leads to out.*in \(Input\) is not given/,
    );
  });
  test('an input that the network has not, or of another size', async () => {
    const graph = chain([1], { n: lif(1) }, [1]);
    await expect(build(graph, { inputs: { nobody: { signal: () => 1, duration: ms(1) } } })).rejects.toThrow(
      /no Input "nobody"/,
    );
    await expect(build(graph, { inputs: { in: { signal: () => [1, 2], duration: ms(1) } } })).rejects.toThrow(
      /in takes 1 values, got 2/,
    );
  });
  test('a step above a time constant, a delay below the step', async () => {
    await expect(build(chain([1], { n: lif(1) }, [1]), silent, s(0.05))).rejects.toThrow(RangeError);
    const delay: NirNode = { type: 'Delay', parameters: { delay: array([0.0001]) } };
    await expect(build(chain([1], { delay, n: lif(1) }, [1]), silent)).rejects.toThrow(/shorter than the step/);
  });
  test('linear nodes in a cycle', async () => {
    const scale: NirNode = { type: 'Scale', parameters: { scale: array([2]) } };
    const { nodes, edges } = chain([1], { scale, n: lif(1) }, [1]);
    await expect(build({ nodes, edges: [...edges, ['scale', 'scale']] }, silent)).rejects.toThrow(
      /cycle without a neuron/,
    );
  });
});
