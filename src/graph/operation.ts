// What an operation is: a shape rule, a gradient rule and a lowering to instructions, under one name.
// The families register theirs in operations/*.ts.
import type { Attributes, DType, Graph, Node, Shape } from './graph.ts';
import type { OpcodeName, Operands, Place } from './program.ts';

/** What a lowering may ask for. */
export interface Emitter {
  emit<O extends OpcodeName>(opcode: O, operands: Operands<O>): void;
  /** Where a node's elements begin (or its element `index`). */
  at(node: Node, index?: number): Place;
  /** Scratch memory for this node's instructions alone. */
  workspace(bytes: number): Place;
  /** Constant words that the instruction reads. */
  table(words: readonly number[]): Place;
}

export interface Operation {
  /** Shape and type of the result. Throws ShapeError naming what was expected and what came. */
  infer(inputs: readonly Node[], attributes: Attributes): { shape: Shape; dtype: DType };
  /** Adds the nodes of the gradient of each input, given that of the output; null where there is none. */
  gradient?(graph: Graph, node: Node, dOut: Node): readonly (Node | null)[];
  /** It has no rule because none is needed: it is constant but for steps, or the gradient goes another way. */
  stopsGradient?: boolean;
  /** Emits the instructions. A source or a view has none. */
  lower?(emitter: Emitter, node: Node): void;
  /** The result is input 0's memory, from this element on. */
  view?(node: Node): number;
  /** The same, reading input 1 (which stays as it is) packed ahead; undefined where that is no gain. */
  packed?(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined;
  /** Inputs whose memory the result may take over when nothing reads them later. */
  inPlace?: readonly number[];
  /** The memory is the model's or the caller's: a parameter, an input, a constant. */
  source?: boolean;
}

const operations = new Map<string, Operation>();

export function defineOperation(name: string, operation: Operation): void {
  if (operations.has(name)) throw new Error(`operation "${name}" is defined twice`);
  operations.set(name, operation);
}

export function operationOf(name: string): Operation {
  const operation = operations.get(name);
  if (!operation) throw new Error(`unknown operation "${name}"`);
  return operation;
}

/** The names of all operations, in the order of their definition. */
export const operationNames = (): string[] => [...operations.keys()];
