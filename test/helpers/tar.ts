// The files of a .tar.gz by their paths: just enough of the format for the test data (plain names of at most 100 bytes
// and the long names of GNU and POSIX tar).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8').replace(/\0.*$/s, '');

export function readTar(path: string): Map<string, Uint8Array> {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path)));
  const files = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (let at = 0; at + 512 <= bytes.length;) {
    const header = bytes.subarray(at, at + 512);
    if (header[0] === 0) break;
    const size = Number.parseInt(text(header.subarray(124, 136)), 8);
    const content = bytes.subarray(at + 512, at + 512 + size);
    const type = String.fromCharCode(header[156]!);
    const prefix = text(header.subarray(345, 500));
    const name = longName ?? `${prefix ? `${prefix}/` : ''}${text(header.subarray(0, 100))}`;
    longName = undefined;
    if (type === 'L') longName = text(content);
    else if (type === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text(content))?.[1];
    else if (type === '0' || type === '\0') files.set(name.replace(/^\.\//, ''), content);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
