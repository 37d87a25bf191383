import { describe, expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { addGradients } from '../../src/graph/gradients.ts';
import { Graph, type Node } from '../../src/graph/graph.ts';
import { attention, attentionWeights, input, multiply, reduce, scalar } from '../../src/graph/operations/index.ts';
import * as reference from '../../reference/attention.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { checkOperation, expectClose, runFunction } from '../helpers/operation.ts';

interface Case {
  batch: number;
  heads: number;
  size: number;
  queries: number;
  keys: number;
  causal?: boolean;
}

const cases: Case[] = [
  { batch: 1, heads: 1, size: 1, queries: 1, keys: 1 },
  { batch: 2, heads: 3, size: 4, queries: 5, keys: 5 },
  { batch: 2, heads: 2, size: 3, queries: 5, keys: 7 },
  { batch: 1, heads: 2, size: 5, queries: 9, keys: 4 },
  { batch: 2, heads: 1, size: 8, queries: 13, keys: 13, causal: true },
  { batch: 1, heads: 2, size: 4, queries: 3, keys: 8, causal: true },
  { batch: 1, heads: 1, size: 2, queries: 6, keys: 4, causal: true },
  { batch: 1, heads: 1, size: 16, queries: 2, keys: 17 },
];

const sizes = ({ batch, heads, size, queries, keys }: Case) => ({
  q: [batch, queries, heads * size],
  kv: [batch, keys, heads * size],
});

describe('attention', () => {
  test.each(cases)(
    '$batch×$heads heads of $size, $queries queries, $keys keys, causal $causal: forward and gradients',
    (each) => {
      const { q, kv } = sizes(each);
      checkOperation({
        inputs: [{ shape: q }, { shape: kv }, { shape: kv }],
        build: (graph, a, b, c) => attention(graph, { node: a! }, { node: b! }, { node: c! }, each),
        reference: (a, b, c) => reference.attention(a!, b!, c!, each),
        tolerance: 3e-6,
      });
    },
  );

  test("a mask hides keys, and all of a sample's: those queries give 0 and have no gradient", () => {
    const each = { batch: 2, heads: 2, size: 3, queries: 4, keys: 5 };
    const mask = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0];
    const { q, kv } = sizes(each);
    checkOperation({
      inputs: [{ shape: q }, { shape: kv }, { shape: kv }, { shape: [2, 5], data: mask }],
      build: (graph, a, b, c, m) => attention(graph, { node: a! }, { node: b! }, { node: c! }, { ...each, mask: m! }),
      reference: (a, b, c) => reference.attention(a!, b!, c!, { ...each, mask }),
      withoutGradient: [3],
    });
  });

  test('one node with queries, keys and values side by side has one gradient', () => {
    const each = { batch: 2, heads: 2, size: 3, queries: 4, keys: 4 };
    const columns = (x: Float64Array, from: number) =>
      Float64Array.from({ length: 2 * 4 * 6 }, (_, i) => x[Math.floor(i / 6) * 18 + from + (i % 6)]!);
    checkOperation({
      inputs: [{ shape: [2, 4, 18] }],
      build: (graph, x) => attention(graph, { node: x! }, { node: x!, offset: 6 }, { node: x!, offset: 12 }, each),
      reference: (x) => reference.attention(columns(x!, 0), columns(x!, 6), columns(x!, 12), each),
    });
  });

  const long: Case[] = [
    { batch: 1, heads: 2, size: 4, queries: 70, keys: 300 },
    { batch: 1, heads: 1, size: 8, queries: 300, keys: 300, causal: true },
    { batch: 1, heads: 1, size: 4, queries: 61, keys: 256 },
    { batch: 1, heads: 1, size: 4, queries: 2, keys: 520 },
    { batch: 2, heads: 1, size: 33, queries: 64, keys: 257 },
  ];

  test.each(long)('many tiles: $queries queries, $keys keys of $size, causal $causal, with a mask', (each) => {
    const { batch, keys } = each;
    const { q, kv } = sizes(each);
    const values = {
      q: randomFloats(
        q.reduce((a, b) => a * b),
        1,
        -3,
        3,
      ),
      k: randomFloats(
        kv.reduce((a, b) => a * b),
        2,
        -3,
        3,
      ),
      v: randomFloats(
        kv.reduce((a, b) => a * b),
        3,
      ),
      d: randomFloats(
        q.reduce((a, b) => a * b),
        4,
      ),
      mask: randomFloats(batch * keys, 5, 0, 1).map((x) => Number(x > 0.2)),
    };
    const graph = new Graph();
    const [a, b, c, m] = [
      input(graph, 'q', q),
      input(graph, 'k', kv),
      input(graph, 'v', kv),
      input(graph, 'mask', [batch, keys]),
    ];
    const out = attention(graph, { node: a }, { node: b }, { node: c }, { ...each, mask: m });
    const loss = reduce(graph, 'Sum', multiply(graph, out, input(graph, 'd', q)));
    const [dQ, dK, dV] = addGradients(graph, loss, scalar(graph, 1), [a, b, c]) as [Node, Node, Node];
    const weights = attentionWeights(graph, out);
    const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out, dQ, dK, dV, weights }, effects: [] }, values);
    const shape = { ...each, mask: values.mask };
    expectClose(outputs['out']!, reference.attention(values.q, values.k, values.v, shape), 5e-6, 'out');
    expectClose(outputs['weights']!, reference.attentionWeights(values.q, values.k, shape), 1e-5, 'weights');
    const exact = reference.attentionGradients(values.q, values.k, values.v, values.d, shape);
    expectClose(outputs['dQ']!, exact.dQ, 1e-4, 'dQ');
    expectClose(outputs['dK']!, exact.dK, 1e-4, 'dK');
    expectClose(outputs['dV']!, exact.dV, 1e-4, 'dV');
  });

  test('dropout drops the share of the weights that was asked for, and the backward pass the same ones', () => {
    const each = { batch: 1, heads: 2, size: 4, queries: 64, keys: 300 };
    const { q, kv } = sizes(each);
    const graph = new Graph();
    const [a, b, c] = [input(graph, 'q', q), input(graph, 'k', kv), input(graph, 'v', kv)];
    const counter = input(graph, 'counter', [4], 'i32');
    const out = attention(
      graph,
      { node: a },
      { node: b },
      { node: c },
      { ...each, dropout: { rate: 0.25, counter, stream: 3 } },
    );
    const loss = reduce(graph, 'Sum', out);
    const [dV] = addGradients(graph, loss, scalar(graph, 1), [c]) as [Node];
    const ones = new Float32Array(300 * 8).fill(1);
    const values = { q: new Float32Array(64 * 8), k: new Float32Array(300 * 8), v: ones, counter: [1, 2, 3, 0] };
    const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out, dV }, effects: [] }, values);
    const mean = outputs['out']!.reduce((sum, x) => sum + x, 0) / outputs['out']!.length;
    expect(mean).toBeGreaterThan(0.98);
    expect(mean).toBeLessThan(1.02);
    expect(new Set(outputs['out']).size).toBeGreaterThan(30);
    // Σ out = Σ v dV, as out is linear in v: only if both passes drop the same weights.
    const total = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0);
    expect(total(outputs['dV']!)).toBeCloseTo(total(outputs['out']!), 2);
    const drop = reference.attention(values.q, values.k, ones, each);
    expect(drop[0]).toBeCloseTo(1, 12);
  });

  test('its memory grows with the length, not with its square, with its gradients too', () => {
    const bytesAt = (length: number) => {
      const graph = new Graph();
      const [a, b, c] = ['q', 'k', 'v'].map((name) => input(graph, name, [1, length, 4])) as [Node, Node, Node];
      const out = attention(graph, { node: a }, { node: b }, { node: c }, { heads: 2, size: 2 });
      const gradients = addGradients(graph, out, input(graph, 'd', out.shape), [a, b, c]) as Node[];
      const outputs = { out, dq: gradients[0]!, dk: gradients[1]!, dv: gradients[2]! };
      return compile({ nodes: graph.nodes, outputs, effects: [] }).bytes;
    };
    expect(bytesAt(4096)).toBeLessThan(2.1 * bytesAt(2048));
    // One matrix of scores would be 67 MB.
    expect(bytesAt(4096)).toBeLessThan(4 * 4096 * 4096);
  });

  test('NaN in a key reaches every query that sees it', () => {
    const each = { batch: 1, heads: 1, size: 2, queries: 3, keys: 3, causal: true };
    const graph = new Graph();
    const [a, b, c] = ['q', 'k', 'v'].map((name) => input(graph, name, [1, 3, 2])) as [Node, Node, Node];
    const out = attention(graph, { node: a }, { node: b }, { node: c }, each);
    const k = Float32Array.of(1, 2, NaN, 1, 1, 1);
    const values = { q: new Float32Array(6).fill(1), k, v: new Float32Array(6).fill(1) };
    const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, values);
    expect([...outputs['out']!].map(Number.isNaN)).toEqual([false, false, true, true, true, true]);
  });

  test('refuses a mask of another length, and keys and values that differ', () => {
    const graph = new Graph();
    const q = input(graph, 'q', [1, 3, 4]);
    const k = input(graph, 'k', [1, 5, 4]);
    const options = { heads: 2, size: 2 };
    const mask = input(graph, 'm', [1, 4]);
    expect(() => attention(graph, { node: q }, { node: k }, { node: k }, { ...options, mask })).toThrow(
      'expected a mask [1, 5], got [1, 4]',
    );
    expect(() => attention(graph, { node: q }, { node: k }, { node: q }, options)).toThrow('differ');
    expect(() => attention(graph, { node: q, offset: 2 }, { node: k }, { node: k }, options)).toThrow(
      'expected q [B, T, 4]',
    );
  });
});
