// Sound files, mutated: whatever happens must be a clean error of the library or a model that opens; nothing else, no
// hang, no memory beyond measure. Thousands of tries; the seed is fixed, so that a failure can be had again.
import { expect, test } from 'vitest';
import { NeuriteError } from '../../src/core/errors.ts';
import { modelFromOnnx } from '../../src/formats/onnx/index.ts';
import { openModel } from '../../src/formats/onnx/open.ts';
import '../../src/formats/onnx/operators/index.ts';
import { readModel } from '../../src/formats/onnx/read.ts';
import { tensorFromProto } from '../../src/formats/onnx/tensor.ts';
import { testRandom, variant } from '../helpers/kernel.ts';
import { mutated } from '../helpers/mutate.ts';
import { casesOf, openCase } from '../helpers/onnx.ts';

const samples = [
  ...casesOf('node.tar.gz').filter((_, i) => i % 12 === 0),
  ...casesOf('models.tar.gz').filter((_, i) => i % 5 === 0),
].filter(({ model }) => model.length < 40_000);

/** Reads everything that the file holds, as opening does. */
function readAll(bytes: Uint8Array, name: string): void {
  const { graph } = openModel(readModel(bytes, name), name);
  for (const tensor of graph.initializer ?? []) tensorFromProto(tensor, name);
}

const isClean = (error: unknown): boolean =>
  error instanceof NeuriteError || (error instanceof RangeError && error.name === 'ShapeError');

test('20,000 mutated files are opened or refused, and every refusal names the file', () => {
  const next = testRandom(7);
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const { name, model } = samples[i % samples.length]!;
    try {
      readAll(mutated(model, next), name);
    } catch (error) {
      refused++;
      if (!isClean(error) || !(error as Error).message.startsWith(name)) throw error;
    }
  }
  expect(refused).toBeGreaterThan(5_000);
});

test('1,000 mutated files: compiled where they can be opened', async () => {
  const next = testRandom(8);
  let opened = 0;
  for (let i = 0; i < 1_000; i++) {
    const { name, model } = samples[i % samples.length]!;
    try {
      await openCase(name, mutated(model, next));
      opened++;
    } catch (error) {
      if (!isClean(error)) throw error;
    }
  }
  expect(opened).toBeGreaterThan(100);
});

test('400 mutated files as models that train: made, or refused cleanly', async () => {
  const next = testRandom(9);
  let made = 0;
  for (let i = 0; i < 400; i++) {
    const { name, model } = samples[i % samples.length]!;
    try {
      await modelFromOnnx(mutated(model, next), { name, variant });
      made++;
    } catch (error) {
      if (!isClean(error) || !(error as Error).message.startsWith(name)) throw error;
    }
  }
  expect(made).toBeGreaterThan(20);
});
