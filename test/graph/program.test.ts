import { expect, test, vi } from 'vitest';
import { programBytes, writeProgram } from '../../src/graph/program.ts';
import { Opcode, operandLayouts } from '../../src/core/generated/instructions.ts';
import { compile } from '../../src/graph/compile.ts';
import { formatInstruction } from '../../src/graph/executable.ts';
import { forwardFunction, trainFunction } from '../../src/model/functions.ts';
import { adam, dense, dropout, sequential, type Model } from '../../src/index.ts';
import { resolveLoss } from '../../src/losses/loss.ts';
import { xor } from '../helpers/model.ts';

const small = () =>
  sequential([dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })], { inputShape: [2] });

/** Counts the calls into the core that `work` makes. */
async function callsOf(model: Model, work: () => unknown): Promise<number> {
  const spy = vi.spyOn((model as unknown as { instance: { run(program: number): number } }).instance, 'run');
  await work();
  const { length } = spy.mock.calls;
  spy.mockRestore();
  return length;
}

test('program: the words of an instruction are its opcode and its operands in order', () => {
  const operands = { out: 64, n: 3, value: 1.5 };
  const instructions = [{ opcode: 'Fill', operands }] as const;
  const words = new Uint32Array(programBytes(instructions) / 4);
  writeProgram(words, instructions, () => 0);
  const floats = new Float32Array(words.buffer);
  expect(words[0]).toBe(Opcode.Fill);
  const read = operandLayouts.Fill.map(([, type], i) => ((type as string) === 'float' ? floats[i + 1] : words[i + 1]));
  expect(read).toEqual(operandLayouts.Fill.map(([name]) => operands[name as keyof typeof operands]));
  expect(words.at(-1)).toBe(Opcode.Halt);
});

test('program: a missing operand is an error', () => {
  const words = new Uint32Array(16);
  expect(() => writeProgram(words, [{ opcode: 'Fill', operands: { out: 64 } }], () => 0)).toThrow(
    'operand "n" is missing',
  );
});

test('program: places are resolved as the program is written', () => {
  const instructions = [{ opcode: 'Fill', operands: { out: { buffer: 'b', offset: 8 }, n: 1, value: 0 } }] as const;
  const words = new Uint32Array(programBytes(instructions) / 4);
  writeProgram(words, instructions, ({ buffer, offset }) => (buffer === 'b' ? 1024 + offset : 0));
  expect(words[1]).toBe(1032);
});

test('program: a prediction is one call', async () => {
  const model = await small();
  model.predict([1, 0]);
  expect(await callsOf(model, () => model.predict([0, 1]))).toBe(1);
  model.run();
  expect(await callsOf(model, () => model.run())).toBe(1);
});

test('program: a training step is one call, forward, loss, backward and update included', async () => {
  const model = await sequential([dense(8, { activation: 'gelu' }), dropout(0.2), dense(1)], { inputShape: [2] });
  const options = { loss: 'mse', optimizer: adam({ clipNorm: 1 }), batchSize: 2, shuffle: false } as const;
  // What depends on constants alone is computed once, before the first step.
  await model.fit(xor, options);
  // At the end one call looks whether all parameters are finite.
  expect(await callsOf(model, () => model.fit(xor, { ...options, epochs: 12 }))).toBe(12 * 2 + 1);
});

test('program: a small network lists as two products', async () => {
  const { topology } = await small();
  const { body, prologue } = compile(forwardFunction(topology, 1));
  expect(prologue.map(({ opcode }) => opcode).filter((opcode) => opcode !== 'PackB')).toEqual([]);
  expect(body.map(({ opcode, label }) => `${label} ${opcode}`)).toEqual(['layers.0 Gemm', 'layers.1 Gemm']);
  const text = formatInstruction(body[0]!);
  expect(text).toMatch(/^Gemm .*m=1 n=8 k=2 .*\(layers\.0\)$/);
});

test('program: a checked prediction begins with its guard', async () => {
  const { topology } = await small();
  const { body } = compile(forwardFunction(topology, 4, { checked: true }));
  expect(body.map(({ opcode }) => opcode)).toEqual(['CheckFinite', 'Gemm', 'Gemm']);
});

test('program: in a training step the guard of the loss stands before every update', async () => {
  const { topology } = await small();
  const objective = {
    losses: [resolveLoss('binaryCrossEntropy')],
    lossWeights: [1],
    forms: ['values' as const],
    targetShapes: [[4, 1]],
    sampleWeights: false,
  };
  const { body } = compile(trainFunction(topology, 4, objective, adam()));
  const opcodes = body.map(({ opcode }) => opcode);
  expect(opcodes.filter((opcode) => opcode === 'CheckFinite')).toHaveLength(1);
  expect(opcodes.filter((opcode) => opcode === 'Update')).toHaveLength(4);
  expect(opcodes.indexOf('CheckFinite')).toBeLessThan(opcodes.indexOf('Update'));
  // Every instruction of the backward pass and the update knows its layer.
  const updates = body.filter(({ opcode }) => opcode === 'Update').map(({ label }) => label);
  expect(updates).toEqual(['layers.0', 'layers.0', 'layers.1', 'layers.1']);
});
