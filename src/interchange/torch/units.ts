// What of a model is one module of PyTorch: a unit. A layer is one unit, a stack of recurrent layers one for each; the
// parts of a transformer's layer have the names that torch.nn gives them. A unit is known by the names of its values.
import { NeuriteError } from '../../core/errors.ts';
import type { Layer } from '../../layers/layer.ts';
import type { InferenceModel } from '../../model/inference.ts';
import { channelsLast, kernel, plain, stacked, twoBiases, type Entry, type Place, type Values } from './entries.ts';
import { featureOrders, type FeatureOrder } from './order.ts';

export interface Unit {
  /** The layer's name, and for a stack of recurrent layers which one: `lstm.layer1`. */
  readonly name: string;
  /** Whether its user gave the layer its name. */
  readonly isNamed: boolean;
  readonly entries: readonly Entry[];
}

/** How a layer reads its input. */
interface Reading {
  readonly order: FeatureOrder;
  readonly channelsFirst: boolean;
}

/** The units of a model, in the order of its layers. @throws NeuriteError for a layer that PyTorch has no module for */
export function unitsOf(model: InferenceModel): Unit[] {
  const { topology } = model;
  const orders = featureOrders(topology);
  const values = [...model.parameters, ...model.states].filter(({ name }) => !name.startsWith('state.'));
  return topology.layers.flatMap((layer, number) => {
    const label = topology.names[number]!;
    const own = values.filter((value) => value.layer === number);
    const call = topology.calls.findIndex((each) => each.layer === number);
    const reading = { order: orders.read[call]!, channelsFirst: orders.channelsFirst[call]! };
    const isNamed = layer.layerName !== undefined;
    return [...byStack(own, label)].map(([name, places]) => ({
      name,
      isNamed,
      entries: [...byPart(places, label)].flatMap(([part, entries]) => entriesOf(layer, part, entries, reading)),
    }));
  });
}

/** Recurrent layers that stand on one another are units of their own: `forward.layer1.kernel` is of `layer1`. */
function byStack(values: readonly Place[], label: string): Map<string, Place[]> {
  const stacks = new Map<string, Place[]>();
  for (const value of values) {
    const stack = /\.(layer\d+)\.\w+$/.exec(value.name)?.[1];
    const name = stack ? `${label}.${stack}` : label;
    stacks.set(name, [...(stacks.get(name) ?? []), value]);
  }
  return stacks;
}

/** The values of a unit by the part of it that holds them: `''`, `attention`, `block0.norm1`, `forward`. */
function byPart(values: readonly Place[], label: string): Map<string, Map<string, Place>> {
  const parts = new Map<string, Map<string, Place>>();
  for (const { name, shape } of values) {
    const words = name
      .slice(label.length + 1)
      .split('.')
      .filter((word) => !/^layer\d*$/.test(word));
    const local = words.pop()!;
    const part = words.join('.');
    parts.set(part, (parts.get(part) ?? new Map<string, Place>()).set(local, { name, shape }));
  }
  return parts;
}

const partNames: Readonly<Record<string, string>> = {
  attention: 'self_attn',
  crossAttention: 'multihead_attn',
  feedForward1: 'linear1',
  feedForward2: 'linear2',
};

/** `block0.attention` is `layers.0.self_attn` in torch.nn. */
const torchPart = (part: string): string =>
  part
    .split('.')
    .map((word) => partNames[word] ?? word.replace(/^block(\d+)$/, 'layers.$1'))
    .join('.');

function entriesOf(layer: Layer, part: string, values: Values, reading: Reading): Entry[] {
  if (values.has('recurrentKernel')) return recurrentEntries(layer, part, values);
  const prefix = part === '' ? '' : `${torchPart(part)}.`;
  if (values.has('queryKernel')) return attentionEntries(prefix, values);
  if (values.has('pointwiseKernel')) return separableEntries(prefix, values);
  return [...values].map(([local, value]) => simpleEntry(layer, prefix, local, value, reading));
}

const normNames: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  movingMean: 'running_mean',
  movingVariance: 'running_var',
  alpha: 'weight',
};

function simpleEntry(layer: Layer, prefix: string, local: string, value: Place, reading: Reading): Entry {
  const { order, channelsFirst } = reading;
  if (local === 'kernel') return kernel(`${prefix}weight`, value, value.shape.length === 2 ? order : null);
  if (local === 'bias') return plain(`${prefix}bias`, value);
  if (local === 'table') return plain(`${prefix}weight`, value);
  const name = normNames[local];
  if (name === undefined)
    throw new NeuriteError(`state_dict: PyTorch has no counterpart of "${value.name}" (${layer.type})`);
  if (value.shape.length > 1 && channelsFirst) return channelsLast(`${prefix}${name}`, value);
  return plain(`${prefix}${name}`, value, order?.length === value.shape[0] ? order : null);
}

/** One direction, or two: `_reverse` in PyTorch. The number of the layer is left out: `weight_ih`. */
function recurrentEntries(layer: Layer, part: string, values: Values): Entry[] {
  const suffix = part.split('.').includes('backward') ? '_reverse' : '';
  const inner = (layer.config['layer'] as { config: Layer['config'] } | undefined)?.config ?? layer.config;
  if (inner['resetAfter'] === false)
    throw new NeuriteError(
      `state_dict: "${values.get('kernel')!.name}" is of a gru with resetAfter: false, which PyTorch does not have`,
    );
  const names = ['bias_ih', 'bias_hh'].map((name) => name + suffix) as [string, string];
  const bias = values.get('bias');
  const recurrentBias = values.get('recurrentBias');
  return [
    kernel(`weight_ih${suffix}`, values.get('kernel')!),
    kernel(`weight_hh${suffix}`, values.get('recurrentKernel')!),
    ...(bias && recurrentBias ? [plain(names[0], bias), plain(names[1], recurrentBias)] : []),
    ...(bias && !recurrentBias ? [twoBiases(names, bias)] : []),
  ];
}

/** torch.nn.MultiheadAttention: one projection of queries, keys and values where they have the same width. */
function attentionEntries(prefix: string, values: Values): Entry[] {
  const kinds = ['query', 'key', 'value'];
  const kernels = kinds.map((kind) => values.get(`${kind}Kernel`)!);
  const isOne = kernels.every(({ shape }) => shape[0] === kernels[0]!.shape[0]);
  const bias = values.get('outputBias');
  return [
    ...(isOne
      ? [stacked(`${prefix}in_proj_weight`, kernels)]
      : kernels.map((value, i) => kernel(`${prefix}${kinds[i]![0]}_proj_weight`, value))),
    ...(bias
      ? [
          stacked(
            `${prefix}in_proj_bias`,
            kinds.map((kind) => values.get(`${kind}Bias`)!),
          ),
        ]
      : []),
    kernel(`${prefix}out_proj.weight`, values.get('outputKernel')!),
    ...(bias ? [plain(`${prefix}out_proj.bias`, bias)] : []),
  ];
}

/** Two convolutions in PyTorch, numbered or named as their user liked; here they are `depthwise` and `pointwise`. */
function separableEntries(prefix: string, values: Values): Entry[] {
  const bias = values.get('bias');
  return [
    kernel(`${prefix}depthwise.weight`, values.get('depthwiseKernel')!),
    kernel(`${prefix}pointwise.weight`, values.get('pointwiseKernel')!),
    ...(bias ? [plain(`${prefix}pointwise.bias`, bias)] : []),
  ];
}
