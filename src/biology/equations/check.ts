// Names and units of expressions: every name must be known, and every sum, comparison, argument and equation be of units
// that fit. What is found wrong is told with its place.
import { nearest } from '../../core/nearest.ts';
import {
  dimensionless,
  divided,
  exponentsOf,
  formatUnit,
  isDimensionless,
  multiplied,
  raised,
  sameDimension,
  unitByName,
  unitInExpression,
  type Exponents,
} from './dimensions.ts';
import type { BinaryOperator, Expression } from './expression.ts';
import { acceptsUnit, functions } from './functions.ts';
import type { SourceText } from './source.ts';

/** A unit, or that it is true or false. */
export type Kind = Exponents | 'condition';

const constants: Readonly<Record<string, Exponents>> = {
  t: exponentsOf.time,
  dt: exponentsOf.time,
  i: dimensionless,
  N: dimensionless,
  pi: dimensionless,
  e: dimensionless,
  zero_celsius: exponentsOf.temperature,
};

/** White noise: its square has the unit 1/s. */
const noiseExponents = raised(exponentsOf.time, -0.5);
export const isNoise = (name: string): boolean => /^xi(_\w+)?$/.test(name);

const describe = (kind: Kind): string => (kind === 'condition' ? 'a condition' : formatUnit(kind));

/** The names that expressions of a model may use, each with its unit. */
export class Names {
  readonly own: ReadonlyMap<string, Exponents>;

  constructor(own: ReadonlyMap<string, Exponents>) {
    this.own = own;
  }

  /** The unit of a name. @throws EquationError for an unknown one */
  exponents(name: string, at: number, source: SourceText): Exponents {
    const own = this.own.get(name);
    if (own) return own;
    if (isNoise(name)) return noiseExponents;
    if (Object.hasOwn(constants, name)) return constants[name]!;
    const unit = unitInExpression(name);
    if (unit) return unit.exponents;
    throw source.error(at, `unknown name "${name}"${this.hint(name)}`);
  }

  private hint(name: string): string {
    if (Object.hasOwn(functions, name)) return `; the function ${name} needs its argument in parentheses`;
    if (unitByName(name)) return '; a single letter is no unit within an expression';
    const near = nearest(name, [...this.own.keys()]) ?? nearest(name, Object.keys(constants));
    return near ? `; did you mean "${near}"?` : `; known: ${[...this.own.keys()].join(', ')}`;
  }
}

/** Checks expressions of one text. */
export class Checker {
  private readonly source: SourceText;
  private readonly names: Names;

  constructor(source: SourceText, names: Names) {
    this.source = source;
    this.names = names;
  }

  /** That an expression has a unit. `what` it is the value of. @throws EquationError naming both units */
  mustBe(x: Expression, expected: Kind, what: string): void {
    const kind = this.kind(x);
    const fits = kind === 'condition' || expected === 'condition' ? kind === expected : sameDimension(kind, expected);
    if (!fits)
      throw this.source.error(
        startOf(x),
        `units do not fit: ${what} must be ${describe(expected)}, got ${describe(kind)}`,
      );
  }

  /** The unit of an expression. @throws EquationError for an unknown name, or units that do not fit */
  kind(x: Expression): Kind {
    if (x.kind === 'number') return dimensionless;
    if (x.kind === 'name') return this.names.exponents(x.name, x.at, this.source);
    if (x.kind === 'negate') return this.number(x.x, '−');
    if (x.kind === 'not') return this.condition(x.x, 'not');
    if (x.kind === 'call') return this.call(x);
    return this.binary(x.operator, x.a, x.b, x.at);
  }

  private number(x: Expression, where: string): Exponents {
    const kind = this.kind(x);
    if (kind === 'condition')
      throw this.source.error(startOf(x), `"${where}" needs numbers, got a condition; int(…) makes 1 or 0 of it`);
    return kind;
  }

  private condition(x: Expression, where: string): 'condition' {
    if (this.kind(x) !== 'condition')
      throw this.source.error(startOf(x), `"${where}" needs conditions, such as v > 0*mV`);
    return 'condition';
  }

  private binary(operator: BinaryOperator, x: Expression, y: Expression, at: number): Kind {
    if (operator === 'and' || operator === 'or') {
      this.condition(x, operator);
      return this.condition(y, operator);
    }
    const [a, b] = [this.number(x, operator), this.number(y, operator)];
    if (operator === '*') return multiplied(a, b);
    if (operator === '/') return divided(a, b);
    if (operator === '**') return this.power(a, y, b);
    if (!sameDimension(a, b))
      throw this.source.error(at, `units do not fit: "${operator}" of ${formatUnit(a)} and ${formatUnit(b)}`);
    if (operator === '+' || operator === '-' || operator === '%') return a;
    return operator === '//' ? dimensionless : 'condition';
  }

  private power(base: Exponents, y: Expression, exponent: Exponents): Exponents {
    if (!isDimensionless(exponent))
      throw this.source.error(
        startOf(y),
        `units do not fit: an exponent must be without unit, got ${formatUnit(exponent)}`,
      );
    if (isDimensionless(base)) return dimensionless;
    const value = literal(y);
    if (value === undefined)
      throw this.source.error(startOf(y), `the exponent of ${formatUnit(base)} must be written as a number`);
    return raised(base, value);
  }

  private call({ name, inputs, at }: Extract<Expression, { kind: 'call' }>): Exponents {
    if (name === 'rand' || name === 'randn') {
      if (inputs.length) throw this.source.error(at, `${name}() takes no arguments`);
      return dimensionless;
    }
    const rule = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!rule) {
      const near = nearest(name, [...Object.keys(functions), 'rand', 'randn']);
      const known = `known: ${Object.keys(functions).join(', ')}, rand, randn`;
      throw this.source.error(at, `unknown function "${name}"; ${near ? `did you mean "${near}"?` : known}`);
    }
    if (inputs.length !== rule.inputs.length)
      throw this.source.error(at, `${name} takes ${rule.inputs.length} arguments, got ${inputs.length}`);
    let first: Exponents = dimensionless;
    for (const [k, input] of inputs.entries()) {
      const kind = rule.inputs[k]!;
      if (kind === 'number or condition' && this.kind(input) === 'condition') continue;
      const exponents = this.number(input, name);
      if (k === 0) first = exponents;
      if (!acceptsUnit(kind, exponents, first))
        throw this.source.error(
          startOf(input),
          `units do not fit: ${name} takes ${formatUnit(k ? first : dimensionless)}, got ${formatUnit(exponents)}`,
        );
    }
    return rule.result(first);
  }
}

/** A number that is written as one. */
export function literal(x: Expression): number | undefined {
  if (x.kind === 'number') return x.value;
  if (x.kind === 'binary' && x.operator === '/') {
    const [a, b] = [literal(x.a), literal(x.b)];
    return a === undefined || b === undefined ? undefined : a / b;
  }
  const inner = x.kind === 'negate' ? literal(x.x) : undefined;
  return inner === undefined ? undefined : -inner;
}

/** Where the text of an expression begins. */
export function startOf(x: Expression): number {
  return x.kind === 'binary' ? Math.min(startOf(x.a), x.at) : x.at;
}
