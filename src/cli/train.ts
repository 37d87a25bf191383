// `neurite train`: data in, a trained model and its assessment out.
import { access, constants } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Variant } from '../core/features.ts';
import type { Dataset, Split } from '../data/dataset.ts';
import { activationNames, type ActivationName } from '../layers/activations.ts';
import { earlyStopping } from '../model/callbacks.ts';
import type { History } from '../model/fit.ts';
import type { Model } from '../model/model.ts';
import { network } from '../model/network.ts';
import { cosineDecay, optimizerFromConfig, optimizerNames, type Optimizer } from '../optimizers/index.ts';
import { fileError, writeFileAtomic } from '../node/files.ts';
import { csvTasks, writeCsv, type CsvTask } from '../node/csv.ts';
import { assess, assessmentLine, confusionOf, type Assessment } from './assess.ts';
import { builtInNames, loadSource, split, type Source } from './data.ts';
import { Interrupted, UsageError } from './exit.ts';
import { layerList, nameOf, numberFromZero, positiveNumber, rate, testSize, wholeFrom } from './options.ts';
import { progress } from './progress.ts';
import { recall, toInputs, type Recalled, type Remembered } from './remembered.ts';
import { fitScalers, scalings, type Scaling } from './scaling.ts';
import { bytes, count, counted, listed, seconds } from './text.ts';
import { verify } from './verify.ts';

interface TrainOptions {
  target?: string;
  task?: CsvTask;
  test?: number;
  layers: number[];
  activation: ActivationName;
  dropout: number;
  l2: number;
  epochs: number;
  batch: number;
  optimizer: string;
  learningRate?: number;
  schedule: 'cosine' | 'constant';
  weightDecay?: number;
  patience?: number;
  scale?: Scaling;
  constant?: 'error' | 'pass';
  seed: number;
  out?: string;
  report?: string;
  saveTest?: string;
  optimizerState: boolean;
  verify: boolean;
  deterministic?: boolean;
  variant?: Variant;
  quiet: boolean;
}

interface Preset {
  readonly test: number;
  readonly scale: Scaling;
  readonly constant: 'error' | 'pass';
  /** Adam's. */
  readonly learningRate: number;
}

/** What a data set is trained with where nothing else is said. Pixels are from 0 to 1 already, and some always 0. */
const presets: Readonly<Record<string, Preset>> = {
  digits: { test: 360, scale: 'none', constant: 'pass', learningRate: 0.01 },
  iris: { test: 30, scale: 'standardize', constant: 'error', learningRate: 0.01 },
};
const csvPreset: Preset = { test: 0.2, scale: 'standardize', constant: 'error', learningRate: 0.005 };

const presetOf = ({ name, builtIn }: Source): Preset => (builtIn ? presets[name]! : csvPreset);

const examples = `
Examples:
  $ neurite train digits --layers 64 --epochs 30 --seed 1 --out digits.safetensors --report report.html
  $ neurite train rows.csv --target label --layers 64,32 --patience 10
  $ neurite train houses.csv --target price --task regression --scale minmax --test 200

SIGINT (Ctrl-C) stops the training; then no file is written, and the exit code is 130.`;

export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('train a network on a data set and save it')
    .argument('<data>', `${builtInNames.join(', ')}, or the path of a CSV file`)
    .option('--target <column>', 'the column to learn (CSV)')
    .option(
      '--task <task>',
      'classification or regression (default: what the column looks like)',
      nameOf('task', csvTasks),
    )
    .option('--test <size>', 'rows to hold out, a fraction or a count (default: 0.2; digits 360, iris 30)', testSize)
    .option('--layers <units>', 'units of the hidden layers, as in 64,32, or none', layerList, [64])
    .option('--activation <name>', 'of the hidden layers', nameOf('activation', activationNames), 'relu')
    .option('--dropout <rate>', 'share of hidden values dropped in training', rate, 0)
    .option('--l2 <factor>', 'of the sum of squared weights, added to the loss', numberFromZero, 0)
    .option('--epochs <n>', 'passes over the training rows', wholeFrom(1), 60)
    .option('--batch <n>', 'rows in a training step', wholeFrom(1), 32)
    .option('--optimizer <name>', optimizerNames.join(', '), nameOf('optimizer', optimizerNames), 'adam')
    .option(
      '--learning-rate <rate>',
      "(default: adam's 0.005, digits and iris 0.01; otherwise the optimizer's own)",
      positiveNumber,
    )
    .option(
      '--schedule <name>',
      'of the learning rate: cosine (down to 0) or constant',
      nameOf('schedule', ['cosine', 'constant']),
      'cosine',
    )
    .option('--weight-decay <factor>', "(default: the optimizer's own)", numberFromZero)
    .option(
      '--patience <n>',
      'stop after n epochs without a better loss on a tenth of the training rows, kept aside',
      wholeFrom(1),
    )
    .option(
      '--scale <how>',
      'the inputs: standardize, minmax or none (default: standardize; digits none)',
      nameOf('scaling', scalings),
    )
    .option(
      '--constant <how>',
      'a column of one value: error or pass (default: error; digits pass)',
      nameOf('treatment of constant columns', ['error', 'pass']),
    )
    .option('--seed <n>', 'fixes the split, initial weights, shuffling and dropout', wholeFrom(0), 0)
    .option('--out <file>', 'where the model goes (default: <data>.safetensors in this folder)')
    .option('--report <file>', 'write a report as one HTML file')
    .option('--save-test <file>', 'write the held-out rows as CSV')
    .option('--optimizer-state', "save the optimizer's state too, to resume from", false)
    .option('--verify', 'load the saved model back and predict the held-out rows with it', false)
    .option('--deterministic', 'the same bits on every machine')
    .option('--variant <name>', 'of the core: simd, relaxed or debug', nameOf('variant', ['simd', 'relaxed', 'debug']))
    .option('--quiet', 'print the result alone', false)
    .addHelpText('after', examples)
    .action(train);
}

async function train(data: string, options: TrainOptions): Promise<void> {
  const out = options.out ?? `${basename(data).replace(/\.csv$/i, '')}.safetensors`;
  for (const path of [out, options.report, options.saveTest]) if (path !== undefined) await checkFolder(path);
  const source = await loadSource(data, options);
  const parts = split(source, options.test ?? presetOf(source).test, options.seed);
  const tell = options.quiet ? () => {} : (text: string) => console.log(text);
  tell(describe(source, parts));
  const model = await build(source, parts, options);
  tell(`\n${model.summary()}\n`);
  const recalled = recall(model);
  const optimizer = optimizerOf(options, presetOf(source));
  const history = await fit(model, recalled, parts, { ...options, optimizer }, out);
  tell(describeTraining(model, history, parts, options));
  const assessment = assess(model, recalled, parts.test);
  console.log(`held out: ${assessmentLine(assessment)}`);
  const confusion = confusionOf(recalled, assessment);
  if (confusion) tell(`\n${confusion}\n`);
  const run = { source, parts, model, recalled, history, assessment };
  await write(run, options, out);
  if (options.verify) console.log(await verify(model, parts.test, out, options));
}

/** What a training gave, for the files and the report. */
export interface TrainingRun {
  readonly source: Source;
  readonly parts: Split;
  readonly model: Model;
  readonly recalled: Recalled;
  readonly history: History;
  readonly assessment: Assessment;
}

/** A training must not be lost for a folder that is not there. */
async function checkFolder(path: string): Promise<void> {
  await access(dirname(resolve(path)), constants.W_OK).catch((cause: unknown) => {
    throw fileError('write', path, cause);
  });
}

function describe({ name, dataset, task, targetName }: Source, { train: trained, test }: Split): string {
  const { inputs, classes, imageShape } = dataset;
  const pictures = imageShape ? ` (pictures of ${imageShape.join('×')})` : '';
  const target = task === 'classification' ? `${classes!.length} classes: ${listed(classes!)}` : 'a quantity';
  return [
    `${name}: ${counted(inputs.shape[0]!, 'row')} of ${counted(inputs.shape[1]!, 'input')}${pictures}; ${targetName}: ${target}`,
    `${count(trained.inputs.shape[0]!)} to train on, ${count(test.inputs.shape[0]!)} held out`,
  ].join('\n');
}

async function build(source: Source, { train: trained, test }: Split, options: TrainOptions): Promise<Model> {
  const { dataset, task, targetName } = source;
  const { layers, activation, dropout, l2, seed } = options;
  const preset = presetOf(source);
  const isRegression = task === 'regression';
  const { scaler, targetScaler } = fitScalers(trained, {
    scaling: options.scale ?? preset.scale,
    constant: options.constant ?? preset.constant,
    targetName,
    isRegression,
  });
  const model = await network({
    type: 'mlp',
    inputShape: [dataset.inputs.shape[1]!],
    layers,
    activation,
    dropout,
    outputs: isRegression ? 1 : dataset.classes!.length,
    task: isRegression ? 'regression' : 'multiclass',
    ...(l2 > 0 && { penalty: { l2 } }),
    seed,
    deterministic: options.deterministic,
    variant: options.variant,
  });
  const { epochs, batch, optimizer } = options;
  const remembered: Remembered = {
    dataset: { name: source.name, testSize: test.inputs.shape[0]!, seed },
    targetName,
    featureNames: dataset.featureNames!,
    ...(dataset.classes && { classes: dataset.classes }),
    ...(dataset.imageShape && { imageShape: dataset.imageShape }),
    ...(scaler && { scaler: scaler.toJSON() }),
    ...(targetScaler && { targetScaler: targetScaler.toJSON() }),
    training: { epochs, batchSize: batch, optimizer },
  };
  Object.assign(model.metadata, remembered);
  return model;
}

const patienceShare = 0.1;

function optimizerOf(
  { optimizer, schedule, weightDecay, epochs, ...options }: TrainOptions,
  preset: Preset,
): Optimizer {
  const own = optimizer === 'adam' ? preset.learningRate : optimizerFromConfig(optimizer, {}).learningRate;
  const highest = options.learningRate ?? (own as number);
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const learningRate = schedule === 'cosine' ? cosineDecay({ learningRate: highest, steps: epochs }) : highest;
  try {
    return optimizerFromConfig(optimizer, { learningRate, ...decay });
  } catch (error) {
    // The only option that not every optimizer has.
    throw new UsageError(`--weight-decay: ${(error as Error).message}`);
  }
}

type FitSettings = Omit<TrainOptions, 'optimizer'> & { readonly optimizer: Optimizer };

async function fit(
  model: Model,
  recalled: Recalled,
  parts: Split,
  options: FitSettings,
  out: string,
): Promise<History> {
  const { epochs, batch, patience, quiet, optimizer } = options;
  const samples = ({ inputs, targets }: Dataset) => ({
    inputs: toInputs(model, recalled, inputs),
    targets: recalled.targetScaler ? recalled.targetScaler.transform(targets) : targets,
  });
  const shown = progress(process.stderr, { quiet });
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new Interrupted(`interrupted; nothing was written, ${out} is as it was`));
  // Once: a second Ctrl-C ends the process at once.
  process.once('SIGINT', interrupt);
  try {
    const history = await model.fit(samples(parts.train), {
      optimizer,
      epochs,
      batchSize: batch,
      // The rows that decide when to stop are not the ones that the result is measured on.
      ...(patience ? { validationSplit: patienceShare } : quiet ? {} : { validationData: samples(parts.test) }),
      callbacks: [shown.callback, ...(patience ? [earlyStopping({ patience })] : [])],
      onProgress: shown.onProgress,
      signal: interruption.signal,
    });
    interruption.signal.throwIfAborted();
    return history;
  } finally {
    shown.stop();
    process.removeListener('SIGINT', interrupt);
  }
}

function describeTraining(model: Model, history: History, { train: trained }: Split, options: TrainOptions): string {
  const { patience, batch } = options;
  const rows = trained.inputs.shape[0]!;
  const used = patience ? rows - Math.round(rows * patienceShare) : rows;
  const steps = Math.ceil(used / batch);
  const pace = Math.round((used * history.epochs) / history.elapsed);
  const stopped = history.stopped ? `${history.stopped}\n` : '';
  return `${stopped}trained ${counted(history.epochs, 'epoch')} of ${counted(steps, 'step')} in ${seconds(history.elapsed)}: ${count(pace)} samples/s (${model.variant})`;
}

async function write(run: TrainingRun, options: TrainOptions, out: string): Promise<void> {
  const file = run.model.toBytes({ optimizer: options.optimizerState });
  await writeFileAtomic(out, file);
  console.log(`model:    ${out} (${bytes(file.length)})`);
  if (options.report !== undefined) {
    // The plotting library is loaded only when there is something to plot.
    const { trainingReport } = await import('./report.ts');
    await writeFileAtomic(options.report, trainingReport(run, options));
    console.log(`report:   ${options.report}`);
  }
  if (options.saveTest !== undefined) {
    await writeRows(options.saveTest, run.parts.test, run.source.targetName);
    console.log(`held out: ${options.saveTest} (${counted(run.parts.test.inputs.shape[0]!, 'row')})`);
  }
}

async function writeRows(path: string, { inputs, targets, featureNames, classes }: Dataset, targetName: string) {
  const columns = inputs.shape[1]!;
  const rows = Array.from(targets.data, (target, row) => [
    ...inputs.data.subarray(row * columns, (row + 1) * columns),
    classes ? classes[target]! : target,
  ]);
  await writeCsv(path, [...featureNames!, targetName], rows);
}
