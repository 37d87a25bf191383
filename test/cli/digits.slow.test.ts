// The main job: the command trains 64-64-10 on the digits, over five seeds.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { buildCommand } from '../helpers/cli.ts';

beforeAll(buildCommand, 240_000);

test('digits: at least 97.5 % of the held-out ones on average over five seeds', async () => {
  const script = join(import.meta.dirname, '../../scripts/digits-accuracy.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json']);
  const { mean, accuracies } = JSON.parse(stdout) as { mean: number; accuracies: number[] };
  expect(accuracies).toHaveLength(5);
  expect(mean).toBeGreaterThanOrEqual(0.975);
});
