// `neurite inspect model.onnx`: what an ONNX file takes and gives, its operators, those that are missing, its memory.
import { stat } from 'node:fs/promises';
import { inspectOnnx, type OnnxSummary, type OnnxValueInfo } from '../node/onnx.ts';
import { bytes, count, counted, table } from './text.ts';

export async function describeOnnxFile(path: string): Promise<string> {
  const summary = await inspectOnnx(path);
  const { size } = await stat(path);
  const { opset, producer, weights, memory } = summary;
  const rows: [string, string][] = [
    ...named('inputs', summary.inputs),
    ...named('outputs', summary.outputs),
    ['weights', `${counted(weights.tensors, 'tensor')}, ${counted(weights.values, 'value')}`],
    ['memory', memory === undefined ? 'unknown while operators are missing' : bytes(memory)],
  ];
  const head = `${path}: ${bytes(size)}, ONNX, operator set ${opset}${producer ? `, made by ${producer}` : ''}`;
  return [head, table(rows, 2), operators(summary), missing(summary)].filter(Boolean).join('\n\n');
}

const named = (what: string, values: readonly OnnxValueInfo[]): [string, string][] =>
  values.map(({ name, type, shape }, i) => [
    i ? '' : what,
    `${name}: ${type} [${shape.map((size) => size || '*').join(', ')}]`,
  ]);

const operators = ({ operators: all }: OnnxSummary): string =>
  table([['operator', 'nodes'], ...all.map(({ operator, count: nodes }) => [operator, count(nodes)])]);

function missing({ missing: all }: OnnxSummary): string {
  if (!all.length) return 'no operator is missing';
  const rows = all.map(({ operator, nodes }) => [operator, nodes.join(', ')]);
  return table([['missing operator', 'used by'], ...rows], 2);
}
