// Values read between the elements of an array: resizing along an axis by weights that are known beforehand, and
// sampling at places that are data (grid sample).
import { GridSample, OutsideKind, Resample, SampleKind } from '../instructions';
import { madd } from '../lanes';

/** out[n] += weight · x[n] */
@inline
function addRow(out: usize, x: usize, weight: f32, n: u32): void {
  const lanes = f32x4.splat(weight);
  const whole = out + ((n & ~3) << 2);
  const end = out + (n << 2);
  for (; out < whole; out += 16, x += 16) v128.store(out, madd(lanes, v128.load(x), v128.load(out)));
  for (; out < end; out += 4, x += 4) store<f32>(out, load<f32>(out) + weight * load<f32>(x));
}

/**
 * formula: out[o, j, c] = Σ weights[j, t] · x[o, places[j, t], c] over t
 * shapes: x [outer, axis, inner], places (i32) and weights [n, taps], out [outer, n, inner]
 * alias: none
 * tail: elements beyond a multiple of 4 one by one
 * error: sums of `taps` terms in float32, in the order of t
 * edge: a weight of 0 leaves its element out, so that 0 · ∞ is no NaN
 */
export function execResample(pc: usize): u32 {
  const i = changetype<Resample>(pc);
  const row = i.inner << 2;
  let out = i.out;
  for (let o: u32 = 0; o < i.outer; o++) {
    const x = i.x + o * i.axis * row;
    for (let j: u32 = 0; j < i.n; j++, out += row) {
      memory.fill(out, 0, row);
      for (let t: u32 = 0; t < i.taps; t++) {
        const at = (j * i.taps + t) << 2;
        const weight = load<f32>(i.weights + at);
        if (weight != 0) addRow(out, x + load<u32>(i.places + at) * row, weight, i.inner);
      }
    }
  }
  return 0;
}

/** Keys' kernel with a = −0.75, as PyTorch and ONNX have it; d is the distance. */
function cubicWeight(d: f32): f32 {
  const a: f32 = -0.75;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** A coordinate thrown back at the borders `low` and `high` until it lies between them. */
function reflect(x: f32, low: f32, high: f32): f32 {
  const span = high - low;
  if (span <= 0) return low;
  const distance = abs(x - low);
  const turns = Mathf.floor(distance / span);
  const rest = distance - turns * span;
  return Mathf.floor(turns / 2) * 2 == turns ? low + rest : high - rest;
}

/** A place outside [0, size) brought inside, or −1 where it reads 0. */
function insideOf(i: GridSample, place: f32, size: u32): i32 {
  if (i.outside == OutsideKind.Border) place = max<f32>(0, min<f32>(place, f32(size) - 1));
  if (i.outside == OutsideKind.Reflection) {
    place = i.alignCorners ? reflect(place, 0, f32(size) - 1) : reflect(place, -0.5, f32(size) - 0.5);
    place = max<f32>(0, min<f32>(Mathf.floor(place + 0.5), f32(size) - 1));
  }
  return place >= 0 && place < f32(size) ? i32(place) : -1;
}

/** The coordinate in elements: −1 and 1 are the centres of the outermost elements (alignCorners) or their outer edges. */
@inline
function elementOf(i: GridSample, x: f32, size: u32): f32 {
  return i.alignCorners ? ((x + 1) / 2) * (f32(size) - 1) : ((x + 1) * f32(size) - 1) / 2;
}

/** Along one axis: the taps' places (−1 where outside) and weights, four words each, for a coordinate of the grid. */
function prepareAxis(i: GridSample, taps: u32, coordinate: f32, size: u32, to: usize): void {
  let at = elementOf(i, coordinate, size);
  // Bounded sampling moves the point itself, not its taps, where it interpolates linearly.
  if (i.kind != SampleKind.Cubic && i.outside == OutsideKind.Border) at = max<f32>(0, min<f32>(at, f32(size) - 1));
  if (i.kind != SampleKind.Cubic && i.outside == OutsideKind.Reflection) {
    at = i.alignCorners ? reflect(at, 0, f32(size) - 1) : reflect(at, -0.5, f32(size) - 0.5);
    at = max<f32>(0, min<f32>(at, f32(size) - 1));
  }
  const first: f32 = taps == 4 ? -1 : 0;
  const floor = Mathf.floor(at) + first;
  for (let t: u32 = 0; t < taps; t++) {
    const place = i.kind == SampleKind.Nearest ? nearest(at) : floor + f32(t);
    const distance = abs(at - place);
    const linear: f32 = i.kind == SampleKind.Nearest ? 1 : 1 - distance;
    const weight = i.kind == SampleKind.Cubic ? cubicWeight(distance) : linear;
    store<i32>(to + (t << 2), insideOf(i, place, size));
    store<f32>(to + 16 + (t << 2), at == at ? weight : at);
  }
}

/** Σ over the taps of `axis` and those below it; `x` is where the chosen taps above it lead. */
function sampleAxes(i: GridSample, taps: u32, axis: u32, x: usize, stride: u32): f32 {
  if (axis == i.rank) return load<f32>(x);
  const size = load<u32>(i.table + (axis << 2));
  const below = stride / size;
  const prepared = i.workspace + (axis << 5);
  let sum: f32 = 0;
  for (let t: u32 = 0; t < taps; t++) {
    const weight = load<f32>(prepared + 16 + (t << 2));
    const place = load<i32>(prepared + (t << 2));
    if (weight != weight) return weight;
    if (place >= 0 && weight != 0) sum += weight * sampleAxes(i, taps, axis + 1, x + ((place * below) << 2), below);
  }
  return sum;
}

/**
 * formula: out[b, c, p] = Σ weight(t) · x[b, c, place(t)] over the taps t around grid[b, p]: 1 (nearest), 2 (linear) or
 *          4 (cubic) along each axis
 * shapes: x [batch, channels, sizes…], grid [batch, points, rank], out [batch, channels, points]; rank at most 3
 * alias: none
 * tail: element by element
 * edge: outside the borders 0, the nearest element, or the one that mirrors it; a coordinate that is NaN gives NaN
 * source: ONNX GridSample, versions 16 to 22
 */
export function execGridSample(pc: usize): u32 {
  const i = changetype<GridSample>(pc);
  const taps: u32 = i.kind == SampleKind.Linear ? 2 : i.kind == SampleKind.Nearest ? 1 : 4;
  let elements: u32 = 1;
  for (let axis: u32 = 0; axis < i.rank; axis++) elements *= load<u32>(i.table + (axis << 2));
  for (let b: u32 = 0; b < i.batch; b++) {
    for (let p: u32 = 0; p < i.points; p++) {
      const point = i.grid + (((b * i.points + p) * i.rank) << 2);
      // The grid's last axis is x first, the array's last axis is the one of x.
      for (let axis: u32 = 0; axis < i.rank; axis++)
        prepareAxis(
          i,
          taps,
          load<f32>(point + ((i.rank - 1 - axis) << 2)),
          load<u32>(i.table + (axis << 2)),
          i.workspace + (axis << 5),
        );
      for (let c: u32 = 0; c < i.channels; c++) {
        const plane = b * i.channels + c;
        const value = sampleAxes(i, taps, 0, i.x + ((plane * elements) << 2), elements);
        store<f32>(i.out + ((plane * i.points + p) << 2), value);
      }
    }
  }
  return 0;
}
