// Brings columns to a common scale: fitted on the training rows, kept with the model, applied to every
// later row. `[n, ...]` is n rows of columns; moments are summed in float64 and only results are rounded.
import { FormatError, ShapeError } from '../core/errors.ts';
import { checkFinite, describeValue, formatShape, isTensor, rowSize } from './tensor.ts';
import type { Tensor } from './tensor.ts';

export interface ScaleOptions {
  /** What a column is called in messages, by index. */
  featureNames?: readonly string[];
  /** A column with one value only is an error, or is left as it is. Default 'error'. */
  constant?: 'error' | 'pass';
}

/** `transform` gives (x − offset) / scale for each column, `inverse` undoes it. Both give f32 of the same shape. */
export interface Scaler {
  readonly type: ScalerType;
  /** For each column what is subtracted: the mean, or the minimum. */
  readonly offset: readonly number[];
  /** For each column what is divided by: the standard deviation, or the range. */
  readonly scale: readonly number[];
  /** @throws ShapeError for another number of columns; RangeError for NaN and infinity */
  transform(tensor: Tensor): Tensor;
  /** @throws ShapeError for another number of columns; RangeError for NaN and infinity */
  inverse(tensor: Tensor): Tensor;
  toJSON(): ScalerJSON;
}

export type ScalerType = 'standardize' | 'minMax';

export interface ScalerJSON {
  type: ScalerType;
  offset: number[];
  scale: number[];
}

interface Column {
  offset: number;
  scale: number;
}

const scalerTypes: readonly ScalerType[] = ['standardize', 'minMax'];

/**
 * Fits x → (x − mean) / standard deviation for each column of `[n, ...]`, with the standard deviation of
 * the population (divided by n).
 * @throws RangeError for NaN, infinity, no rows, or a constant column, which it names
 */
export function standardize(tensor: Tensor, options: ScaleOptions = {}): Scaler {
  return fit('standardize', tensor, options, standardColumn);
}

/**
 * Fits x → (x − minimum) / (maximum − minimum) for each column of `[n, ...]`: 0 to 1 on the fitted rows.
 * @throws RangeError for NaN, infinity, no rows, or a constant column, which it names
 */
export function minMax(tensor: Tensor, options: ScaleOptions = {}): Scaler {
  return fit('minMax', tensor, options, (_data, _first, _step, minimum, maximum) => ({
    offset: minimum,
    scale: maximum - minimum,
  }));
}

/**
 * The scaler that `toJSON` was called on, bit for bit.
 * @throws FormatError for anything else
 */
export function scalerFromJSON(json: unknown): Scaler {
  const { type, offset, scale } = (json ?? {}) as Partial<ScalerJSON>;
  if (!scalerTypes.includes(type as ScalerType))
    throw new FormatError(`scaler: expected type ${scalerTypes.join(' or ')}, got ${describeValue(type)}`);
  if (!isNumbers(offset) || !isNumbers(scale) || offset.length !== scale.length)
    throw new FormatError('scaler: expected offset and scale as lists of finite numbers of one length');
  if (scale.some((value) => value <= 0)) throw new FormatError('scaler: expected every scale above 0');
  return scaler(type as ScalerType, offset, scale);
}

type FitColumn = (data: Tensor['data'], first: number, step: number, minimum: number, maximum: number) => Column;

function fit(type: ScalerType, tensor: Tensor, options: ScaleOptions, fitColumn: FitColumn): Scaler {
  if (!isTensor(tensor)) throw new TypeError(`${type}: expected a tensor, got ${describeValue(tensor)}`);
  const { shape, data } = tensor;
  if (shape.length === 0 || data.length === 0)
    throw new ShapeError(`${type}: expected at least one row and one column, got ${formatShape(shape)}`);
  checkFinite(tensor, type);
  const step = rowSize(tensor);
  const columns = Array.from({ length: step }, (_, column) => {
    const [minimum, maximum] = extremes(data, column, step);
    if (minimum < maximum) return fitColumn(data, column, step, minimum, maximum);
    if (options.constant === 'pass') return { offset: 0, scale: 1 };
    throw new RangeError(`${type}: ${columnName(column, options)} is ${minimum} in every row, which has no scale`);
  });
  return scaler(
    type,
    columns.map(({ offset }) => offset),
    columns.map(({ scale }) => scale),
  );
}

function standardColumn(data: Tensor['data'], first: number, step: number): Column {
  const rows = data.length / step;
  let sum = 0;
  for (let index = first; index < data.length; index += step) sum += data[index];
  const offset = sum / rows;
  let squares = 0;
  for (let index = first; index < data.length; index += step)
    squares += (data[index] - offset) * (data[index] - offset);
  return { offset, scale: Math.sqrt(squares / rows) };
}

function extremes(data: Tensor['data'], first: number, step: number): [number, number] {
  let [minimum, maximum] = [data[first], data[first]];
  for (let index = first; index < data.length; index += step) {
    if (data[index] < minimum) minimum = data[index];
    if (data[index] > maximum) maximum = data[index];
  }
  return [minimum, maximum];
}

function columnName(column: number, { featureNames }: ScaleOptions): string {
  const name = featureNames?.[column];
  return name === undefined ? `column ${column}` : `column ${column} (${name})`;
}

function scaler(type: ScalerType, offset: readonly number[], scale: readonly number[]): Scaler {
  const map = (what: string, tensor: Tensor, formula: (value: number, column: number) => number): Tensor => {
    if (!isTensor(tensor)) throw new TypeError(`${what}: expected a tensor, got ${describeValue(tensor)}`);
    if (tensor.shape.length === 0 || rowSize(tensor) !== offset.length)
      throw new ShapeError(`${what}: expected ${offset.length} columns, got ${formatShape(tensor.shape)}`);
    checkFinite(tensor, what);
    const data = new Float32Array(tensor.data.length);
    for (let index = 0; index < data.length; index++) data[index] = formula(tensor.data[index], index % offset.length);
    return { data, shape: tensor.shape };
  };
  return {
    type,
    offset,
    scale,
    transform: (tensor) => map(`${type}.transform`, tensor, (value, j) => (value - offset[j]) / scale[j]),
    inverse: (tensor) => map(`${type}.inverse`, tensor, (value, j) => value * scale[j] + offset[j]),
    toJSON: () => ({ type, offset: [...offset], scale: [...scale] }),
  };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => Number.isFinite(number));
}
