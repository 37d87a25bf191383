export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}
export function countTests(
  report: { testResults: { status: string; assertionResults: { status: string }[] }[] } | null,
  ended: number | string,
): TestCounts;
export function summaryLine(counts: TestCounts): string;
