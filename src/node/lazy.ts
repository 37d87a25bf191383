// What only Node can do, under the library's names: each function loads the file that has it, and the parts of Node that
// this needs, with its first call. Loading them with the library would take a program that only predicts a third longer
// to start (docs/adr/0008-training-step.md).
import type * as csv from './csv.ts';
import type * as files from './files.ts';
import type { mnist as mnistFolder } from './mnist.ts';

/** Reads a CSV file, or a stream of its bytes, into tensors: see `readCsv` of csv.ts. */
export const readCsv = (async (...given: Parameters<typeof csv.readCsv>) =>
  (await import('./csv.ts')).readCsv(...given)) as typeof csv.readCsv;

/** The names of the columns of a CSV file: see `csvColumns` of csv.ts. */
export const csvColumns: typeof csv.csvColumns = async (...given) => (await import('./csv.ts')).csvColumns(...given);

/** Writes rows as a CSV file: see `writeCsv` of csv.ts. */
export const writeCsv: typeof csv.writeCsv = async (...given) => (await import('./csv.ts')).writeCsv(...given);

/** The digits of a folder in MNIST's form: see `mnist` of mnist.ts. */
export const mnist: typeof mnistFolder = async (...given) => (await import('./mnist.ts')).mnist(...given);

export const readFileBytes: typeof files.readFileBytes = async (...given) =>
  (await import('./files.ts')).readFileBytes(...given);

export const writeFileAtomic: typeof files.writeFileAtomic = async (...given) =>
  (await import('./files.ts')).writeFileAtomic(...given);

export const appendText: typeof files.appendText = async (...given) =>
  (await import('./files.ts')).appendText(...given);
