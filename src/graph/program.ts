// The program builder: a list of instructions with their operands, turned into the words that the core walks.
// Addresses may be symbolic (a buffer of the plan and an offset in it) until the program is placed.
import { Opcode, operandLayouts } from '../core/generated/instructions.ts';

export type OpcodeName = keyof typeof Opcode;

/** A place inside a buffer that has no address yet; `offset` counts bytes. */
export interface Place<B = unknown> {
  readonly buffer: B;
  readonly offset: number;
}

type OperandNames<O extends OpcodeName> = (typeof operandLayouts)[O][number] extends readonly [infer Name, unknown]
  ? Name & string
  : never;

/** One instruction: every operand of its layout by name. */
export type Operands<O extends OpcodeName, P = number | Place> = { [K in OperandNames<O>]: number | P };

export interface Instruction {
  readonly opcode: OpcodeName;
  readonly operands: Readonly<Record<string, number | Place>>;
  /** The layer or node that it came from, for profiles and errors. */
  readonly label?: string | undefined;
}

/** How many bytes a program takes, its `Halt` included. */
export function programBytes(instructions: readonly Instruction[]): number {
  return 4 + instructions.reduce((sum, { opcode }) => sum + 4 * (1 + operandLayouts[opcode].length), 0);
}

/**
 * Writes the instructions and a final `Halt` as words.
 * @param words an array of at least `programBytes / 4` words, in the core's memory or not
 * @param resolve the address of a place
 */
export function writeProgram(
  words: Uint32Array,
  instructions: readonly Instruction[],
  resolve: (place: Place) => number,
): void {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  let at = 0;
  for (const { opcode, operands } of instructions) {
    words[at++] = Opcode[opcode];
    for (const [name, type] of operandLayouts[opcode]) {
      const value = operands[name];
      if (value === undefined) throw new Error(`${opcode}: operand "${name}" is missing`);
      const number = typeof value === 'number' ? value : resolve(value);
      if (type === 'float') floats[at++] = number;
      else words[at++] = number;
    }
  }
  words[at] = Opcode.Halt;
}
