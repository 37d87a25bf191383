// Groups of parameters with options of their own: how they are written, and which names they are of.
import { field } from '../core/options.ts';

/** As read: which names, and options that the optimizer checks itself. */
export type Group = { readonly match: string | readonly string[] } & Readonly<Record<string, unknown>>;

const isMatch = (value: unknown): boolean =>
  typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));

/** A list of groups. */
export const groupList = () =>
  field<readonly Group[]>({
    kind: 'a list of groups { match, ...options }, match a name or a list of names',
    is: (value) => Array.isArray(value) && value.every((group) => isMatch((group as Group | null)?.match)),
  });

/** Whether a name is one of those meant: whole, the part before a dot, or a pattern with `*` for anything. */
export function matches(match: string | readonly string[], name: string): boolean {
  const patterns = typeof match === 'string' ? [match] : match;
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return name === pattern || name.startsWith(`${pattern}.`);
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(name);
  });
}
