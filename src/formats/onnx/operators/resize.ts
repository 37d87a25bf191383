// Resizing by weights and places that are known beforehand, axis by axis; sampling at places that are data.
import { NeuriteError } from '../../../core/errors.ts';
import * as operations from '../../../graph/operations/index.ts';
import type { OutsideName, SampleName } from '../../../graph/operations/sample.ts';
import { select } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { axisInLast } from '../layout.ts';
import { pick, reshape } from '../movement.ts';
import { matmul } from '../products.ts';

/** How one axis is resized. */
interface AxisPlan {
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  readonly roi: readonly [number, number];
}

interface Rules {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}

const rulesOf = ({ attributes, opset }: Call): Rules => ({
  mode: attributes.string('mode', 'nearest'),
  coordinates: opset < 11 ? 'asymmetric' : attributes.string('coordinate_transformation_mode', 'half_pixel'),
  nearest: opset < 11 ? 'floor' : attributes.string('nearest_mode', 'round_prefer_floor'),
  cubic: attributes.float('cubic_coeff_a', -0.75),
  excludeOutside: attributes.flag('exclude_outside'),
  antialias: attributes.flag('antialias'),
  extrapolation: attributes.float('extrapolation_value', 0),
});

/** The coordinate in x of the element `at` of the result. */
function original({ size, out, scale, roi }: AxisPlan, { coordinates }: Rules, at: number): number {
  switch (coordinates) {
    case 'half_pixel':
      return (at + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = out / (scale * size);
      return (size / 2) * (1 - adjustment) + (at + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return out > 1 ? (at + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return out > 1 ? (at * (size - 1)) / (out - 1) : 0;
    case 'tf_half_pixel_for_nn':
      return (at + 0.5) / scale;
    case 'tf_crop_and_resize':
      return out > 1
        ? roi[0] * (size - 1) + (at * (roi[1] - roi[0]) * (size - 1)) / (out - 1)
        : 0.5 * (roi[0] + roi[1]) * (size - 1);
    case 'asymmetric':
      return at / scale;
    default:
      throw new NeuriteError(`unknown coordinate_transformation_mode "${coordinates}"`);
  }
}

const nearestPlace: Record<string, (x: number) => number> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Float32 leaves whole coordinates whole where doubles would not. */
const tidy = (x: number) => (Math.abs(x - Math.round(x)) < 1e-6 ? Math.round(x) : x);

function weightOf(distance: number, { mode, cubic: a }: Rules): number {
  const d = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** The taps of each element of the result: places in x, and weights that sum to 1. */
function tapsOf(plan: AxisPlan, rules: Rules): { places: number[][]; weights: number[][] } {
  const stretch = rules.antialias && plan.scale < 1 ? 1 / plan.scale : 1;
  const radius = (rules.mode === 'linear' ? 1 : 2) * stretch;
  const places: number[][] = [];
  const weights: number[][] = [];
  for (let at = 0; at < plan.out; at++) {
    const x = tidy(original(plan, rules, at));
    const first = Math.floor(x - radius) + 1;
    const count = Math.ceil(2 * radius);
    const own = Array.from({ length: count }, (_, t) => first + t);
    const raw = own.map((place) => weightOf((place - x) / stretch, rules));
    const inside = (place: number) => place >= 0 && place < plan.size;
    const drops = rules.excludeOutside || stretch !== 1;
    const kept = raw.map((weight, t) => (drops && !inside(own[t]!) ? 0 : weight));
    const total = drops || stretch !== 1 ? kept.reduce((sum, weight) => sum + weight, 0) : 1;
    places.push(own.map((place) => Math.max(0, Math.min(plan.size - 1, place))));
    weights.push(kept.map((weight) => weight / total));
  }
  return { places, weights };
}

function resizeAxis(b: Builder, x: Value, axis: number, plan: AxisPlan, rules: Rules): Value {
  if (plan.size === plan.out && plan.scale === 1 && rules.coordinates !== 'tf_crop_and_resize') return x;
  if (rules.mode === 'nearest') {
    const round = nearestPlace[rules.nearest];
    if (!round) throw new NeuriteError(`unknown nearest_mode "${rules.nearest}"`);
    const places = Array.from({ length: plan.out }, (_, at) =>
      Math.max(0, Math.min(plan.size - 1, round(tidy(original(plan, rules, at))))),
    );
    return pick(b, x, axis, places);
  }
  const { places, weights } = tapsOf(plan, rules);
  const shape = [plan.out, places[0]?.length ?? 0];
  const taps = b.nodeOf(b.constant('int32', shape, places.flat()));
  const factors = b.nodeOf(b.constant('float32', shape, weights.flat()));
  if (x.last) {
    const inLast = axisInLast(axis, x.shape.length);
    return b.fromLast(x.type, operations.resample(b.graph, x.last, inLast, taps, factors));
  }
  return b.fromNode(x.type, operations.resample(b.graph, b.nodeOf(x), axis, taps, factors));
}

/** Elements that lie outside x altogether get the extrapolation's value. */
function extrapolated(b: Builder, x: Value, plans: readonly AxisPlan[], rules: Rules): Value {
  if (rules.coordinates !== 'tf_crop_and_resize') return x;
  return plans.reduce((value, plan, axis) => {
    const outside = Array.from({ length: plan.out }, (_, at) => {
      const place = original(plan, rules, at);
      return Number(place < 0 || place > plan.size - 1);
    });
    if (!outside.includes(1)) return value;
    const shape = plans.map((_, i) => (i === axis ? plan.out : 1));
    return select(b, b.constant('bool', shape, outside), b.scalar(value.type, rules.extrapolation), value);
  }, x);
}

function resize(call: Call, x: Value, plans: readonly AxisPlan[]): Value {
  const rules = rulesOf(call);
  if (!['nearest', 'linear', 'cubic', 'bilinear'].includes(rules.mode))
    throw new NeuriteError(`unknown mode "${rules.mode}"`);
  const named = rules.mode === 'bilinear' ? { ...rules, mode: 'linear' } : rules;
  const resized = plans.reduce((value, plan, axis) => resizeAxis(call.build, value, axis, plan, named), x);
  return extrapolated(call.build, resized, plans, rules);
}

const scaled = (x: Value, scales: readonly number[]): AxisPlan[] =>
  x.shape.map((size, axis) => ({ size, out: Math.floor(size * scales[axis]!), scale: scales[axis]!, roi: [0, 1] }));

defineOperator('Upsample', (call) => {
  const x = call.input(0);
  const scales = call.attributes.floats('scales') ?? call.build.numbers(call.input(1), 'the scales');
  return resize(call, x, scaled(x, scales));
});

defineOperator('Resize', (call) => {
  const { build } = call;
  const x = call.input(0);
  if (call.opset < 11) return resize(call, x, scaled(x, build.numbers(call.input(1), 'the scales')));
  return resize(call, x, plansOf(call, x));
});

function plansOf(call: Call, x: Value): AxisPlan[] {
  const { build, attributes } = call;
  const read = (index: number, what: string) => {
    const value = call.inputs[index];
    return value && value.shape[0] !== 0 ? build.numbers(value, what) : undefined;
  };
  const rank = x.shape.length;
  const axes = attributes.ints('axes')?.map((axis) => resolveAxis(axis, rank)) ?? x.shape.map((_, axis) => axis);
  const roi =
    attributes.string('coordinate_transformation_mode', '') === 'tf_crop_and_resize'
      ? read(1, 'the region')
      : undefined;
  const scales = read(2, 'the scales');
  const sizes = keptRatio(
    call,
    axes.map((axis) => x.shape[axis]!),
    read(3, 'the sizes'),
  );
  if (!scales && !sizes) throw new NeuriteError('neither scales nor sizes are given');
  return x.shape.map((size, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { size, out: size, scale: 1, roi: [0, 1] };
    const own = roi ? ([roi[i]!, roi[i + axes.length]!] as const) : ([0, 1] as const);
    if (sizes) return { size, out: sizes.out[i]!, scale: sizes.scale?.[i] ?? sizes.out[i]! / size, roi: own };
    const scale = scales![i]!;
    return { size, out: Math.floor(size * scale * (roi ? own[1] - own[0] : 1) + 1e-9), scale, roi: own };
  });
}

/** From version 18 on the sizes may be bounds within which the proportions stay. */
function keptRatio({ attributes }: Call, from: readonly number[], sizes: readonly number[] | undefined) {
  const policy = attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (!sizes || policy === 'stretch') return sizes && { out: sizes, scale: undefined };
  const ratios = sizes.map((size, i) => size / from[i]!);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return { out: from.map((size) => Math.floor(size * scale + 0.5)), scale: from.map(() => scale) };
}

const sampleModes: Record<string, SampleName> = {
  bilinear: 'Linear',
  linear: 'Linear',
  nearest: 'Nearest',
  bicubic: 'Cubic',
  cubic: 'Cubic',
};
const outsides: Record<string, OutsideName> = { zeros: 'Zeros', border: 'Border', reflection: 'Reflection' };

defineOperator('GridSample', (call) => {
  const { build, attributes } = call;
  const [x, grid] = [call.input(0), call.input(1)];
  const kind = sampleModes[attributes.string('mode', 'linear')];
  const outside = outsides[attributes.string('padding_mode', 'zeros')];
  if (!kind || !outside) throw new NeuriteError('unknown mode or padding_mode');
  const options = { kind, outside, alignCorners: attributes.flag('align_corners') };
  return build.fromNode(x.type, operations.gridSample(build.graph, build.nodeOf(x), build.nodeOf(grid), options));
});

/** The grid that a batch of affine maps theta [B, n, n + 1] makes of the regular one. */
defineOperator('AffineGrid', (call) => {
  const { build, attributes } = call;
  const theta = call.input(0);
  const [batch, , ...sizes] = build.numbers(call.input(1), 'the size') as [number, number, ...number[]];
  const corners = attributes.flag('align_corners');
  const rank = sizes.length;
  const total = sizes.reduce((product, size) => product * size, 1);
  const strides = operations.denseStrides(sizes);
  const coordinate = (at: number, size: number) =>
    corners ? (size > 1 ? (2 * at) / (size - 1) - 1 : 0) : (2 * at + 1) / size - 1;
  // Homogeneous coordinates [rank + 1, points], the innermost axis first.
  const points = Array.from({ length: rank + 1 }, (_, row) =>
    Array.from({ length: total }, (_unused, p) => {
      const axis = rank - 1 - row;
      return row === rank ? 1 : coordinate(Math.floor(p / strides[axis]!) % sizes[axis]!, sizes[axis]!);
    }),
  ).flat();
  const grid = matmul(build, theta, build.constant('float32', [rank + 1, total], points));
  const moved = operations.transpose(build.graph, build.nodeOf(grid));
  return reshape(build, build.fromNode(theta.type, moved), [batch, ...sizes, rank]);
});
