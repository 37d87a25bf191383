// Normalisation: of rows by their own statistics (layer, RMS), and of columns by statistics over rows (batch, instance,
// group). Shapes: rows [R, N]; columns [B, R, C] with G groups of columns, moments [2, B·G].
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node } from '../graph.ts';
import { part } from './shape.ts';

interface RowAttributes {
  /** How many of the last axes are one row. */
  axes: number;
  /** Whether the mean is subtracted. */
  centred: boolean;
  epsilon: number;
  gamma: boolean;
  beta: boolean;
}

const rowAttributes = (node: Node) => node.attributes as unknown as RowAttributes;

const rowsOf = (x: Node, axes: number) => {
  const n = sizeOf(x.shape.slice(x.shape.length - axes));
  return { rows: sizeOf(x.shape) / n, n };
};

/** The inputs behind x (and moments) by what they are. */
const affineOf = (inputs: readonly Node[], { gamma, beta }: { gamma: boolean; beta: boolean }) => ({
  gamma: gamma ? inputs[0] : undefined,
  beta: beta ? inputs[Number(gamma)] : undefined,
});

defineOperation('normRows', {
  infer: ([x]) => ({ shape: x!.shape, dtype: 'f32' }),
  gradient(graph, node, dOut) {
    const [x, ...rest] = node.inputs as [Node, ...Node[]];
    const attributes = rowAttributes(node);
    const { gamma, beta } = affineOf(rest, attributes);
    const all = graph.add('normRowsBackward', gamma ? [dOut, x, gamma] : [dOut, x], { ...attributes });
    return gradientParts(graph, all, x, gamma, beta, rowsOf(x, attributes.axes).n);
  },
  lower(emitter, node) {
    const [x, ...rest] = node.inputs as [Node, ...Node[]];
    const attributes = rowAttributes(node);
    const { gamma, beta } = affineOf(rest, attributes);
    emitter.emit('NormRows', {
      out: emitter.at(node),
      x: emitter.at(x),
      gamma: gamma ? emitter.at(gamma) : 0,
      beta: beta ? emitter.at(beta) : 0,
      ...rowsOf(x, attributes.axes),
      centred: Number(attributes.centred),
      epsilon: attributes.epsilon,
    });
  },
  inPlace: [0],
});

/** dX, dGamma and dBeta of a node that holds all three, for those inputs that are there. */
function gradientParts(graph: Graph, all: Node, x: Node, gamma: Node | undefined, beta: Node | undefined, n: number) {
  const size = sizeOf(x.shape);
  return [
    part(graph, all, 0, x.shape),
    ...(gamma ? [part(graph, all, size, gamma.shape)] : []),
    ...(beta ? [part(graph, all, size + n, beta.shape)] : []),
  ];
}

defineOperation('normRowsBackward', {
  infer([, x], { axes }) {
    return { shape: [sizeOf(x!.shape) + 2 * rowsOf(x!, axes as number).n], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [dOut, x, gamma] = node.inputs as [Node, Node, Node?];
    const { axes, centred, epsilon } = rowAttributes(node);
    const { rows, n } = rowsOf(x, axes);
    emitter.emit('NormRowsBackward', {
      dX: emitter.at(node),
      dGamma: emitter.at(node, rows * n),
      dBeta: emitter.at(node, rows * n + n),
      dOut: emitter.at(dOut),
      x: emitter.at(x),
      gamma: gamma ? emitter.at(gamma) : 0,
      rows,
      n,
      centred: Number(centred),
      epsilon,
      workspace: emitter.workspace(24 * n),
    });
  },
});

export interface Affine {
  readonly gamma?: Node | undefined;
  readonly beta?: Node | undefined;
}

const present = ({ gamma, beta }: Affine): Node[] => [gamma, beta].filter((node): node is Node => node !== undefined);

/** (x − mean) / √(variance + epsilon) · gamma + beta over the last `axes` axes; `centred` false: x / √(mean of squares + epsilon). */
export const normalizeRows = (
  graph: Graph,
  x: Node,
  { axes, centred, epsilon, ...affine }: { axes: number; centred: boolean; epsilon: number } & Affine,
): Node =>
  graph.add('normRows', [x, ...present(affine)], {
    axes,
    centred,
    epsilon,
    gamma: affine.gamma !== undefined,
    beta: affine.beta !== undefined,
  });

/** x as [batch, rows, columns], and the groups of columns. */
export interface ColumnForm {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
}

const formOf = ({ attributes }: Node): ColumnForm => {
  const { batch, rows, columns, groups } = attributes as unknown as ColumnForm;
  return { batch, rows, columns, groups };
};

// Not differentiated by itself: the gradient of normColumns is that through the statistics as well.
defineOperation('moments', {
  infer: (_inputs, { batch, groups }) => ({ shape: [2, (batch as number) * (groups as number)], dtype: 'f32' }),
  lower(emitter, node) {
    const form = formOf(node);
    emitter.emit('Moments', {
      mean: emitter.at(node),
      variance: emitter.at(node, form.batch * form.groups),
      x: emitter.at(node.inputs[0]!),
      ...form,
      workspace: emitter.workspace(12 * form.columns),
    });
  },
});

/** The mean and the variance (divided by n) of each group of columns of each sample: [2, B·G]. */
export const moments = (graph: Graph, x: Node, form: ColumnForm): Node => graph.add('moments', [x], { ...form });

interface ColumnAttributes extends ColumnForm {
  epsilon: number;
  gamma: boolean;
  beta: boolean;
}

const columnAttributes = (node: Node) => node.attributes as unknown as ColumnAttributes;

defineOperation('normColumns', {
  infer: ([x]) => ({ shape: x!.shape, dtype: 'f32' }),
  gradient(graph, node, dOut) {
    const [x, statistics, ...rest] = node.inputs as [Node, Node, ...Node[]];
    const attributes = columnAttributes(node);
    const { gamma, beta } = affineOf(rest, attributes);
    const inputs = gamma ? [dOut, x, statistics, gamma] : [dOut, x, statistics];
    const all = graph.add('normColumnsBackward', inputs, { ...attributes });
    const [dX, ...affine] = gradientParts(graph, all, x, gamma, beta, attributes.columns) as [Node, ...Node[]];
    return [dX, null, ...affine];
  },
  lower(emitter, node) {
    const [x, statistics, ...rest] = node.inputs as [Node, Node, ...Node[]];
    const attributes = columnAttributes(node);
    const { gamma, beta } = affineOf(rest, attributes);
    const form = formOf(node);
    emitter.emit('NormColumns', {
      out: emitter.at(node),
      x: emitter.at(x),
      mean: emitter.at(statistics),
      variance: emitter.at(statistics, form.batch * form.groups),
      gamma: gamma ? emitter.at(gamma) : 0,
      beta: beta ? emitter.at(beta) : 0,
      ...form,
      epsilon: attributes.epsilon,
      workspace: emitter.workspace(8 * form.columns),
    });
  },
  inPlace: [0],
});

defineOperation('normColumnsBackward', {
  infer: ([, x], { columns }) => ({ shape: [sizeOf(x!.shape) + 2 * (columns as number)], dtype: 'f32' }),
  lower(emitter, node) {
    const [dOut, x, statistics, gamma] = node.inputs as [Node, Node, Node, Node?];
    const form = formOf(node);
    const size = sizeOf(x.shape);
    emitter.emit('NormColumnsBackward', {
      dX: emitter.at(node),
      dGamma: emitter.at(node, size),
      dBeta: emitter.at(node, size + form.columns),
      dOut: emitter.at(dOut),
      x: emitter.at(x),
      mean: emitter.at(statistics),
      variance: emitter.at(statistics, form.batch * form.groups),
      gamma: gamma ? emitter.at(gamma) : 0,
      ...form,
      epsilon: columnAttributes(node).epsilon,
      workspace: emitter.workspace(48 * form.columns),
    });
  },
});

/** x normalised by its own moments (those of `moments` of the same x and form), times gamma [C] plus beta [C]. */
export const normalizeColumns = (
  graph: Graph,
  x: Node,
  statistics: Node,
  { epsilon, gamma, beta, ...form }: ColumnForm & Affine & { epsilon: number },
): Node =>
  graph.add('normColumns', [x, statistics, ...present({ gamma, beta })], {
    ...form,
    epsilon,
    gamma: gamma !== undefined,
    beta: beta !== undefined,
  });
