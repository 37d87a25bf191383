// How each operation of neurite's graph is written in ONNX's: the families register theirs here.
import type { Node } from '../../../graph/graph.ts';
import type { GraphWriter } from './writer.ts';

/** Writes a node and gives the name of its value; undefined where others write it with theirs. */
export type OperationWriter = (writer: GraphWriter, node: Node) => string | undefined;

const writers = new Map<string, OperationWriter>();

export function defineWriter(operation: string, write: OperationWriter): void {
  if (writers.has(operation)) throw new Error(`the writer of ${operation} is defined twice`);
  writers.set(operation, write);
}

export const writerOf = (operation: string): OperationWriter | undefined => writers.get(operation);

export const input = (writer: GraphWriter, node: Node, index: number): string => writer.nameOf(node.inputs[index]!);
export const attribute = <T>(node: Node, name: string): T => node.attributes[name] as T;
