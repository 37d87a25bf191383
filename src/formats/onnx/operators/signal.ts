// Windows, Fourier transforms, mel filters, and counts of n-grams: products with matrices that are known beforehand.
import { NeuriteError } from '../../../core/errors.ts';
import { cos, exp, log, sin } from '../../../core/deterministic.ts';
import { sizeOf } from '../../../graph/graph.ts';
import { arithmetic, compare, convert, reduce, unary } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { concatenate, pad, reshape, slice, transpose, walk } from '../movement.ts';
import { matmul } from '../products.ts';
import { typeOf } from './shape.ts';

/** a₀ − a₁ cos(2πn/N) + a₂ cos(4πn/N) */
function window(call: Call, a0: number, a1: number, a2: number): Value {
  const { build, attributes } = call;
  const size = build.numbers(call.input(0), 'the size')[0]!;
  const span = attributes.flag('periodic', true) ? size : size - 1;
  const turn = (n: number, times: number) => cos((2 * Math.PI * times * n) / span);
  const values = Array.from({ length: size }, (_, n) => a0 - a1 * turn(n, 1) + a2 * turn(n, 2));
  return build.constant(typeOf(attributes.int('output_datatype', 1)), [size], values);
}
defineOperator('HannWindow', (call) => window(call, 0.5, 0.5, 0));
defineOperator('HammingWindow', (call) => window(call, 25 / 46, 21 / 46, 0));
defineOperator('BlackmanWindow', (call) => window(call, 0.42, 0.5, 0.08));

/** The matrix of e^(∓2πi·jk/n) as cosines and sines, [n, bins] each. */
function fourier(b: Builder, n: number, bins: number, inverse: boolean): { real: Value; imaginary: Value } {
  const angles = Array.from(
    { length: n * bins },
    (_, i) => (2 * Math.PI * ((Math.floor(i / bins) * (i % bins)) % n)) / n,
  );
  const scale = inverse ? 1 / n : 1;
  return {
    real: b.constant(
      'float32',
      [n, bins],
      angles.map((angle) => cos(angle) * scale),
    ),
    imaginary: b.constant(
      'float32',
      [n, bins],
      angles.map((angle) => (inverse ? 1 : -1) * sin(angle) * scale),
    ),
  };
}

/** x [..., n, 1 or 2] along its last but one axis → [..., bins, 2]. */
function transform(b: Builder, x: Value, bins: number, inverse: boolean): Value {
  const rank = x.shape.length;
  const n = x.shape[rank - 2]!;
  const component = (index: number) =>
    reshape(b, slice(b, x, [{ axis: rank - 1, start: index, step: 1, size: 1 }]), x.shape.slice(0, -1));
  const { real, imaginary } = fourier(b, n, bins, inverse);
  const re = component(0);
  let outRe = matmul(b, re, real);
  let outIm = matmul(b, re, imaginary);
  if (x.shape[rank - 1] === 2) {
    const im = component(1);
    outRe = arithmetic(b, 'Subtract', outRe, matmul(b, im, imaginary));
    outIm = arithmetic(b, 'Add', outIm, matmul(b, im, real));
  }
  const last = (value: Value) => reshape(b, value, [...value.shape, 1]);
  return concatenate(b, [last(outRe), last(outIm)], rank - 1);
}

/** x cut or filled with zeros to `length` along an axis. */
function fitted(b: Builder, x: Value, axis: number, length: number): Value {
  const size = x.shape[axis]!;
  if (length <= size) return slice(b, x, [{ axis, start: 0, step: 1, size: length }]);
  const after = x.shape.map((_, i) => (i === axis ? length - size : 0));
  return pad(
    b,
    x,
    after.map(() => 0),
    after,
  );
}

defineOperator('DFT', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const rank = x.shape.length;
  const given =
    call.opset < 20 ? attributes.int('axis', 1) : call.inputs[2] ? build.numbers(call.inputs[2], 'the axis')[0]! : -2;
  const axis = resolveAxis(given, rank);
  const length = call.inputs[1] ? build.numbers(call.inputs[1], 'the length')[0]! : x.shape[axis]!;
  const [inverse, onesided] = [attributes.flag('inverse'), attributes.flag('onesided')];
  if (inverse && onesided) throw new NeuriteError('an inverse transform of one side');
  const order = x.shape.map((_, i) => i);
  order[axis] = rank - 2;
  order[rank - 2] = axis;
  const ready = transpose(build, fitted(build, x, axis, length), order);
  return transpose(build, transform(build, ready, onesided ? Math.floor(length / 2) + 1 : length, inverse), order);
});

/** Frames of the signal [B, samples, 1 or 2] by a window, transformed: [B, frames, bins, 2]. */
defineOperator('STFT', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const step = build.numbers(call.input(1), 'the step')[0]!;
  const shape = call.inputs[2];
  const length = call.inputs[3] ? build.numbers(call.inputs[3], 'the frame length')[0]! : (shape?.shape[0] ?? 0);
  const [batch, samples, parts = 1] = x.shape as [number, number, number?];
  const frames = Math.floor((samples - length) / step) + 1;
  const framed = walk(build, x, [
    { size: batch, stride: samples * parts },
    { size: frames, stride: step * parts },
    { size: length, stride: parts },
    { size: parts, stride: 1 },
  ]);
  const weighed = shape ? arithmetic(build, 'Multiply', framed, reshape(build, shape, [length, 1])) : framed;
  const bins = attributes.flag('onesided', true) ? Math.floor(length / 2) + 1 : length;
  return transform(build, weighed, bins, false);
});

/** Triangles on the mel scale, [bins of the spectrum, bands]. */
defineOperator('MelWeightMatrix', (call) => {
  const { build, attributes } = call;
  const [bands, length, rate, low, high] = [0, 1, 2, 3, 4].map(
    (i) => build.numbers(call.input(i), 'the filters')[0]!,
  ) as [number, number, number, number, number];
  const melOf = (hertz: number) => (2595 * log(1 + hertz / 700)) / log(10);
  const hertzOf = (mel: number) => 700 * (exp((mel / 2595) * log(10)) - 1);
  const spectrum = Math.floor(length / 2) + 1;
  const step = (melOf(high) - melOf(low)) / (bands + 2);
  const edges = Array.from({ length: bands + 2 }, (_, i) =>
    Math.floor(((length + 1) * hertzOf(i * step + melOf(low))) / rate),
  );
  const values = new Float64Array(spectrum * bands);
  for (let band = 0; band < bands; band++) {
    const [lower, centre, upper] = edges.slice(band, band + 3) as [number, number, number];
    if (lower === centre) values[centre * bands + band] = 1;
    else for (let bin = lower; bin <= centre; bin++) values[bin * bands + band] = (bin - lower) / (centre - lower);
    for (let bin = centre; bin < upper; bin++) values[bin * bands + band] = (upper - bin) / (upper - centre);
  }
  return build.constant(typeOf(attributes.int('output_datatype', 1)), [spectrum, bands], values);
});

/** How often each n-gram of the pool occurs, its elements up to `max_skip_count` apart. */
defineOperator('TfIdfVectorizer', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const pool = attributes.ints('pool_int64s');
  if (!pool) throw new NeuriteError('n-grams of texts');
  const starts = attributes.ints('ngram_counts') ?? [];
  const places = attributes.ints('ngram_indexes') ?? [];
  const [shortest, longest] = [attributes.int('min_gram_length', 1), attributes.int('max_gram_length', 1)];
  const rows = reshape(build, x, x.shape.length === 1 ? [1, x.shape[0]!] : x.shape);
  const width = Math.max(...places) + 1;
  let counted = 0;
  const columns: Value[] = [];
  const order: number[] = [];
  starts.forEach((start, i) => {
    const n = i + 1;
    const grams = pool.slice(start, starts[i + 1] ?? pool.length);
    const count = grams.length / n;
    const own = places.slice(counted, counted + count);
    counted += count;
    if (n < shortest || n > longest || count === 0) return;
    columns.push(countGrams(build, rows, grams, n, n === 1 ? 0 : attributes.int('max_skip_count', 0)));
    order.push(...own);
  });
  const all = concatenate(build, columns, 1);
  const table = Array.from({ length: width }, (_, place) => order.indexOf(place));
  const counts = convert(
    build,
    walk(build, all, [
      { size: all.shape[0]!, stride: all.shape[1]! },
      { size: width, offsets: table },
    ]),
    'float32',
  );
  return reshape(build, weighed(call, counts, order), x.shape.length === 1 ? [width] : counts.shape);
});

/** rows [B, L] → [B, grams] */
function countGrams(b: Builder, rows: Value, grams: readonly number[], n: number, skips: number): Value {
  const [batch, length] = rows.shape as [number, number];
  const count = grams.length / n;
  let total = b.constant('int32', [batch, count], new Int32Array(batch * count));
  for (let skip = 0; skip <= skips; skip++) {
    const positions = length - (n - 1) * (skip + 1);
    if (positions <= 0) break;
    const windows = walk(b, rows, [
      { size: batch, stride: length },
      { size: positions, stride: 1 },
      { size: 1, stride: 0 },
      { size: n, stride: skip + 1 },
    ]);
    const equal = compare(b, 'Equal', convert(b, windows, 'int32'), b.constant('int32', [count, n], grams));
    const whole = reduce(b, 'Minimum', convert(b, equal, 'int32'), [-1], false);
    total = arithmetic(b, 'Add', total, reduce(b, 'Sum', whole, [1], false));
  }
  return total;
}

/** Counts, presence (IDF) or counts (TFIDF) times the weights. */
function weighed({ build, attributes }: Call, counts: Value, order: readonly number[]): Value {
  const mode = attributes.string('mode', 'TF');
  const present = mode === 'IDF' ? unary(build, 'Clip', counts, 0, 1) : counts;
  const weights = attributes.floats('weights');
  if (mode === 'TF' || !weights) return present;
  const spread = new Float64Array(counts.shape[1]!);
  order.forEach((place, i) => (spread[place] = weights[i]!));
  return arithmetic(build, 'Multiply', present, build.constant('float32', [sizeOf([spread.length])], spread));
}
