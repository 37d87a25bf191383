// Convolutions, pools, normalisations, recurrent layers and attention. neurite's channels are last: what ONNX wants
// channels first is turned round before and after.
import { NeuriteError } from '../../../core/errors.ts';
import type { Node } from '../../../graph/graph.ts';
import type { AxisWindow, Window } from '../../../graph/operations/window.ts';
import { interpolationRow } from '../../../graph/operations/interpolation.ts';
import { number, reduced, reshaped, sliced } from './arithmetic.ts';
import { attribute, defineWriter, input } from './table.ts';
import type { GraphWriter, Size } from './writer.ts';

const toFirst = (writer: GraphWriter, x: string, axes: number): string =>
  writer.add('Transpose', [x], { perm: [0, axes + 1, ...Array.from({ length: axes }, (_, i) => i + 1)] });
const toLast = (writer: GraphWriter, x: string, axes: number): string =>
  writer.add('Transpose', [x], { perm: [0, ...Array.from({ length: axes }, (_, i) => i + 2), 1] });
/** [kernel…, C, N] as [N, C, kernel…], or for the transposed convolution as [N, C, …] too. */
const filters = (writer: GraphWriter, kernel: string, axes: number): string =>
  writer.add('Transpose', [kernel], { perm: [axes + 1, axes, ...Array.from({ length: axes }, (_, i) => i)] });

const refuse = (node: Node, what: string): never => {
  throw new NeuriteError(`toOnnx: layer "${node.label}": ${what}`);
};

/** Zeros behind, so that the result has its size. */
const behind = ({ kernelSize, stride, dilation, before, input: from, output }: Window): number[] =>
  from.map((size, i) => (output[i]! - 1) * stride[i]! + (kernelSize[i]! - 1) * dilation[i]! + 1 - size - before[i]!);

defineWriter('convolution', (writer, node) => {
  const { window, groups } = node.attributes as unknown as { window: Window; groups: number };
  const axes = window.kernelSize.length;
  const after = behind(window);
  // A last stride that does not fill leaves elements over; ONNX's pads may not be negative.
  const x = toFirst(writer, input(writer, node, 0), axes);
  const w = filters(writer, input(writer, node, 1), axes);
  const attributes = {
    kernel_shape: window.kernelSize,
    strides: window.stride,
    dilations: window.dilation,
    pads: [...window.before, ...after.map((count) => Math.max(0, count))],
    group: groups,
  };
  return toLast(writer, writer.add('Conv', [x, w], attributes), axes);
});

defineWriter('convolutionInput', (writer, node) => {
  const { window, groups } = node.attributes as unknown as { window: Window; groups: number };
  const axes = window.kernelSize.length;
  const after = behind(window);
  const attributes = {
    kernel_shape: window.kernelSize,
    strides: window.stride,
    dilations: window.dilation,
    pads: [...window.before, ...after.map((count) => Math.max(0, count))],
    output_padding: after.map((count) => Math.max(0, -count)),
    group: groups,
  };
  const w = filters(writer, input(writer, node, 1), axes);
  return toLast(
    writer,
    writer.add('ConvTranspose', [toFirst(writer, input(writer, node, 0), axes), w], attributes),
    axes,
  );
});

/** The windows of an axis as a size, a stride and pads, if that is what they are. */
function regular(
  windows: readonly AxisWindow[],
  size: number,
): { kernel: number; stride: number; before: number; after: number } | undefined {
  const stride =
    windows.length > 1
      ? Math.max(...windows.slice(1).map(({ end }, i) => end - windows[i]!.end), windows[1]!.begin - windows[0]!.begin)
      : 1;
  const kernel = Math.max(...windows.map(({ begin, end }) => end - begin));
  const before = windows.length > 1 ? kernel - (windows[0]!.end - windows[0]!.begin) : 0;
  const after = Math.max(0, (windows.length - 1) * stride + kernel - before - size);
  const fits = windows.every(
    ({ begin, end }, i) =>
      begin === Math.max(0, i * stride - before) && end === Math.min(size, i * stride - before + kernel),
  );
  return fits ? { kernel, stride, before, after } : undefined;
}

defineWriter('pool', (writer, node) => {
  const { kind, windows } = node.attributes as unknown as {
    kind: 'Maximum' | 'Average';
    windows: readonly (readonly AxisWindow[])[];
  };
  const axes = windows.length;
  const sizes = node.inputs[0]!.shape.slice(1, -1);
  const parts = windows.map((axis, i) => regular(axis, sizes[i]!));
  if (parts.includes(undefined)) return separatePool(writer, node, kind, windows);
  const all = parts as NonNullable<(typeof parts)[number]>[];
  const padded = windows.every((axis, i) => axis.every(({ count }) => count === all[i]!.kernel));
  const plain = windows.every((axis) => axis.every(({ begin, end, count }) => count === end - begin));
  if (kind === 'Average' && !padded && !plain) return separatePool(writer, node, kind, windows);
  const attributes = {
    kernel_shape: all.map(({ kernel }) => kernel),
    strides: all.map(({ stride }) => stride),
    pads: [...all.map(({ before }) => before), ...all.map(({ after }) => after)],
    ...(kind === 'Average' ? { count_include_pad: Number(!plain) } : {}),
  };
  const x = toFirst(writer, input(writer, node, 0), axes);
  return toLast(writer, writer.add(kind === 'Maximum' ? 'MaxPool' : 'AveragePool', [x], attributes), axes);
});

/** Windows of uneven sizes (adaptive pools), axis by axis: each a reduction of a slice. */
function separatePool(
  writer: GraphWriter,
  node: Node,
  kind: 'Maximum' | 'Average',
  windows: readonly (readonly AxisWindow[])[],
): string {
  return windows.reduce(
    (x, axis, i) => {
      const pieces = axis.map(({ begin, end, count }) => {
        const piece = sliced(writer, x, i + 1, begin, end - begin);
        if (kind === 'Maximum') return reduced(writer, 'ReduceMax', piece, [i + 1], true);
        return writer.add('Div', [reduced(writer, 'ReduceSum', piece, [i + 1], true), number(writer, count)]);
      });
      return writer.add('Concat', pieces, { axis: i + 1 });
    },
    input(writer, node, 0),
  );
}

/** Each axis by a list of positions, −1 for a zero: one more entry of zeros is put behind the axis. */
defineWriter('gatherPixels', (writer, node) => {
  const sources = attribute<readonly (readonly number[])[]>(node, 'sources');
  const { shape } = node.inputs[0]!;
  return sources.reduce(
    (x, list, i) => {
      const size = shape[i + 1]!;
      const pads = [...shape.map(() => 0), ...shape.map((_, axis) => Number(axis === i + 1))];
      const from = list.includes(-1) ? writer.add('Pad', [x, writer.ints(pads)]) : x;
      return writer.add('Gather', [from, writer.ints(list.map((place) => (place < 0 ? size : place)))], {
        axis: i + 1,
      });
    },
    input(writer, node, 0),
  );
});

/** Two gathers and their weighted sum. */
defineWriter('interpolate', (writer, node) => {
  const { axis, size, alignCorners } = node.attributes as unknown as {
    axis: number;
    size: number;
    alignCorners: boolean;
  };
  const { shape } = node.inputs[0]!;
  const rows = Array.from({ length: size }, (_, i) => interpolationRow(i, shape[axis]!, size, alignCorners));
  const x = input(writer, node, 0);
  const along = shape.map((_, i) => (i === axis ? size : 1));
  const part = (places: number[], weights: number[]) =>
    writer.add('Mul', [writer.add('Gather', [x, writer.ints(places)], { axis }), writer.floats(weights, along)]);
  const low = part(
    rows.map((row) => row.low),
    rows.map(({ weight }) => 1 - weight),
  );
  return writer.add('Add', [
    low,
    part(
      rows.map((row) => row.high),
      rows.map(({ weight }) => weight),
    ),
  ]);
});

// ---- normalisations

defineWriter('normRows', (writer, node) => {
  const { axes, centred, epsilon, gamma, beta } = node.attributes as unknown as {
    axes: number;
    centred: boolean;
    epsilon: number;
    gamma: boolean;
    beta: boolean;
  };
  const x = input(writer, node, 0);
  const shape = node.shape.slice(node.shape.length - axes);
  const affine = node.inputs.slice(1).map((each) => reshaped(writer, writer.nameOf(each), shape));
  const count = shape.reduce((product, size) => product * size, 1);
  const scale = gamma ? affine[0]! : writer.floats(new Float32Array(count).fill(1), shape);
  const shift = beta ? affine[Number(gamma)] : undefined;
  if (centred)
    return writer.add('LayerNormalization', [x, scale, ...(shift ? [shift] : [])], {
      axis: -axes,
      epsilon: { float: epsilon },
    });
  const mean = reduced(
    writer,
    'ReduceMean',
    writer.add('Mul', [x, x]),
    shape.map((_, i) => i - axes),
    true,
  );
  const root = writer.add('Sqrt', [writer.add('Add', [mean, number(writer, epsilon)])]);
  const scaled = writer.add('Mul', [writer.add('Div', [x, root]), scale]);
  return shift ? writer.add('Add', [scaled, shift]) : scaled;
});

/** The statistics are written with what is normalised by them. */
defineWriter('moments', () => undefined);

defineWriter('normColumns', (writer, node) => {
  const { columns, groups, rows, epsilon, gamma, beta } = node.attributes as unknown as {
    columns: number;
    groups: number;
    rows: number;
    epsilon: number;
    gamma: boolean;
    beta: boolean;
  };
  const [own, statistics] = node.inputs as [Node, Node];
  if (statistics.inputs[0] !== own) return refuse(node, 'a normalisation by the statistics of other values');
  const each = columns / groups;
  const split = writer.add('Reshape', [writer.nameOf(own), writer.ints([-1, rows, groups, each])]);
  const mean = reduced(writer, 'ReduceMean', split, [1, 3], true);
  const difference = writer.add('Sub', [split, mean]);
  const variance = reduced(writer, 'ReduceMean', writer.add('Mul', [difference, difference]), [1, 3], true);
  const root = writer.add('Sqrt', [writer.add('Add', [variance, number(writer, epsilon)])]);
  let result = writer.add('Div', [difference, root]);
  const affine = node.inputs.slice(2).map((vector) => reshaped(writer, writer.nameOf(vector), [groups, each]));
  if (gamma) result = writer.add('Mul', [result, affine[0]!]);
  if (beta) result = writer.add('Add', [result, affine[Number(gamma)]!]);
  return reshaped(writer, result, writer.sizes(node));
});

// ---- recurrent layers

/** Where ONNX's gates stand among neurite's: LSTM i o f c of i f g o, GRU z r h of r z n. */
const gateOrders: Record<string, { opType: string; order: number[] }> = {
  Tanh: { opType: 'RNN', order: [0] },
  Relu: { opType: 'RNN', order: [0] },
  Lstm: { opType: 'LSTM', order: [0, 3, 1, 2] },
  GruResetAfter: { opType: 'GRU', order: [1, 0, 2] },
  GruResetBefore: { opType: 'GRU', order: [1, 0, 2] },
};

interface Recurrent {
  kind: string;
  sequences: boolean;
  reverse: boolean;
  processingOrder: boolean;
  timeMajor: boolean;
  roles: readonly string[];
}

const results = new WeakMap<Node, Record<string, string>>();

/** The inputs' part is a product before it; ONNX's own takes it through the identity, its gates in their order. */
defineWriter('recurrent', (writer, node) => {
  const { kind, sequences, reverse, processingOrder, timeMajor, roles } = node.attributes as unknown as Recurrent;
  const role = (name: string) => (roles.includes(name) ? writer.nameOf(node.inputs[roles.indexOf(name)]!) : undefined);
  if (role('mask') || role('dropout')) return refuse(node, 'a mask, or dropout within the steps');
  const { opType, order } = gateOrders[kind]!;
  const units = node.inputs[1]!.shape[0]!;
  const width = order.length * units;
  const rows = order.flatMap((gate) => Array.from({ length: units }, (_, unit) => gate * units + unit));
  let x = timeMajor ? role('projected')! : writer.add('Transpose', [role('projected')!], { perm: [1, 0, 2] });
  const backwards = reverse && processingOrder;
  if (backwards)
    x = writer.add('Slice', [x, writer.ints([-1]), writer.ints([-(2 ** 31)]), writer.ints([0]), writer.ints([-1])]);
  const identity = new Float32Array(width * width);
  rows.forEach((column, row) => (identity[row * width + column] = 1));
  const leading = (name: string) => writer.add('Unsqueeze', [name, writer.ints([0])]);
  const kernel = writer.add(
    'Gather',
    [writer.add('Transpose', [role('kernel')!], { perm: [1, 0] }), writer.ints(rows)],
    { axis: 0 },
  );
  const bias =
    role('bias') &&
    leading(
      writer.add(
        'Concat',
        [
          writer.floats(new Float32Array(width), [width]),
          writer.add('Gather', [role('bias')!, writer.ints(rows)], { axis: 0 }),
        ],
        { axis: 0 },
      ),
    );
  const [hidden0, cell0] = [role('hidden0'), role('cell0')].map((name) => (name ? leading(name) : ''));
  const attributes = {
    hidden_size: units,
    direction: reverse && !backwards ? 'reverse' : 'forward',
    ...(kind === 'GruResetAfter' ? { linear_before_reset: 1 } : {}),
  };
  const names = ['output', 'hidden', ...(kind === 'Lstm' ? ['cell'] : [])].map((name) =>
    writer.fresh(`${writer.label}/${name}`),
  );
  const inputs = [
    x,
    writer.floats(identity, [1, width, width]),
    leading(kernel),
    bias ?? '',
    '',
    hidden0!,
    ...(kind === 'Lstm' ? [cell0!] : []),
  ];
  writer.addNode(opType, inputs, names, attributes, kind === 'Relu' ? ['Relu'] : undefined);
  const last = writer.add('Squeeze', [names[1]!, writer.ints([0])]);
  const all = writer.add('Transpose', [writer.add('Squeeze', [names[0]!, writer.ints([1])])], { perm: [1, 0, 2] });
  results.set(node, {
    output: sequences ? all : last,
    hidden: last,
    ...(names[2] ? { cell: writer.add('Squeeze', [names[2], writer.ints([0])]) } : {}),
  });
  return undefined;
});

defineWriter('recurrentResult', (_writer, node) => results.get(node.inputs[0]!)![attribute<string>(node, 'result')]);

// ---- attention

defineWriter('attention', (writer, node) => {
  const { heads, size, offsets, causal, scale, mask, positions } = node.attributes as unknown as {
    heads: number;
    size: number;
    offsets: number[];
    causal: boolean;
    scale: number;
    mask: boolean;
    positions: boolean;
  };
  if (positions) return refuse(node, 'attention to a cache');
  const [queries, keys] = [node.inputs[0]!.shape[1]!, node.inputs[1]!.shape[1]!];
  if (causal && queries !== keys) return refuse(node, `causal attention of ${queries} queries to ${keys} keys`);
  const split = (index: number, perm: readonly number[]) => {
    const own = node.inputs[index]!;
    const part = sliced(writer, writer.nameOf(own), 2, offsets[index]!, heads * size);
    const sizes: Size[] = [...writer.sizes(own).slice(0, 2), heads, size];
    return writer.add('Transpose', [reshaped(writer, part, sizes)], { perm });
  };
  const products = writer.add('MatMul', [split(0, [0, 2, 1, 3]), split(1, [0, 2, 3, 1])]);
  let scores = writer.add('Mul', [products, number(writer, scale)]);
  if (causal) {
    const upper = Float32Array.from({ length: queries * keys }, (_, i) =>
      i % keys > Math.floor(i / keys) ? -Infinity : 0,
    );
    scores = writer.add('Add', [scores, writer.floats(upper, [queries, keys])]);
  }
  if (mask) {
    const kept = writer.add('Greater', [
      writer.add('Unsqueeze', [input(writer, node, 3), writer.ints([1, 2])]),
      number(writer, 0),
    ]);
    scores = writer.add('Where', [kept, scores, number(writer, -Infinity)]);
  }
  const weights = writer.add('Softmax', [scores], { axis: -1 });
  const mixed = writer.add('Transpose', [writer.add('MatMul', [weights, split(2, [0, 2, 1, 3])])], {
    perm: [0, 2, 1, 3],
  });
  return reshaped(writer, mixed, writer.sizes(node));
});
