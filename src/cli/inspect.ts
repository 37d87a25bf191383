// `neurite inspect`: what a file holds: a model of neurite or of another library, or tensors.
import type { Command } from 'commander';
import { formatShape } from '../data/tensor.ts';
import { decodeSafetensors, type SafeTensor, type SafeTensors } from '../formats/safetensors.ts';
import { loadModel } from '../model/load.ts';
import type { Model } from '../model/model.ts';
import { readFileBytes } from '../node/files.ts';
import { fileOf, formatOfFile, openContent } from './any-file.ts';
import { describeOnnxFile } from './inspect-onnx.ts';
import { recall, type Recalled } from './remembered.ts';
import { bytes, count, counted, listed, short, table } from './text.ts';

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('show what a file holds: a model of neurite, ONNX, Keras, TensorFlow.js, or tensors')
    .argument('<model>', 'safetensors, .onnx, .keras, .h5, model.json, .npz, .npy')
    .addHelpText('after', '\nExample:\n  $ neurite inspect digits.safetensors')
    .action(inspect);
}

async function inspect(path: string): Promise<void> {
  const file = await fileOf(path);
  const content = await readFileBytes(file);
  const format = formatOfFile(file, content);
  if (format === 'onnx') return console.log(await describeOnnxFile(file));
  if (format === 'safetensors') return inspectSafetensors(file, content);
  const opened = await openContent(file, content);
  console.log(`${file}: ${bytes(content.length)}, ${format}`);
  if ('model' in opened) return console.log(`\n${opened.model.summary()}\n\n${describeModel(opened.model)}`);
  console.log(describeTensors({ tensors: new Map(opened.tensors), metadata: {} }));
}

async function inspectSafetensors(path: string, content: Uint8Array): Promise<void> {
  const file = decodeSafetensors(content);
  console.log(`${path}: ${bytes(content.length)}, ${counted(file.tensors.size, 'tensor')}`);
  if (file.metadata['format'] !== 'neurite') return console.log(describeTensors(file));
  const model = await loadModel(content);
  console.log(`\n${model.summary()}\n\n${describeModel(model)}\n\n${statistics(file)}`);
}

function describeTensors({ tensors, metadata }: SafeTensors): string {
  const rows = [...tensors].map(([name, { dtype, shape }]) => [name, dtype, formatShape(shape)]);
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}: ${cut(value)}`);
  const list = rows.length ? `\n${table([['tensor', 'dtype', 'shape'], ...rows], 3)}` : '';
  return ['no model of neurite: tensors only', ...pairs, list].join('\n').trimEnd();
}

const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

function describeModel(model: Model): string {
  const samples = (shapes: readonly (readonly number[])[]) => shapes.map((shape) => formatShape(shape)).join(', ');
  const rows: [string, string | undefined][] = [
    ['inputs', samples(model.inputShapes)],
    ['outputs', samples(model.outputShapes)],
    ['seed', String(model.seed)],
    ...remembered(model),
    ['loss', model.trainer.losses.map(({ spec }) => spec.type).join(', ') || undefined],
    ['optimizer', optimizerLine(model)],
  ];
  return table(
    rows.filter((row): row is [string, string] => row[1] !== undefined),
    2,
  );
}

/** What the command itself writes, where it is there in its form; else the names of what is there. */
function remembered(model: Model): [string, string | undefined][] {
  let recalled: Recalled;
  try {
    recalled = recall(model);
  } catch {
    return [['metadata', listed(Object.keys(model.metadata)) || undefined]];
  }
  const { dataset, task, targetName, featureNames, classes, imageShape, scaler, targetScaler, training } = recalled;
  return [
    ['data', dataset && `${dataset.name}, ${count(dataset.testSize)} rows held out by seed ${dataset.seed}`],
    ['task', task],
    ['target', targetName],
    ['columns', featureNames && listed(featureNames)],
    ['classes', classes && listed(classes, 40)],
    ['pictures', imageShape?.join('×')],
    ['inputs scaled', scaler?.type ?? 'no'],
    ['targets scaled', targetScaler?.type],
    [
      'training',
      training &&
        Object.entries(training)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(', '),
    ],
  ];
}

function optimizerLine({ trainer: { optimizer, step, epoch } }: Model): string {
  return optimizer
    ? `${optimizer.type}, after ${counted(step, 'step')} in ${counted(epoch, 'epoch')}`
    : 'no state in the file';
}

/** The spread of every tensor's values: a dead layer or a diverged one is seen at once. */
function statistics({ tensors }: SafeTensors): string {
  const rows = [...tensors].map(([name, tensor]) => [name, formatShape(tensor.shape), ...spread(tensor)]);
  return table([['tensor', 'shape', 'least', 'mean', 'deviation', 'greatest'], ...rows], 2);
}

function spread({ data }: SafeTensor): string[] {
  let [least, greatest, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (const item of data) {
    const value = Number(item);
    if (!(value >= least)) least = value;
    if (!(value <= greatest)) greatest = value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / data.length;
  const deviation = Math.sqrt(Math.max(0, squares / data.length - mean * mean));
  return data.length ? [least, mean, deviation, greatest].map(short) : ['–', '–', '–', '–'];
}
