// The text of a model, and errors that point into it.
import { NeuriteError } from '../../core/errors.ts';

/** What is wrong with equations that were given as text, and where: `line` and `column` count from 1. */
export class EquationError extends NeuriteError {
  override name = 'EquationError';
  readonly line: number;
  readonly column: number;

  /** @internal */
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** A text with a name for errors: `equations`, `threshold`, `reset`. */
export class SourceText {
  readonly text: string;
  readonly what: string;

  constructor(text: string, what: string) {
    if (typeof text !== 'string') throw new TypeError(`${what}: expected text, got ${String(text)}`);
    this.text = text;
    this.what = what;
  }

  /** The error for the character at a place, with its line and a mark below it. */
  error(at: number, message: string): EquationError {
    const before = this.text.slice(0, at).split('\n');
    const line = before.length;
    const column = before.at(-1)!.length + 1;
    const whole = this.text.split('\n')[line - 1]!;
    const mark = ' '.repeat(column - 1);
    return new EquationError(
      `${this.what}, line ${line}, column ${column}: ${message}\n  ${whole}\n  ${mark}^`,
      line,
      column,
    );
  }
}
