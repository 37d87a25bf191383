// A grey picture as a PNG in a data URI: no file, no script, some hundred bytes. 8-bit grey, one strip,
// no filter (PNG specification, W3C 2003).
import { crc32, deflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The picture of `pixels`, row by row, from their least value (black) to their greatest (white). What is
 * not finite, and a picture all of one value, is black.
 * @throws RangeError where there are not height × width pixels.
 */
export function pictureUri(pixels: ArrayLike<number>, [height, width]: readonly [number, number]): string {
  if (!(height >= 1 && width >= 1) || pixels.length !== height * width) {
    throw new RangeError(`report: expected [${height}, ${width}] pixels, got ${pixels.length}`);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits for a sample; the other bytes are 0: grey, deflate, no interlacing
  const png = Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(scanlines(pixels, height, width), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** Each row behind a 0 (no filter), as bytes. */
function scanlines(pixels: ArrayLike<number>, height: number, width: number): Buffer {
  const finite = Array.from(pixels).filter(Number.isFinite);
  const least = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const range = finite.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  const bytes = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = (pixels[y * width + x] - least) / range;
      bytes[y * (width + 1) + 1 + x] = Number.isFinite(share) ? Math.round(255 * share) : 0;
    }
  }
  return bytes;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
