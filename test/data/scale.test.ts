import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { minMax, scalerFromJSON, standardize } from '../../src/data/scale.ts';
import { tensor, toNested } from '../../src/data/tensor.ts';

const rows = tensor([
  [1, 10],
  [2, 20],
  [3, 60],
]);

describe('standardize', () => {
  test('gives every column mean 0 and standard deviation 1', () => {
    const scaler = standardize(rows);
    expect(scaler.offset).toEqual([2, 30]);
    expect(scaler.scale[0]).toBeCloseTo(Math.sqrt(2 / 3), 15);
    const { data } = scaler.transform(rows);
    for (const column of [0, 1]) {
      const values = [0, 1, 2].map((row) => data[2 * row + column]);
      expect(values.reduce((a, b) => a + b) / 3).toBeCloseTo(0, 6);
      expect(values.reduce((a, b) => a + b * b, 0) / 3).toBeCloseTo(1, 6);
    }
  });

  test('sums in float64: a small spread on a large mean survives', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, i) => 16_000_000 + (i % 2));
    const scaler = standardize(tensor(values, [10_000, 1]));
    expect(scaler.offset[0]).toBe(16_000_000.5);
    expect(scaler.scale[0]).toBe(0.5);
  });
});

describe('scalers', () => {
  test('minMax gives 0 to 1', () => {
    expect(toNested(minMax(rows).transform(rows))).toEqual([
      [0, 0],
      [0.5, Math.fround(0.2)],
      [1, 1],
    ]);
  });

  test.each([standardize, minMax])('inverse undoes transform', (fit) => {
    const scaler = fit(rows);
    const back = scaler.inverse(scaler.transform(rows));
    back.data.forEach((value, index) => expect(value).toBeCloseTo(rows.data[index], 4));
    expect(back.shape).toEqual([3, 2]);
  });

  test('images are scaled by pixel, integers as well', () => {
    const images = tensor([0, 8, 4, 16], [2, 1, 2], 'i32');
    const scaled = minMax(images).transform(images);
    expect(scaled).toEqual({ data: Float32Array.of(0, 0, 1, 1), shape: [2, 1, 2] });
  });

  test.each([standardize, minMax])('a constant column is an error that names it', (fit) => {
    const constant = tensor([
      [1, 7],
      [2, 7],
    ]);
    expect(() => fit(constant)).toThrow(RangeError);
    expect(() => fit(constant)).toThrow('column 1 is 7 in every row');
    expect(() => fit(constant, { featureNames: ['age', 'height'] })).toThrow('column 1 (height) is 7 in every row');
    const scaled = fit(constant, { constant: 'pass' }).transform(constant);
    expect([scaled.data[1], scaled.data[3]]).toEqual([7, 7]);
  });

  test('NaN, no rows and another number of columns are refused', () => {
    expect(() => standardize(tensor([[1], [NaN]]))).toThrow('standardize: NaN at row 1, column 0');
    expect(() => standardize(tensor([]))).toThrow('expected at least one row and one column, got [0]');
    const scaler = minMax(rows);
    expect(() => scaler.transform(tensor([[1, 2, 3]]))).toThrow('minMax.transform: expected 2 columns, got [1, 3]');
    expect(() => scaler.transform(tensor([[1, Infinity]]))).toThrow('minMax.transform: Infinity at row 0, column 1');
    expect(() => standardize([[1]] as never)).toThrow(TypeError);
  });

  test('JSON brings back the same bits', () => {
    for (const scaler of [standardize(rows), minMax(rows)]) {
      const copy = scalerFromJSON(JSON.parse(JSON.stringify(scaler)));
      expect(copy.type).toBe(scaler.type);
      expect(copy.transform(rows).data).toEqual(scaler.transform(rows).data);
    }
  });

  test.each([
    null,
    {},
    { type: 'log' },
    { type: 'minMax', offset: [0], scale: [] },
    { type: 'minMax', offset: [0], scale: [0] },
    { type: 'minMax', offset: [null], scale: [1] },
  ])('the JSON %j is refused', (json) => {
    expect(() => scalerFromJSON(json)).toThrow(FormatError);
  });
});
