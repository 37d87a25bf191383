// A model as a table: each layer with its output shape, parameters and memory.
import { sizeOf, type Shape } from '../graph/graph.ts';
import { formatBatchShape } from '../layers/layer.ts';
import type { Model } from './model.ts';

export interface LayerSummary {
  readonly name: string;
  readonly type: string;
  /** Of one sample. */
  readonly outputShape: Shape;
  readonly parameters: number;
  /** Values that no optimizer changes: running statistics and the like. */
  readonly states: number;
  /** The bytes of its parameters and states. */
  readonly bytes: number;
}

export interface Summary {
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Values that no optimizer changes. */
  readonly states: number;
  /** The bytes of the model's memory. */
  readonly memory: number;
  /** The table as text. */
  toString(): string;
}

export function summarize(model: Model): Summary {
  const { topology } = model;
  const count = (layer: number, onlyTrainable = false) =>
    model.parameters
      .filter((info) => info.layer === layer && (info.trainable || !onlyTrainable))
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const countStates = (layer: number) =>
    model.states.filter((info) => info.layer === layer).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const layers = topology.layers.map((layer, i): LayerSummary => {
    const call = topology.calls.find((candidate) => candidate.layer === i)!;
    return {
      name: topology.names[i]!,
      type: layer.type,
      outputShape: call.shape,
      parameters: count(i),
      states: countStates(i),
      bytes: 4 * (count(i) + countStates(i)),
    };
  });
  const sum = (onlyTrainable: boolean) => topology.layers.reduce((total, _, i) => total + count(i, onlyTrainable), 0);
  const summary = {
    layers,
    parameters: sum(false),
    trainableParameters: sum(true),
    states: layers.reduce((total, { states }) => total + states, 0),
    memory: model.memory,
  };
  return { ...summary, toString: () => formatSummary(summary) };
}

const formatBytes = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 ** 2
      ? `${(bytes / 1024).toFixed(1)} kB`
      : `${(bytes / 1024 ** 2).toFixed(1)} MB`;

function formatSummary({ layers, parameters, trainableParameters, states, memory }: Omit<Summary, 'toString'>): string {
  const rows = [
    ['layer', 'type', 'output', 'parameters', 'bytes'],
    ...layers.map((layer) => [
      layer.name,
      layer.type,
      formatBatchShape(layer.outputShape),
      layer.parameters.toLocaleString('en'),
      formatBytes(layer.bytes),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  const kept = states ? `, ${states.toLocaleString('en')} states that are not trained` : '';
  const total = `${parameters.toLocaleString('en')} parameters, ${trainableParameters.toLocaleString('en')} trainable${kept}; ${formatBytes(memory)} of memory`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line), rule, total].join('\n');
}
