// Arrays of numbers in the memory of a simulation, in its precision and padded to whole vectors, and the blocks of
// parameters that the kernels read (assembly/neuron/vectors.ts tells their layout).
import type { NeuronInstance } from './core.ts';

export type Precision = 'float32' | 'float64';

/** A value for all neurons, or one for each. */
export type PerNeuron = number | Float64Array;

/** A parameter of a block; `integer` for what the kernel reads as whole numbers. */
export interface Column {
  readonly values: PerNeuron;
  readonly integer?: boolean;
}

/** Whether every column has a single value for all neurons. */
const isUniform = (columns: readonly Column[]): boolean => columns.every(({ values }) => typeof values === 'number');

/** Memory as numbers of one precision. */
export class Arrays {
  readonly instance: NeuronInstance;
  readonly precision: Precision;
  /** Bytes of a number. */
  readonly bytes: 4 | 8;
  /** The operand `wide`. */
  readonly wide: 0 | 1;

  constructor(instance: NeuronInstance, precision: Precision) {
    this.instance = instance;
    this.precision = precision;
    this.bytes = precision === 'float64' ? 8 : 4;
    this.wide = precision === 'float64' ? 1 : 0;
  }

  /** n zeros, padded to whole vectors. */
  allocate(n: number, what: string): number {
    return this.instance.memory.allocate(this.paddedBytes(n), what);
  }

  paddedBytes(n: number): number {
    return Math.ceil((n * this.bytes) / 16) * 16;
  }

  /** The n numbers at an address; valid until the memory grows. */
  view(address: number, n: number): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
    const { memory } = this.instance;
    return this.wide ? memory.doubles(address, n) : memory.floats(address, n);
  }

  /** A copy of n numbers. */
  read(address: number, n: number): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.view(address, n));
  }

  /** Writes one value n times, or n values. */
  write(address: number, n: number, values: PerNeuron): void {
    const view = this.view(address, n);
    if (typeof values === 'number') view.fill(values);
    else view.set(values);
  }

  /** n 32-bit whole numbers. */
  integers(values: ArrayLike<number>, what: string): number {
    const address = this.instance.memory.allocate(4 * values.length, what);
    this.instance.memory.u32.set(values, address / 4);
    return address;
  }

  /** A block of parameters: one for all neurons where every column has a single value (`step` 0). */
  block(n: number, columns: readonly Column[], what: string): { parameters: number; step: number } {
    const uniform = isUniform(columns);
    const vectors = uniform ? 1 : this.paddedBytes(n) / 16;
    const bytes = 16 * columns.length;
    const parameters = this.instance.memory.allocate(vectors * bytes, what);
    this.writeBlock(parameters, n, columns);
    return { parameters, step: uniform ? 0 : bytes };
  }

  /** Writes the columns of a block anew, as many values of each as when it was made. */
  writeBlock(parameters: number, n: number, columns: readonly Column[]): void {
    const vectors = isUniform(columns) ? 1 : this.paddedBytes(n) / 16;
    const bytes = 16 * columns.length;
    const lanes = 16 / this.bytes;
    const buffer = this.instance.memory.bytesAt(parameters, vectors * bytes);
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    for (let vector = 0; vector < vectors; vector++)
      for (const [c, { values, integer = false }] of columns.entries())
        for (let lane = 0; lane < lanes; lane++) {
          // the padding has the values of the last neuron
          const neuron = Math.min(vector * lanes + lane, n - 1);
          const value = typeof values === 'number' ? values : values[neuron]!;
          this.put(view, vector * bytes + c * 16 + lane * this.bytes, value, integer);
        }
  }

  private put(view: DataView, at: number, value: number, integer: boolean): void {
    if (integer && this.wide) view.setBigInt64(at, BigInt(value), true);
    else if (integer) view.setInt32(at, value, true);
    else if (this.wide) view.setFloat64(at, value, true);
    else view.setFloat32(at, value, true);
  }
}
