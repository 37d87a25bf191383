// CSV files in Node: read as a stream by `csv-parse` (RFC 4180: quoted fields, LF, CRLF or CR, byte order
// mark), checked row by row in csv-table.ts; written to a temporary file that is then renamed.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { InfoRecord } from 'csv-parse';
import { FormatError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { CsvTable } from './csv-table.ts';
import type { CsvColumnOptions, CsvData } from './csv-table.ts';
import { csvLine, type CsvField } from './csv-text.ts';
import { fileError, writeAtomically } from './files.ts';

export type { CsvColumnOptions, CsvData } from './csv-table.ts';
export { csvTasks, type CsvTask } from './csv-tasks.ts';
export type { CsvField } from './csv-text.ts';

export interface CsvOptions extends CsvColumnOptions {
  /** Default ','. */
  delimiter?: string;
  /** Stops the reading; the promise is rejected with its reason. */
  signal?: AbortSignal;
  /** Called after each piece of the file and at the end. */
  onProgress?: (progress: CsvProgress) => void;
}

export interface CsvProgress {
  rows: number;
  bytes: number;
  /** The size of the file; unknown for a stream. */
  totalBytes?: number;
}

/** A record longer than this is taken for a quote that was never closed. */
const longestRecord = 16 * 1024 * 1024;
const pieceBytes = 256 * 1024;

/** Loaded with the first file, not with the library. */
const csvParser = () => import('csv-parse');

/**
 * Reads a CSV file, or a stream of its bytes, into tensors. Blanks around fields and empty lines are
 * skipped; every input must be a finite decimal number.
 *
 * The target is a class where any of its values is not a number, or where all are integers, of at most
 * 20 different values and at most half as many as there are rows; otherwise it is a quantity. `task`
 * and `classes` force it. Classes are sorted, by value where all are numbers and by character codes otherwise.
 *
 * @throws FormatError with the line for what is wrong in the file: a missing column (with those there are),
 * a field that is no number, rows of unequal length, no rows at all
 * @throws NeuriteError for a file that cannot be read
 */
export function readCsv(
  source: string | Readable,
  options: CsvOptions & { target: string | number },
): Promise<CsvData & Dataset>;
export function readCsv(source: string | Readable, options?: CsvOptions): Promise<CsvData>;
export async function readCsv(source: string | Readable, options: CsvOptions = {}): Promise<CsvData> {
  const { signal, delimiter = ',', onProgress } = options;
  if (typeof source !== 'string' && !(source instanceof Readable))
    throw new TypeError(`csv: expected a path or a Readable, got ${typeof source}`);
  if (typeof delimiter !== 'string' || delimiter === '')
    throw new RangeError(`csv: expected the delimiter as a text, got ${JSON.stringify(delimiter)}`);
  signal?.throwIfAborted();
  const what = typeof source === 'string' ? `csv: ${source}` : 'csv: the stream';
  const table = new CsvTable(options, what);
  const lines = new LineCounter();
  const { parse } = await csvParser();
  const parser = parse({
    bom: true,
    delimiter,
    trim: true,
    relax_column_count: true, // csv-table.ts counts them, for a message of its own
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: longestRecord,
    on_record: (record: string[], info: InfoRecord) => {
      table.add(record, lines.next(record, info));
      return null;
    },
  });
  parser.resume();
  try {
    const totalBytes = typeof source === 'string' ? (await stat(source)).size : undefined;
    const input = typeof source === 'string' ? createReadStream(source, { highWaterMark: pieceBytes }) : source;
    let bytes = 0;
    const counted = async function* (pieces: AsyncIterable<Buffer | string>) {
      for await (const piece of pieces) {
        yield piece;
        bytes += Buffer.byteLength(piece);
        onProgress?.({ rows: table.rows, bytes, totalBytes });
      }
    };
    await pipeline(input, counted, parser, { signal });
    onProgress?.({ rows: table.rows, bytes, totalBytes });
  } catch (error) {
    signal?.throwIfAborted();
    throw await explain(error, source, `${what} line ${lines.following}`);
  }
  return table.finish();
}

/**
 * The names in the first line of a CSV file.
 * @throws FormatError for an empty file; NeuriteError for one that cannot be read
 */
export async function csvColumns(path: string, { delimiter = ',' }: { delimiter?: string } = {}): Promise<string[]> {
  const { parse } = await csvParser();
  const parser = parse({
    bom: true,
    delimiter,
    trim: true,
    to: 1,
    skip_empty_lines: true,
    max_record_size: longestRecord,
  });
  const input = createReadStream(path);
  input.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of input.pipe(parser)) return record as string[];
  } catch (error) {
    throw await explain(error, path, `csv: ${path} line 1`);
  } finally {
    input.destroy();
  }
  throw new FormatError(`csv: ${path} is empty`);
}

/**
 * Writes a CSV file of a header and rows, row by row, so that the rows may be made while they are
 * written. Only a whole file takes the place of an old one.
 * @throws RangeError for a row with more or fewer fields than columns
 * @throws NeuriteError for a file that cannot be written
 */
export async function writeCsv(
  path: string,
  columns: readonly string[],
  rows: Iterable<readonly CsvField[]> | AsyncIterable<readonly CsvField[]>,
  { delimiter = ',' }: { delimiter?: string } = {},
): Promise<void> {
  await writeAtomically(path, async (file) => {
    let text = csvLine(columns, delimiter);
    let count = 0;
    for await (const row of rows) {
      if (row.length !== columns.length)
        throw new RangeError(`csv: expected ${columns.length} fields in row ${count}, got ${row.length}`);
      text += csvLine(row, delimiter);
      count++;
      if (text.length < pieceBytes) continue;
      await file.appendFile(text);
      text = '';
    }
    await file.appendFile(text);
  });
}

/** The line on which each record begins, which the parser does not tell. */
class LineCounter {
  /** The line after the last record. */
  following = 1;
  private lines = 0;
  private emptyLines = 0;

  next(record: readonly string[], info: InfoRecord): number {
    const skipped = info.empty_lines - this.emptyLines;
    const passed = info.lines - this.lines;
    const line = this.following + skipped;
    // The parser counts a CRLF inside quotes twice, so line breaks in fields are counted here.
    this.following = line + 1 + (passed > skipped + 1 ? lineBreaks(record) : 0);
    this.lines = info.lines;
    this.emptyLines = info.empty_lines;
    return line;
  }
}

function lineBreaks(record: readonly string[]): number {
  return record.reduce((count, field) => count + field.split(/\r\n|\n|\r/).length - 1, 0);
}

const quoteErrors: Record<string, string | undefined> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that opens here is never closed',
  INVALID_OPENING_QUOTE: 'a quote inside a field that is not quoted',
  CSV_INVALID_CLOSING_QUOTE: 'text behind a closing quote',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'text behind a closing quote',
  CSV_MAX_RECORD_SIZE: `a row of more than ${longestRecord} bytes; is a quote not closed?`,
};

async function explain(error: unknown, source: string | Readable, place: string): Promise<unknown> {
  const { CsvError } = await csvParser();
  if (error instanceof CsvError)
    return new FormatError(`${place}: ${quoteErrors[error.code] ?? error.message}`, { cause: error });
  const isSystem = error instanceof Error && 'syscall' in error;
  return isSystem && typeof source === 'string' ? fileError('read', source, error) : error;
}
