// The attributes of a node, read by name and kind, with their defaults.
import { FormatError } from '../../core/errors.ts';
import type { AttributeProto, GraphProto, NodeProto } from './schema.ts';
import { tensorFromProto, type ExternalFiles } from './tensor.ts';
import type { HostTensor } from './types.ts';

const text = new TextDecoder();

export class Attributes {
  private readonly byName = new Map<string, AttributeProto>();
  private readonly what: string;
  private readonly external: ExternalFiles | undefined;

  constructor(attributes: readonly AttributeProto[], what: string, external?: ExternalFiles) {
    this.what = what;
    this.external = external;
    for (const attribute of attributes) {
      const name = attribute.name ?? '';
      if (this.byName.has(name)) throw new FormatError(`${what}: attribute "${name}" is given twice`);
      this.byName.set(name, attribute);
    }
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.byName.get(name);
    if (!attribute) return otherwise;
    if (attribute.i === undefined && attribute.type !== 2) this.wrongKind(name, 'a whole number');
    return attribute.i ?? 0;
  }

  flag(name: string, otherwise = false): boolean {
    return this.int(name, Number(otherwise)) !== 0;
  }

  float(name: string, otherwise: number): number {
    const attribute = this.byName.get(name);
    if (!attribute) return otherwise;
    if (attribute.f === undefined && attribute.type !== 1) this.wrongKind(name, 'a number');
    return attribute.f ?? 0;
  }

  string(name: string, otherwise: string): string {
    const attribute = this.byName.get(name);
    if (!attribute) return otherwise;
    if (attribute.s === undefined && attribute.type !== 3) this.wrongKind(name, 'a text');
    return text.decode(attribute.s ?? new Uint8Array());
  }

  ints(name: string): number[] | undefined {
    const attribute = this.byName.get(name);
    return attribute && Array.from(attribute.ints ?? []);
  }

  floats(name: string): number[] | undefined {
    const attribute = this.byName.get(name);
    return attribute && Array.from(attribute.floats ?? []);
  }

  strings(name: string): string[] | undefined {
    return this.byName.get(name)?.strings?.map((bytes) => text.decode(bytes));
  }

  tensor(name: string): HostTensor | undefined {
    const attribute = this.byName.get(name);
    if (!attribute) return undefined;
    if (!attribute.t) this.wrongKind(name, 'a tensor');
    return tensorFromProto(attribute.t!, `${this.what}: attribute "${name}"`, this.external);
  }

  graph(name: string): GraphProto {
    const graph = this.byName.get(name)?.g;
    if (!graph) throw new FormatError(`${this.what}: it has no graph "${name}"`);
    return graph;
  }

  private wrongKind(name: string, expected: string): never {
    throw new FormatError(`${this.what}: attribute "${name}" is not ${expected}`);
  }
}

/** The graphs that a node holds: the branches of an If, the body of a Loop. */
export const graphsOf = (node: NodeProto): GraphProto[] =>
  (node.attribute ?? []).flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);
