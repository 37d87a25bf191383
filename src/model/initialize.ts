// Initial weights: a stored value filled by its initialiser, on the core.
import { RandomKind } from '../core/generated/instructions.ts';
import { sizeOf } from '../graph/graph.ts';
import type { FillTarget, Initializer } from '../initializers/initializer.ts';
import type { Storage } from './storage.ts';

/** Fills the value of this name; its random numbers are drawn from `stream` of the seed. */
export function initialize(
  storage: Storage,
  { name, initializer }: { readonly name: string; readonly initializer: Initializer },
  seed: readonly [number, number],
  stream: number,
): void {
  const { shape, address } = storage.get(name);
  const n = sizeOf(shape);
  const target: FillTarget = {
    shape,
    constant: (value) => void storage.execute({ opcode: 'Fill', operands: { out: address, n, value } }),
    random: (kind, a, b) =>
      void storage.execute({
        opcode: 'RandomFill',
        operands: { kind: RandomKind[kind], out: address, n, a, b, seedLow: seed[0], seedHigh: seed[1], stream },
      }),
    edit: (change) => change(storage.floats(name)),
  };
  initializer.draw(target);
}
