// Text into tokens: numbers, names, symbols and ends of lines. Comments begin with #.
import type { SourceText } from './source.ts';

export interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'line end' | 'end';
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

const patterns: readonly (readonly [Token['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /[ \t\r]+|#[^\n]*/y],
  ['line end', /\n/y],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /\*\*|\/\/|<=|>=|==|!=|\+=|-=|\*=|\/=|[-+*/%<>=(),:;]/y],
];

/** What others write, and how it is written here. */
const otherSpellings: Record<string, string> = { '^': 'a power is written **', '&': 'and', '|': 'or', '!': 'not' };

/** The tokens of a text, an `end` last. @throws EquationError for a character that begins none */
export function tokensOf(source: SourceText): Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const found = tokenAt(text, at);
    if (!found) {
      const hint = otherSpellings[text[at]!];
      throw source.error(at, `unexpected "${text[at]}"${hint ? `; ${hint}` : ''}`);
    }
    if (found.kind !== 'nothing') tokens.push({ kind: found.kind, text: found.text, at });
    at += found.text.length;
  }
  tokens.push({ kind: 'end', text: '', at: text.trimEnd().length });
  return tokens;
}

function tokenAt(text: string, at: number) {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { kind, text: match[0] };
  }
  return undefined;
}

/** A token as it is named in errors. */
export const described = ({ kind, text }: Token): string =>
  kind === 'end' ? 'the end of the text' : kind === 'line end' ? 'the end of the line' : `"${text}"`;
