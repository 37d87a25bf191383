// Zip archives made byte by byte, so that they can lie: about sizes, places, methods, flags.
import { deflateRawSync, crc32 } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content: Uint8Array;
  readonly compress?: boolean;
  /** What the directory says instead of the truth. */
  readonly size?: number;
  readonly header?: number;
  readonly flags?: number;
  readonly method?: number;
}

export function zipOf(members: readonly ZipMember[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const {
    name,
    content,
    compress = false,
    size = content.length,
    header = at,
    flags = 0,
    method = compress ? 8 : 0,
  } of members) {
    const packed = compress ? deflateRawSync(content) : Buffer.from(content);
    const label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(label.length, 22);
    parts.push(Buffer.from([0x50, 0x4b, 3, 4]), common, label, packed);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(header, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), common, place, label);
    at += 30 + label.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...parts, list, end]));
}
