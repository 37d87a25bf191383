// JSON out of files that may be hostile: UTF-8, not deeper than a reader can follow.
import { FormatError } from '../core/errors.ts';

const deepest = 256;

/** @throws FormatError for what is no UTF-8, no JSON, or nested deeper than 256 */
export function parseJson(source: Uint8Array | string, what: string): unknown {
  let text: string;
  try {
    text = typeof source === 'string' ? source : new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch (cause) {
    throw new FormatError(`${what} is not UTF-8`, { cause });
  }
  checkDepth(text, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${what} is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
}

/** Brackets outside of texts; in what is no JSON the count may be off, and the parser says so. */
function checkDepth(text: string, what: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++;
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) throw new FormatError(`${what} is nested deeper than ${deepest} at character ${at}`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}
