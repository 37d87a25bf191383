// A model's texts and options, read and checked: names, units, and what may stand where.
import { nearest, unknownName } from '../../core/nearest.ts';
import { Distribution, type NumberParameter, type Parameter } from '../parameters.ts';
import { Quantities, Quantity, type Dimension } from '../units.ts';
import { build } from './build.ts';
import { Checker, isNoise, Names } from './check.ts';
import {
  dimensionless,
  dimensionName,
  divided,
  exponentsOf,
  exponentsByName,
  unitInExpression,
  type Exponents,
} from './dimensions.ts';
import { visit, type Expression } from './expression.ts';
import { Graph, valueOfNode } from './graph.ts';
import { methods, type StepMethod } from './methods.ts';
import { expressionOf, modelLines, statementsOf, type ModelLine, type Statement } from './model-text.ts';
import { SourceText } from './source.ts';

/** A value of a constant: a quantity, a number, one of either for each neuron, or text such as `'0.7*pA/mV**2'`. */
export type ConstantValue = Parameter<Dimension> | NumberParameter | string;

/** How equations are stepped; `rk4` is another name of `rungeKutta4`. */
export type EquationMethod = StepMethod | 'rk4';

/** What is given with the equations of a model. */
export interface EquationsOptions {
  /** The values of names that the equations use. */
  constants?: Readonly<Record<string, ConstantValue>>;
  /** A neuron spikes where this is true: `'v > -50*mV'`. Without it none ever does. */
  threshold?: string;
  /** What a spike does: `'v = -60*mV; w += b'`. */
  reset?: string;
  /** For so long after a spike a neuron does not spike, or as long as a condition holds: `ms(5)`, `'v > -40*mV'`. */
  refractory?: Parameter<'time'> | string;
  /** By default `exact` where the equations are linear, else `euler`, and `heun` where noise is multiplied by a variable. */
  method?: EquationMethod;
  /** Values at the beginning; 0 for what is left out. */
  initial?: Readonly<Record<string, ConstantValue>>;
}

export type Refractory =
  | { readonly kind: 'parameter'; readonly value: Parameter<'time'> }
  | { readonly kind: 'time'; readonly expression: Expression }
  | { readonly kind: 'condition'; readonly expression: Expression };

/** A number in the consistent set of units, or a parameter that becomes numbers when a group is made. */
export type Constant =
  | { readonly number: number; readonly dimension: Dimension | 'number' }
  | { readonly parameter: unknown; readonly dimension: Dimension | 'number' };

export interface ParsedModel {
  readonly source: SourceText;
  readonly lines: readonly ModelLine[];
  readonly names: Names;
  readonly constants: ReadonlyMap<string, Constant>;
  readonly threshold: Expression | undefined;
  readonly reset: readonly Statement[];
  readonly refractory: Refractory | undefined;
  readonly method: StepMethod | undefined;
}

/** Reads and checks a model. @throws EquationError, TypeError or RangeError for what does not fit */
export function parseModel(text: string, options: EquationsOptions): ParsedModel {
  const source = new SourceText(text, 'equations');
  const lines = modelLines(source);
  const constants = new Map(
    Object.entries(options.constants ?? {}).map(([name, value]) => [name, constantOf(name, value)]),
  );
  for (const { name, at } of lines)
    if (constants.has(name)) throw source.error(at, `"${name}" is defined here and as a constant`);
  const names = new Names(
    new Map([
      ...lines.map(({ name, exponents }) => [name, exponents] as const),
      ...[...constants].map(([name, { dimension }]) => [name, exponentsByName(dimension)] as const),
    ]),
  );
  checkLines(source, lines, names);
  const { method } = options;
  if (method !== undefined && method !== 'rk4' && !methods.includes(method))
    throw unknownName('method of equations', method, [...methods, 'rk4']);
  return {
    source,
    lines,
    names,
    constants,
    threshold: options.threshold === undefined ? undefined : condition(options.threshold, lines, names),
    reset: options.reset === undefined ? [] : resetOf(options.reset, lines, names),
    refractory: options.refractory === undefined ? undefined : refractoryOf(options.refractory, lines, names),
    method: method === 'rk4' ? 'rungeKutta4' : method,
  };
}

/** A constant with its dimension. @throws TypeError or EquationError */
export function constantOf(name: string, value: unknown): Constant {
  if (typeof value === 'string') return evaluated(new SourceText(value, `constant ${name}`));
  if (typeof value === 'number') return { number: value, dimension: 'number' };
  if (value instanceof Quantity) return { number: value.value, dimension: value.dimension };
  if (value instanceof Quantities || value instanceof Distribution)
    return { parameter: value, dimension: value.dimension };
  if (typeof value === 'object' && value !== null && 'length' in value)
    return { parameter: value, dimension: 'number' };
  throw new TypeError(`constant ${name}: expected a quantity such as ms(20), a number or text, got ${String(value)}`);
}

/** The value of a text of numbers and units. */
export function evaluated(source: SourceText): { number: number; dimension: Dimension | 'number' } {
  const expression = expressionOf(source);
  const names = new Names(new Map());
  const exponents = new Checker(source, names).kind(expression);
  if (exponents === 'condition') throw source.error(0, 'expected a value, got a condition');
  const graph = new Graph();
  visit(expression, (x) => {
    if (x.kind === 'name' && !unitInExpression(x.name) && !['pi', 'e'].includes(x.name))
      throw source.error(x.at, `"${x.name}" has no value here`);
    if (x.kind === 'call' && x.name.startsWith('rand')) throw source.error(x.at, `${x.name}() has no value here`);
  });
  const node = build(expression, {
    graph,
    nextStream: () => 0,
    node: (name) => graph.constant(name === 'pi' ? Math.PI : name === 'e' ? Math.E : unitInExpression(name)!.factor),
  });
  const number = valueOfNode(node, () => NaN);
  const dimension = dimensionName(exponents);
  // as of other quantities, a temperature's number is in °C
  return { number: dimension === 'temperature' ? number - 273.15 : number, dimension };
}

function checkLines(source: SourceText, lines: readonly ModelLine[], names: Names): void {
  if (!lines.some(({ kind }) => kind !== 'subexpression'))
    throw source.error(0, 'expected at least one differential equation or parameter');
  checkCycles(source, lines);
  const checker = new Checker(source, names);
  for (const { name, kind, expression, exponents } of lines) {
    if (!expression) continue;
    if (kind === 'differential') checker.mustBe(expression, divided(exponents, exponentsOf.time), `d${name}/dt`);
    else checker.mustBe(expression, exponents, name);
  }
  checkNoise(source, lines);
}

/** A noise of one name is one for all equations that use it: plain `xi` is for one alone. */
function checkNoise(source: SourceText, lines: readonly ModelLine[]): void {
  let used = '';
  for (const { name, expression } of lines) {
    if (!expression) continue;
    visit(expression, (x) => {
      if (x.kind !== 'name' || x.name !== 'xi') return;
      if (used && used !== name)
        throw source.error(x.at, `xi is used for ${used} already; xi_${name} is a noise of its own`);
      used = name;
    });
  }
}

/** Subexpressions must not be made of themselves. */
function checkCycles(source: SourceText, lines: readonly ModelLine[]): void {
  const byName = new Map(lines.map((line) => [line.name, line]));
  const walk = (line: ModelLine, path: readonly string[]): void => {
    if (line.kind !== 'subexpression') return;
    if (path.includes(line.name))
      throw source.error(line.at, `${line.name} depends on itself: ${[...path, line.name].join(' → ')}`);
    visit(line.expression!, (x) => {
      const next = x.kind === 'name' ? byName.get(x.name) : undefined;
      if (next) walk(next, [...path, line.name]);
    });
  };
  for (const line of lines) walk(line, []);
}

function condition(text: string, lines: readonly ModelLine[], names: Names): Expression {
  const source = new SourceText(text, 'threshold');
  const expression = expressionOf(source);
  refuseNoise(source, expression, lines);
  new Checker(source, names).mustBe(expression, 'condition', 'the threshold');
  return expression;
}

/** Calls `each` for the names that an expression is made of, also by way of subexpressions, with the place in its text. */
function visitNames(
  expression: Expression,
  lines: readonly ModelLine[],
  each: (name: string, at: number) => void,
  place?: number,
): void {
  visit(expression, (x) => {
    if (x.kind !== 'name') return;
    const at = place ?? x.at;
    each(x.name, at);
    const line = lines.find(({ name, kind }) => name === x.name && kind === 'subexpression');
    if (line) visitNames(line.expression!, lines, each, at);
  });
}

function refuseNoise(source: SourceText, expression: Expression, lines: readonly ModelLine[]): void {
  visitNames(expression, lines, (name, at) => {
    if (isNoise(name))
      throw source.error(at, `${name} is for differential equations alone; randn() is a random number`);
  });
}

function resetOf(text: string, lines: readonly ModelLine[], names: Names): Statement[] {
  const source = new SourceText(text, 'reset');
  const checker = new Checker(source, names);
  const settable = lines.filter(
    ({ kind, flags }) => kind === 'differential' || (kind === 'parameter' && flags.length === 0),
  );
  const statements = statementsOf(source);
  for (const { name, operator, expression, at } of statements) {
    const line = settable.find((each) => each.name === name);
    if (!line) throw notSettable(source, name, at, names, settable);
    refuseNoise(source, expression, lines);
    refuseInputs(source, expression, lines);
    const expected: Exponents = operator === '*=' || operator === '/=' ? dimensionless : line.exponents;
    checker.mustBe(expression, expected, `what is given to ${name} by ${operator}`);
  }
  return statements;
}

/** A reset comes after the step that has used up what came in. */
function refuseInputs(source: SourceText, expression: Expression, lines: readonly ModelLine[]): void {
  visitNames(expression, lines, (input, at) => {
    if (lines.some(({ name, flags }) => name === input && flags.includes('input')))
      throw source.error(at, `${input} is an input, which is used up when a reset is done`);
  });
}

function notSettable(
  source: SourceText,
  name: string,
  at: number,
  names: Names,
  settable: readonly ModelLine[],
): Error {
  const known = settable.map((line) => line.name);
  if (names.own.has(name)) return source.error(at, `${name} cannot be set by a reset; it can set ${known.join(', ')}`);
  const near = nearest(name, known);
  return source.error(
    at,
    `unknown variable "${name}"${near ? `; did you mean "${near}"?` : `; known: ${known.join(', ')}`}`,
  );
}

function refractoryOf(value: Parameter<'time'> | string, lines: readonly ModelLine[], names: Names): Refractory {
  if (typeof value !== 'string') return { kind: 'parameter', value };
  const source = new SourceText(value, 'refractory');
  const expression = expressionOf(source);
  refuseNoise(source, expression, lines);
  const checker = new Checker(source, names);
  if (checker.kind(expression) === 'condition') return { kind: 'condition', expression };
  checker.mustBe(expression, exponentsOf.time, 'a refractory time');
  return { kind: 'time', expression };
}
