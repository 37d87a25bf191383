import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.ts';
import type { WritableTensor } from '../../src/formats/safetensors.ts';

const text = new TextEncoder();

/** A file with this header (an object is written as JSON) and so many bytes of data. */
function file(header: unknown, data: number | Uint8Array = 0): Uint8Array {
  const json =
    header instanceof Uint8Array ? header : text.encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = typeof data === 'number' ? new Uint8Array(data) : data;
  const made = new Uint8Array(8 + json.length + bytes.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(json.length), true);
  made.set(json, 8);
  made.set(bytes, 8 + json.length);
  return made;
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const headerOf = (bytes: Uint8Array) =>
  new TextDecoder().decode(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))));

const sample: [string, WritableTensor][] = [
  ['layers.0.kernel', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, NaN, Infinity) }],
  ['layers.0.bias', { shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) }],
  ['step', { shape: [], data: Uint32Array.of(4_000_000_000) }],
  ['labels', { shape: [3], data: Int32Array.of(-1, 0, 1) }],
  ['moments', { shape: [1], data: Float64Array.of(Math.PI) }],
  ['empty', { shape: [0, 5], data: new Float32Array(0) }],
  ['mask', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['big', { shape: [1], data: BigInt64Array.of(-5n) }],
];

const encode = (name: string, tensor: unknown) => () => encodeSafetensors(new Map([[name, tensor as WritableTensor]]));

describe('encodeSafetensors', () => {
  test('what is written is read back, bit for bit', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(new Map(sample), { model: '{"a":1}', ü: '"' }));
    expect(tensors.size).toBe(sample.length);
    for (const [name, { shape, data }] of sample) {
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect(tensors.get(name)!.data).toEqual(data);
    }
    expect({ ...metadata }).toEqual({ model: '{"a":1}', ü: '"' });
    expect(tensors.get('mask')!.dtype).toBe('BOOL');
  });

  test('the bytes are those of the reference implementation', () => {
    const data = Float32Array.of(0, 1, 2, 3, 4, 5);
    const bytes = encodeSafetensors(new Map([['attn0', { shape: [1, 1, 2, 3], data }]]));
    const header = '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ';
    expect(bytes).toEqual(file(header, new Uint8Array(data.buffer)));
    expect(encodeSafetensors(new Map())).toEqual(file('{}      '));
    expect(encodeSafetensors(new Map(), { framework: 'pt' })).toEqual(file('{"__metadata__":{"framework":"pt"}}     '));
  });

  test('tensors are sorted by falling alignment, then by name', () => {
    const names = [...decodeSafetensors(encodeSafetensors(new Map(sample))).tensors.keys()];
    expect(names).toEqual(['big', 'moments', 'empty', 'layers.0.bias', 'layers.0.kernel', 'step', 'labels', 'mask']);
  });

  test('names are sorted by their UTF-8 bytes', () => {
    const names = ['\u{1F600}', '￿', 'é', 'z', 'a'];
    const tensors = new Map(names.map((name) => [name, { shape: [1], data: Float32Array.of(1) }]));
    expect([...decodeSafetensors(encodeSafetensors(tensors)).tensors.keys()]).toEqual([
      'a',
      'z',
      'é',
      '￿',
      '\u{1F600}',
    ]);
  });

  test('the order of tensors and metadata does not change the bytes', () => {
    const one = encodeSafetensors(new Map(sample), { a: '1', b: '2' });
    const other = encodeSafetensors(new Map(sample.toReversed()), { b: '2', a: '1' });
    expect(other).toEqual(one);
  });

  test('the header is padded with spaces to 8 bytes, so that tensors are aligned', () => {
    for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh', 'é']) {
      const bytes = encodeSafetensors(new Map([[name, { shape: [1], data: Float64Array.of(1) }]]));
      expect(headerOf(bytes).trimEnd().at(-1)).toBe('}');
      expect((bytes.length - 8) % 8).toBe(0);
      expect(decodeSafetensors(bytes).tensors.get(name)!.data.buffer).toBe(bytes.buffer);
    }
  });

  test('what cannot be written is refused with the name', () => {
    const data = Float32Array.of(1, 2);
    expect(encode('w', { shape: [3], data })).toThrow(
      new RangeError('safetensors: tensor "w": the shape [3] does not hold 2 values'),
    );
    expect(encode('w', { shape: [-1, -2], data })).toThrow(RangeError);
    expect(encode('w', { shape: [2], data: [1, 2] })).toThrow(
      'tensor "w": cannot write a value that is no typed array',
    );
    expect(encode('w', { shape: [2], data, dtype: 'I32' })).toThrow('cannot write Float32Array as I32');
    expect(encode('w', { shape: [2], data, dtype: 'F16' })).toThrow(TypeError);
    expect(encode('__metadata__', { shape: [2], data })).toThrow('cannot be called __metadata__');
    expect(encode('\ud800', { shape: [2], data })).toThrow('no valid Unicode');
    expect(() => encodeSafetensors(new Map(), { a: 1 } as never)).toThrow('the value of "a" is not a text');
  });
});

describe('decodeSafetensors', () => {
  test('aligned data are views, unaligned ones copies', () => {
    const header = JSON.stringify({ w: entry('F32', [1], 0, 4) });
    const aligned = file(header.padEnd(64), new Uint8Array(Float32Array.of(1.5).buffer));
    const shifted = file(header.padEnd(65), new Uint8Array(Float32Array.of(1.5).buffer));
    for (const bytes of [aligned, shifted])
      expect(decodeSafetensors(bytes).tensors.get('w')!.data).toEqual(Float32Array.of(1.5));
    expect(decodeSafetensors(aligned).tensors.get('w')!.data.buffer).toBe(aligned.buffer);
    expect(decodeSafetensors(shifted).tensors.get('w')!.data.buffer).not.toBe(shifted.buffer);
  });

  test('a file inside a larger buffer is read from where it is', () => {
    const bytes = encodeSafetensors(new Map(sample));
    const larger = new Uint8Array(bytes.length + 11);
    larger.set(bytes, 5);
    const { tensors } = decodeSafetensors(larger.subarray(5, 5 + bytes.length));
    for (const [name, { data }] of sample) expect(tensors.get(name)!.data).toEqual(data);
  });

  test('F16 is expanded exactly', () => {
    const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x3555, 0x7c00, 0xfc00, 0x7e00];
    const values = [0, -0, 1, -2, 65504, 2 ** -14, 2 ** -24, 1023 * 2 ** -24, 0.333251953125, Infinity, -Infinity, NaN];
    const bytes = file({ h: entry('F16', [12], 0, 24) }, new Uint8Array(Uint16Array.from(bits).buffer));
    expect(decodeSafetensors(bytes).tensors.get('h')!.data).toEqual(Float32Array.from(values));
  });

  test('BF16 is the upper half of an f32', () => {
    const bits = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x7fc0, 0x0001, 0x8000);
    const bytes = file({ b: entry('BF16', [6], 0, 12) }, new Uint8Array(bits.buffer));
    const values = Float32Array.of(1, -3, Infinity, NaN, 2 ** -133, -0);
    expect(decodeSafetensors(bytes).tensors.get('b')!.data).toEqual(values);
  });

  test.each([
    ['F64', Float64Array.of(1, -2)],
    ['I64', BigInt64Array.of(-1n, 2n)],
    ['U64', BigUint64Array.of(1n, 2n ** 64n - 1n)],
    ['I16', Int16Array.of(-1, 2)],
    ['U16', Uint16Array.of(1, 65535)],
    ['I8', Int8Array.of(-1, 2)],
    ['U8', Uint8Array.of(1, 255)],
    ['BOOL', Uint8Array.of(1, 0)],
  ])('%s is read into its typed array', (dtype, data) => {
    const bytes = file({ t: entry(dtype, [2], 0, data.byteLength) }, new Uint8Array(data.buffer));
    expect(decodeSafetensors(bytes).tensors.get('t')).toEqual({ dtype, shape: [2], data });
  });

  test('names of object properties are only names', () => {
    const names = ['__proto__', 'constructor', 'toString', '0'];
    const data = Float32Array.of(7);
    const metadata = JSON.parse('{"__proto__":"a","hasOwnProperty":"b"}') as Record<string, string>;
    const bytes = encodeSafetensors(new Map(names.map((name) => [name, { shape: [1], data }])), metadata);
    const decoded = decodeSafetensors(bytes);
    expect([...decoded.tensors.keys()].toSorted()).toEqual(names.toSorted());
    expect(Object.keys(decoded.metadata)).toEqual(['__proto__', 'hasOwnProperty']);
    expect(decoded.metadata['constructor']).toBeUndefined();
    expect(({} as Record<string, unknown>)['hasOwnProperty']).toBe(Object.prototype.hasOwnProperty);
  });

  test('an entry whose own keys are hostile is only refused', () => {
    expect(() =>
      decodeSafetensors(file('{"a":{"__proto__":{"dtype":"F32"},"shape":[],"data_offsets":[0,4]}}', 4)),
    ).toThrow('tensor "a" has the unknown dtype nothing');
  });
});

const F = entry('F32', [2], 0, 8);
const huge = 2 ** 40;
const hostile: [string, Uint8Array, string][] = [
  ['no bytes', new Uint8Array(0), 'a file of 0 bytes is too short'],
  ['seven bytes', new Uint8Array(7), 'a file of 7 bytes is too short for the 8'],
  [
    'a header longer than the file',
    file('{}').subarray(0, 9),
    'the header claims 2 bytes, the file has 1 after its length',
  ],
  [
    'a header of 2⁶⁴ − 1 bytes',
    new Uint8Array(16).fill(255),
    'claims 18446744073709551615 bytes, more than the 100000000',
  ],
  ['an empty header', new Uint8Array(8), "does not start with '{'"],
  ['a header that starts with a space', file(' {}'), "does not start with '{'"],
  ['a list', file('[]'), "does not start with '{'"],
  ['a header that is not JSON', file('{"a":}'), 'the header is not JSON: '],
  ['text behind the header', file('{} x'), 'the header is not JSON'],
  ['a header that is not UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'the header is not UTF-8'],
  [
    'two tensors of one name',
    file(`{"a":${JSON.stringify(F)},"a":${JSON.stringify(F)}}`, 8),
    'tensor "a" is in the header twice',
  ],
  [
    'one name in two spellings',
    file(`{"a":${JSON.stringify(F)},"\\u0061":${JSON.stringify(F)}}`, 8),
    'tensor "a" is in the header twice',
  ],
  ['metadata twice', file('{"__metadata__":{}, "__metadata__" :{}}'), '__metadata__ is in the header twice'],
  [
    'a dtype twice',
    file('{"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}', 8),
    'tensor "a": the key "dtype" is there twice',
  ],
  ['a tensor that is no object', file({ a: 1 }), 'tensor "a" is not described by an object'],
  ['a tensor that is null', file({ a: null }), 'tensor "a" is not described by an object'],
  [
    'an unknown dtype',
    file({ a: entry('F31', [2], 0, 8) }, 8),
    'tensor "a" has the unknown dtype "F31", known: BOOL, U8',
  ],
  [
    'a dtype that is a property of objects',
    file({ a: entry('constructor', [2], 0, 8) }, 8),
    'unknown dtype "constructor"',
  ],
  ['a dtype that is no text', file({ a: { ...F, dtype: 3 } }, 8), 'unknown dtype 3'],
  [
    'no shape',
    file({ a: { dtype: 'F32', data_offsets: [0, 8] } }, 8),
    'tensor "a": expected the shape as whole numbers, got nothing',
  ],
  ['a negative shape', file({ a: entry('F32', [-2], 0, 8) }, 8), 'expected the shape as whole numbers, got [-2]'],
  ['a fractional shape', file({ a: entry('F32', [0.5, 4], 0, 8) }, 8), 'got [0.5, 4]'],
  ['a shape of texts', file({ a: entry('F32', ['2'], 0, 8) }, 8), 'got ["2"]'],
  [
    'a shape beyond 2⁵³',
    file('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,8]}}', 8),
    'expected the shape as whole numbers',
  ],
  [
    'a shape whose product overflows',
    file({ a: entry('F32', [huge, huge], 0, 8) }, 8),
    'the shape [1099511627776, 1099511627776] overflows',
  ],
  ['a shape whose bytes overflow', file({ a: entry('F64', [2 ** 51, 1], 0, 8) }, 8), 'overflows'],
  [
    'a huge shape',
    file({ a: entry('F32', [huge], 0, 8) }, 8),
    'tensor "a" has 8 bytes, but F32 [1099511627776] needs 4398046511104',
  ],
  [
    'one offset',
    file({ a: { ...F, data_offsets: [0] } }, 8),
    'tensor "a": expected data_offsets as two whole numbers, got [0]',
  ],
  [
    'negative offsets',
    file({ a: entry('F32', [2], -8, 0) }, 8),
    'expected data_offsets as two whole numbers, got [-8, 0]',
  ],
  ['reversed offsets', file({ a: entry('F32', [2], 8, 0) }, 8), 'tensor "a" ends at 0 before it begins at 8'],
  [
    'offsets out of range',
    file({ a: entry('F32', [2], 4, 12) }, 8),
    'tensor "a" ends at 12, out of range: the file has 8 bytes of data',
  ],
  [
    'offsets that do not fit the shape',
    file({ a: entry('F32', [3], 0, 8) }, 8),
    'tensor "a" has 8 bytes, but F32 [3] needs 12',
  ],
  ['overlapping tensors', file({ a: F, b: entry('F32', [2], 4, 12) }, 12), 'tensor "b" overlaps tensor "a"'],
  [
    'a hole between tensors',
    file({ a: F, b: entry('F32', [1], 12, 16) }, 16),
    'a hole of 4 bytes before tensor "b", which begins at 12',
  ],
  ['a hole at the start', file({ a: entry('F32', [1], 4, 8) }, 8), 'a hole of 4 bytes before tensor "a"'],
  ['bytes behind the last tensor', file({ a: F }, 11), '3 bytes behind the last tensor belong to none'],
  ['metadata that is no object', file({ __metadata__: [] }), '__metadata__ is not an object'],
  ['metadata with a number', file({ __metadata__: { epoch: 3 } }), '__metadata__: the value of "epoch" is not a text'],
  [
    'a deeply nested header',
    file(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
    'tensor "a" is not described by an object',
  ],
  [
    'a deeply nested shape',
    file(`{"a":{"dtype":"F32","data_offsets":[0,8],"shape":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`, 8),
    'expected the shape as whole numbers, got [an object]',
  ],
];

describe('hostile safetensors files', () => {
  test.each(hostile)('%s: refused with its own message', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  test('20,000 seeded mutations of a valid file: read or refused, never another failure', () => {
    const valid = encodeSafetensors(new Map(sample), { model: 'x', text: 'a"b\\c' });
    const headerEnd = 8 + headerOf(valid).length;
    const next = generator(12345);
    const outcomes = { read: 0, refused: 0 };
    for (let run = 0; run < 20_000; run++) {
      try {
        decodeSafetensors(mutate(valid, headerEnd, next));
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        outcomes.refused++;
      }
    }
    expect(outcomes.read).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(10_000);
  });
});

/** Whole numbers below a bound, the same ones for a seed (a linear congruential generator). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const fragments = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '0',
  '9',
  '1e9',
  'null',
  '\\',
  '"F16"',
  '"shape":',
  '[]',
  'é',
].map((part) => text.encode(part));

/** One to three changes, most of them inside the header: other bytes, JSON fragments, cuts, repetitions. */
function mutate(valid: Uint8Array, headerEnd: number, next: (below: number) => number): Uint8Array {
  let bytes: Uint8Array = valid.slice();
  for (let changes = 1 + next(3); changes > 0; changes--) {
    const at = next(10) === 0 ? next(bytes.length) : next(Math.min(headerEnd, bytes.length));
    const kind = next(5);
    if (kind === 0) bytes[at] = next(256);
    else if (kind === 1) bytes.set(fragments[next(fragments.length)].subarray(0, bytes.length - at), at);
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes = splice(bytes, at, fragments[next(fragments.length)], headerEnd);
    else bytes.copyWithin(at, next(bytes.length), next(bytes.length));
    if (bytes.length === 0) break;
  }
  return bytes;
}

/** Inserts into the header and corrects its length, so that the damage lies deeper. */
function splice(bytes: Uint8Array, at: number, part: Uint8Array, headerEnd: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + part.length);
  longer.set(bytes.subarray(0, at));
  longer.set(part, at);
  longer.set(bytes.subarray(at), at + part.length);
  if (at >= 8 && longer.length >= 8)
    new DataView(longer.buffer).setBigUint64(0, BigInt(headerEnd - 8 + part.length), true);
  return longer;
}
