import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { Opcode } from '../../src/core/generated/instructions.ts';
import { packs } from '../../src/core/packs.ts';
import { ByteReader, ByteWriter } from '../../src/export/wasm/bytes.ts';
import { constantOf, emptyModule, parseModule, valueType, writeModule } from '../../src/export/wasm/module.ts';
import { StaticMemory } from '../../src/export/wasm/objects.ts';
import { op } from '../../src/export/wasm/operators.ts';
import { mergeData, operatorsOf, shake } from '../../src/export/wasm/shake.ts';
import { Random } from '../../src/core/philox.ts';

const variants = ['simd', 'relaxed', 'debug'];
const read = (variant: string) => readFileSync(join(import.meta.dirname, `../../build/${variant}.wasm`));
const handlersOf = (module: ReturnType<typeof parseModule>) =>
  constantOf(module.globals[module.exports.find(({ name }) => name === 'handlers')!.index]!)!;

describe('integers', () => {
  const values = [0, 1, 63, 64, 127, 128, 300, 65535, 2 ** 31 - 1];
  test.each(values)('%i is read as it was written', (value) => {
    expect(new ByteReader(new ByteWriter().unsigned(value).finish()).unsigned()).toBe(value);
    for (const signed of [value, 0 - value, -value - 1])
      expect(new ByteReader(new ByteWriter().signed(signed).finish()).signed()).toBe(signed);
  });

  test('4294967295 unsigned, and what is longer is refused', () => {
    expect(new ByteReader(new ByteWriter().unsigned(2 ** 32 - 1).finish()).unsigned()).toBe(2 ** 32 - 1);
    expect(() => new ByteReader(Uint8Array.of(128, 128, 128, 128, 128, 0)).unsigned()).toThrow('longer than 32 bits');
    expect(() => new ByteReader(Uint8Array.of(128)).unsigned()).toThrow(FormatError);
  });
});

describe.each(variants)('the %s core', (variant) => {
  const bytes = read(variant);
  const module = parseModule(bytes);

  test('is read and written to a module that is read the same', () => {
    const written = writeModule(module);
    expect(WebAssembly.validate(written)).toBe(true);
    expect(writeModule(parseModule(written))).toEqual(written);
  });

  test('every operator of every function ends where the next begins', () => {
    for (const { body } of module.functions) {
      let [end, last, gaps] = [0, -1, 0];
      for (const operator of operatorsOf(body)) {
        if (operator.start !== end) gaps++;
        [end, last] = [operator.end, operator.code];
      }
      expect([gaps, end, last]).toEqual([0, body.length, op.end]);
    }
  });

  test('its handlers are found as an array of functions', () => {
    const memory = new StaticMemory(module);
    expect(memory.object(handlersOf(module))).toMatchObject({ isDispatch: true });
  });

  test('cut to a few instructions it is valid, much smaller, and shaking it again changes nothing', () => {
    const kept = new Set([Opcode.Halt, Opcode.Fill, Opcode.Axpy]);
    const options = { exports: ['run', 'heapBase'], dispatch: new Map([[handlersOf(module), kept]]) };
    const cut = writeModule(shake(module, options));
    expect(WebAssembly.validate(cut)).toBe(true);
    expect(cut.length).toBeLessThan(bytes.length / 10);
    expect(writeModule(shake(parseModule(cut), options))).toEqual(cut);
    expect(writeModule(parseModule(bytes))).toEqual(writeModule(module));
  });

  test('each instruction alone is a valid module', () => {
    // The quick core is thirty times as large: a few of them show it there.
    const step = process.env['NEURITE_CORE'] === 'quick' ? 12 : 1;
    for (const opcode of Object.values(Opcode).filter((number) => number % step === 0)) {
      const dispatch = new Map([[handlersOf(module), new Set([0, opcode])]]);
      const cut = shake(module, { exports: ['run'], dispatch });
      expect(cut.exports.map(({ name }) => name)).toEqual(['run']);
      expect(WebAssembly.validate(writeModule(cut))).toBe(true);
    }
  });

  test('without exports nothing is left', () => {
    const empty = shake(module, { exports: [] });
    expect([empty.functions, empty.data, empty.globals, empty.elements]).toEqual([[], [], [], []]);
  });
});

test('a dense pack is less than two thirds of the core', () => {
  const module = parseModule(read('simd'));
  const kept = new Set(packs.densePredict.map((name) => Opcode[name] as number));
  const cut = shake(module, { exports: ['run', 'heapBase'], dispatch: new Map([[handlersOf(module), kept]]) });
  expect(writeModule(cut).length).toBeLessThan((writeModule(module).length * 2) / 3);
});

describe('mergeData', () => {
  const data = (offset: number, ...bytes: number[]) => ({ offset, bytes: Uint8Array.from(bytes) });
  test('neighbours become one segment, a short gap is filled, a long one not', () => {
    const merged = mergeData([data(100, 5), data(10, 1, 2), data(14, 3)]);
    expect(merged).toEqual([data(10, 1, 2, 0, 0, 3), data(100, 5)]);
  });
  test('zeros at the ends are left out, and what is all zeros', () => {
    expect(mergeData([data(8, 0, 0, 7, 0), data(50, 0, 0)])).toEqual([data(10, 7)]);
  });
});

describe('bad input', () => {
  test('what is no module is refused', () => {
    expect(() => parseModule(Uint8Array.of(1, 2, 3))).toThrow('not a WebAssembly module');
    expect(() => parseModule(new Uint8Array())).toThrow(FormatError);
  });

  test('a truncated module is refused wherever it is cut', () => {
    const whole = writeModule(shake(parseModule(read('simd')), { exports: ['heapBase'] }));
    for (let length = 0; length < whole.length; length++) {
      let refused = length === 8;
      try {
        parseModule(whole.subarray(0, length));
        // Sections may be missing, but what declares functions without their code is refused.
        refused = true;
      } catch (error) {
        refused = error instanceof FormatError;
      }
      expect(refused, `cut at ${length}`).toBe(true);
    }
  });

  test('3,000 mutations of a module give modules or clean errors', () => {
    const kept = new Set([Opcode.Halt, Opcode.Fill]);
    const module = parseModule(read('simd'));
    const whole = writeModule(shake(module, { exports: ['run'], dispatch: new Map([[handlersOf(module), kept]]) }));
    const random = new Random(1, 0);
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const mutated = whole.slice();
      for (let k = 0; k < 1 + (i % 3); k++) mutated[random.nextUint32() % mutated.length] = random.nextUint32() & 255;
      try {
        writeModule(shake(parseModule(mutated), { exports: ['run'] }));
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('a section of another kind of memory is refused', () => {
    const shared = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1]);
    expect(() => parseModule(shared)).toThrow('unshared');
  });
});

test('an empty module is valid', () => {
  expect(WebAssembly.validate(writeModule(emptyModule()))).toBe(true);
  expect(valueType.i32).toBe(0x7f);
});
