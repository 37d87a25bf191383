// The program of a step: instructions with their operands (assembly/neuron/instructions.ts), placed in memory.
import { Opcode, operandLayouts } from '../core/generated/neuron-instructions.ts';
import type { NeuronInstance } from './core.ts';

export type NeuronOpcode = keyof typeof Opcode;

type OperandNames<O extends NeuronOpcode> = (typeof operandLayouts)[O][number] extends readonly [infer Name, unknown]
  ? Name & string
  : never;

/** One instruction; every operand of its layout is there. */
export interface NeuronInstruction {
  readonly opcode: NeuronOpcode;
  readonly operands: Readonly<Record<string, number>>;
  /** What the host does when the program stops here; then it goes on at this instruction. */
  readonly onStop?: (() => void) | undefined;
}

/** An instruction whose operands the compiler checks. */
export function instruction<O extends NeuronOpcode>(
  opcode: O,
  operands: Record<OperandNames<O>, number>,
  onStop?: () => void,
): NeuronInstruction {
  return { opcode, operands, onStop };
}

const wordsOf = ({ opcode }: NeuronInstruction): number => 1 + operandLayouts[opcode].length;

/** A list of instructions in memory, without an end of its own. */
export interface PlacedProgram {
  readonly address: number;
  /** Where each instruction stands. */
  readonly addresses: readonly number[];
}

/** Writes instructions into memory that is allocated for them; each is made when its address is known. */
export function placeProgram(
  { memory }: NeuronInstance,
  instructions: readonly NeuronInstruction[],
  last?: (start: number) => NeuronInstruction,
): PlacedProgram {
  const end = last ? last(0) : instruction('Halt', {});
  const words = [...instructions, end].reduce((sum, each) => sum + wordsOf(each), 0);
  const address = memory.allocate(4 * words, 'program');
  const addresses: number[] = [];
  let at = address / 4;
  for (const each of [...instructions, last ? last(address) : end]) {
    addresses.push(4 * at);
    const { opcode, operands } = each;
    memory.u32[at++] = Opcode[opcode];
    for (const [name, type] of operandLayouts[opcode] as readonly (readonly [string, string])[]) {
      const value = operands[name];
      if (value === undefined) throw new Error(`${opcode}: operand "${name}" is missing`);
      if (type === 'float') memory.f32[at++] = value;
      else memory.u32[at++] = value;
    }
  }
  return { address, addresses };
}

/** Runs instructions once. Returns whether none of them stopped the program. */
export function runOnce(instance: NeuronInstance, instructions: readonly NeuronInstruction[]): boolean {
  const { address, addresses } = placeProgram(instance, instructions);
  const finished = instance.run(address) === addresses.at(-1);
  instance.memory.release(address);
  return finished;
}
