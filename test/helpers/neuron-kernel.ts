// Runs single instructions of the biological module on plain arrays, in both precisions, with guard words around every
// array that they may write. The build under test comes from NEURITE_VARIANT.
import { expect } from 'vitest';
import { Arrays, type Precision } from '../../src/biology/arrays.ts';
import { loadNeuronModule, NeuronInstance } from '../../src/biology/core.ts';
import { instruction, placeProgram, type NeuronOpcode } from '../../src/biology/program.ts';
import { seedWords } from '../../src/core/philox.ts';

const guard = 0x7fc0dead;
const guardBytes = 32;

/** The lengths that every kernel of neurons runs at. */
export const neuronCounts = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];

/** An array in memory, padded to whole vectors, with guards on both sides. */
export interface Placed {
  readonly address: number;
  readonly length: number;
  readonly kind: 'numbers' | 'words';
}

/** A module with a memory of its own. */
export class NeuronKernels {
  readonly arrays: Arrays;
  readonly clock: number;
  private readonly placed: Placed[] = [];

  constructor(module: WebAssembly.Module, precision: Precision) {
    this.arrays = new Arrays(new NeuronInstance(module, 1 << 20), precision);
    const { memory } = this.arrays.instance;
    this.clock = memory.allocate(16, 'clock');
    memory.u32.set([0, 1, ...seedWords(1)], this.clock / 4);
  }

  /** Sets the step that the clock shows. */
  at(step: number): void {
    this.arrays.instance.memory.u32[this.clock / 4] = step;
  }

  /** Numbers of the precision; the padding is filled with the last of them. */
  numbers(values: ArrayLike<number>): Placed {
    const { arrays } = this;
    const address = this.guarded(arrays.paddedBytes(values.length));
    arrays.view(address, arrays.paddedBytes(values.length) / arrays.bytes).fill(values[values.length - 1] ?? 0);
    arrays.write(address, values.length, Float64Array.from(values));
    return this.kept({ address, length: values.length, kind: 'numbers' });
  }

  /** 32-bit words. */
  words(values: ArrayLike<number>): Placed {
    const address = this.guarded(4 * values.length);
    this.arrays.instance.memory.u32.set(values, address / 4);
    return this.kept({ address, length: values.length, kind: 'words' });
  }

  /** Whole numbers as wide as the precision, padded with zeros: steps. */
  integers(values: ArrayLike<number>): Placed {
    const words = Array.from(values, (x) => (this.arrays.wide ? [x, 0] : [x])).flat();
    while (words.length % 4) words.push(0);
    return this.words(words);
  }

  /** What `integers` placed, of n. */
  readIntegers(placed: Placed, n: number): number[] {
    return this.read(placed)
      .filter((_, k) => !this.arrays.wide || k % 2 === 0)
      .slice(0, n);
  }

  /** Puts spikes into a log, for a label. */
  putSpikes(log: Placed, label: number, neurons: readonly number[]): void {
    const { u32 } = this.arrays.instance.memory;
    const [slots, stride] = [u32[log.address / 4]!, u32[log.address / 4 + 1]!];
    u32.set([neurons.length, ...neurons], (log.address + 16 + (label % slots) * stride) / 4);
  }

  /** A block of parameters: a number for all neurons or one for each, `integer` ones by their place in the list. */
  block(n: number, columns: readonly (number | number[])[], integers: readonly number[] = []) {
    return this.arrays.block(
      n,
      columns.map((values, k) => ({
        values: typeof values === 'number' ? values : Float64Array.from(values),
        integer: integers.includes(k),
      })),
      'test',
    );
  }

  /** A log of spikes with room for the last `slots` labels. */
  log(neurons: number, slots = 2): Placed {
    const stride = 4 * (1 + neurons);
    return this.words([slots, stride, 0, 0, ...Array.from({ length: slots * (1 + neurons) }, () => 0)]);
  }

  /** The neurons that a log holds for a label. */
  spikes(log: Placed, label: number): number[] {
    const { u32 } = this.arrays.instance.memory;
    const [slots, stride] = [u32[log.address / 4]!, u32[log.address / 4 + 1]!];
    const at = (log.address + 16 + (label % slots) * stride) / 4;
    return Array.from(u32.subarray(at + 1, at + 1 + u32[at]!));
  }

  /** What an array holds. */
  read({ address, length, kind }: Placed): number[] {
    if (kind === 'numbers') return [...this.arrays.read(address, length)];
    return Array.from(this.arrays.instance.memory.u32.subarray(address / 4, address / 4 + length));
  }

  /** Runs an instruction; returns whether it went on to the end. Guards are looked at afterwards. */
  run(opcode: NeuronOpcode, operands: Record<string, number | Placed | null>): boolean {
    const { instance } = this.arrays;
    const resolved = Object.fromEntries(
      Object.entries(operands).map(([name, value]) => [
        name,
        value === null ? 0 : typeof value === 'number' ? value : value.address,
      ]),
    );
    const { address, addresses } = placeProgram(instance, [instruction(opcode, resolved as never)]);
    const finished = instance.run(address) === addresses.at(-1);
    instance.memory.release(address);
    this.checkGuards(opcode);
    return finished;
  }

  private guarded(bytes: number): number {
    const { memory } = this.arrays.instance;
    const whole = bytes + 2 * guardBytes;
    const address = memory.allocate(whole, 'test');
    memory.u32.fill(guard, address / 4, (address + whole) / 4);
    return address + guardBytes;
  }

  private kept(placed: Placed): Placed {
    this.placed.push(placed);
    return placed;
  }

  private checkGuards(opcode: string): void {
    const { u32 } = this.arrays.instance.memory;
    for (const { address, length, kind } of this.placed) {
      const bytes = kind === 'numbers' ? this.arrays.paddedBytes(length) : 4 * length;
      for (let at = 4; at <= guardBytes; at += 4) {
        if (u32[(address - at) / 4] !== guard) throw new Error(`${opcode}: wrote before an array`);
        if (u32[(address + bytes - 4 + at) / 4] !== guard) throw new Error(`${opcode}: wrote behind an array`);
      }
    }
  }
}

/** Kernels of a precision on the build under test. */
export async function neuronKernels(precision: Precision): Promise<NeuronKernels> {
  return new NeuronKernels(await loadNeuronModule(), precision);
}

export const precisions = ['float32', 'float64'] as const;

/** Numbers as the precision holds them. */
export const rounded = (precision: Precision, values: ArrayLike<number>): number[] =>
  Array.from(values, (x) => (precision === 'float32' ? Math.fround(x) : x));

/** The largest relative error that a few roundings make. */
export const tolerance = (precision: Precision, roundings = 8): number =>
  roundings * (precision === 'float32' ? 2 ** -24 : 2 ** -53);

/** Expects numbers to be near others, against the largest of them. */
export function expectNear(found: readonly number[], expected: readonly number[], relative: number): void {
  expect(found.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs), 1e-30);
  expected.forEach((x, k) => {
    const isNear = Number.isNaN(x) ? Number.isNaN(found[k]) : Math.abs(found[k]! - x) <= relative * size;
    if (!isNear) throw new Error(`${k}: expected ${x}, got ${found[k]}`);
  });
}
