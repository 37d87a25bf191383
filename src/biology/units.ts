// Quantities: a number with its unit, so that a potential given for a time does not compile, and is an error with
// both names where there is no compiler. Inside, every quantity is in one consistent set of units
// (ms, mV, pA, nS = pA/mV, pF = pA·ms/mV, GΩ, µm, 1/ms), in which the equations need no factors.

/** What the units below measure. */
export type Dimension = keyof typeof dimensionExamples;

/** @internal for each dimension, how to write one */
export const dimensionExamples = {
  time: 'ms(10)',
  voltage: 'mV(-65)',
  current: 'pA(200)',
  conductance: 'nS(10)',
  capacitance: 'pF(200)',
  resistance: 'MOhm(100)',
  frequency: 'Hz(10)',
  length: 'um(100)',
  area: 'um2(20000)',
  temperature: 'celsius(6.3)',
  concentration: 'mM(1)',
  'current density': 'uAPerCm2(10)',
  'conductance density': 'mSPerCm2(120)',
  'capacitance density': 'uFPerCm2(1)',
  resistivity: 'ohmCm(150)',
};

/** A number with a unit. */
export class Quantity<D extends Dimension = Dimension> {
  /** In the consistent set of units. */
  readonly value: number;
  readonly dimension: D;
  private readonly unit: Unit<D>;

  /** @internal made by the functions that are named as units */
  constructor(value: number, unit: Unit<D>) {
    this.value = value;
    this.dimension = unit.dimension;
    this.unit = unit;
  }

  /** The number of the given units: `ms(5).in(s)` is 0.005. */
  in(unit: Unit<D>): number {
    if (unit.dimension !== this.dimension)
      throw new TypeError(`in: expected a unit of ${this.dimension}, got ${unit.symbol}, a unit of ${unit.dimension}`);
    return (this.value - unit.origin) / unit.factor;
  }

  /** As written: `5 ms`. */
  toString(): string {
    const { factor, origin, symbol } = this.unit;
    return `${Number(((this.value - origin) / factor).toPrecision(12))} ${symbol}`;
  }
}

/** Many numbers with one unit: an element for each neuron or synapse. */
export class Quantities<D extends Dimension = Dimension> {
  /** In the consistent set of units. */
  readonly values: Float64Array<ArrayBuffer>;
  readonly dimension: D;
  private readonly unit: Unit<D>;

  /** @internal made by the units' `each` */
  constructor(values: Float64Array<ArrayBuffer>, unit: Unit<D>) {
    this.values = values;
    this.dimension = unit.dimension;
    this.unit = unit;
  }

  /** As written: `3 values in mV`. */
  toString(): string {
    return `${this.values.length} values in ${this.unit.symbol}`;
  }
}

/** A unit: called with a number it makes a quantity. */
export interface Unit<D extends Dimension> {
  (amount: number): Quantity<D>;
  /** A value for each neuron or synapse: `mV.each([-65, -64])`. */
  each(amounts: ArrayLike<number>): Quantities<D>;
  readonly dimension: D;
  readonly symbol: string;
  /** One of it in the consistent set of units. */
  readonly factor: number;
  /** Its zero in the consistent set of units: −273.15 °C for kelvin, 0 for all others. */
  readonly origin: number;
}

export type Time = Quantity<'time'>;
export type Voltage = Quantity<'voltage'>;
export type Current = Quantity<'current'>;
export type Conductance = Quantity<'conductance'>;
export type Capacitance = Quantity<'capacitance'>;
export type Resistance = Quantity<'resistance'>;
export type Frequency = Quantity<'frequency'>;

/** @internal a unit of so many of the consistent set */
export function unit<D extends Dimension>(dimension: D, symbol: string, factor: number, origin = 0): Unit<D> {
  const make = (amount: number) => {
    if (typeof amount !== 'number') throw new TypeError(`${symbol}: expected a number, got ${String(amount)}`);
    return new Quantity(amount * factor + origin, made);
  };
  const each = (amounts: ArrayLike<number>) =>
    new Quantities(
      Float64Array.from(amounts, (x) => x * factor + origin),
      made,
    );
  const made: Unit<D> = Object.assign(make, { each, dimension, symbol, factor, origin });
  return made;
}

export const s = unit('time', 's', 1000);
export const ms = unit('time', 'ms', 1);
export const us = unit('time', 'µs', 0.001);
export const V = unit('voltage', 'V', 1000);
export const mV = unit('voltage', 'mV', 1);
export const pA = unit('current', 'pA', 1);
export const nA = unit('current', 'nA', 1000);
export const uA = unit('current', 'µA', 1e6);
export const nS = unit('conductance', 'nS', 1);
export const uS = unit('conductance', 'µS', 1000);
export const mS = unit('conductance', 'mS', 1e6);
export const pF = unit('capacitance', 'pF', 1);
export const nF = unit('capacitance', 'nF', 1000);
export const uF = unit('capacitance', 'µF', 1e6);
export const kOhm = unit('resistance', 'kΩ', 1e-6);
export const MOhm = unit('resistance', 'MΩ', 0.001);
export const GOhm = unit('resistance', 'GΩ', 1);
export const Hz = unit('frequency', 'Hz', 0.001);
export const kHz = unit('frequency', 'kHz', 1);
export const um2 = unit('area', 'µm²', 1);
export const cm2 = unit('area', 'cm²', 1e8);
export const celsius = unit('temperature', '°C', 1);
export const kelvin = unit('temperature', 'K', 1, -273.15);
export const uM = unit('concentration', 'µM', 0.001);
export const mM = unit('concentration', 'mM', 1);
export const um = unit('length', 'µm', 1);
export const mm = unit('length', 'mm', 1000);
export const cm = unit('length', 'cm', 10_000);
export const uAPerCm2 = unit('current density', 'µA/cm²', 0.01);
export const mSPerCm2 = unit('conductance density', 'mS/cm²', 0.01);
export const uFPerCm2 = unit('capacitance density', 'µF/cm²', 0.01);
export const ohmCm = unit('resistivity', 'Ω·cm', 1e-5);
