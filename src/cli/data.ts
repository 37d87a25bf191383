// The data that a command is given: the name of a data set in the package, or the path of a CSV file.
import type { Dataset, Split } from '../data/dataset.ts';
import { trainTestSplit } from '../data/dataset.ts';
import { digits, iris } from '../data/datasets/index.ts';
import { NeuriteError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { csvColumns, readCsv, type CsvTask } from '../node/csv.ts';
import { UsageError } from './exit.ts';
import { listed } from './text.ts';

export interface Source {
  readonly name: string;
  readonly dataset: Dataset;
  readonly task: CsvTask;
  readonly targetName: string;
  readonly builtIn: boolean;
}

export interface SourceOptions {
  readonly target?: string;
  readonly task?: CsvTask;
  /** What a model remembers: the columns to read, and the classes to know. */
  readonly featureNames?: readonly string[];
  readonly classes?: readonly string[];
}

const builtIn: Readonly<Record<string, { all: () => Dataset; targetName: string }>> = {
  digits: { all: digits.all, targetName: 'digit' },
  iris: { all: iris.all, targetName: 'species' },
};

export const builtInNames = Object.keys(builtIn);

/** @throws UsageError where options do not go with the data; NeuriteError for a file that cannot be read */
export async function loadSource(name: string, options: SourceOptions): Promise<Source> {
  const known = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  if (!known) return loadCsv(name, options);
  if (options.target !== undefined) throw new UsageError(`--target is for CSV files; ${name} knows its own`);
  if (options.task === 'regression') throw new UsageError(`${name} has classes: --task regression cannot be`);
  return { name, dataset: known.all(), task: 'classification', targetName: known.targetName, builtIn: true };
}

async function loadCsv(path: string, { target, task, featureNames, classes }: SourceOptions): Promise<Source> {
  const names = await columnsOf(path);
  if (target === undefined)
    throw new UsageError(`${path} needs --target <column>; its columns are: ${listed(names, 40)}`);
  if (featureNames) checkColumns(path, names, featureNames);
  const { inputs, targets, ...data } = await readCsv(path, {
    target,
    ...(task && { task }),
    ...(featureNames && { columns: featureNames }),
    ...(classes && { classes }),
  });
  const dataset = { inputs, targets, featureNames: data.featureNames, ...(data.classes && { classes: data.classes }) };
  return { name: path, dataset, task: data.task!, targetName: target, builtIn: false };
}

/** The header of a CSV file. @throws NeuriteError with the data set that was perhaps meant */
export async function columnsOf(path: string): Promise<string[]> {
  try {
    return await csvColumns(path);
  } catch (error) {
    const meant = nearest(path, builtInNames);
    if (!meant || !(error instanceof NeuriteError)) throw error;
    throw new NeuriteError(`${error.message}; did you mean the data set "${meant}"?`, { cause: error });
  }
}

/** @throws NeuriteError that lists every column which the file does not have */
export function checkColumns(path: string, names: readonly string[], needed: readonly string[]): void {
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new NeuriteError(
    `${path} lacks ${missing.length} of the ${needed.length} columns that the model needs: ${listed(missing, 40)}; its columns are: ${listed(names)}`,
  );
}

/** Holds out a part, of each class the same share. */
export function split({ dataset, task }: Source, testSize: number, seed: number): Split {
  return trainTestSplit(dataset, { testSize, seed, stratify: task === 'classification' });
}
