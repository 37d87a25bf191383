// Where everything of an exported network lies in its memory: behind the core's own data the block that the compiler
// planned (activations, constants, programs), then what the network keeps (weights, states), as it is stored in the file
// and as the program reads it.
import { toHalf } from '../core/halves.ts';
import { sizeOf } from '../graph/graph.ts';
import type { CompiledFunction, Port } from '../graph/compile.ts';
import type { NodeBuffer } from '../graph/lower.ts';
import { programBytes, writeProgram, type Instruction, type Place } from '../graph/program.ts';
import { toBytes } from './halves.ts';
import type { Data } from './wasm/module.ts';

/** How weights are stored in the file; computed with are float32 in any case. */
export type WeightFormat = 'float32' | 'float16' | 'int8';

/** A value that the network keeps. */
export interface Kept {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Weights in fewer bits, to be expanded before anything else runs. */
export interface Expansion {
  readonly kind: 'halves' | 'bytes';
  /** The arguments of the function that expands them (halves.ts). */
  readonly parameters: readonly number[];
}

export interface Layout {
  /** The bytes of the whole memory. */
  readonly bytes: number;
  readonly data: readonly Data[];
  readonly expansions: readonly Expansion[];
  /** The addresses of the instructions that run once, and of those that run each time. */
  readonly prologue: readonly number[];
  readonly body: readonly number[];
  /** A word of the programs. */
  readonly wordAt: (address: number) => number | undefined;
  readonly addressOf: (port: Port) => number;
  /** The bytes of the kept values in the file. */
  readonly weightBytes: number;
}

const alignUp = (bytes: number) => Math.ceil(bytes / 64) * 64;
const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** @param base the first byte that is not the core's */
export function layOut(
  compiled: CompiledFunction,
  base: number,
  keptAs: (name: string) => Kept,
  format: WeightFormat,
): Layout {
  const block = alignUp(base);
  const storage = new Map<string, number>();
  let end = block + compiled.bytes;
  const reserve = (bytes: number) => {
    const address = end;
    end += alignUp(Math.max(4, bytes));
    return address;
  };
  const address = (place: Place) => {
    const { buffer, offset } = place as Place<NodeBuffer>;
    if (buffer.kind !== 'storage') return block + compiled.offsets.get(buffer)! + offset;
    const name = buffer.name!;
    if (!storage.has(name)) storage.set(name, reserve(4 * sizeOf(keptAs(name).shape)));
    return storage.get(name)! + offset;
  };
  const prologue = place(compiled.prologue, block + compiled.prologueOffset, address);
  const body = place(compiled.body, block + compiled.bodyOffset, address);
  const data: Data[] = [
    prologue.data,
    body.data,
    ...compiled.constants.map((buffer) => ({
      offset: block + compiled.offsets.get(buffer)!,
      bytes: bytesOf(buffer.data!),
    })),
  ];
  const expansions: Expansion[] = [];
  let weightBytes = 0;
  for (const [name, target] of storage) {
    const stored = store(keptAs(name), target, format, reserve);
    data.push(...stored.data);
    if (stored.expansion) expansions.push(stored.expansion);
    for (const { bytes } of stored.data) weightBytes += bytes.length;
  }
  return {
    bytes: end,
    data,
    expansions,
    prologue: prologue.addresses,
    body: body.addresses,
    wordAt: (at) => prologue.wordAt(at) ?? body.wordAt(at),
    addressOf: ({ place: where }) => address(where),
    weightBytes,
  };
}

/** A program at its address. */
function place(instructions: readonly Instruction[], start: number, address: (place: Place) => number) {
  const words = new Uint32Array(programBytes(instructions) / 4);
  writeProgram(words, instructions, address);
  let next = start;
  const addresses = instructions.map((instruction) => {
    const own = next;
    next += programBytes([instruction]) - 4;
    return own;
  });
  const wordAt = (at: number): number | undefined => (at % 4 ? undefined : words[(at - start) / 4]);
  return { addresses, wordAt, data: { offset: start, bytes: bytesOf(words) } };
}

/** Small values, biases among them, stay as they are: there is little to gain. */
const smallest = 64;

function store(
  { data, shape }: Kept,
  target: number,
  format: WeightFormat,
  reserve: (bytes: number) => number,
): { data: Data[]; expansion?: Expansion } {
  const isPlain = format === 'float32' || data instanceof Int32Array || shape.length < 2 || data.length < smallest;
  if (isPlain) return { data: [{ offset: target, bytes: bytesOf(data) }] };
  if (format === 'float16') {
    const halves = Uint16Array.from(data, toHalf);
    const from = reserve(halves.byteLength);
    return {
      data: [{ offset: from, bytes: bytesOf(halves) }],
      expansion: { kind: 'halves', parameters: [target, from, data.length] },
    };
  }
  const channels = shape.at(-1)!;
  const { bytes, scales } = toBytes(data, channels);
  const [from, scalesAt] = [reserve(bytes.length), reserve(scales.byteLength)];
  return {
    data: [
      { offset: from, bytes: bytesOf(bytes) },
      { offset: scalesAt, bytes: bytesOf(scales) },
    ],
    expansion: { kind: 'bytes', parameters: [target, from, data.length, scalesAt, channels] },
  };
}
