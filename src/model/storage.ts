// The named values of a model that outlive a run: parameters, optimizer slots, counters, hyperparameters.
// Each lies at a fixed address of the model's instance from its first use on.
import type { CoreInstance } from '../core/core.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape, sameShape, sizeOf, type DType, type Shape } from '../graph/graph.ts';
import { programBytes, writeProgram, type Instruction } from '../graph/program.ts';

export interface StoredValue {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly address: number;
  /** What every element was at first. */
  readonly initial: number;
}

export class Storage {
  private readonly instance: CoreInstance;
  private readonly values = new Map<string, StoredValue>();
  private readonly views = new Map<string, Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>();
  private viewsGeneration = -1;

  constructor(instance: CoreInstance) {
    this.instance = instance;
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  get(name: string): StoredValue {
    const value = this.values.get(name);
    if (!value) throw new Error(`model: nothing is stored as "${name}"`);
    return value;
  }

  address = (name: string): number => this.get(name).address;

  /** Reserves a value, filled with `initial`; one that exists must have the same shape. */
  define(name: string, shape: Shape, dtype: DType = 'f32', initial = 0): StoredValue {
    const known = this.values.get(name);
    if (known && !sameShape(known.shape, shape))
      throw new ShapeError(`model: "${name}" is ${formatShape(known.shape)}, not ${formatShape(shape)}`);
    if (known) return known;
    const address = this.instance.memory.allocate(Math.max(4, 4 * sizeOf(shape)), `model: "${name}"`);
    const value = { name, shape, dtype, address, initial };
    this.values.set(name, value);
    if (initial !== 0) this.data(name).fill(initial);
    return value;
  }

  /** Fills the values anew whose name begins with `prefix` with what they had at first. */
  resetAll(prefix: string): void {
    for (const [name, { initial }] of this.values) if (name.startsWith(prefix)) this.data(name).fill(initial);
  }

  /** Gives the values up whose name begins with `prefix`. */
  removeAll(prefix: string): void {
    for (const [name, { address }] of this.values) {
      if (!name.startsWith(prefix)) continue;
      this.instance.memory.release(address);
      this.values.delete(name);
      this.views.delete(name);
    }
  }

  /** The live memory of a value; dead after the memory grows (take it anew). */
  data(name: string): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
    return this.view(name);
  }

  floats(name: string): Float32Array<ArrayBuffer> {
    return this.view(name) as Float32Array<ArrayBuffer>;
  }

  integers(name: string): Int32Array<ArrayBuffer> {
    return this.view(name) as Int32Array<ArrayBuffer>;
  }

  private view(name: string): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
    const { memory } = this.instance;
    if (this.viewsGeneration !== memory.generation) this.views.clear();
    this.viewsGeneration = memory.generation;
    const known = this.views.get(name);
    if (known) return known;
    const { address, shape, dtype } = this.get(name);
    const view = dtype === 'i32' ? memory.integers(address, sizeOf(shape)) : memory.floats(address, sizeOf(shape));
    this.views.set(name, view);
    return view;
  }

  /** The first of these values in which an element is NaN or infinite. */
  firstNonFinite(names: readonly string[]): string | undefined {
    const guards = names.map((name): Instruction => {
      const { address, shape } = this.get(name);
      return { opcode: 'CheckFinite', operands: { x: address, n: sizeOf(shape) } };
    });
    const stopped = this.stopOf(guards);
    return stopped === programBytes(guards) - 4 ? undefined : names[stopped / (programBytes(guards.slice(0, 1)) - 4)];
  }

  /** @internal Runs one instruction. False where it stopped: a guard that failed. */
  execute(instruction: Instruction): boolean {
    return this.stopOf([instruction]) === programBytes([instruction]) - 4;
  }

  /** Runs instructions; where the program stopped, in bytes from its begin: at its end, or at a guard that failed. */
  private stopOf(instructions: readonly Instruction[]): number {
    const { memory } = this.instance;
    const bytes = programBytes(instructions);
    const program = memory.allocate(bytes);
    writeProgram(memory.u32.subarray(program / 4, (program + bytes) / 4), instructions, () => 0);
    const stopped = (this.instance.run(program) >>> 0) - program;
    memory.release(program);
    return stopped;
  }
}
