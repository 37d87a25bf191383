import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { checkFinite, dtypeOf, isTensor, placeOf, size, tensor, toNested } from '../../src/data/tensor.ts';
import type { TensorValues } from '../../src/data/tensor.ts';

const wrong = (value: unknown) => value as TensorValues;

describe('tensor', () => {
  test('nested arrays give their shape and f32 values in row-major order', () => {
    const made = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect(made.shape).toEqual([2, 2, 2]);
    expect(made.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });

  test('a number has the shape []', () => {
    expect(tensor(3)).toEqual({ data: Float32Array.of(3), shape: [] });
  });

  test('empty arrays keep their lengths', () => {
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  test('rows may be typed arrays', () => {
    expect(tensor([Float32Array.of(1, 2), [3, 4]]).data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test('a Float32Array or Int32Array is wrapped, not copied', () => {
    const floats = Float32Array.of(1, 2, 3, 4);
    const whole = Int32Array.of(1, 2);
    expect(tensor(floats, [2, 2]).data).toBe(floats);
    expect(tensor(whole).data).toBe(whole);
  });

  test('integer typed arrays become i32, Float64Array becomes f32', () => {
    expect(dtypeOf(tensor(Uint8Array.of(255)))).toBe('i32');
    expect(dtypeOf(tensor(Float64Array.of(0.5)))).toBe('f32');
    expect(tensor(Uint8Array.of(7, 8), undefined, 'f32').data).toEqual(Float32Array.of(7, 8));
  });

  test('a shape reads the values in order into it', () => {
    expect(tensor([1, 2, 3, 4, 5, 6], [2, 3]).shape).toEqual([2, 3]);
    expect(tensor([[1, 2]], [2]).shape).toEqual([2]);
  });

  test('a ragged array is refused with the row', () => {
    const rows = [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3],
    ];
    expect(() => tensor(rows)).toThrow(new ShapeError('tensor: ragged array: row 2 has 3 values, row 0 has 4'));
    expect(() =>
      tensor([
        [[1], [2]],
        [[1], [2, 3]],
      ]),
    ).toThrow('ragged array: [1, 1] has 2 values, [0, 0] has 1');
  });

  test('a wrongly nested array is refused with its place', () => {
    expect(() => tensor([[1, 2], 3])).toThrow(new TypeError('tensor: expected an array of 2 at [1], got a number'));
    expect(() => tensor([1, [2]])).toThrow(new TypeError('tensor: expected a number at [1], got an array of 1'));
  });

  test.each([
    [[[1, '2']], 'expected a number at [0, 1], got the text "2"'],
    [[[1], [null]], 'expected a number at [1, 0], got null'],
    [[1, undefined], 'expected a number at [1], got undefined'],
    [[true], 'expected a number at [0], got true'],
    [[1n], 'expected a number at [0], got a bigint'],
    ['text', 'expected a number, arrays of numbers or a typed array, got the text "text"'],
    [{}, 'expected a number, arrays of numbers or a typed array, got an object (Object)'],
    [BigInt64Array.of(1n), 'expected a number, arrays of numbers or a typed array, got an object (BigInt64Array)'],
  ])('case %#: what is no number is refused', (value, message) => {
    expect(() => tensor(wrong(value))).toThrow(new TypeError(`tensor: ${message}`));
  });

  test('an array inside itself is refused', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => tensor(wrong(cycle))).toThrow('nested deeper than 32 levels');
  });

  test('i32 refuses what it cannot hold', () => {
    expect(() => tensor([[1, 1.5]], undefined, 'i32')).toThrow('expected a whole number of 32 bits at [0, 1], got 1.5');
    expect(() => tensor(Uint32Array.of(1, 4e9))).toThrow('at [1], got 4000000000');
    expect(() => tensor([NaN], undefined, 'i32')).toThrow('got NaN');
    expect(tensor([-(2 ** 31), 2 ** 31 - 1], undefined, 'i32').data).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1));
  });

  test('a wrong length, shape or dtype is refused', () => {
    expect(() => tensor([1, 2, 3, 4, 5], [2, 3])).toThrow('tensor: shape [2, 3] holds 6 values, got 5');
    expect(() => tensor([1], [-1])).toThrow('shape: expected whole numbers, none negative, got [-1]');
    expect(() => tensor([1], [0.5, 2])).toThrow(RangeError);
    expect(() => tensor([1], 1 as never)).toThrow(TypeError);
    expect(() => tensor([1], [1], 'f64' as never)).toThrow(`expected dtype 'f32' or 'i32', got the text "f64"`);
  });
});

describe('helpers of tensors', () => {
  test('toNested undoes tensor', () => {
    const nested = [
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ];
    expect(toNested(tensor(nested))).toEqual(nested);
    expect(toNested(tensor(5))).toBe(5);
    expect(toNested(tensor([[], []]))).toEqual([[], []]);
  });

  test('size multiplies, and refuses what no array can hold', () => {
    expect(size([])).toBe(1);
    expect(size([3, 4])).toBe(12);
    expect(size([3, 0])).toBe(0);
    expect(() => size([2 ** 40, 2 ** 40])).toThrow('holds too many values');
    expect(() => size([NaN])).toThrow(RangeError);
  });

  test('isTensor tells tensors from the rest', () => {
    expect(isTensor(tensor([[1]]))).toBe(true);
    expect(isTensor({ data: new Float32Array(2), shape: [3] })).toBe(false);
    expect(isTensor({ data: [1], shape: [1] })).toBe(false);
    expect(isTensor({ data: new Float32Array(2), shape: [-1, -2] })).toBe(false);
    expect(isTensor(null)).toBe(false);
  });

  test('checkFinite names the first NaN or infinity by row and column', () => {
    const values = tensor(new Float32Array(80), [4, 20]);
    expect(() => checkFinite(values, 'inputs')).not.toThrow();
    values.data[3 * 20 + 17] = NaN;
    values.data[3 * 20 + 18] = Infinity;
    expect(() => checkFinite(values, 'inputs')).toThrow(
      new RangeError('inputs: NaN at row 3, column 17; expected finite values, 2 of 80 are not'),
    );
    expect(() => checkFinite(tensor([0, -Infinity]), 'targets')).toThrow('targets: -Infinity at row 1;');
  });

  test('checkFinite takes large values whose sum would overflow', () => {
    expect(() => checkFinite(tensor([3.4e38, 3.4e38, -3.4e38]), 'inputs')).not.toThrow();
  });

  test('a place above two axes is a row and an index', () => {
    expect(placeOf(23, [2, 3, 4])).toBe('row 1, [2, 3]');
  });
});
