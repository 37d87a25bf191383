// A model of neurite written as ONNX: ONNX Runtime and neurite itself open the file and predict the same within 1e-5.
import { expect } from 'vitest';
import { toOnnx } from '../../src/formats/onnx/to-onnx.ts';
import type * as n from '../../src/index.ts';
import { randomFloats } from './kernel.ts';
import { openCase } from './onnx.ts';
import { openInRuntime } from './onnxruntime.ts';

/** A batch of samples for each input; integers below 5 for inputs of indices. */
function samples(model: n.Model, batch: number) {
  return model.topology.inputs.map(({ name, shape, dtype }, i) => {
    const full = [batch, ...shape];
    const length = full.reduce((product, size) => product * size, 1);
    const floats = randomFloats(length, i + 7, -1, 1);
    return {
      name,
      shape: full,
      data: dtype === 'i32' ? Int32Array.from(floats, (x) => Math.floor(2.5 * (x + 1))) : floats,
    };
  });
}

function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!), `${what}[${i}]: ${actual[i]} for ${expected[i]}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(expected[i]!)),
    );
}

/** The types of layers that were checked so far. */
export const checkedTypes = new Set<string>();

/** Predictions of the model, of its file opened by neurite, and of its file in ONNX Runtime, for two batches. */
export async function checkWritten(model: n.Model): Promise<void> {
  for (const { type, config } of model.topology.layers) {
    checkedTypes.add(type);
    const { layer } = config as { layer?: { type: string } };
    if (layer) checkedTypes.add(layer.type);
  }
  const bytes = toOnnx(model);
  const again = await openCase('out.onnx', bytes);
  const runtime = await openInRuntime(bytes);
  for (const batch of [1, 3]) {
    const inputs = samples(model, batch);
    const given = inputs.map(({ data, shape }) => ({ data, shape }));
    const predicted = model.predict(given.length === 1 ? given[0]! : given);
    const expected = (Array.isArray(predicted) ? predicted : [predicted]) as n.Tensor[];
    const back = again.run(Object.fromEntries(inputs.map(({ name, ...feed }) => [name, feed])));
    const theirs = await runtime(Object.fromEntries(inputs.map(({ name, ...feed }) => [name, feed])));
    expected.forEach(({ data, shape }, i) => {
      const { name } = again.outputs[i]!;
      expect(back[name]!.shape).toEqual(shape);
      expectSame(back[name]!.data, data, `neurite, batch ${batch}`);
      expectSame(theirs[name]!.data as Float32Array, data, `ONNX Runtime, batch ${batch}`);
    });
  }
}
