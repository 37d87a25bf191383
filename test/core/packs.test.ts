import { describe, expect, test, vi } from 'vitest';
import { dense, dropout, sequential } from '../../src/index.ts';
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import { Opcode } from '../../src/core/generated/instructions.ts';
import { contains, packFor, packNames, packs, type Pack } from '../../src/core/packs.ts';
import { compile } from '../../src/graph/compile.ts';
import { Executable } from '../../src/graph/executable.ts';
import { Graph } from '../../src/graph/graph.ts';
import { programBytes, writeProgram, type Instruction } from '../../src/graph/program.ts';
import { input, reduce } from '../../src/graph/operations/index.ts';
import { packOf } from '../../src/model/pack.ts';
import { variant } from '../helpers/kernel.ts';

const isCut = variant !== 'debug';

test('the packs: each lists known instructions once, and the full one all', () => {
  for (const name of packNames) {
    expect(new Set(packs[name]).size).toBe(packs[name].length);
    for (const opcode of packs[name]) expect(Opcode).toHaveProperty(opcode);
  }
  expect(packs.full).toHaveLength(Object.keys(Opcode).length);
});

test('contains: a pack holds itself, and full holds all', () => {
  for (const name of packNames) expect(contains(name, name) && contains('full', name)).toBe(true);
  expect(contains('dense', 'densePredict')).toBe(true);
  expect(contains('predict', 'densePredict')).toBe(true);
  expect(contains('densePredict', 'dense')).toBe(false);
});

test('packFor: an operation that no dense network has needs more', () => {
  expect(packFor(['input', 'matmul'], false)).toBe('densePredict');
  expect(packFor(['input', 'matmul', 'dropout'], true)).toBe('dense');
  expect(packFor(['input', 'no such'], false)).toBe('predict');
  expect(packFor(['input', 'no such'], true)).toBe('full');
});

test('packOf: a dense network, with what its layers do in training', async () => {
  const { topology } = await sequential([dense(3, { activation: 'softmax' }), dropout(0.5)], { inputShape: [2] });
  expect(packOf(topology, false)).toBe('densePredict');
  expect(packOf(topology, true)).toBe('dense');
});

/** A program that fills four floats, by the instance's own `run`. */
function fill(instance: CoreInstance, value: number): number[] {
  const { memory } = instance;
  const out = memory.allocate(16);
  const program: Instruction[] = [{ opcode: 'Fill', operands: { out, n: 4, value } }];
  const bytes = programBytes(program);
  const address = memory.allocate(bytes);
  writeProgram(memory.u32.subarray(address / 4, (address + bytes) / 4), program, () => 0);
  expect(instance.run(address) >>> 0).toBe(address + bytes - 4);
  return [...memory.floats(out, 4)];
}

describe.each(packNames)('the pack %s', (pack: Pack) => {
  test('runs its instructions', async () => {
    const instance = new CoreInstance(await loadCore({ variant }, pack));
    expect(contains(instance.pack, pack)).toBe(true);
    expect(fill(instance, 3)).toEqual([3, 3, 3, 3]);
  });
});

test('a pack has no handler of what it left out', async () => {
  const { module, pack } = await loadCore({ variant }, 'densePredict');
  if (!isCut || pack !== 'densePredict') return;
  const instance = new CoreInstance({ variant, module, pack });
  const address = instance.memory.allocate(64);
  instance.memory.u32[address / 4] = Opcode.RandomFill;
  expect(() => instance.run(address)).toThrow(WebAssembly.RuntimeError);
});

test('loadCore: what holds everything asked for is not loaded a second time', async () => {
  vi.resetModules();
  const { loadCore: load } = await import('../../src/core/core.ts');
  const full = await load({ variant });
  expect((await load({ variant }, 'dense')).module).toBe(full.module);
});

test('an executable: an instruction that the pack lacks is refused before anything is placed', async () => {
  const { module } = await loadCore({ variant });
  const instance = new CoreInstance({ variant, module, pack: 'densePredict' });
  const graph = new Graph();
  const out = reduce(graph, 'Sum', input(graph, 'x', [4]));
  const compiled = compile({ nodes: graph.nodes, outputs: { out }, effects: [] });
  expect(() => new Executable(instance, compiled, () => 0)).toThrow(
    'the pack "densePredict" has no instruction Reduce; see src/core/packs.ts',
  );
});
