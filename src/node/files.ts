// Files of Node: reading whole ones, and writing so that a crash leaves the old file or the new one,
// never a part: a temporary file in the same folder, flushed to the disk, then renamed over the old one.
import { randomBytes } from 'node:crypto';
import { appendFile, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NeuriteError } from '../core/errors.ts';

/** @throws NeuriteError when there is no such file or it cannot be read, with the reason */
export async function readFileBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    throw fileError('read', path, cause);
  }
}

/** @throws NeuriteError when the file cannot be written; the old one is as it was */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeAtomically(path, (file) => file.writeFile(bytes));
}

/**
 * Adds to the end of a file, which is made where there is none.
 * @throws NeuriteError when the file cannot be written
 */
export async function appendText(path: string, text: string): Promise<void> {
  await appendFile(path, text).catch((cause: unknown) => {
    throw fileError('write', path, cause);
  });
}

/**
 * Runs `write` on a temporary file that takes the place of `path` only when all of it is on the disk.
 * Whatever `write` throws is thrown on, with the temporary file removed and the old file as it was.
 * @throws NeuriteError when the file system refuses
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (old) => old.mode & 0o777,
    () => 0o666,
  );
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await fill(temporary, mode, write);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw isSystemError(cause) ? fileError('write', path, cause) : cause;
  }
  await flushFolder(dirname(target));
}

/** What the file system says, in words, with the path. */
export function fileError(action: 'read' | 'write', path: string, cause: unknown): NeuriteError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = (code && reasons[code]) ?? message;
  return new NeuriteError(`cannot ${action} ${JSON.stringify(path)}: ${reason}`, { cause });
}

const reasons: Record<string, string | undefined> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'the disk is full',
};

async function fill(path: string, mode: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable, where folders can be opened (not on Windows). */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
