// Expressions as trees, and the parser that makes them: numbers, names, calls, arithmetic, comparisons and logic, with
// the precedence of Python: or, and, not, comparison, + −, * / // %, unary −, **.
import type { SourceText } from './source.ts';
import { described, type Token } from './tokens.ts';

export type BinaryOperator =
  '+' | '-' | '*' | '/' | '//' | '%' | '**' | '<' | '<=' | '>' | '>=' | '==' | '!=' | 'and' | 'or';

/** `at` is where the error for it points. */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'negate'; readonly x: Expression }
  | { readonly kind: 'not'; readonly x: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly a: Expression; readonly b: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly inputs: readonly Expression[] }
);

const comparisons = ['<', '<=', '>', '>=', '==', '!='];
const words = ['and', 'or', 'not'];

/** Reads tokens in turn. Ends of lines are passed over within parentheses, and where `across` is set. */
export class Reader {
  readonly source: SourceText;
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;
  /** Whether an expression may go on in the next line. */
  across = false;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.source = source;
    this.tokens = tokens;
  }

  get next(): Token {
    while ((this.across || this.depth > 0) && this.tokens[this.position]!.kind === 'line end') this.position++;
    return this.tokens[this.position]!;
  }

  get atEnd(): boolean {
    return this.next.kind === 'end';
  }

  /** Whether a line or statement ends here. */
  get atLineEnd(): boolean {
    return this.atEnd || this.next.kind === 'line end' || this.is(';');
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.position++;
    return token;
  }

  /** Whether the next token is one of the symbols or words. */
  is(...texts: string[]): boolean {
    const { kind, text } = this.next;
    return (kind === 'symbol' || kind === 'name') && texts.includes(text);
  }

  /** Takes the next token if it is the symbol or word. */
  skip(text: string): boolean {
    const found = this.is(text);
    if (found) this.take();
    return found;
  }

  expect(text: string, why = ''): Token {
    if (!this.is(text)) throw this.unexpected(`"${text}"${why}`);
    return this.take();
  }

  name(what: string): Token {
    if (this.next.kind !== 'name') throw this.unexpected(what);
    return this.take();
  }

  /** Passes over ends of lines and semicolons. */
  skipEnds(): void {
    while (this.tokens[this.position]!.kind === 'line end' || this.tokens[this.position]!.text === ';') this.position++;
  }

  unexpected(expected: string): Error {
    return this.source.error(this.next.at, `expected ${expected}, got ${described(this.next)}`);
  }

  /** What stands between parentheses, the first of which is the next token. */
  between<R>(read: () => R): R {
    const open = this.expect('(');
    this.depth++;
    const result = read();
    if (this.atEnd || this.is(':', '=')) throw this.source.error(open.at, 'this parenthesis is never closed');
    if (!this.is(')')) throw this.unexpected('an operator, "," or ")"');
    this.depth--;
    this.take();
    return result;
  }

  expression(): Expression {
    return this.leftToRight(['or'], () => this.leftToRight(['and'], () => this.negation()));
  }

  private leftToRight(operators: readonly string[], operand: () => Expression): Expression {
    let a = operand();
    while (this.is(...operators)) {
      const { text, at } = this.take();
      a = { kind: 'binary', operator: text as BinaryOperator, a, b: operand(), at };
    }
    return a;
  }

  private negation(): Expression {
    if (!this.is('not')) return this.comparison();
    const { at } = this.take();
    return { kind: 'not', x: this.negation(), at };
  }

  private comparison(): Expression {
    const a = this.sum();
    if (!this.is(...comparisons)) return a;
    const { text, at } = this.take();
    const result: Expression = { kind: 'binary', operator: text as BinaryOperator, a, b: this.sum(), at };
    if (this.is(...comparisons)) throw this.source.error(this.next.at, 'one comparison at a time: join two by "and"');
    return result;
  }

  private sum(): Expression {
    return this.leftToRight(['+', '-'], () => this.leftToRight(['*', '/', '//', '%'], () => this.signed()));
  }

  private signed(): Expression {
    if (this.skip('+')) return this.signed();
    if (!this.is('-')) return this.power();
    const { at } = this.take();
    return { kind: 'negate', x: this.signed(), at };
  }

  private power(): Expression {
    const a = this.atom();
    if (!this.is('**')) return a;
    const { at } = this.take();
    return { kind: 'binary', operator: '**', a, b: this.signed(), at };
  }

  private atom(): Expression {
    const { kind, text, at } = this.next;
    if (kind === 'number') {
      this.take();
      return { kind: 'number', value: Number(text), at };
    }
    if (this.is('(')) return this.between(() => this.expression());
    if (this.is(')')) throw this.source.error(at, 'this parenthesis was never opened');
    if (kind !== 'name' || words.includes(text)) throw this.unexpected('a number, a name or "("');
    this.take();
    if (!this.is('(')) return { kind: 'name', name: text, at };
    return { kind: 'call', name: text, inputs: this.between(() => this.inputs()), at };
  }

  private inputs(): Expression[] {
    const inputs: Expression[] = [];
    while (!this.is(')')) {
      inputs.push(this.expression());
      if (!this.skip(',')) break;
    }
    return inputs;
  }
}

/** Calls `visit` for an expression and all that it is made of. */
export function visit(x: Expression, each: (x: Expression) => void): void {
  each(x);
  if (x.kind === 'negate' || x.kind === 'not') visit(x.x, each);
  else if (x.kind === 'binary') for (const input of [x.a, x.b]) visit(input, each);
  else if (x.kind === 'call') for (const input of x.inputs) visit(input, each);
}
