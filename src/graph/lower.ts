// Lowering: nodes become instructions on buffers, and buffers learn their lifetimes.
// A view is a place in the buffer of its source; an elementwise result takes over the buffer of an operand
// that nothing reads later.
import { operationOf, type Emitter } from './operation.ts';
import { sizeOf, type GraphFunction, type Node } from './graph.ts';
import type { Buffer } from './plan.ts';
import type { Instruction, Place } from './program.ts';

/** What a buffer is for, which decides where it lies. */
export type BufferKind = 'temporary' | 'input' | 'output' | 'constant' | 'storage' | 'staged';

export interface NodeBuffer extends Buffer {
  readonly kind: BufferKind;
  /** The input's or the storage's name. */
  readonly name?: string;
  /** What a constant holds. */
  readonly data?: Float32Array | Int32Array | Uint32Array;
}

export interface Lowered {
  /** Run once, and again when the weights change. */
  readonly prologue: readonly Instruction[];
  readonly body: readonly Instruction[];
  readonly buffers: readonly NodeBuffer[];
  /** Where each node's elements are. */
  readonly places: ReadonlyMap<Node, Place<NodeBuffer>>;
}

export interface LowerOptions {
  /** Nodes of the prologue. */
  readonly staged: ReadonlySet<Node>;
  /** No sharing of memory: every value can be looked at after the run. */
  readonly keepAll?: boolean;
}

export function lower(source: GraphFunction, { staged, keepAll = false }: LowerOptions): Lowered {
  const lastUse = lastUses(source);
  const kept = new Set(Object.values(source.outputs).map(rootOf));
  const lasting = new Set(source.nodes.flatMap((node) => (staged.has(node) ? [] : node.inputs.map(rootOf))));
  const places = new Map<Node, Place<NodeBuffer>>();
  const buffers: NodeBuffer[] = [];
  const prologue: Instruction[] = [];
  const body: Instruction[] = [];

  const addBuffer = (buffer: NodeBuffer): NodeBuffer => {
    buffers.push(buffer);
    return buffer;
  };

  source.nodes.forEach((node, index) => {
    const operation = operationOf(node.operation);
    if (operation.view) {
      const origin = places.get(node.inputs[0]!)!;
      places.set(node, { buffer: origin.buffer, offset: origin.offset + 4 * operation.view(node) });
      return;
    }
    const end = lastUse.get(node) ?? index;
    const inherited =
      keepAll || staged.has(node) || kept.has(node) ? undefined : inheritedBuffer(node, index, lastUse, places);
    if (inherited) inherited.last = end;
    const buffer = inherited ?? addBuffer(makeBuffer(node, index, end));
    places.set(node, { buffer, offset: 0 });
    operation.lower?.(emitterFor(node, index, staged.has(node) ? prologue : body), node);
  });
  return { prologue, body, buffers, places };

  function makeBuffer(node: Node, index: number, end: number): NodeBuffer {
    const bytes = 4 * sizeOf(node.shape);
    const name = node.attributes['name'] as string | undefined;
    const life = { bytes, first: index, last: end };
    if (node.operation === 'constant')
      return { ...life, kind: 'constant', data: node.attributes['data'] as Float32Array };
    if (node.operation === 'input' || node.operation === 'storage')
      return { ...life, kind: node.operation, name: name! };
    // What only the prologue reads shares memory with the body's values: none of those lives while it runs.
    const isLasting = lasting.has(node) || kept.has(node) || keepAll;
    if (staged.has(node)) return { ...life, kind: isLasting ? 'staged' : 'temporary' };
    return { ...life, kind: kept.has(node) || keepAll ? 'output' : 'temporary' };
  }

  function emitterFor(node: Node, index: number, instructions: Instruction[]): Emitter {
    return {
      emit: (opcode, operands) =>
        void instructions.push({ opcode, operands: operands as Instruction['operands'], label: node.label }),
      at(target, element = 0) {
        const { buffer, offset } = places.get(target)!;
        return { buffer, offset: offset + 4 * element };
      },
      workspace: (bytes) => ({ buffer: addBuffer({ bytes, kind: 'temporary', first: index, last: index }), offset: 0 }),
      table(words) {
        const data = Uint32Array.from(words);
        return {
          buffer: addBuffer({ bytes: data.byteLength, kind: 'constant', data, first: 0, last: index }),
          offset: 0,
        };
      },
    };
  }
}

/** The node whose buffer holds the elements: views share that of their source. */
function rootOf(node: Node): Node {
  let root = node;
  while (operationOf(root.operation).view) root = root.inputs[0]!;
  return root;
}

/** The number of the last node that reads each buffer, its views included. */
function lastUses({ nodes }: GraphFunction): Map<Node, number> {
  const last = new Map<Node, number>();
  nodes.forEach((node, index) => {
    for (const input of node.inputs) last.set(rootOf(input), index);
  });
  return last;
}

/** The buffer of an operand that this node is the last to read and may overwrite. */
function inheritedBuffer(
  node: Node,
  index: number,
  lastUse: ReadonlyMap<Node, number>,
  places: ReadonlyMap<Node, Place<NodeBuffer>>,
): NodeBuffer | undefined {
  const bytes = 4 * sizeOf(node.shape);
  for (const position of operationOf(node.operation).inPlace ?? []) {
    const input = node.inputs[position]!;
    const { buffer, offset } = places.get(input)!;
    const isFree = buffer.kind === 'temporary' && buffer.last === index && lastUse.get(rootOf(input)) === index;
    const readsElsewhere = node.inputs.some(
      (other) =>
        places.get(other)!.buffer === buffer && (places.get(other)!.offset !== 0 || 4 * sizeOf(other.shape) !== bytes),
    );
    if (isFree && offset === 0 && buffer.bytes === bytes && !readsElsewhere) return buffer;
  }
  return undefined;
}
