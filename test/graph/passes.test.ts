import { describe, expect, test } from 'vitest';
import { Graph, type GraphFunction, type Node } from '../../src/graph/graph.ts';
import { addGradients } from '../../src/graph/gradients.ts';
import { compile } from '../../src/graph/compile.ts';
import { lower } from '../../src/graph/lower.ts';
import { fuse } from '../../src/graph/passes/fuse.ts';
import { prune } from '../../src/graph/passes/prune.ts';
import { simplify } from '../../src/graph/passes/simplify.ts';
import { stagedNodes } from '../../src/graph/passes/stage.ts';
import * as ops from '../../src/graph/operations/index.ts';
import { expectClose, runFunction } from '../helpers/operation.ts';
import { randomFloats } from '../helpers/kernel.ts';

const functionOf = (graph: Graph, outputs: Record<string, Node>, effects: Node[] = []): GraphFunction => ({
  nodes: graph.nodes,
  outputs,
  effects,
});
const operationsOf = ({ nodes }: GraphFunction) => nodes.map(({ operation }) => operation);
const opcodesOf = (source: GraphFunction) => compile(source).body.map(({ opcode }) => opcode);

describe('prune', () => {
  test('removes what no result depends on', () => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [3]);
    const out = ops.unary(graph, 'Exp', x);
    ops.unary(graph, 'Log', x);
    expect(operationsOf(prune(functionOf(graph, { out })))).toEqual(['input', 'unary']);
  });

  test('keeps effects and what they read', () => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [3]);
    const y = ops.unary(graph, 'Exp', x);
    const guard = graph.add('checkFinite', [y]);
    const out = ops.unary(graph, 'Abs', x);
    expect(operationsOf(prune(functionOf(graph, { out }, [guard])))).toEqual([
      'input',
      'unary',
      'checkFinite',
      'unary',
    ]);
  });

  test('drops an input that nothing reads', () => {
    const graph = new Graph();
    ops.input(graph, 'unused', [3]);
    const out = ops.unary(graph, 'Exp', ops.input(graph, 'x', [3]));
    expect([...compile(functionOf(graph, { out })).inputs.keys()]).toEqual(['x']);
  });
});

describe('simplify', () => {
  test('equal nodes become one', () => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [3]);
    const out = ops.add(graph, ops.unary(graph, 'Exp', x), ops.unary(graph, 'Exp', x));
    const simple = simplify(functionOf(graph, { out }));
    expect(operationsOf(simple)).toEqual(['input', 'unary', 'binary']);
    expect(simple.outputs['out']!.inputs[0]).toBe(simple.outputs['out']!.inputs[1]);
  });

  test('nodes whose attributes differ stay apart, infinities and signed zeros included', () => {
    const graph = new Graph();
    const fill = (value: number) => graph.add('fill', [], { shape: [2], value });
    const values = [Infinity, -Infinity, Number.NaN, 0, -0, 1];
    const outputs = Object.fromEntries(values.map((value, i) => [`out${i}`, fill(value)]));
    const { outputs: results } = runFunction(functionOf(graph, outputs), {});
    values.forEach((value, i) => expect(Array.from(results[`out${i}`]!)).toEqual([value, value]));
  });

  test('two guards and two updates stay two', () => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [3]);
    const guards = [graph.add('checkFinite', [x]), graph.add('checkFinite', [x])];
    const simple = simplify(functionOf(graph, { out: ops.unary(graph, 'Exp', x) }, guards));
    expect(operationsOf(simple).filter((name) => name === 'checkFinite')).toHaveLength(2);
  });

  const identities: [string, (graph: Graph, x: Node) => Node][] = [
    ['a linear activation', (graph, x) => ops.unary(graph, 'Linear', x)],
    ['1·x + 0', (graph, x) => ops.unary(graph, 'Affine', x, 1, 0)],
    ['dropout of nothing', (graph, x) => ops.dropout(graph, x, ops.input(graph, 'counter', [4], 'i32'), 0, 0)],
    ['joining one input', (graph, x) => ops.concatenate(graph, [x], 0)],
    ['a slice of everything', (graph, x) => ops.slice(graph, x, 0, 0, 3)],
    ['reshaping to the same shape', (graph, x) => graph.add('reshape', [x], { shape: x.shape })],
  ];
  test.each(identities)('%s disappears', (_, build) => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [3, 2]);
    const out = ops.unary(graph, 'Exp', build(graph, x));
    expect(operationsOf(prune(simplify(functionOf(graph, { out }))))).toEqual(['input', 'unary']);
  });
});

describe('fuse', () => {
  const product = (graph: Graph) => ops.matmul(graph, ops.input(graph, 'a', [3, 4]), ops.input(graph, 'b', [4, 5]));

  test('product, bias and activation become one Gemm', () => {
    const graph = new Graph();
    const sum = ops.add(graph, product(graph), ops.input(graph, 'bias', [5]));
    const out = ops.unary(graph, 'Relu', sum);
    expect(opcodesOf(functionOf(graph, { out }))).toEqual(['Gemm']);
  });

  test.each(['Sigmoid', 'GeluErf', 'Elu', 'Clip'] as const)('product and %s become one Gemm', (kind) => {
    const graph = new Graph();
    const out = ops.unary(graph, kind, product(graph));
    expect(opcodesOf(functionOf(graph, { out }))).toEqual(['Gemm']);
  });

  test('a product with a second reader keeps its own instruction', () => {
    const graph = new Graph();
    const sum = product(graph);
    const out = ops.unary(graph, 'Relu', sum);
    const other = ops.unary(graph, 'Exp', sum);
    expect(opcodesOf(functionOf(graph, { out, other }))).toEqual(['Gemm', 'Unary', 'Unary']);
  });

  test('a product that is itself a result is not fused', () => {
    const graph = new Graph();
    const sum = product(graph);
    expect(opcodesOf(functionOf(graph, { sum, out: ops.unary(graph, 'Relu', sum) }))).toEqual(['Gemm', 'Unary']);
  });

  test('after an activation nothing more is fused', () => {
    const graph = new Graph();
    const active = ops.unary(graph, 'Relu', product(graph));
    const out = ops.add(graph, active, ops.input(graph, 'late', [5]));
    expect(opcodesOf(functionOf(graph, { out }))).toEqual(['Gemm', 'BinaryBroadcast']);
    const twice = new Graph();
    const tanh = ops.unary(twice, 'Tanh', ops.unary(twice, 'Relu', product(twice)));
    expect(opcodesOf(functionOf(twice, { out: tanh }))).toEqual(['Gemm', 'Unary']);
  });

  test('a sum that is no bias is not fused', () => {
    for (const shape of [[3, 1], [1], [], [3, 5]]) {
      const graph = new Graph();
      const out = ops.add(graph, product(graph), ops.input(graph, 'c', shape));
      expect(opcodesOf(functionOf(graph, { out }))[0]).toBe('Gemm');
      expect(opcodesOf(functionOf(graph, { out }))).toHaveLength(2);
    }
  });

  test('two biases: the second is a sum of its own', () => {
    const graph = new Graph();
    const first = ops.add(graph, product(graph), ops.input(graph, 'bias', [5]));
    const out = ops.add(graph, first, ops.input(graph, 'second', [5]));
    expect(opcodesOf(functionOf(graph, { out }))).toEqual(['Gemm', 'BinaryBroadcast']);
  });
});

describe('stage', () => {
  const weights = (graph: Graph) => ops.storage(graph, 'w', [2]);

  test('what depends on constants and weights alone is staged, the rest is not', () => {
    const graph = new Graph();
    const fromWeights = ops.unary(graph, 'Exp', weights(graph));
    const fromConstant = ops.unary(graph, 'Exp', ops.scalar(graph, 2));
    const both = ops.multiply(graph, fromWeights, fromConstant);
    const out = ops.add(graph, ops.input(graph, 'x', [2]), both);
    const staged = stagedNodes(functionOf(graph, { out }));
    expect([fromWeights, fromConstant, both, out].map((node) => staged.has(node))).toEqual([true, true, true, false]);
    const { prologue, body } = lower(functionOf(graph, { out }), { staged });
    expect([prologue.length, body.length]).toEqual([3, 1]);
  });

  test('a function that updates its storage stages only what depends on constants', () => {
    const graph = new Graph();
    const w = weights(graph);
    const fromWeights = ops.unary(graph, 'Exp', w);
    const fromConstant = ops.unary(graph, 'Exp', ops.constant(graph, Float32Array.of(1, 2), [2]));
    const scalars = ops.input(graph, 'scalars', [4]);
    const update = ops.update(
      graph,
      0,
      w,
      ops.add(graph, fromWeights, fromConstant),
      scalars,
      ops.scalar(graph, 1),
      [],
    );
    const staged = stagedNodes(functionOf(graph, {}, [update]));
    expect([staged.has(fromWeights), staged.has(fromConstant), staged.has(update)]).toEqual([false, true, false]);
  });

  test('storage that the host writes between runs is never staged', () => {
    const graph = new Graph();
    const counter = graph.add('storage', [], { name: 'counter', shape: [2], dtype: 'f32', volatile: true });
    const out = ops.unary(graph, 'Exp', counter);
    expect(stagedNodes(functionOf(graph, { out })).has(out)).toBe(false);
  });

  test('a constant result is computed before the first run and stays', () => {
    const graph = new Graph();
    const out = ops.unary(graph, 'Square', ops.constant(graph, Float32Array.of(1, 2, 3), [3]));
    const { outputs, executable } = runFunction(functionOf(graph, { out }), {});
    expect(executable.compiled.body).toEqual([]);
    executable.run();
    expect(Array.from(outputs['out']!)).toEqual([1, 4, 9]);
    expect(Array.from(executable.output('out'))).toEqual([1, 4, 9]);
  });
});

describe('all passes together', () => {
  /** Two dense layers with a skip connection, and the gradients of the first kernel and of x. */
  function network(): GraphFunction {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [5, 6]);
    const [w1, b1, w2] = [ops.input(graph, 'w1', [6, 6]), ops.input(graph, 'b1', [6]), ops.input(graph, 'w2', [6, 3])];
    const hidden = ops.unary(graph, 'Tanh', ops.add(graph, ops.matmul(graph, x, w1), b1));
    const skip = ops.unary(graph, 'Linear', ops.add(graph, hidden, x));
    const out = ops.softmax(graph, 'Softmax', ops.matmul(graph, ops.reshape(graph, skip, [5, 6]), w2));
    const loss = ops.reduce(graph, 'Sum', ops.multiply(graph, out, ops.input(graph, 'weights', [5, 3])));
    const [dW, dX] = addGradients(graph, loss, ops.scalar(graph, 1), [w1, x]);
    return functionOf(graph, { out, dW: dW!, dX: dX! });
  }
  const inputs = {
    x: randomFloats(30, 1),
    w1: randomFloats(36, 2),
    b1: randomFloats(6, 3),
    w2: randomFloats(18, 4),
    weights: randomFloats(15, 5),
  };

  test('results with each pass left out agree', () => {
    const expected = runFunction(network(), inputs).outputs;
    const alone: [string, (source: GraphFunction) => GraphFunction][] = [
      ['simplify', simplify],
      ['prune', prune],
      ['fuse', fuse],
      ['none', (source) => source],
    ];
    for (const [what, pass] of alone) {
      const source = pass(network());
      const { prologue, body } = lower(source, { staged: new Set() });
      expect(prologue).toEqual([]);
      expect(body.length, what).toBeGreaterThan(0);
      const { outputs } = runFunction(source, inputs);
      for (const name of Object.keys(expected)) expectClose(outputs[name]!, expected[name]!, 1e-6, `${what}: ${name}`);
    }
  });

  test('memory that is shared and memory of its own give the same bits', () => {
    const shared = runFunction(network(), inputs).outputs;
    const own = runFunction(network(), inputs, { keepAll: true }).outputs;
    expect(own).toEqual(shared);
    expect(compile(network(), { keepAll: true }).bytes).toBeGreaterThan(compile(network()).bytes);
  });

  test('a pass leaves the graph that it reads as it was', () => {
    const source = network();
    const before = [...source.nodes];
    for (const pass of [prune, simplify, fuse]) pass(source);
    expect(source.nodes).toEqual(before);
  });
});
