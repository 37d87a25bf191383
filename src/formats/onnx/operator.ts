// What an operator is: a function from the values of a node's inputs to those of its outputs, under its name in the
// standard domain. The families register theirs in operators/*.ts.
import { NeuriteError } from '../../core/errors.ts';
import type { Attributes } from './attributes.ts';
import { expectTensor, type Builder, type Value } from './builder.ts';
import type { GraphProto } from './schema.ts';

/** A node being built. */
export class Call {
  readonly build: Builder;
  readonly attributes: Attributes;
  /** The version of the standard operator set that the node is written for. */
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  /** Which outputs have a name: the others need not be made. */
  readonly wanted: readonly boolean[];
  /** Builds a graph within this node. */
  readonly subgraph: (graph: GraphProto, inputs: readonly Value[]) => Value[];

  constructor(parts: {
    build: Builder;
    attributes: Attributes;
    opset: number;
    inputs: readonly (Value | undefined)[];
    wanted: readonly boolean[];
    subgraph: (graph: GraphProto, inputs: readonly Value[]) => Value[];
  }) {
    this.build = parts.build;
    this.attributes = parts.attributes;
    this.opset = parts.opset;
    this.inputs = parts.inputs;
    this.wanted = parts.wanted;
    this.subgraph = parts.subgraph;
  }

  /** A tensor. @throws NeuriteError where the node does not have it, or has a sequence there */
  input(index: number): Value {
    const value = this.value(index);
    expectTensor(value);
    return value;
  }

  /** A tensor or a sequence. @throws NeuriteError where the node does not have it */
  value(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw new NeuriteError(`input ${index} is missing`);
    return value;
  }

  /** The tensors of a sequence. @throws NeuriteError where the node has none there */
  sequence(index: number): readonly Value[] {
    const { sequence } = this.value(index);
    if (!sequence) throw new NeuriteError(`input ${index}: expected a sequence of tensors, got a tensor`);
    return sequence;
  }

  get all(): Value[] {
    return this.inputs.map((_, index) => this.input(index));
  }

  /** The numbers of an input that must be known, or those of an attribute (as older versions have it). */
  numbers(index: number, attribute: string): number[] | undefined {
    const value = this.inputs[index];
    return value ? this.build.numbers(value, `"${attribute}"`) : this.attributes.ints(attribute);
  }
}

export type OperatorBuilder = (call: Call) => Value | readonly (Value | undefined)[];

const operators = new Map<string, OperatorBuilder>();

export function defineOperator(names: string | readonly string[], builder: OperatorBuilder): void {
  for (const name of typeof names === 'string' ? [names] : names) {
    if (operators.has(name)) throw new Error(`the operator ${name} is defined twice`);
    operators.set(name, builder);
  }
}

export const operatorOf = (name: string): OperatorBuilder | undefined => operators.get(name);

/** The names of all operators of the standard domain that can be opened, sorted. */
export const onnxOperatorNames = (): string[] => [...operators.keys()].toSorted();
