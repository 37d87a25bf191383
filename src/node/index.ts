// `neurite` on Node: everything of src/index.ts, and what only Node can do: files, CSV, MNIST folders, reports.
import type { ReportData } from './report/data.ts';
import './install.ts';

export * from '../index.ts';
export type * from './csv.ts';
export type { ReportData } from './report/data.ts';
export { csvTasks } from './csv-tasks.ts';
export { csvColumns, mnist, readCsv, readFileBytes, writeCsv, writeFileAtomic } from './lazy.ts';

/** The report of a training as one HTML file that opens offline. Its plotting library is loaded with the first one. */
export async function renderReport(data: ReportData): Promise<string> {
  const report = await import('./report/report.ts');
  return report.renderReport(data);
}
