// Units and what they measure: exponents of metre, second, ampere, volt, kelvin and mole (volt in the place of kilogram,
// of which it is a product of the others). Inside, numbers are in the consistent set of units of ../units.ts.
import type { Dimension } from '../units.ts';
import type { Expression } from './expression.ts';

/** Exponents of m, s, A, V, K, mol. */
export type Exponents = readonly number[];

const symbols = ['m', 's', 'A', 'V', 'K', 'mol'] as const;
/** Powers of ten of the consistent set: µm, ms, pA, mV, K, and mM · µm³. */
const basePowers = [-6, -3, -12, -3, 0, -18];

export const dimensionless: Exponents = [0, 0, 0, 0, 0, 0];
const of = (exponents: Partial<Record<(typeof symbols)[number], number>>): Exponents =>
  symbols.map((symbol) => exponents[symbol] ?? 0);

export const multiplied = (a: Exponents, b: Exponents): Exponents => a.map((x, i) => x + b[i]!);
export const divided = (a: Exponents, b: Exponents): Exponents => a.map((x, i) => x - b[i]!);
export const raised = (a: Exponents, power: number): Exponents => a.map((x) => x * power);
export const sameDimension = (a: Exponents, b: Exponents): boolean => a.every((x, i) => Math.abs(x - b[i]!) < 1e-9);
export const isDimensionless = (a: Exponents): boolean => sameDimension(a, dimensionless);

/** What the quantities of ../units.ts measure. */
export const exponentsOf: Record<Dimension, Exponents> = {
  time: of({ s: 1 }),
  voltage: of({ V: 1 }),
  current: of({ A: 1 }),
  conductance: of({ A: 1, V: -1 }),
  capacitance: of({ A: 1, s: 1, V: -1 }),
  resistance: of({ V: 1, A: -1 }),
  resistivity: of({ V: 1, m: 1, A: -1 }),
  frequency: of({ s: -1 }),
  length: of({ m: 1 }),
  area: of({ m: 2 }),
  temperature: of({ K: 1 }),
  concentration: of({ mol: 1, m: -3 }),
  'current density': of({ A: 1, m: -2 }),
  'conductance density': of({ A: 1, V: -1, m: -2 }),
  'capacitance density': of({ A: 1, s: 1, V: -1, m: -2 }),
};

/** Dimensions without a name in ../units.ts, by the unit that stands in its place. */
const unnamed = new Map<string, Exponents>();

/** The name of a dimension: that of ../units.ts, or its unit where it has none there. */
export function dimensionName(exponents: Exponents): Dimension | 'number' {
  if (isDimensionless(exponents)) return 'number';
  for (const [name, own] of Object.entries(exponentsOf)) if (sameDimension(own, exponents)) return name as Dimension;
  const name = formatUnit(exponents);
  unnamed.set(name, exponents);
  return name as Dimension;
}

/** What a dimension's name stands for. */
export const exponentsByName = (name: Dimension | 'number'): Exponents =>
  name === 'number' ? dimensionless : (exponentsOf[name] ?? unnamed.get(name)!);

/** Units with a name or symbol of their own; `power` of ten against the units of `symbols`. */
const units: readonly { readonly names: readonly string[]; readonly exponents: Exponents; readonly power?: number }[] =
  [
    { names: ['s', 'second'], exponents: exponentsOf.time },
    { names: ['V', 'volt'], exponents: exponentsOf.voltage },
    { names: ['A', 'amp', 'ampere'], exponents: exponentsOf.current },
    { names: ['S', 'siemens'], exponents: exponentsOf.conductance },
    { names: ['F', 'farad'], exponents: exponentsOf.capacitance },
    { names: ['Ohm', 'ohm', 'Ω'], exponents: exponentsOf.resistance },
    { names: ['Hz', 'hertz'], exponents: exponentsOf.frequency },
    { names: ['m', 'metre', 'meter'], exponents: exponentsOf.length },
    { names: ['K', 'kelvin'], exponents: exponentsOf.temperature },
    { names: ['mol', 'mole'], exponents: of({ mol: 1 }) },
    { names: ['M', 'molar'], exponents: exponentsOf.concentration, power: 3 },
    { names: ['C', 'coulomb'], exponents: of({ A: 1, s: 1 }) },
    { names: ['W', 'watt'], exponents: of({ A: 1, V: 1 }) },
    { names: ['J', 'joule'], exponents: of({ A: 1, V: 1, s: 1 }) },
  ];

const prefixes: Record<string, number> = { f: -15, p: -12, n: -9, u: -6, µ: -6, m: -3, c: -2, k: 3, M: 6, G: 9 };

/** A unit: what it measures, and its size in the consistent set of units. */
export interface UnitSize {
  readonly exponents: Exponents;
  readonly factor: number;
}

/** 10ᵖ, exactly as a number with an exponent is read. */
const powerOfTen = (p: number): number => (Number.isInteger(p) ? (p >= 0 ? 10 ** p : 1 / 10 ** -p) : Math.pow(10, p));

const known = new Map<string, UnitSize>();

function remember(name: string, exponents: Exponents, power: number): void {
  const base = exponents.reduce((sum, x, i) => sum + x * basePowers[i]!, 0);
  known.set(name, { exponents, factor: powerOfTen(power - base) });
}

for (const { names, exponents, power = 0 } of units)
  for (const name of names)
    for (const [prefix, shift] of [['', 0] as const, ...Object.entries(prefixes)]) {
      remember(prefix + name, exponents, power + shift);
      if (exponents !== exponentsOf.length) continue;
      for (const n of [2, 3]) remember(`${prefix}${name}${n}`, raised(exponents, n), n * shift);
    }

/** A unit by its name in an expression, where a single letter is none: `m` is a gate more often than a metre. */
export const unitInExpression = (name: string): UnitSize | undefined =>
  [...name].length > 1 ? known.get(name) : undefined;

/** A unit by its name where a unit is asked for. */
export const unitByName = (name: string): UnitSize | undefined => known.get(name);

/** The names of units that an error may suggest. */
export const unitNames: readonly string[] = [...known.keys()];

const plainNames: readonly (readonly [Exponents, string])[] = units
  .filter(({ power = 0, exponents }) => power === 0 && exponents !== exponentsOf.frequency)
  .map(({ exponents, names }) => [exponents, names[0] === 'Ohm' ? 'Ω' : names[0]!]);

/** Exponents as a unit: `V`, `V/s`, `A/m²`. */
export function formatUnit(exponents: Exponents): string {
  if (isDimensionless(exponents)) return 'no unit';
  const name = plainNames.find(([own]) => sameDimension(own, exponents));
  if (name) return name[1];
  for (const [own, symbol] of plainNames) {
    // a unit with a name, for a time or an area
    const rest = divided(exponents, own);
    const others = symbols.filter((_, i) => Math.abs(rest[i]!) > 1e-9);
    if (others.length === 1 && ['s', 'm'].includes(others[0]!) && sum(rest) < 0)
      return `${symbol}/${factor(others[0]!, -sum(rest))}`;
  }
  const part = (sign: number) =>
    symbols.flatMap((symbol, i) => (exponents[i]! * sign > 1e-9 ? [factor(symbol, exponents[i]! * sign)] : []));
  const [above, below] = [part(1), part(-1)];
  return (above.join(' ') || '1') + (below.length ? `/${below.length > 1 ? `(${below.join(' ')})` : below[0]}` : '');
}

const sum = (exponents: Exponents): number => exponents.reduce((total, x) => total + x, 0);

const superscripts: Record<number, string> = { 1: '', 2: '²', 3: '³', 4: '⁴' };
const factor = (symbol: string, power: number): string => symbol + (superscripts[power] ?? `^${power}`);

/** What a reader of a unit needs to know of its text. */
export type UnitExpression = Expression;

/** The unit that an expression of names, *, / and ** stands for; the place of what is none as `at`. */
export function unitOf(x: Expression): UnitSize | { readonly at: number } {
  if (x.kind === 'number') return x.value === 1 ? { exponents: dimensionless, factor: 1 } : x;
  if (x.kind === 'name') return unitByName(x.name) ?? x;
  if (x.kind !== 'binary') return x;
  const a = unitOf(x.a);
  if ('at' in a) return a;
  if (x.operator === '**') {
    const power = powerOf(x.b);
    if (power === undefined) return x.b;
    return { exponents: raised(a.exponents, power), factor: a.factor ** power };
  }
  const b = unitOf(x.b);
  if ('at' in b) return b;
  if (x.operator === '*') return { exponents: multiplied(a.exponents, b.exponents), factor: a.factor * b.factor };
  if (x.operator === '/') return { exponents: divided(a.exponents, b.exponents), factor: a.factor / b.factor };
  return x;
}

const powerOf = (x: Expression): number | undefined => {
  if (x.kind === 'number') return x.value;
  const inner = x.kind === 'negate' ? powerOf(x.x) : undefined;
  return inner === undefined ? undefined : -inner;
};
