import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  activationNames,
  add,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  input,
  maxPool2d,
  model,
  prelu,
  sequential,
  type Layer,
  type Model,
} from '../../src/index.ts';
import { engineFeatures } from '../../src/core/features.ts';
import { NeuriteError } from '../../src/core/errors.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { predictByModule } from '../../src/export/error.ts';
import { toHalf } from '../../src/core/halves.ts';
import { toBytes } from '../../src/export/halves.ts';
import { exportModule, exportWasm, type WasmOptions } from '../../src/export/index.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { randomTensor } from '../helpers/model.ts';

/** Sizes are those of the optimised core; `quick` ones are many times as large. */
const isQuick = process.env['NEURITE_CORE'] === 'quick';
const variants = (['simd', 'relaxed'] as const).filter((name) => name === 'simd' || engineFeatures().relaxedSimd);

const xor = (variant: 'simd' | 'relaxed') =>
  sequential([dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })], {
    inputShape: [2],
    seed: 1,
    variant,
  });
const digits = (variant: 'simd' | 'relaxed') =>
  sequential([dense(64, { activation: 'relu' }), dense(10)], { inputShape: [64], seed: 1, variant });

/** What the exported module gives for samples of the model's inputs, and what the model gives. */
async function both(made: Model, options: WasmOptions, samples = 5) {
  const { bytes } = await exportWasm(made, options);
  const inputs = made.inputShapes.map((shape, i) => randomTensor([samples, ...shape], 11 + i, -2, 2));
  const expected = made.predictAll(inputs.length === 1 ? inputs[0]! : inputs).map(({ data }) => data);
  const found = await predictByModule(bytes, inputs, made.outputShapes.map(sizeOf), options.batchSize ?? 1);
  return { bytes, expected, found };
}

async function expectSameBits(made: Model, options: WasmOptions = {}, samples = 5) {
  const { expected, found } = await both(made, options, samples);
  expect(found).toEqual(expected);
}

describe.each(variants)('exportWasm, %s', (variant) => {
  test('the module is valid, imports nothing, and exports what it should', async () => {
    const { bytes, inputs, outputs } = await exportWasm(await xor(variant), { variant });
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(WebAssembly.Module.exports(module).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'memory memory',
      'function run',
      'global input',
      'global inputLength',
      'global output',
      'global outputLength',
    ]);
    expect(inputs).toEqual([{ name: 'input', shape: [2], dtype: 'float32' }]);
    expect(outputs).toEqual([{ name: 'output0', shape: [1], dtype: 'float32' }]);
  });

  test('2-8-1 with tanh and sigmoid: the same bits, at most 4 kB', async () => {
    const { bytes, expected, found } = await both(await xor(variant), { variant });
    expect(found).toEqual(expected);
    if (!isQuick) expect(bytes.length).toBeLessThanOrEqual(4000);
  });

  test('digits 64-64-10: the same bits, at most its weights and 6 kB', async () => {
    const made = await digits(variant);
    const { bytes, expected, found } = await both(made, { variant });
    const { weightBytes } = await exportWasm(made, { variant });
    expect(found).toEqual(expected);
    expect(weightBytes).toBe(4 * (64 * 64 + 64 + 64 * 10 + 10));
    if (!isQuick) expect(bytes.length).toBeLessThanOrEqual(weightBytes + 6000);
  });

  test.each([1, 2, 5, 6, 7, 33])('batches of %i', async (batchSize) => {
    await expectSameBits(await digits(variant), { variant, batchSize }, 40);
  });

  test.each(activationNames)('the activation %s, in and behind a product', async (name) => {
    const made = await sequential([dense(7, { activation: name }), dense(13), dense(3, { activation: name })], {
      inputShape: [5],
      seed: 2,
      variant,
    });
    await expectSameBits(made, { variant });
  });

  test('every number of columns and of terms', async () => {
    for (const units of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33])
      for (const size of [1, 3, 8, 300])
        await expectSameBits(
          await sequential([dense(units)], { inputShape: [size], seed: units, variant }),
          { variant },
          2,
        );
  });

  test('branches, several inputs and outputs, layers without weights', async () => {
    const [a, b] = [input([4]), input([6])];
    const h = dense(4, { activation: 'silu' })(b);
    const sum = add()([a, prelu()(h)]);
    const joined = concatenate()([dropout(0.5)(sum), b]);
    const made = await model({
      inputs: [a, b],
      outputs: [dense(3, { activation: 'softmax' })(joined), sum],
      seed: 3,
      variant,
    });
    await expectSameBits(made, { variant });
    await expectSameBits(made, { variant, batchSize: 3 });
  });

  test('784-512-256-10: the same bits, one sample and batches', async () => {
    const layers = [dense(512, { activation: 'relu' }), dense(256, { activation: 'relu' }), dense(10)];
    const made = await sequential(layers, { inputShape: [784], seed: 1, variant });
    for (const batchSize of [1, 32]) await expectSameBits(made, { variant, batchSize }, 32);
  });

  test.each(['valid', 'same'] as const)(
    'a convolutional network, padding %s: the same bits, at most its weights and 16 kB',
    async (padding) => {
      const layers: Layer[] = [
        conv2d(8, { kernelSize: 3, padding, activation: 'relu' }),
        maxPool2d(),
        conv2d(16, { kernelSize: 3, padding, activation: 'relu' }),
        maxPool2d(),
        flatten(),
        dense(128, { activation: 'relu' }),
        dense(10, { activation: 'softmax' }),
      ];
      const made = await sequential(layers, { inputShape: [28, 28, 1], seed: 1, variant });
      for (const batchSize of [1, 32]) {
        const { bytes, expected, found } = await both(made, { variant, batchSize }, 33);
        const { weightBytes } = await exportWasm(made, { variant, batchSize });
        expect(found).toEqual(expected);
        if (!isQuick) expect(bytes.length).toBeLessThanOrEqual(weightBytes + 16000);
      }
    },
  );
});

describe('smaller weights', () => {
  test('every float16 is its own rounding, and halfway goes to even', () => {
    const value = (half: number): number => {
      const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
      if (exponent === 31) return fraction ? NaN : sign * Infinity;
      return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
    };
    for (let half = 0; half < 0x7c00; half++) {
      expect(toHalf(value(half))).toBe(half);
      expect(toHalf(-value(half))).toBe(half | 0x8000);
      const middle = (value(half) + value(half + 1)) / 2;
      if (half < 0x7bff) expect(toHalf(middle)).toBe(half % 2 ? half + 1 : half);
    }
    expect(toHalf(65520)).toBe(0x7c00);
    expect(toHalf(NaN) & 0x7c00).toBe(0x7c00);
  });

  test('bytes: each channel errs by at most half its scale, a channel of zeros not at all', () => {
    const values = randomTensor([40, 3], 5).data as Float32Array;
    for (let i = 2; i < values.length; i += 3) values[i] = 0;
    const { bytes, scales } = toBytes(values, 3);
    expect(scales[2]).toBe(0);
    values.forEach((value, i) =>
      expect(Math.abs(value - bytes[i]! * scales[i % 3]!)).toBeLessThanOrEqual(scales[i % 3]! * 0.5001),
    );
  });

  test.each([
    ['float16', 2, 1e-3],
    ['int8', 4, 0.03],
  ] as const)('%s: the file is a %i-th of its weights, and the error is measured', async (weights, part, bound) => {
    const made = await digits('simd');
    const data = randomTensor([30, 64], 1, 0, 1);
    const plain = await exportWasm(made);
    const { bytes, weightBytes, error } = await exportWasm(made, { weights, data, maximumError: bound });
    expect(weightBytes).toBeLessThan(plain.weightBytes / part + 800);
    expect(bytes.length).toBeLessThan(plain.bytes.length);
    expect(error!.maximum).toBeGreaterThan(0);
    expect(error!.maximum).toBeLessThan(bound);
    expect(error!.mean).toBeLessThan(error!.maximum);
    const [found] = await predictByModule(bytes, [data], [10], 1);
    const differences = found!.map((value, i) => Math.abs(value - made.predict(data).data[i]!));
    expect(Math.max(...differences)).toBeCloseTo(error!.maximum, 10);
  });

  test('float16 expands to the numbers that it was rounded to', async () => {
    const made = await sequential([dense(16, { useBias: false })], { inputShape: [8], variant: 'simd' });
    const halves = Float32Array.from({ length: 128 }, (_, i) => (i - 64) * 2 ** -12);
    halves[3] = 2 ** -24;
    halves[4] = -65504;
    made.setWeights({ 'layers.0.kernel': halves });
    const { error } = await exportWasm(made, { weights: 'float16', data: randomTensor([9, 8], 2), maximumError: 0 });
    expect(error).toEqual({ maximum: 0, mean: 0 });
  });

  test('an error beyond the bound is refused, and so are weights that float16 cannot hold', async () => {
    const made = await digits('simd');
    const data = randomTensor([3, 64], 1, 0, 1); // positive, so that the large weights below reach the output
    await expect(exportWasm(made, { weights: 'int8', data, maximumError: 1e-6 })).rejects.toThrow(NeuriteError);
    await expect(exportWasm(made, { weights: 'int8', data, maximumError: 1e-6 })).rejects.toThrow('more than 0.000001');
    made.setWeights({ 'layers.0.kernel': new Float32Array(4096).fill(1e6) });
    await expect(exportWasm(made, { weights: 'float16', data })).rejects.toThrow('away from the model');
  });
});

describe('bad options', () => {
  const refuse = async (options: object) => exportWasm(await xor('simd'), options as WasmOptions);
  test.each([
    [{ variant: 'debug' }, 'expected variant "simd" or "relaxed", got "debug"'],
    [{ weights: 'int4' }, 'unknown format of weights "int4"'],
    [{ weights: 'int8' }, 'need the option data'],
    [{ batchSize: 0 }, 'exportWasm: batchSize'],
    [{ maximumError: NaN }, 'expected a maximumError'],
    [{ batchsize: 2 }, 'did you mean "batchSize"'],
    [{ weights: 'int8', data: [[1, 2, 3]] }, 'exportWasm: data: expected input [*, 2], got [1, 3]'],
  ])('%j', async (options, message) => {
    await expect(refuse(options)).rejects.toThrow(message);
  });
  test('exportModule checks its own', async () => {
    const made = await xor('simd');
    await expect(exportModule(made, { variants: [] })).rejects.toThrow('at least one variant');
    await expect(exportModule(made, { variant: 'simd' } as never)).rejects.toThrow('option of exportModule');
    await expect(exportModule(made, { embed: 1 } as never)).rejects.toThrow('expected embed true or false');
  });
});

describe('without the library', () => {
  const inputs = randomTensor([4, 2], 9);
  const name = './net.mjs';
  const bitsOf = (values: Float32Array) => Array.from(new Uint32Array(values.buffer, 0, values.length));
  /** Runs a script in a folder that has nothing but what is given, with what Node has. */
  function runBare(files: Record<string, string | Uint8Array>, flags: string[] = []): unknown {
    const folder = temporaryFolder();
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const output = execFileSync(process.execPath, [...flags, 'script.mjs'], { cwd: folder, encoding: 'utf8' });
    return JSON.parse(output);
  }

  test('a bare script runs the .wasm file', async () => {
    const made = await xor('simd');
    const { bytes } = await exportWasm(made);
    const script = `import { readFileSync } from 'node:fs';
      const { instance } = await WebAssembly.instantiate(readFileSync('net.wasm'));
      const { memory, run, input, output } = instance.exports;
      new Float32Array(memory.buffer, input.value, 2).set(${JSON.stringify([...inputs.data.subarray(0, 2)])});
      const stopped = run();
      console.log(JSON.stringify([stopped, ...new Uint32Array(memory.buffer, output.value, 1)]));`;
    const expected = made.predict({ data: inputs.data.subarray(0, 2), shape: [1, 2] } as never).data as Float32Array;
    expect(runBare({ 'net.wasm': bytes, 'script.mjs': script })).toEqual([0, ...bitsOf(expected)]);
  });

  test.each(variants)('a bare script imports the ES module, %s', async (variant) => {
    const made = await xor(variant);
    const { javascript } = await exportModule(made);
    const script = `import { predict, inputs, outputs, run, variant } from '${name}';
      const values = new Float32Array(${JSON.stringify([...inputs.data])});
      const all = predict(values);
      inputs[0].set(values.subarray(0, 2)); run();
      const errors = [[1], [1, 2, 3]].map((bad) => { try { return predict(bad); } catch (error) { return error.message; } });
      console.log(JSON.stringify({ variant, all: [...new Uint32Array(all.buffer)], one: outputs[0][0], errors }));`;
    const flags =
      variant === 'relaxed' && process.version.startsWith('v20') ? ['--experimental-wasm-relaxed-simd'] : [];
    const result = runBare({ 'net.mjs': javascript, 'script.mjs': script }, flags) as Record<string, unknown>;
    const expected = made.predict(inputs).data as Float32Array;
    const isOwn = result['variant'] === variant;
    if (isOwn) expect(result['all']).toEqual(bitsOf(expected));
    expect(result['one']).toBeCloseTo(expected[0]!, 6);
    expect(result['errors']).toEqual([1, 3].map((n) => `predict: expected 2 numbers a sample, got ${n}`));
  });

  test('without embedding, load takes a module, bytes or a response', async () => {
    const made = await xor('simd');
    const { javascript, modules, types } = await exportModule(made, { embed: false, variants: ['simd'], batchSize: 3 });
    expect(javascript).not.toContain('atob');
    expect(types).toContain('load(source: Source | Promise<Source>)');
    const script = `import { readFileSync } from 'node:fs';
      import { load } from '${name}';
      const bytes = readFileSync('net.wasm');
      const results = [];
      for (const source of [bytes, new WebAssembly.Module(bytes), Promise.resolve(new Response(bytes))]) {
        const { predict } = await load(source);
        results.push([...new Uint32Array(predict(${JSON.stringify([...inputs.data])}).buffer)]);
      }
      console.log(JSON.stringify(results));`;
    const expected = bitsOf(made.predict(inputs).data as Float32Array);
    const files = { 'net.mjs': javascript, 'net.wasm': modules.simd!.bytes, 'script.mjs': script };
    expect(runBare(files)).toEqual([expected, expected, expected]);
  });
});
