// Where files come from. The library itself touches none: on Node, src/node installs the file system here;
// in a browser a model is loaded from a URL and saved as bytes.
import { NeuriteError } from '../core/errors.ts';

export interface FileAccess {
  read(path: string): Promise<Uint8Array>;
  /** Replaces the file as a whole, or leaves it as it was. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  append(path: string, text: string): Promise<void>;
}

let access: FileAccess | null = null;

export function installFileAccess(files: FileAccess): void {
  access = files;
}

/** @throws NeuriteError where there is no file system */
export function fileAccess(what: string): FileAccess {
  if (!access)
    throw new NeuriteError(`${what}: there is no file system here; use model.toBytes() and loadModel(bytes or URL)`);
  return access;
}

/** The bytes of a path, a URL, a Blob, a Response, or bytes themselves. */
export async function readSource(
  source: string | URL | Blob | Response | ArrayBuffer | Uint8Array,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof Blob === 'function' && source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (typeof Response === 'function' && source instanceof Response) return fromResponse(source, source.url);
  if (typeof source !== 'string' && !(source instanceof URL))
    throw new TypeError(`load: expected a path, a URL, a Blob, a Response or bytes, got ${typeof source}`);
  if (access && typeof source === 'string' && !/^https?:/.test(source)) return access.read(source);
  return fromResponse(await fetch(source), String(source));
}

async function fromResponse(response: Response, url: string): Promise<Uint8Array> {
  if (!response.ok) throw new NeuriteError(`load: ${url} answered ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What errors call a source: a name that is given, the last part of a path or address, or `model`. */
export function sourceName(source: unknown, name?: string): string {
  if (name !== undefined) return name;
  if (typeof source === 'string' || source instanceof URL) return String(source).split(/[\\/]/).at(-1) || 'model';
  return typeof Response === 'function' && source instanceof Response && source.url ? source.url : 'model';
}
