// Rate neurons whose dendrites compute: exclusive or, the binding of features, and what a point neuron cannot.
import { describe, expect, test } from 'vitest';
import { branchResponse, calciumNeuron, calciumSpike, somaResponse, twoLayerNeuron } from '../../src/biology/index.ts';

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

describe('the calcium neuron', () => {
  test('has spikes that are the smaller the stronger the input', () => {
    expect(calciumSpike(0.999)).toBe(0);
    expect(calciumSpike(1)).toBe(1);
    // the amplitudes of the cell's model at −33, −30, −24 and −18 mV: threshold −36, rest −75 mV
    for (const [v, k] of [
      [-33, 0.7738],
      [-30, 0.5988],
      [-24, 0.3586],
      [-18, 0.2147],
    ] as const)
      expect(calciumSpike(1 + (v + 36) / 39)).toBeCloseTo(k, 4);
  });

  test('is the exclusive or', () => {
    const neuron = calciumNeuron({ weights: [1.05, 1.05] });
    expect(corners.map((x) => Number(neuron.dendrite(x).toFixed(4)))).toEqual([0, 0.8465, 0.8465, 0.0256]);
    expect(corners.map((x) => neuron.activate(x))).toEqual([0, 1, 1, 0]);
  });

  test('a neuron with a rising activation is not, whatever its weights and bias', () => {
    const steps = Array.from({ length: 41 }, (_, k) => -2 + k / 10);
    for (const a of steps)
      for (const b of steps)
        for (const bias of steps) {
          const answers = corners.map(([x, y]) => (a * x + b * y + bias > 0 ? 1 : 0));
          expect(answers.join('')).not.toBe('0110');
        }
  });

  test('refuses another number of inputs and a decay that is none', () => {
    expect(() => calciumNeuron({ weights: [1, 1] }).activate([1])).toThrow('expected 2 inputs, got 1');
    expect(() => calciumNeuron({ weights: [1], decay: 0 })).toThrow('expected a decay above 0, got 0');
  });
});

const sixteen = Array.from({ length: 16 }, (_, k) => [k & 1, (k >> 1) & 1, (k >> 2) & 1, (k >> 3) & 1]);

describe('the two-layer neuron', () => {
  test('has the published responses of branch and soma', () => {
    expect(branchResponse(0)).toBeCloseTo(0, 6);
    expect(branchResponse(3.6)).toBeCloseTo(0.5 + 1.08 + 0.147744, 12);
    expect(branchResponse(4) - branchResponse(3)).toBeGreaterThan(2 * (branchResponse(3) - branchResponse(2)));
    expect(somaResponse(0)).toBe(0);
    expect(somaResponse(50)).toBeCloseTo((0.96 * 50) / (1 + 1509 * Math.exp(-13)), 12);
  });

  test('binds features by clustering: (a and b) or (c and d), which no weighted sum is', () => {
    const clustered = twoLayerNeuron({
      weights: [
        [2, 2, 0, 0],
        [0, 0, 2, 2],
      ],
    });
    // the same synapses, but a with c and b with d
    const scattered = twoLayerNeuron({
      weights: [
        [2, 0, 2, 0],
        [0, 2, 0, 2],
      ],
    });
    const bound = sixteen.map(([a, b, c, d]) => (a && b) || (c && d));
    const answers = sixteen.map((x) => clustered.activate(x));
    const least = Math.min(...answers.filter((_, k) => bound[k]));
    const most = Math.max(...answers.filter((_, k) => !bound[k]));
    expect(least).toBeGreaterThan(1.2 * most);
    const [together, apart] = [
      [1, 1, 0, 0],
      [1, 0, 1, 0],
    ] as const;
    expect(clustered.activate(together)).toBeGreaterThan(1.2 * clustered.activate(apart));
    expect(scattered.activate(together)).toBeLessThan(scattered.activate(apart));
  });

  test('is the exclusive or with inhibition on its branches', () => {
    const neuron = twoLayerNeuron({
      weights: [
        [5, -5],
        [-5, 5],
      ],
      branch: (n) => 1 / (1 + Math.exp(-(n - 3.6) / 0.2)),
      soma: (x) => (x > 0.5 ? 1 : 0),
    });
    expect(corners.map((x) => neuron.activate(x))).toEqual([0, 1, 1, 0]);
    expect([...neuron.branches([1, 0])].map((s) => Math.round(s))).toEqual([1, 0]);
  });

  test.each([
    [{ weights: [] }, 'expected at least one branch'],
    [{ weights: [[1, 2], [1]] }, 'expected 2 weights of branch 1, got 1'],
    [{ weights: [[1], [1]], couplings: [1] }, 'expected 2 couplings, got 1'],
  ])('refuses %o', (options, message) => {
    expect(() => twoLayerNeuron(options)).toThrow(message);
  });
});
