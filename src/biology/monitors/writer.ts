// Where the records of a monitor are written instead of kept: as lines of text, one a record, numbers between commas.

/** What takes text: a file handle of Node (`open` of `node:fs/promises`) or of a browser (`createWritable`), a stream, a function. */
export type TextWriter =
  | ((text: string) => unknown)
  | { appendFile(text: string): Promise<unknown> }
  | { write(text: string): unknown }
  | WritableStream<Uint8Array>;

/** A function that writes and is done when the writer is ready for more. */
export function writerOf(to: TextWriter, what: string): (text: string) => unknown {
  if (typeof to === 'function') return to;
  if (typeof to === 'object' && to !== null) {
    if ('appendFile' in to) return (text) => to.appendFile(text);
    if ('write' in to) return (text) => to.write(text);
    if ('getWriter' in to) return streamWriter(to);
  }
  throw new TypeError(`${what}: to: expected a function, an open file or a WritableStream, got ${String(to)}`);
}

/** A stream takes the bytes of the text. */
function streamWriter(stream: WritableStream): (text: string) => Promise<void> {
  const encoder = new TextEncoder();
  return async (text) => {
    const writer = stream.getWriter();
    try {
      await writer.ready;
      await writer.write(encoder.encode(text));
    } finally {
      writer.releaseLock();
    }
  };
}

/** Lines of rows: the first number is a step, told as its time. */
export function linesOf(rows: ArrayLike<number>, width: number, time: (step: number) => number): string {
  let text = '';
  for (let at = 0; at < rows.length; at += width) {
    text += String(Number(time(rows[at]!).toPrecision(12)));
    for (let k = 1; k < width; k++) text += `,${rows[at + k]!}`;
    text += '\n';
  }
  return text;
}
