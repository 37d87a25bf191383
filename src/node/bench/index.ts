// What `neurite bench` does: groups of kernels and whole networks on this machine, or a model file by its instructions.
import { loadCore } from '../../core/core.ts';
import { FormatError } from '../../core/errors.ts';
import type { Variant } from '../../core/features.ts';
import { sizeOf } from '../../graph/graph.ts';
import { forwardFunction } from '../../model/functions.ts';
import { loadModel } from '../../model/load.ts';
import type { Model } from '../../model/model.ts';
import { readFileBytes } from '../files.ts';
import { benchmarkData } from './case.ts';
import { casesOf } from './cases.ts';
import { describeMachine, machineLine } from './machine.ts';
import { profileProgram, type Profile } from './profile.ts';
import { runSuite } from './suite.ts';
import { alignColumns, formatFailures, formatLimits, formatRows, formatSeconds, formatShare } from './table.ts';

export { groupNames, isGroup } from './cases.ts';

export interface BenchOptions {
  readonly variant?: Variant | undefined;
  readonly rounds?: number;
}

export interface BenchReport {
  readonly text: string;
  readonly results: unknown;
  readonly failures: number;
}

/** Measures the groups of that name. */
export async function benchGroups(name: string, { variant, rounds = 15 }: BenchOptions = {}): Promise<BenchReport> {
  const core = await loadCore({ variant });
  const machine = describeMachine(core.variant);
  const suite = await runSuite(await casesOf(name, core.variant), core.variant, { rounds });
  const text = [
    machineLine(machine),
    formatLimits(suite.limits),
    formatRows(suite.rows),
    formatFailures(suite.failures),
  ];
  return {
    text: text.filter(Boolean).join('\n'),
    results: { machine, ...suite },
    failures: suite.failures.length,
  };
}

/**
 * Measures a model file: a prediction, each of its instructions, its memory.
 * @throws FormatError for a file that is no model
 */
export async function benchModel(path: string, options: BenchOptions & { batchSize: number }): Promise<BenchReport> {
  const { variant, rounds = 15, batchSize } = options;
  const model = await openModel(path, variant);
  const memory = memoryOf(model, batchSize);
  const executable = model.programs.place(forwardFunction(model.topology, batchSize), { keepAll: true });
  for (const [i, name] of [...executable.compiled.inputs.keys()].entries()) {
    const input = executable.input(name);
    input.set(benchmarkData(input.length, i + 1));
  }
  const machine = describeMachine(model.variant);
  const samples = `${batchSize} ${batchSize === 1 ? 'sample' : 'samples'}`;
  const profile = await profileProgram(executable, `a prediction of ${samples}`, model.variant, { rounds });
  executable.release();
  const text = [
    machineLine(machine),
    formatLimits(profile.limits),
    '',
    formatProfile(profile),
    '',
    formatMemory(memory),
  ];
  return { text: text.join('\n'), results: { machine, batchSize, ...profile, memory }, failures: 0 };
}

/** The model of a file, or an error that says that there is none in it. */
async function openModel(path: string, variant: Variant | undefined): Promise<Model> {
  const bytes = await readFileBytes(path);
  try {
    return await loadModel(bytes, { variant });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`bench: "${path}" is not a model of neurite: ${error.message}`, { cause: error });
  }
}

/** Each instruction with its part of their sum. */
export function formatProfile({ whole, rows }: Profile): string {
  const total = rows.reduce((sum, { median }) => sum + median, 0);
  const head = ['instruction', 'layer', 'median', 'part', 'rate', 'share', 'of'];
  const cells = rows.map(({ name, group, median, rate, unit, share, bound }) => [
    name,
    group,
    formatSeconds(median),
    formatShare(median / total),
    rate === undefined ? '' : `${rate.toPrecision(3)} ${unit}`,
    formatShare(share),
    bound ?? '',
  ]);
  const all = [
    whole.name,
    '',
    formatSeconds(whole.median),
    '',
    whole.rate ? `${whole.rate.toPrecision(3)} ${whole.unit}` : '',
    formatShare(whole.share),
    whole.bound ?? '',
  ];
  return alignColumns([head, ...cells, all]);
}

interface MemoryUse {
  /** Bytes of the parameters. */
  readonly parameters: number;
  /** Bytes that the activations share. */
  readonly activations: number;
  /** Bytes of the prediction's program with its inputs, outputs, packed weights and activations. */
  readonly program: number;
  /** Bytes of the model's WebAssembly memory. */
  readonly all: number;
}

function memoryOf(model: Model, batchSize: number): MemoryUse {
  model.allocate({ batchSize });
  model.run();
  const program = model.programs.place(forwardFunction(model.topology, batchSize));
  const { activationBytes, bytes } = program.compiled;
  program.release();
  return {
    parameters: model.parameters.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0),
    activations: activationBytes,
    program: bytes,
    all: model.memory,
  };
}

function formatMemory({ parameters, activations, program, all }: MemoryUse): string {
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} kB`;
  return `memory: parameters ${kilobytes(parameters)}, program ${kilobytes(program)} (activations ${kilobytes(activations)}), the model's whole ${kilobytes(all)}`;
}
