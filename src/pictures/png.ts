// PNG files of gray or colour pixels, uncompressed: an image for a page without a dependency.
// Source: PNG specification (W3C, third edition); RFC 1950 and 1951 (stored blocks).

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

function concatenate(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatenate([Array.from(type, (letter) => letter.charCodeAt(0)), data]);
  return concatenate([word(data.length), body, word(crc32(body))]);
}

/** A zlib stream of stored blocks. */
function store(data: Uint8Array): Uint8Array {
  const parts: ArrayLike<number>[] = [[0x78, 0x01]];
  for (let start = 0; start === 0 || start < data.length; start += 65535) {
    const block = data.subarray(start, start + 65535);
    const { length } = block;
    const last = start + length >= data.length ? 1 : 0;
    parts.push([last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255], block);
  }
  return concatenate([...parts, word(adler32(data))]);
}

/** The bytes of a PNG file of `pixels`, [height, width, 3] of 0 to 255, row by row. */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.from([...word(width), ...word(height), 8, 2, 0, 0, 0]);
  // Each row begins with the number of its filter: none.
  const rows = new Uint8Array(height * (3 * width + 1));
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(3 * width * y, 3 * width * (y + 1)), (3 * width + 1) * y + 1);
  const signature = [137, 80, 78, 71, 13, 10, 26, 10];
  return concatenate([signature, chunk('IHDR', header), chunk('IDAT', store(rows)), chunk('IEND', new Uint8Array(0))]);
}
