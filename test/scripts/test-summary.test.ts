// The line that `npm test` ends with.
import { expect, test } from 'vitest';
import { countTests, summaryLine } from '../../scripts/test-summary.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

test('tests are counted by how they ended', () => {
  const report = { testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed')] };
  expect(summaryLine(countTests(report, 1))).toBe('3 passed, 1 failed, 1 skipped');
});

test('no skipped tests, no word of them', () => {
  expect(summaryLine(countTests({ testResults: [file('passed', 'passed')] }, 0))).toBe('1 passed, 0 failed');
});

test('a file that could not be loaded is a failure', () => {
  expect(countTests({ testResults: [file('failed'), file('passed', 'passed')] }, 1)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test('an error outside of the tests is a failure', () => {
  expect(countTests({ testResults: [file('passed', 'passed')] }, 1).failed).toBe(1);
});

test.each([1, 'SIGKILL'])('a run that ended with %s and no report is a failure', (ended) => {
  expect(countTests(null, ended)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
