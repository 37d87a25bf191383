// The blocks of a function's body, found ahead of its interpretation: where each ends, whether anything branches to it,
// and which locals it writes.
import { ByteReader } from './bytes.ts';
import { emptyOperator, op, readOperator } from './operators.ts';

export interface Block {
  /** Where its `end` stands; of the body itself, the last byte. */
  end: number;
  /** Where the `else` of an `if` stands; −1 where it has none. */
  else: number;
  isTarget: boolean;
  readonly writes: Set<number>;
}

export interface Structure {
  /** By the place of the operator that opens it; the body itself is −1. */
  readonly blocks: ReadonlyMap<number, Block>;
  /** The locals that are read anywhere. */
  readonly reads: ReadonlySet<number>;
}

export const isBlockStart = (code: number): boolean => code === op.block || code === op.loop || code === op.if;

export function structureOf(body: Uint8Array): Structure {
  const whole: Block = { end: body.length - 1, else: -1, isTarget: true, writes: new Set() };
  const blocks = new Map<number, Block>([[-1, whole]]);
  const reads = new Set<number>();
  const open = [whole];
  const target = (label: number) => {
    const block = open.at(-1 - label);
    if (block) block.isTarget = true;
  };
  const reader = new ByteReader(body);
  const operator = emptyOperator();
  while (!reader.isAtEnd) {
    const { code, index, start, labels } = readOperator(reader, operator);
    if (isBlockStart(code)) {
      const block: Block = { end: -1, else: -1, isTarget: false, writes: new Set() };
      blocks.set(start, block);
      open.push(block);
    } else if (code === op.else) open.at(-1)!.else = start;
    else if (code === op.end) {
      const block = open.pop()!;
      block.end = start;
      for (const local of block.writes) open.at(-1)?.writes.add(local);
    } else if (code === op.br || code === op.brIf) target(index);
    else if (code === op.brTable) labels.forEach(target);
    else if (code === op.localGet) reads.add(index);
    else if (code === op.localSet || code === op.localTee) open.at(-1)!.writes.add(index);
  }
  return { blocks, reads };
}
