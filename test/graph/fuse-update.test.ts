import { describe, expect, test } from 'vitest';
import { adam, crossEntropy, dense, dropout, sequential, sgd, type OptimizerLike } from '../../src/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { addGradients } from '../../src/graph/gradients.ts';
import { Graph } from '../../src/graph/graph.ts';
import * as ops from '../../src/graph/operations/index.ts';
import { trainFunction } from '../../src/model/functions.ts';
import { addUpdates } from '../../src/model/updates.ts';
import { resolveOptimizer } from '../../src/optimizers/index.ts';

const layers = () => [dense(96, { activation: 'relu' }), dense(128, { activation: 'tanh' }), dense(3)];
const data = {
  inputs: { data: Float32Array.from({ length: 20 * 100 }, (_, i) => Math.sin(i * i)), shape: [20, 100] },
  targets: Int32Array.from({ length: 20 }, (_, i) => i % 3),
};

async function opcodes(optimizer: OptimizerLike): Promise<string[]> {
  const { topology } = await sequential(layers(), { inputShape: [100] });
  const objective = {
    losses: [crossEntropy()],
    lossWeights: [1],
    forms: ['indices' as const],
    targetShapes: [[20]],
    sampleWeights: false,
  };
  return compile(trainFunction(topology, 20, objective, resolveOptimizer(optimizer))).body.map(({ opcode }) => opcode);
}

describe('a step by a product', () => {
  test('takes the weights whose gradient only the optimizer reads, each after the last that reads it, behind the guard', async () => {
    const codes = await opcodes(adam());
    expect(codes.filter((code) => code === 'GemmUpdate')).toHaveLength(2);
    expect(codes.indexOf('CheckFinite')).toBeLessThan(codes.indexOf('GemmUpdate'));
    // The second weight's step follows the product that takes its gradient to the layer below.
    expect(codes.slice(codes.indexOf('GemmUpdate') - 1, codes.indexOf('GemmUpdate'))).toEqual(['Gemm']);
  });

  test('is none where gradients are clipped by their norm or by value', async () => {
    expect(await opcodes(adam({ clipNorm: 1 }))).not.toContain('GemmUpdate');
    expect(await opcodes(adam({ clipValue: 1 }))).not.toContain('GemmUpdate');
  });

  test('is none where the product reads a weight, which the step before has changed by then', () => {
    const graph = new Graph();
    const weights = [ops.storage(graph, 'a', [128, 64]), ops.storage(graph, 'b', [64, 128])] as const;
    const loss = ops.reduce(graph, 'SumOfSquares', ops.matmul(graph, ...weights));
    const gradients = addGradients(graph, loss, ops.scalar(graph, 1), weights);
    const pairs = weights.map((parameter, i) => {
      const info = { name: parameter.attributes['name'] as string, shape: parameter.shape };
      return { parameter, info, gradient: gradients[i]! };
    });
    const effects = addUpdates(graph, resolveOptimizer('sgd'), pairs);
    const codes = compile({ nodes: graph.nodes, outputs: {}, effects }).body.map(({ opcode }) => opcode);
    expect(codes.slice(-2)).toEqual(['Update', 'Update']);
  });

  test.each([
    ['adam', adam({ learningRate: 0.01 })],
    ['sgd', sgd({ learningRate: 0.1, momentum: 0.9 })],
  ])('%s: fit learns the same bits as gradients and applyGradients', async (_name, optimizer) => {
    const [one, other] = [0, 1].map(() => sequential(layers(), { inputShape: [100], seed: 3 }));
    const [fitted, stepped] = [await one!, await other!];
    const loss = 'crossEntropy';
    await fitted.fit(data, { loss, optimizer, epochs: 4, batchSize: 20, shuffle: false });
    for (let step = 0; step < 4; step++) {
      const { parameters } = stepped.gradients(data.inputs, { targets: data.targets, loss });
      stepped.applyGradients(parameters, optimizer);
    }
    expect(fitted.getWeights()).toEqual(stepped.getWeights());
  });

  test('a frozen layer and dropout do not disturb it', async () => {
    const frozen = [dense(128, { trainable: false }), dropout(0.2), dense(128), dense(3)];
    const model = await sequential(frozen, { inputShape: [100], seed: 1 });
    const before = model.getWeights();
    const { history } = await model.fit(data, { loss: 'crossEntropy', epochs: 30, batchSize: 20 });
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]! / 2);
    expect(model.getWeights()['layers.0.kernel']).toEqual(before['layers.0.kernel']);
  });
});
