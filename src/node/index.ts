// `neurite` on Node: everything of src/index.ts, and what only Node can do: files, CSV, MNIST folders, reports.
import { installFileAccess } from '../model/files.ts';
import { appendText, readFileBytes, writeFileAtomic } from './files.ts';

export * from '../index.ts';
export * from './csv.ts';
export { mnist } from './mnist.ts';
export { renderReport } from './report/report.ts';
export type { ReportData } from './report/data.ts';
export { readFileBytes, writeFileAtomic } from './files.ts';

installFileAccess({ read: readFileBytes, write: writeFileAtomic, append: appendText });
