// The text of a model into its lines: differential equations, subexpressions, parameters; and statements of a reset.
import { unitNames, unitOf, type Exponents } from './dimensions.ts';
import { Reader, type Expression } from './expression.ts';
import { nearest } from '../../core/nearest.ts';
import { SourceText } from './source.ts';
import { tokensOf } from './tokens.ts';

/** What may stand in parentheses behind a unit. */
const flagsOf = {
  differential: ['unless refractory'],
  subexpression: [],
  parameter: ['constant', 'input'],
} as const;

export type LineKind = keyof typeof flagsOf;

/** A line of a model. */
export interface ModelLine {
  readonly kind: LineKind;
  readonly name: string;
  /** Of a parameter there is none. */
  readonly expression: Expression | undefined;
  readonly exponents: Exponents;
  readonly flags: readonly string[];
  /** Where the name stands. */
  readonly at: number;
}

/** The lines of a model's text. @throws EquationError */
export function modelLines(source: SourceText): ModelLine[] {
  const reader = new Reader(source, tokensOf(source));
  const lines: ModelLine[] = [];
  for (reader.skipEnds(); !reader.atEnd; reader.skipEnds()) {
    const line = readLine(reader);
    if (lines.some(({ name }) => name === line.name)) throw source.error(line.at, `${line.name} is defined twice`);
    lines.push(line);
  }
  return lines;
}

function readLine(reader: Reader): ModelLine {
  const { source } = reader;
  const first = reader.name('the beginning of an equation, such as "dv/dt = …" or "I : nA"');
  const { name, isDifferential } = leftSide(reader, first.text, first.at);
  let expression: Expression | undefined;
  if (isDifferential || reader.is('=')) {
    reader.expect('=');
    reader.across = true;
    expression = reader.expression();
    reader.expect(':', ` and the unit of ${name}`);
    reader.across = false;
  } else reader.expect(':', ', "=" or "/dt"');
  const kind = isDifferential ? 'differential' : expression ? 'subexpression' : 'parameter';
  const exponents = readUnit(reader, name);
  const flags = reader.is('(') ? reader.between(() => readFlags(reader, kind)) : [];
  if (!reader.atLineEnd) throw reader.unexpected('the end of the line');
  if (name === 't' || name === 'dt' || name === 'xi')
    throw source.error(first.at, `"${name}" has a meaning of its own and cannot be defined`);
  return { kind, name, expression, exponents, flags, at: first.at };
}

/** `dv/dt` or `v`. */
function leftSide(reader: Reader, text: string, at: number): { name: string; isDifferential: boolean } {
  if (!reader.skip('/')) return { name: text, isDifferential: false };
  reader.expect('dt');
  if (!text.startsWith('d') || text === 'd') throw reader.source.error(at, `expected "d${text}/dt", got "${text}/dt"`);
  return { name: text.slice(1), isDifferential: true };
}

function readUnit(reader: Reader, name: string): Exponents {
  const begin = reader.next.at;
  const tree = unitFactors(reader, name);
  const unit = unitOf(tree);
  if (!('at' in unit)) return unit.exponents;
  const text = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(reader.source.text.slice(unit.at))?.[0];
  const near = text && nearest(text, unitNames);
  throw reader.source.error(
    unit.at ?? begin,
    `expected the unit of ${name}, such as mV, nA/ms or 1${text ? `, got "${text}"${near ? `; did you mean "${near}"?` : ''}` : ''}`,
  );
}

/** Names and 1, joined by * and /, with powers. */
function unitFactors(reader: Reader, name: string): Expression {
  let a = unitFactor(reader, name);
  while (reader.is('*', '/')) {
    const { text, at } = reader.take();
    a = { kind: 'binary', operator: text as '*' | '/', a, b: unitFactor(reader, name), at };
  }
  return a;
}

function unitFactor(reader: Reader, name: string): Expression {
  const { kind, text, at } = reader.next;
  let base: Expression;
  if (reader.is('(')) base = reader.between(() => unitFactors(reader, name));
  else if (kind === 'name' || kind === 'number') {
    reader.take();
    base = kind === 'name' ? { kind, name: text, at } : { kind, value: Number(text), at };
  } else throw reader.unexpected(`the unit of ${name}, such as mV, nA/ms or 1`);
  if (!reader.skip('**')) return base;
  const minus = reader.skip('-');
  const power = reader.take();
  if (power.kind !== 'number') throw reader.source.error(power.at, 'expected the power of a unit as a number');
  return {
    kind: 'binary',
    operator: '**',
    a: base,
    b: { kind: 'number', value: Number(power.text) * (minus ? -1 : 1), at: power.at },
    at,
  };
}

function readFlags(reader: Reader, kind: LineKind): string[] {
  const flags: string[] = [];
  do {
    const { at } = reader.next;
    const parts = [reader.name('a flag').text];
    while (reader.next.kind === 'name') parts.push(reader.take().text);
    const flag = parts.join(' ');
    const known: readonly string[] = flagsOf[kind];
    if (!known.includes(flag))
      throw reader.source.error(
        at,
        `unknown flag "${flag}" of a ${kind === 'differential' ? 'differential equation' : kind}; known: ${known.join(', ') || 'none'}`,
      );
    flags.push(flag);
  } while (reader.skip(','));
  return flags;
}

/** `name = expression`, or with +=, −=, *=, /=. */
export interface Statement {
  readonly name: string;
  readonly operator: '=' | '+=' | '-=' | '*=' | '/=';
  readonly expression: Expression;
  readonly at: number;
}

/** Statements, one a line or with semicolons between. @throws EquationError */
export function statementsOf(source: SourceText): Statement[] {
  const reader = new Reader(source, tokensOf(source));
  const statements: Statement[] = [];
  for (reader.skipEnds(); !reader.atEnd; reader.skipEnds()) {
    const { text: name, at } = reader.name('the name of a variable');
    if (!reader.is('=', '+=', '-=', '*=', '/=')) throw reader.unexpected('"=", "+=", "-=", "*=" or "/="');
    const operator = reader.take().text as Statement['operator'];
    statements.push({ name, operator, expression: reader.expression(), at });
    if (!reader.atLineEnd) throw reader.unexpected('an operator or the end of the statement');
  }
  return statements;
}

/** The one expression of a text. @throws EquationError */
export function expressionOf(source: SourceText): Expression {
  const reader = new Reader(source, tokensOf(source));
  reader.across = true;
  const expression = reader.expression();
  if (!reader.atEnd) throw reader.unexpected('an operator or the end of the text');
  return expression;
}
