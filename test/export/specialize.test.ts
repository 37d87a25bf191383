// Small functions in the text format, specialised to what is known of memory, against what they compute as they are.
import binaryen from 'binaryen';
import { describe, expect, test } from 'vitest';
import { parseModule, writeModule } from '../../src/export/wasm/module.ts';
import { specialize } from '../../src/export/wasm/specialize.ts';
import { foldBinary, join, only } from '../../src/export/wasm/values.ts';

function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  module.setFeatures(binaryen.Features.All);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

type Exports = Record<string, (...values: number[]) => number> & { memory: WebAssembly.Memory };
const instantiate = (bytes: Uint8Array): Exports =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)).exports as unknown as Exports;

/** The words that are constant: at 0, 4, 8, … */
function compare(functions: string, words: number[], { run = '(call $f (i32.const 0))' } = {}) {
  const data = words.map((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 255)).flat();
  const bytes = data.map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  const text = `(module (memory (export "memory") 1) (data (i32.const 0) "${bytes}") ${functions}
    (func $run (export "run") (result i32) ${run}))`;
  const whole = assemble(text);
  const special = specialize(parseModule(whole), {
    exports: ['run', 'memory'],
    constantAt: (address) => (address % 4 ? undefined : words[address / 4]),
  });
  const written = writeModule({ ...special, data: parseModule(whole).data });
  expect(WebAssembly.validate(written)).toBe(true);
  expect(instantiate(written)['run']!()).toBe(instantiate(whole)['run']!());
  return { whole: whole.length, written: written.length, module: special };
}

const f = (body: string, locals = '') => `(func $f (param $i i32) (result i32) ${locals} ${body})`;
const word = (at: number) => `(i32.load offset=${at} (local.get $i))`;

describe('what is known decides', () => {
  test('the arm of an if, with all that the other calls', () => {
    const big = `(func $big (result i32) ${'(drop (i32.load (i32.const 64)))'.repeat(50)} (i32.const 7))`;
    const { written, module } = compare(
      `${big} ${f(`(if (result i32) ${word(0)} (then (i32.const 5)) (else (call $big)))`)}`,
      [1],
    );
    expect(written).toBeLessThan(120);
    expect(module.functions).toHaveLength(2);
  });

  test.each([
    [[0, 3], 'an if without else is skipped'],
    [[1, 3], 'an if without else is taken'],
  ])('%j: %s', (words) => {
    compare(f(`(if ${word(0)} (then (return ${word(4)}))) (i32.const 9)`), words);
  });

  test.each([0, 1, 2, 3, 9])('the label of a br_table at %i', (index) => {
    const body = `(block $c (block $b (block $a (br_table $a $b $c ${word(0)})) (return (i32.const 10))) (return (i32.const 20))) (i32.const 30)`;
    const { module } = compare(f(body), [index]);
    expect(module.functions[0]!.body.length).toBeLessThan(14);
  });

  test.each([0, 1])('a br_if, a select and a short circuit at %i', (flag) => {
    const both = `(if (result i32) ${word(0)} (then (i32.lt_s ${word(4)} (i32.const 8))) (else (i32.const 0)))`;
    compare(
      f(
        `(block $out (br_if $out ${both}) (local.set $x (i32.const 100)))
         (i32.add (local.get $x) (select (i32.const 3) (i32.load (i32.const 64)) ${word(0)}))`,
        '(local $x i32)',
      ),
      [flag, 5],
    );
  });

  test('a call through the table becomes a call of its function, the others are dropped', () => {
    const { module } = compare(
      `(type $t (func (result i32))) (table 3 funcref) (elem (i32.const 0) $a $b $c)
       (func $a (result i32) (i32.const 1)) (func $b (result i32) (i32.const 2)) (func $c (result i32) (i32.const 3))
       ${f(`(call_indirect (type $t) ${word(0)})`)}`,
      [2],
    );
    expect(module.table).toBeNull();
    expect(module.functions).toHaveLength(3);
  });
});

describe('what is not known stays', () => {
  test('a call through the table at a place read from memory', () => {
    const { module } = compare(
      `(type $t (func (result i32))) (table 2 funcref) (elem (i32.const 0) $a $b)
       (func $a (result i32) (i32.const 1)) (func $b (result i32) (i32.const 2))
       ${f('(call_indirect (type $t) (i32.load (i32.const 64)))')}`,
      [0],
    );
    expect(module.functions.length).toBeGreaterThanOrEqual(2);
  });

  test('a local that a loop counts, and a value that two ways leave', () => {
    const body = `(local.set $n ${word(0)})
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $again (local.get $n)))
      (if (i32.and (local.get $sum) (i32.const 1)) (then (local.set $k (i32.const 3))) (else (local.set $k (i32.const 4))))
      (i32.mul (local.get $sum) (local.get $k))`;
    for (const n of [1, 2, 5, 6]) compare(f(body, '(local $n i32) (local $sum i32) (local $k i32)'), [n]);
  });

  test('effects between operands, and in conditions that are known', () => {
    const body = `(i32.add (i32.const 1)
        (block (result i32) (i32.store (i32.const 80) (i32.add (i32.load (i32.const 80)) (i32.const 1)))
          (if (result i32) (i32.eqz (local.tee $x (i32.const 0))) (then (i32.load (i32.const 80))) (else (i32.const 9)))))
      (drop) (i32.add (local.get $x) (i32.load (i32.const 80)))`;
    compare(f(body, '(local $x i32)'), [0]);
  });

  test('a way that nothing leaves, in a block and in both arms of an if', () => {
    compare(f(`(block (return (i32.const 4))) (i32.const 5)`), [0]);
    compare(f(`(if ${word(0)} (then (return (i32.const 4))) (else (return (i32.const 5)))) (unreachable)`), [1]);
    compare(
      f(`(if (i32.load (i32.const 64)) (then (return (i32.const 4))) (else (return (i32.const 5)))) (unreachable)`),
      [1],
    );
  });

  test('a recursion, and two calls with different values', () => {
    const sum = `(func $sum (param $n i32) (result i32) (if (result i32) (local.get $n)
      (then (i32.add (local.get $n) (call $sum (i32.sub (local.get $n) (i32.const 1))))) (else (i32.const 0))))`;
    compare(`${sum} ${f(`(call $sum ${word(0)})`)}`, [6]);
    compare(f(`(i32.mul ${word(0)} (i32.const 10))`), [6, 7], {
      run: '(i32.add (call $f (i32.const 0)) (call $f (i32.const 4)))',
    });
  });
});

describe('integers fold as WebAssembly computes them', () => {
  const names = {
    eq: 0x46, ne: 0x47, lt_s: 0x48, lt_u: 0x49, gt_s: 0x4a, gt_u: 0x4b, le_s: 0x4c, le_u: 0x4d, ge_s: 0x4e, ge_u: 0x4f,
    add: 0x6a, sub: 0x6b, mul: 0x6c, div_u: 0x6e, rem_u: 0x70, and: 0x71, or: 0x72, xor: 0x73, shl: 0x74, shr_s: 0x75, shr_u: 0x76,
  }; // prettier-ignore
  const module = instantiate(
    assemble(
      `(module ${Object.keys(names)
        .map(
          (name) => `(func (export "${name}") (param i32 i32) (result i32) (i32.${name} (local.get 0) (local.get 1)))`,
        )
        .join('')})`,
    ),
  );
  const values = [0, 1, 2, 7, 31, 32, 255, 65536, 2147483647, -2147483648, -1, -7];
  test.each(Object.entries(names))('i32.%s', (name, code) => {
    for (const a of values)
      for (const b of values) {
        const isDivision = name === 'div_u' || name === 'rem_u';
        if (isDivision && b === 0) expect(foldBinary(code, only(a), only(b))).toBeNull();
        else expect(foldBinary(code, only(a), only(b)), `${a} ${b}`).toEqual([module[name]!(a, b)]);
      }
  });

  test('sets: a comparison of two values decides where both agree', () => {
    expect(foldBinary(names.le_s, [10, 64], only(3))).toEqual([0]);
    expect(foldBinary(names.le_s, [1, 64], only(3))).toEqual([0, 1]);
    expect(foldBinary(names.mul, null, only(0))).toEqual([0]);
    expect(foldBinary(names.add, null, only(1))).toBeNull();
    expect(join([1, 2], [2, 3])).toEqual([1, 2, 3]);
    expect(join([1], null)).toBeNull();
  });
});
