// `neurite` on Node: everything of src/index.ts, and what only Node can do: files, CSV, MNIST folders, reports.
import type { ReportData } from './report/data.ts';
import { installFileAccess } from '../model/files.ts';
import { appendText, readFileBytes, writeFileAtomic } from './files.ts';

export * from '../index.ts';
export * from './csv.ts';
export { mnist } from './mnist.ts';
export type { ReportData } from './report/data.ts';
export { readFileBytes, writeFileAtomic } from './files.ts';

installFileAccess({ read: readFileBytes, write: writeFileAtomic, append: appendText });

/** The report of a training as one HTML file that opens offline. Its plotting library is loaded with the first one. */
export async function renderReport(data: ReportData): Promise<string> {
  const report = await import('./report/report.ts');
  return report.renderReport(data);
}
