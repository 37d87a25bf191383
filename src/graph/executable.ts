// A compiled function in the memory of an instance, ready to run: the only place where a program gets its addresses.
import type { CoreInstance } from '../core/core.ts';
import { NeuriteError } from '../core/errors.ts';
import { packs, type Pack } from '../core/packs.ts';
import { operandLayouts } from '../core/generated/instructions.ts';
import { sizeOf } from './graph.ts';
import type { CompiledFunction, Port } from './compile.ts';
import type { NodeBuffer } from './lower.ts';
import { programBytes, writeProgram, type Instruction, type Place } from './program.ts';

/** Where the model keeps a named value. */
export type StorageAddresses = (name: string) => number;

type View = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

export class Executable {
  readonly compiled: CompiledFunction;
  /** Whether `prepare` must be called again when the weights change; else its results are constants. */
  readonly preparesWeights: boolean;
  private readonly instance: CoreInstance;
  private readonly storage: StorageAddresses;
  private readonly base: number;
  private readonly bodyAddress: number;
  private readonly endAddress: number;
  private stoppedAt = 0;
  private readonly views = new Map<Port, { generation: number; view: View }>();

  /** @throws NeuriteError when the memory cannot hold the program; nothing changes then */
  constructor(instance: CoreInstance, compiled: CompiledFunction, storage: StorageAddresses, what = 'model') {
    checkPack(instance.pack, [...compiled.prologue, ...compiled.body]);
    this.instance = instance;
    this.compiled = compiled;
    this.preparesWeights = compiled.prologue.some(readsStorage);
    this.storage = storage;
    this.base = instance.memory.allocate(compiled.bytes, what);
    this.bodyAddress = this.base + compiled.bodyOffset;
    this.endAddress = this.bodyAddress + programBytes(compiled.body) - 4;
    this.write(this.base + compiled.prologueOffset, compiled.prologue);
    this.write(this.bodyAddress, compiled.body);
    const words = instance.memory.u32;
    for (const buffer of compiled.constants) {
      const { data } = buffer;
      const at = (this.base + compiled.offsets.get(buffer)!) / 4;
      words.set(new Uint32Array(data!.buffer, data!.byteOffset, data!.length), at);
    }
  }

  /** The bytes of memory that it holds. */
  get bytes(): number {
    return this.compiled.bytes;
  }

  /** Computes what depends on the weights alone; needed before the first run and after the weights change. */
  prepare(): void {
    if (this.compiled.prologue.length) this.instance.run(this.base + this.compiled.prologueOffset);
  }

  /** Runs the program. False when a guard stopped it before its end. */
  run(): boolean {
    this.stoppedAt = this.instance.run(this.bodyAddress) >>> 0;
    return this.stoppedAt === this.endAddress;
  }

  /** The guard that stopped the last run, if one did. */
  get stopped(): Instruction | undefined {
    let address = this.bodyAddress;
    return this.compiled.body.find((instruction) => {
      const isHere = address === this.stoppedAt;
      address += programBytes([instruction]) - 4;
      return isHere;
    });
  }

  /** Integers that an instruction reads. */
  integersAt(operand: number | Place | undefined, length: number): Int32Array {
    const address = typeof operand === 'object' ? this.address(operand as Place<NodeBuffer>) : operand!;
    return this.instance.memory.integers(address, length);
  }

  /** The memory of an input, to be written before a run; dead after the memory grows (take it anew). */
  input(name: string): View {
    return this.view(this.compiled.inputs.get(name), `input "${name}"`);
  }

  /** The memory of a result, to be read after a run; dead after the memory grows (take it anew). */
  output(name: string): View {
    return this.view(this.compiled.outputs.get(name), `output "${name}"`);
  }

  /** Gives the memory back; the executable is dead. */
  release(): void {
    this.instance.memory.release(this.base);
  }

  /** The address of a place in this block, or in the model's storage. */
  address({ buffer, offset }: Place<NodeBuffer>): number {
    if (buffer.kind === 'storage') return this.storage(buffer.name!) + offset;
    return this.base + this.compiled.offsets.get(buffer)! + offset;
  }

  /** The instructions of the body, for profiles and listings. */
  get instructions(): readonly Instruction[] {
    return this.compiled.body;
  }

  /**
   * One instruction of the body as a program of its own, to be run many times and then released. What it reads is what
   * the last run left; compiled with `keepAll`, nothing that it reads is overwritten.
   */
  isolate(index: number): { run(): void; release(): void } {
    const instructions = [this.compiled.body[index]!];
    const { memory } = this.instance;
    const address = memory.allocate(programBytes(instructions), 'profile');
    this.write(address, instructions);
    return { run: () => void this.instance.run(address), release: () => memory.release(address) };
  }

  private view(port: Port | undefined, what: string): View {
    if (!port) throw new Error(`executable: no ${what}`);
    const { memory } = this.instance;
    const known = this.views.get(port);
    if (known && known.generation === memory.generation) return known.view;
    const address = this.address(port.place);
    const length = sizeOf(port.shape);
    const view = port.dtype === 'i32' ? memory.integers(address, length) : memory.floats(address, length);
    this.views.set(port, { generation: memory.generation, view });
    return view;
  }

  private write(address: number, instructions: readonly Instruction[]): void {
    const words = this.instance.memory.u32.subarray(address / 4, (address + programBytes(instructions)) / 4);
    writeProgram(words, instructions, (place) => this.address(place as Place<NodeBuffer>));
  }
}

const readsStorage = ({ operands }: Instruction): boolean =>
  Object.values(operands).some((value) => typeof value === 'object' && (value.buffer as NodeBuffer).kind === 'storage');

/** @throws NeuriteError for an instruction that the loaded part of the core does not have */
function checkPack(pack: Pack, instructions: readonly Instruction[]): void {
  for (const { opcode } of instructions)
    if (!packs[pack].includes(opcode))
      throw new NeuriteError(`core: the pack "${pack}" has no instruction ${opcode}; see src/core/packs.ts`);
}

/** One instruction as text, for listings: `Gemm out=… m=64 n=10 …`. */
export function formatInstruction({ opcode, operands, label }: Instruction): string {
  const parts = operandLayouts[opcode].map(([name, type]) =>
    type === 'address' ? null : `${name}=${String(operands[name])}`,
  );
  return [opcode, ...parts.filter(Boolean), label ? `(${label})` : ''].join(' ').trim();
}
