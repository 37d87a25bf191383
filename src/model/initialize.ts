// Initial weights: a stored value filled by its initialiser, on the core.
import type { CoreInstance } from '../core/core.ts';
import { RandomKind } from '../core/generated/instructions.ts';
import { sizeOf } from '../graph/graph.ts';
import { programBytes, writeProgram, type Instruction } from '../graph/program.ts';
import type { FillTarget, Initializer } from '../initializers/initializer.ts';
import type { Storage } from './storage.ts';

/** Fills the value of this name; its random numbers are drawn from `stream` of the seed. */
export function initialize(
  instance: CoreInstance,
  storage: Storage,
  { name, initializer }: { readonly name: string; readonly initializer: Initializer },
  seed: readonly [number, number],
  stream: number,
): void {
  const { shape, address } = storage.get(name);
  const n = sizeOf(shape);
  const target: FillTarget = {
    shape,
    constant: (value) => execute(instance, { opcode: 'Fill', operands: { out: address, n, value } }),
    random: (kind, a, b) =>
      execute(instance, {
        opcode: 'RandomFill',
        operands: { kind: RandomKind[kind], out: address, n, a, b, seedLow: seed[0], seedHigh: seed[1], stream },
      }),
    edit: (change) => change(storage.floats(name)),
  };
  initializer.draw(target);
}

function execute({ memory, run }: CoreInstance, instruction: Instruction): void {
  const bytes = programBytes([instruction]);
  const program = memory.allocate(bytes);
  writeProgram(memory.u32.subarray(program / 4, (program + bytes) / 4), [instruction], () => 0);
  run(program);
  memory.release(program);
}
