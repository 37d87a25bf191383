// .npy and .npz files: what NumPy itself wrote (files/numpy.json), our own back and forth, and files that are damaged or lie.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { decodeNpy, encodeNpy, type NpyDType } from '../../src/formats/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/formats/npz.ts';
import { zipOf } from '../helpers/zip.ts';

interface Recorded {
  source: string;
  arrays: Record<string, { dtype: string; shape: number[]; values: (number | string)[]; npy: string }>;
  refused: Record<string, string>;
  archives: Record<string, string>;
}

const recorded = JSON.parse(readFileSync(new URL('./files/numpy.json', import.meta.url), 'utf8')) as Recorded;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

describe('npy', () => {
  test.each(Object.entries(recorded.arrays))('NumPy wrote %s', (_name, { dtype, shape, values, npy }) => {
    const array = decodeNpy(bytesOf(npy));
    expect(array.shape).toEqual(shape);
    expect(array.dtype).toBe(dtype.replace('>f4', 'float32').replace('>i8', 'int64'));
    expect(Array.from(array.data, String)).toEqual(values.map((value) => String(value)));
  });

  test.each(Object.entries(recorded.arrays))('%s at an unaligned place of a buffer', (_name, { values, npy }) => {
    const bytes = bytesOf(npy);
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    expect(Array.from(decodeNpy(moved.subarray(3)).data, String)).toEqual(values.map(String));
  });

  test.each(Object.entries(recorded.refused))('%s are refused', (_name, npy) => {
    expect(() => decodeNpy(bytesOf(npy), 'a.npy')).toThrow(FormatError);
    expect(() => decodeNpy(bytesOf(npy), 'a.npy')).toThrow(/^a\.npy/);
  });

  const plain = Object.entries(recorded.arrays).filter(
    ([name]) => !/big-endian|fortran|version|bfloat16|f2/.test(name),
  );
  test.each(plain)('%s is written in the bytes of NumPy', (_name, { dtype, npy }) => {
    const array = decodeNpy(bytesOf(npy));
    expect(Buffer.from(encodeNpy({ ...array, dtype: dtype as NpyDType })).toString('base64')).toBe(npy);
  });

  test('float16 is rounded to, ties to even', () => {
    const data = Float32Array.of(1, 65504, 2049, 2051, 1e-8, -0, Infinity, NaN);
    const back = decodeNpy(encodeNpy({ data, shape: [8], dtype: 'float16' }));
    expect(back).toEqual({
      dtype: 'float16',
      shape: [8],
      data: Float32Array.of(1, 65504, 2048, 2052, 0, -0, Infinity, NaN),
    });
  });

  test('data of another kind than the dtype, and shapes that do not fit, are refused', () => {
    expect(() => encodeNpy({ data: Int32Array.of(1), shape: [1], dtype: 'float32' })).toThrow(TypeError);
    expect(() => encodeNpy({ data: Float32Array.of(1), shape: [2] })).toThrow('[2] does not hold 1 values');
  });
});

describe('npy: files that lie', () => {
  const header = (text: string, data = new Uint8Array(8), version = 1) => {
    const lengthBytes = version === 1 ? 2 : 4;
    const bytes = new Uint8Array(8 + lengthBytes + text.length + data.length);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
    new DataView(bytes.buffer)[version === 1 ? 'setUint16' : 'setUint32'](8, text.length, true);
    bytes.set(new TextEncoder().encode(text), 8 + lengthBytes);
    bytes.set(data, 8 + lengthBytes + text.length);
    return bytes;
  };
  const dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

  test('the header of these tests is sound', () => {
    for (const version of [1, 2, 3]) expect(decodeNpy(header(dictionary, undefined, version)).shape).toEqual([2]);
  });

  const cases: [string, Uint8Array, RegExp][] = [
    ['no bytes', new Uint8Array(0), /does not begin with NumPy's magic word/],
    ['another magic word', header(dictionary).fill(0, 0, 1), /does not begin with NumPy's magic word/],
    ['version 9', header(dictionary).fill(9, 6, 7), /of version 9/],
    ['truncated in the header', header(dictionary).slice(0, 30), /the header claims 58 bytes, the file has 20 left/],
    ['truncated in the data', header(dictionary).slice(0, -1), /7 bytes after the header, but float32 \[2\] needs 8/],
    ['too much data', header(dictionary, new Uint8Array(9)), /9 bytes after the header/],
    ['a header of 4 GB', header(dictionary, undefined, 2).fill(255, 8, 12), /claims 4294967295 bytes, more than/],
    ['a shape that overflows', header(dictionary.replace('(2,)', '(9007199254740991, 99)')), /overflows/],
    ['a shape far beyond the bytes', header(dictionary.replace('(2,)', '(999999999,)')), /needs 3999999996/],
    ['a shape of texts', header(dictionary.replace('(2,)', "('2',)")), /shape has/],
    ['a shape that does not end', header(dictionary.replace('(2,), }', '(2,')), /shape has ""/],
    ['a shape of 99 axes', header(dictionary.replace('(2,)', `(${'1,'.repeat(99)})`)), /more than 64 axes/],
    ['nested thousands deep', header(dictionary.replace('(2,)', '('.repeat(9999))), /shape has "\("/],
    ['a key twice', header(dictionary.replace("'fortran_order': False", "'descr': '<f4'")), /descr twice/],
    ['a key never', header("{'descr': '<f4', 'fortran_order': False, }"), /has no shape/],
    ['an unknown key', header(dictionary.replace("'shape'", "'form'")), /has the key "'form'"/],
    ['an unknown dtype', header(dictionary.replace('<f4', '<f16')), /dtype "<f16"/],
    [
      'code instead of words',
      header(dictionary.replace('False', '__import__("os")')),
      /cannot be read|fortran_order is/,
    ],
    ['more after the dictionary', header(`${dictionary} {}`), /goes on after/],
  ];
  test.each(cases)('%s', (_name, bytes, message) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(FormatError);
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(message);
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(/^a\.npy/);
  });
});

describe('npz', () => {
  test.each(Object.entries(recorded.archives))('NumPy wrote one, %s', async (_name, npz) => {
    const arrays = await decodeNpz(bytesOf(npz));
    expect([...arrays.keys()]).toEqual(['weights', 'steps']);
    expect(arrays.get('weights')).toEqual({ dtype: 'float32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
    expect(arrays.get('steps')).toEqual({ dtype: 'int64', shape: [], data: BigInt64Array.of(7n) });
  });

  test.each([false, true])('back and forth, compress %s; the same bytes twice', async (compress) => {
    const arrays = {
      'layers.0.kernel': { data: Float32Array.of(1, 2, 3), shape: [3] },
      n: { data: BigInt64Array.of(5n), shape: [] },
    };
    const bytes = await encodeNpz(arrays, { compress });
    expect(await encodeNpz(new Map(Object.entries(arrays)), { compress })).toEqual(bytes);
    const back = await decodeNpz(bytes);
    expect(back.get('layers.0.kernel')?.data).toEqual(arrays['layers.0.kernel'].data);
    expect(back.get('n')?.data).toEqual(arrays.n.data);
  });

  const one = encodeNpy({ data: Float32Array.of(1, 2), shape: [2] });
  const refusal = async (bytes: Uint8Array, options = {}) => {
    const error = await decodeNpz(bytes, options, 'w.npz').then(
      () => undefined,
      (caught: unknown) => caught as Error,
    );
    expect(error).toBeInstanceOf(FormatError);
    expect(error!.message).toMatch(/^w\.npz/);
    return error!.message;
  };

  test('a name twice, and one that differs by its ending alone', async () => {
    expect(
      await refusal(
        zipOf([
          { name: 'a.npy', content: one },
          { name: 'a.npy', content: one },
        ]),
      ),
    ).toContain('"a.npy" is in the archive twice');
    expect(
      await refusal(
        zipOf([
          { name: 'a.npy', content: one },
          { name: 'a', content: one },
        ]),
      ),
    ).toContain('two arrays named "a"');
  });

  test('a member that is no array', async () => {
    expect(await refusal(zipOf([{ name: 'b.npy', content: new Uint8Array(9) }]))).toContain('"b.npy" does not begin');
  });

  test('a zip bomb: what members would take is bounded by what they declare', async () => {
    const bomb = await encodeNpz(
      { zeros: { data: new Uint8Array(2 ** 26 + 1), shape: [2 ** 26 + 1] } },
      { compress: true },
    );
    expect(bomb.length).toBeLessThan(2 ** 18);
    expect(await refusal(bomb)).toContain('more than the 67108864 allowed (option maximumBytes)');
    expect((await decodeNpz(bomb, { maximumBytes: 2 ** 27 })).get('zeros')!.shape).toEqual([2 ** 26 + 1]);
  });

  test('a bomb that declares little', async () => {
    const content = new Uint8Array(2 ** 20);
    expect(await refusal(zipOf([{ name: 'a.npy', content, compress: true, size: 1000 }]))).toMatch(
      /has more bytes than the 1000/,
    );
    expect(await refusal(zipOf([{ name: 'a.npy', content, compress: true, size: 2 ** 30 }]))).toMatch(
      /cannot be of|more than/,
    );
    expect(await refusal(zipOf([{ name: 'a.npy', content, compress: true, size: 2 ** 20 + 1 }]))).toMatch(
      /has fewer bytes/,
    );
  });

  test('members that share their bytes', async () => {
    expect(
      await refusal(
        zipOf([
          { name: 'a.npy', content: one },
          { name: 'b.npy', content: one, header: 0 },
        ]),
      ),
    ).toMatch(/overlaps/);
  });

  test('a changed byte, encryption, other compressions, truncation, no archive', async () => {
    const sound = zipOf([{ name: 'a.npy', content: one }]);
    const changed = sound.slice();
    changed[sound.length - 100]! ^= 1;
    await refusal(changed);
    expect(await refusal(zipOf([{ name: 'a.npy', content: one, flags: 1 }]))).toContain('is encrypted');
    expect(await refusal(zipOf([{ name: 'a.npy', content: one, method: 12 }]))).toContain('by method 12');
    for (const length of [0, 3, 30, 100, sound.length - 1])
      expect(await refusal(sound.slice(0, length))).toContain('has no end');
    expect(await refusal(new Uint8Array(100))).toContain('has no end');
  });
});
