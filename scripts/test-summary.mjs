// What a test run came to, from the report of vitest's JSON reporter.

/**
 * A file that could not be loaded counts as a failed test, and so does a run that failed without any failed test
 * (an error outside of the tests, or no report at all).
 * @param {import('vitest/node').JsonTestResults | null} report null where vitest wrote none
 * @param {number | string} ended vitest's exit code, or the signal that ended it
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(report, ended) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of report?.testResults ?? []) {
    const failedBefore = counts.failed;
    for (const test of assertionResults) {
      if (test.status === 'passed') counts.passed++;
      else if (test.status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    if (status === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  if (ended !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** `12 passed, 0 failed`, and `, 3 skipped` where there are any. */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
