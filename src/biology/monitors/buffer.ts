// What a monitor has kept: pieces taken out of the core's buffers, put together when somebody looks.
import { NeuriteError } from '../../core/errors.ts';

export const defaultMaximum = 256 * 1024 ** 2;

/** Numbers that grow by pieces, up to a bound of bytes. */
export class Pieces<A extends Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>> {
  private list: A[] = [];
  private length = 0;
  private readonly make: (length: number) => A;
  private readonly maximumBytes: number;
  private readonly what: string;

  constructor(make: (length: number) => A, maximumBytes: number, what: string) {
    this.make = make;
    this.maximumBytes = maximumBytes;
    this.what = what;
  }

  /** @throws NeuriteError when it would be more than the bound; nothing is added then */
  add(piece: A): void {
    if (!piece.length) return;
    const bytes = (this.length + piece.length) * piece.BYTES_PER_ELEMENT;
    if (bytes > this.maximumBytes)
      throw new NeuriteError(
        `${this.what}: would keep more than ${this.maximumBytes} bytes; record less often, fewer neurons, or raise maximumBytes`,
      );
    this.list.push(piece);
    this.length += piece.length;
  }

  /** All of it. */
  get all(): A {
    if (this.list.length === 1) return this.list[0]!;
    const whole = this.make(this.length);
    let at = 0;
    for (const piece of this.list) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.list = this.length ? [whole] : [];
    return whole;
  }

  /** Puts something else in its place. */
  replace(whole: A): void {
    this.list = whole.length ? [whole] : [];
    this.length = whole.length;
  }
}
