import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { decodeIdx, readIdx } from '../../src/data/idx.ts';
import { idx } from '../helpers/idx.ts';

describe('decodeIdx', () => {
  test.each([
    [0x08, [0, 127, 255], 'setUint8', 1],
    [0x09, [-128, 0, 127], 'setInt8', 1],
    [0x0b, [-32768, 1, 32767], 'setInt16', 2],
    [0x0c, [-(2 ** 31), 1, 2 ** 31 - 1], 'setInt32', 4],
    [0x0d, [-0.5, 1, 3e38], 'setFloat32', 4],
    [0x0e, [-0.5, 1, 1e-3], 'setFloat64', 8],
  ] as const)('type %d is read big-endian', (type, values, setter, width) => {
    const data = new DataView(new ArrayBuffer(width * values.length));
    values.forEach((value, index) => data[setter](index * width, value));
    const made = decodeIdx(idx(type, [3, 1], new Uint8Array(data.buffer)));
    expect(made.shape).toEqual([3, 1]);
    expect(made.data).toEqual(type >= 0x0d ? Float32Array.from(values) : Int32Array.from(values));
  });

  test('bytes inside a larger buffer are read from where they are', () => {
    const file = idx(0x08, [2], [5, 6]);
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect(decodeIdx(larger.subarray(3)).data).toEqual(Int32Array.of(5, 6));
  });

  test.each([
    ['too short for a magic', Uint8Array.of(0, 0, 8), 'a file of 3 bytes is too short'],
    ['a wrong magic', Uint8Array.of(1, 2, 8, 0), 'expected the magic 00 00, got 0x01 0x02'],
    ['an unknown type', Uint8Array.of(0, 0, 7, 0), 'unknown type 0x07'],
    ['a truncated header', Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1), '2 axes need a header of 12 bytes, the file has 8'],
    ['truncated values', idx(0x08, [2, 3], [1, 2, 3]), 'truncated: shape [2, 3] needs 18 bytes, the file has 15'],
    ['too many values', idx(0x08, [2], [1, 2, 3]), 'too long: shape [2] needs 10 bytes, the file has 11'],
    ['a claim of 2⁶⁴ values', idx(0x08, [0xffffffff, 0xffffffff], []), 'truncated: shape [4294967295, 4294967295]'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => decodeIdx(bytes)).toThrow(FormatError);
    expect(() => decodeIdx(bytes)).toThrow(message);
  });
});

describe('readIdx', () => {
  const file = idx(0x08, [4], [1, 2, 3, 4]);
  const zipped = new Uint8Array(gzipSync(file));

  test.each([
    ['bytes', file],
    ['an ArrayBuffer', file.slice().buffer],
    ['a Blob', new Blob([file])],
    ['a Response', new Response(file)],
    ['gzipped bytes', zipped],
    ['a gzipped Blob', new Blob([zipped])],
  ])('takes %s', async (_, source) => {
    expect((await readIdx(source)).data).toEqual(Int32Array.of(1, 2, 3, 4));
  });

  test('corrupt and truncated gzip are refused', async () => {
    await expect(readIdx(zipped.subarray(0, zipped.length - 6))).rejects.toThrow(FormatError);
    await expect(readIdx(Uint8Array.of(0x1f, 0x8b, 1, 2, 3, 4, 5, 6))).rejects.toThrow('gzip: the file is corrupt');
  });

  test('an answer that is no success is refused', async () => {
    await expect(readIdx(new Response('no', { status: 404 }))).rejects.toThrow('the server answered 404');
    await expect(readIdx('path' as never)).rejects.toThrow(TypeError);
  });
});
