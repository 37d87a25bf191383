// Zip archives, as .npz and .keras files are: their directory is read here, against everything that it may lie about, and
// deflate is fflate's, loaded only when an archive is. Nothing is allocated from a claim beyond `maximumBytes`.
// Not read: encryption, archives in several parts, members above 4 GB (zip64).
// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
import { FormatError } from '../core/errors.ts';
import { quote } from './numeric.ts';

export interface ZipOptions {
  /** The most that all members may hold together; by default 100 times the archive, or 64 MiB where that is more. */
  readonly maximumBytes?: number;
}

interface Member {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly stored: number;
  readonly size: number;
  readonly header: number;
}

const endSignature = 0x06054b50;
const memberSignature = 0x02014b50;
const headerSignature = 0x04034b50;
const endLength = 22;
const stored = 0;
const deflated = 8;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * The members of an archive by name, in its order; folders are left out.
 * @param what what errors call the archive
 * @throws FormatError for a damaged archive, one whose members would take more than `maximumBytes`, or a name used twice
 */
export async function readZip(
  bytes: Uint8Array,
  what: string,
  { maximumBytes = Math.max(64 * 2 ** 20, 100 * bytes.length) }: ZipOptions = {},
): Promise<Map<string, Uint8Array>> {
  const members = directoryOf(bytes, what);
  let total = 0;
  for (const { name, size } of members) {
    total += size;
    if (total > maximumBytes)
      throw new FormatError(
        `${what}: its members would take ${total} bytes up to ${quote(name)}, more than the ${maximumBytes} allowed (option maximumBytes)`,
      );
  }
  const { inflateSync } = await import('fflate');
  const contents = new Map<string, Uint8Array>();
  for (const member of members)
    if (!member.name.endsWith('/')) contents.set(member.name, contentOf(bytes, member, what, inflateSync));
  return contents;
}

/** The names in an archive's directory; none where that is damaged. */
export function zipNames(bytes: Uint8Array): string[] {
  try {
    return directoryOf(bytes, '').map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The archive's list of members, checked against the archive and against each other. */
function directoryOf(bytes: Uint8Array, what: string): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view, what);
  const count = view.getUint16(end + 10, true);
  const length = view.getUint32(end + 12, true);
  const begin = view.getUint32(end + 16, true);
  if (count === 0xffff || begin === 0xffffffff)
    throw new FormatError(`${what}: archives above 4 GB or 65,534 members (zip64) are not read`);
  if (view.getUint16(end + 8, true) !== count) throw new FormatError(`${what}: it is a part of several archives`);
  if (begin + length > end)
    throw new FormatError(`${what}: its directory of ${length} bytes at ${begin} is not in the archive`);
  const members: Member[] = [];
  const names = new Set<string>();
  let at = begin;
  for (let number = 0; number < count; number++) {
    if (at + 46 > begin + length || view.getUint32(at, true) !== memberSignature)
      throw new FormatError(`${what}: the directory has no member ${number} of ${count} at ${at}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + 46 + nameLength! + extraLength! + commentLength!;
    if (next > begin + length) throw new FormatError(`${what}: member ${number} of the directory runs out of it`);
    const name = nameOf(bytes.subarray(at + 46, at + 46 + nameLength!), what, number);
    if (names.has(name)) throw new FormatError(`${what}: ${quote(name)} is in the archive twice`);
    names.add(name);
    members.push(memberAt(view, at, name, what));
    at = next;
  }
  if (at !== begin + length) throw new FormatError(`${what}: the directory has ${begin + length - at} bytes too many`);
  checkApart(members, begin, what);
  return members;
}

/** Where the record at the archive's end is; a comment may follow it. */
function endOf(view: DataView, what: string): number {
  const last = view.byteLength - endLength;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--)
    if (view.getUint32(at, true) === endSignature && at + endLength + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  throw new FormatError(`${what}: the archive has no end: it is truncated, or no zip archive`);
}

function nameOf(bytes: Uint8Array, what: string, number: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${what}: the name of member ${number} is not UTF-8`, { cause });
  }
}

function memberAt(view: DataView, at: number, name: string, what: string): Member {
  const member = {
    name,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    stored: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
  };
  const { method, size } = member;
  if (view.getUint16(at + 8, true) & 1) throw new FormatError(`${what}: ${quote(name)} is encrypted`);
  if (size === 0xffffffff || member.stored === 0xffffffff)
    throw new FormatError(`${what}: ${quote(name)} is above 4 GB (zip64), which is not read`);
  if (method !== stored && method !== deflated)
    throw new FormatError(`${what}: ${quote(name)} is compressed by method ${method}; stored and deflate are read`);
  // Deflate makes at most 1,032 bytes of one.
  if (method === stored ? size !== member.stored : size > 1032 * member.stored)
    throw new FormatError(`${what}: ${quote(name)} cannot be of ${size} bytes in ${member.stored}`);
  return member;
}

/** No two members may share bytes, nor any the directory's. */
function checkApart(members: readonly Member[], directory: number, what: string): void {
  const order = members.toSorted((a, b) => a.header - b.header);
  order.forEach(({ name, header, stored: length }, i) => {
    const end = order[i + 1]?.header ?? directory;
    if (header + 30 + length > end) throw new FormatError(`${what}: ${quote(name)} overlaps what comes after it`);
  });
}

type Inflate = (data: Uint8Array, options: { out: Uint8Array }) => Uint8Array;

function contentOf(bytes: Uint8Array, member: Member, what: string, inflate: Inflate): Uint8Array {
  const { name, header, method, stored: length, size, crc } = member;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(header, true) !== headerSignature)
    throw new FormatError(`${what}: ${quote(name)} does not begin at ${header}, where the directory says`);
  const begin = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (begin + length > bytes.length) throw new FormatError(`${what}: ${quote(name)} ends outside the archive`);
  const packed = bytes.subarray(begin, begin + length);
  const content = method === stored ? packed : inflated(packed, size, inflate, `${what}: ${quote(name)}`);
  if (crc32(content) !== crc) throw new FormatError(`${what}: ${quote(name)} is damaged: its checksum is another`);
  return content;
}

/** Room for one byte more shows what is longer than it says. */
function inflated(packed: Uint8Array, size: number, inflate: Inflate, what: string): Uint8Array {
  let content: Uint8Array;
  try {
    content = inflate(packed, { out: new Uint8Array(size + 1) });
  } catch (cause) {
    throw new FormatError(`${what} is damaged: ${(cause as Error).message}`, { cause });
  }
  if (content.length !== size)
    throw new FormatError(`${what} has ${content.length > size ? 'more' : 'fewer'} bytes than the ${size} it should`);
  return content.slice();
}

/** For each byte what it does to the checksum (polynomial 0xedb88320). */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Makes an archive, its members in the order given, all of 1 January 1980: the same members give the same bytes. */
export async function writeZip(
  members: ReadonlyMap<string, Uint8Array>,
  { compress = false }: { compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { zipSync } = await import('fflate');
  // fflate reads the date as local time.
  const mtime = new Date(1980, 0, 1);
  return zipSync(Object.fromEntries(members), { level: compress ? 6 : 0, mtime }) as Uint8Array<ArrayBuffer>;
}
