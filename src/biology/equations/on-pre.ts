// What a spike does at a synapse, as text: `ge += w`, `v -= 0.5*w`, `g += 2*nS`.
import { Distribution, type NumberParameter, type Parameter } from '../parameters.ts';
import { Quantities, Quantity, unit, type Dimension } from '../units.ts';
import { build } from './build.ts';
import { Checker, Names } from './check.ts';
import { exponentsByName, unitInExpression, unitNames } from './dimensions.ts';
import { Graph, rewritten, slopeOf } from './graph.ts';
import { statementsOf } from './model-text.ts';
import { constantOf } from './parse.ts';
import { SourceText } from './source.ts';

type Weight = Parameter<Dimension> | NumberParameter;

/** What a group says of its variables. */
export interface Targets {
  readonly names: readonly string[];
  dimension(name: string): Dimension | 'number';
  /** Numbers of the model that the text may use. */
  readonly constants: ReadonlyMap<string, { readonly number: number; readonly dimension: Dimension | 'number' }>;
}

/**
 * The variable that a statement adds to, and how much for a weight.
 * @throws EquationError for a statement that does anything else, an unknown name, or units that do not fit
 */
export function onPreOf(
  text: string,
  weight: Weight | undefined,
  targets: Targets,
): { receptor: string; weight: Weight } {
  const source = new SourceText(text, 'onPre');
  const [statement, second] = statementsOf(source);
  if (!statement) throw source.error(0, 'expected a statement such as "ge += w"');
  if (second) throw source.error(second.at, 'one statement for a connection: connect again for another');
  const { name, operator, expression, at } = statement;
  if (!targets.names.includes(name))
    throw source.error(at, `unknown variable "${name}"; known: ${targets.names.join(', ')}`);
  if (operator !== '+=' && operator !== '-=')
    throw source.error(at, `a synapse adds to a variable: expected "+=" or "-=", got "${operator}"`);
  const dimension = targets.dimension(name);
  const kinds = new Map([...targets.constants].map(([key, value]) => [key, value.dimension]));
  if (weight !== undefined) kinds.set('w', constantOf('w', weight).dimension);
  const names = new Names(new Map([...kinds].map(([key, kind]) => [key, exponentsByName(kind)])));
  new Checker(source, names).mustBe(expression, exponentsByName(dimension), `what is added to ${name}`);
  const graph = new Graph();
  const w = graph.array({ name: 'w', address: 0 });
  const node = build(expression, {
    graph,
    nextStream: () => 0,
    node: (key) =>
      key === 'w' ? w : graph.constant(targets.constants.get(key)?.number ?? unitInExpression(key)!.factor),
  });
  const factor = slopeOf(graph, node, w);
  const rest = rewritten(graph, node, (x) => (x === w ? graph.constant(0) : undefined));
  if (factor?.operation !== 'Constant' || rest.operation !== 'Constant' || (factor.value !== 0 && rest.value !== 0))
    throw source.error(at, 'what is added must be a number, or linear in w');
  const sign = operator === '-=' ? -1 : 1;
  return {
    receptor: name,
    weight: factor.value === 0 ? amount(sign * rest.value, dimension) : scaled(weight!, sign * factor.value, dimension),
  };
}

const amount = (value: number, dimension: Dimension | 'number'): Weight =>
  dimension === 'number' ? value : new Quantity(value, unitOf(dimension));

const unitOf = (dimension: Dimension) => unit<Dimension>(dimension, unitSymbol(dimension), 1);

/** The name of the unit of a dimension in the consistent set. */
const unitSymbol = (dimension: Dimension): string => {
  const exponents = exponentsByName(dimension);
  return (
    unitNames.find((name) => {
      const size = unitInExpression(name);
      return size?.factor === 1 && size.exponents.every((x, i) => x === exponents[i]);
    }) ?? `of ${dimension}`
  );
};

/** A weight times a factor, which may have a unit. */
function scaled(weight: Weight, factor: number, dimension: Dimension | 'number'): Weight {
  if (weight instanceof Distribution) {
    const b = weight.kind === 'normal' ? Math.abs(factor) * weight.b : factor * weight.b;
    return new Distribution(weight.kind, factor * weight.a, b, dimension) as Weight;
  }
  if (weight instanceof Quantity) return amount(factor * weight.value, dimension);
  if (typeof weight === 'number') return amount(factor * weight, dimension);
  const values = Float64Array.from(weight instanceof Quantities ? weight.values : weight, (x) => factor * x);
  return dimension === 'number' ? values : new Quantities(values, unitOf(dimension));
}
