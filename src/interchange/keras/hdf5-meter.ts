// A file's bytes for jsfive that count what is read of them: jsfive follows whatever addresses a damaged file has, and may
// go over the same blocks without end. It reads the signature of every structure by `slice`, so that a slice is charged as
// one read, and those of structures whose lists are read in other ways with what their heads claim. In a sound file each
// structure is read once, so that the reads are in proportion to its size; beyond that the file is refused.
// Source: HDF5 File Format Specification 3.0, III.A (trees), III.G (fractal heaps), IV.A.1.b (headers).
import { FormatError } from '../../core/errors.ts';

/** What reading may still cost. A message of a header takes 8 bytes of the file, an entry of a group 48 and two reads. */
export class Meter {
  readonly view: DataView;
  private reads: number;
  private bytes: number;
  /** The addresses of an indirect block, as the last heap claims. */
  private rowsTimesWidth = 0;

  constructor(file: ArrayBuffer) {
    this.view = new DataView(file);
    this.reads = 10_000 + file.byteLength / 2;
    // Copies: a collection of texts is copied for each object that has some in it.
    this.bytes = 2 ** 22 + 64 * file.byteLength;
  }

  charge(reads: number, bytes = 0): void {
    this.reads -= reads;
    this.bytes -= bytes;
    if (!(this.reads >= 0 && this.bytes >= 0)) throw new FormatError('its structures lead in circles');
  }

  /** Charges what jsfive reads next without slices, of the structure that begins here. */
  chargeStructure(at: number): void {
    const { view } = this;
    switch (view.getUint32(at)) {
      case signatures.TREE:
        this.charge(view.getUint16(at + 6, true));
        break;
      case signatures.BTHD:
        this.charge(view.getUint16(at + 12, true));
        break;
      case signatures.FRHP:
        this.rowsTimesWidth = view.getUint16(at + 110, true) * view.getUint16(at + 140, true);
        break;
      case signatures.FHIB:
        this.charge(this.rowsTimesWidth);
        break;
      case signatures.OHDR:
        this.chargeHeader(at);
    }
  }

  /** The messages of an object's header of version 2, block by block as jsfive goes. */
  private chargeHeader(at: number): void {
    const { view } = this;
    const flags = view.getUint8(at + 5);
    const width = 1 << (flags & 3);
    const sizeAt = at + 6 + (flags & 0x20 ? 16 : 0);
    const size =
      width === 8 ? view.getBigUint64(sizeAt, true) : BigInt(view[`getUint${readBits(width)}`](sizeAt, true));
    const order = flags & 4 ? 2 : 0;
    const blocks: [begin: number, size: number][] = [[sizeAt + width, Number(size)]];
    const seen = new Set([sizeAt + width]);
    for (const [begin, length] of blocks)
      for (let offset = 0; offset < length - 4;) {
        this.charge(1);
        const message = begin + offset;
        if (view.getUint8(message) === continuation) {
          const next = Number(view.getBigUint64(message + 4 + order, true)) + 4;
          if (!seen.has(next)) blocks.push([next, Number(view.getBigUint64(message + 12 + order, true)) - 4]);
          seen.add(next);
        }
        offset += 4 + view.getUint16(message + 1, true) + order;
      }
  }
}

const readBits = (width: number) => (8 * width) as 8 | 16 | 32;
const continuation = 16;
const codeOf = (word: string) => [...word].reduce((code, letter) => code * 256 + letter.charCodeAt(0), 0);
const signatures = {
  TREE: codeOf('TREE'),
  BTHD: codeOf('BTHD'),
  FRHP: codeOf('FRHP'),
  FHIB: codeOf('FHIB'),
  OHDR: codeOf('OHDR'),
};

/** A copy of a file whose slices, and the slices of those, are charged. */
export class MeteredBuffer extends ArrayBuffer {
  private meter: Meter | undefined;

  static of(bytes: Uint8Array): MeteredBuffer {
    const buffer = new MeteredBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    buffer.meter = new Meter(buffer);
    return buffer;
  }

  override slice(begin?: number, end?: number): MeteredBuffer {
    // Made by this class's constructor, as the language has it for subclasses.
    const copy = super.slice(begin, end) as MeteredBuffer;
    const { meter } = this;
    copy.meter = meter;
    meter?.charge(1, copy.byteLength);
    if (meter && meter.view.buffer === this && copy.byteLength === 4 && begin !== undefined)
      meter.chargeStructure(begin);
    return copy;
  }
}
