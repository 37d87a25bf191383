// The transformer's encoder as an ONNX model. Its rows are one matrix [batch · steps, width] from end to end, so that
// each projection is a Gemm with its bias; only the heads are cut out of it and turned.
import { encoder, encoderBatch, encoderWeights } from '../works/transformer.ts';
import { integersProto, model, node, tensorProto, type Bytes } from './onnx.ts';

interface Parts {
  readonly nodes: Bytes[];
  readonly initializers: Bytes[];
}

const rows = encoderBatch * encoder.steps;
const size = encoder.width / encoder.heads;

/** x · kernel + bias under the name `out`. */
function addProjection(
  { nodes, initializers }: Parts,
  weights: Record<string, Float32Array>,
  x: string,
  name: string,
  out: string,
): void {
  const [kernel, bias] = name.startsWith('feedForward')
    ? [`${name}.kernel`, `${name}.bias`]
    : [`${name}Kernel`, `${name}Bias`];
  const [k, b] = [weights[kernel]!, weights[bias]!];
  initializers.push(
    tensorProto(`${out}.kernel`, [k.length / b.length, b.length], k),
    tensorProto(`${out}.bias`, [b.length], b),
  );
  nodes.push(node('Gemm', [x, `${out}.kernel`, `${out}.bias`], out));
}

/** [batch · steps, width] as [batch, heads, steps, size], or for keys [batch, heads, size, steps]. */
function addHeads({ nodes }: Parts, x: string, turned: boolean): string {
  nodes.push(node('Reshape', [x, 'heads'], `${x}.split`));
  nodes.push(node('Transpose', [`${x}.split`], `${x}.heads`, { perm: turned ? [0, 2, 3, 1] : [0, 2, 1, 3] }));
  return `${x}.heads`;
}

function addNorm(
  { nodes, initializers }: Parts,
  weights: Record<string, Float32Array>,
  a: string,
  b: string,
  name: string,
  out: string,
): void {
  for (const part of ['gamma', 'beta'])
    initializers.push(tensorProto(`${out}.${part}`, [encoder.width], weights[`${name}.${part}`]!));
  nodes.push(node('Add', [a, b], `${out}.sum`));
  nodes.push(node('LayerNormalization', [`${out}.sum`, `${out}.gamma`, `${out}.beta`], out));
}

function addLayer(parts: Parts, layer: number, x: string, out: string): void {
  const { nodes } = parts;
  const weights = encoderWeights(layer);
  const at = (name: string) => `layer${layer}.${name}`;
  for (const name of ['query', 'key', 'value']) addProjection(parts, weights, x, `attention.${name}`, at(name));
  const [q, k, v] = [
    addHeads(parts, at('query'), false),
    addHeads(parts, at('key'), true),
    addHeads(parts, at('value'), false),
  ];
  nodes.push(node('MatMul', [q, k], at('scores')));
  nodes.push(node('Mul', [at('scores'), 'scale'], at('scaled')));
  nodes.push(node('Softmax', [at('scaled')], at('weights')));
  nodes.push(node('MatMul', [at('weights'), v], at('seen')));
  nodes.push(node('Transpose', [at('seen')], at('turned'), { perm: [0, 2, 1, 3] }));
  nodes.push(node('Reshape', [at('turned'), 'rows'], at('joined')));
  addProjection(parts, weights, at('joined'), 'attention.output', at('attended'));
  addNorm(parts, weights, x, at('attended'), 'norm1', at('norm1'));
  addProjection(parts, weights, at('norm1'), 'feedForward1', at('inner'));
  nodes.push(node('Relu', [at('inner')], at('active')));
  addProjection(parts, weights, at('active'), 'feedForward2', at('outer'));
  addNorm(parts, weights, at('norm1'), at('outer'), 'norm2', out);
}

export function encoderOnnx(): Uint8Array {
  const parts: Parts = {
    nodes: [],
    initializers: [
      integersProto('heads', [encoderBatch, encoder.steps, encoder.heads, size]),
      integersProto('rows', [rows, encoder.width]),
      tensorProto('scale', [], Float32Array.of(1 / Math.sqrt(size))),
    ],
  };
  for (let i = 0; i < encoder.layers; i++)
    addLayer(parts, i, i === 0 ? 'x' : `out${i - 1}`, i === encoder.layers - 1 ? 'out' : `out${i}`);
  const shape = [rows, encoder.width];
  return model(parts.nodes, parts.initializers, [{ name: 'x', shape }], { name: 'out', shape });
}
