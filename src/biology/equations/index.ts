// Neurons whose model is given as text.
import type { NeuronModel } from '../models/model.ts';
import { Quantity, unit, type Dimension } from '../units.ts';
import { CompiledEquations } from './compile.ts';
import { dimensionName, unitNames, unitOf } from './dimensions.ts';
import { parseModel, type EquationsOptions } from './parse.ts';
import { expressionOf } from './model-text.ts';
import { SourceText } from './source.ts';
import { nearest } from '../../core/nearest.ts';

/**
 * A neuron whose model is given as text, a line each:
 *
 *     dv/dt = (ge + gi - (v - El)) / taum : volt (unless refractory)
 *     I = gmax * (v - El) : amp
 *     rate : Hz (constant)
 *
 * a differential equation, a name for an expression, a parameter of each neuron; behind the colon the unit (1 for none).
 * @param text the equations
 * @param options constants, threshold, reset, refractory time, method, initial values
 * @throws EquationError with line and column for a text that cannot be read, an unknown name, or units that do not fit;
 *   when a group is made, RangeError for a method that cannot step these equations or a time constant below the step
 * source: Stimberg, Brette, Goodman, Brian 2, an intuitive and efficient neural simulator, eLife 8, 2019
 */
export function equations(text: string, options: EquationsOptions = {}): NeuronModel {
  const model = parseModel(text, options);
  return {
    type: 'equations',
    initial: options.initial,
    create: (context) => new CompiledEquations(context, model),
  };
}

/**
 * A quantity of any unit, for those that have no function of their own: `quantity(0.7, 'pA/mV**2')`.
 * @throws EquationError for a text that is no unit
 */
export function quantity(amount: number, unitText: string): Quantity {
  if (typeof amount !== 'number') throw new TypeError(`quantity: expected a number, got ${String(amount)}`);
  const source = new SourceText(unitText, 'quantity');
  const size = unitOf(expressionOf(source));
  if ('at' in size) {
    const name = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(unitText.slice(size.at))?.[0] ?? '';
    const near = nearest(name, unitNames);
    throw source.error(size.at, `expected a unit, such as mV or nA/ms${near ? `; did you mean "${near}"?` : ''}`);
  }
  const dimension = dimensionName(size.exponents);
  if (dimension === 'number') throw source.error(0, 'a number without unit is no quantity');
  return new Quantity(amount * size.factor, unit<Dimension>(dimension, unitText, size.factor));
}
