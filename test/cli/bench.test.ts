import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { dense, sequential } from '../../src/index.ts';
import { buildCommand, neurite } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/folder.ts';

beforeAll(buildCommand, 240_000);

describe('neurite bench', () => {
  test('a model file: its instructions, their parts, its memory', async () => {
    const folder = temporaryFolder();
    const model = await sequential([dense(8, { activation: 'relu' }), dense(3)], { inputShape: [4] });
    writeFileSync(join(folder, 'model.safetensors'), model.toBytes());
    const { code, stdout } = await neurite(folder, 'bench model.safetensors --rounds 1 --batch-size 2 --variant simd');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Gemm 2×8×4/);
    expect(stdout).toMatch(/a prediction of 2 samples/);
    expect(stdout).toMatch(/memory: parameters 0\.3 kB/);
  });

  test('a group as JSON: rows with their times, and the machine', async () => {
    const { code, stdout } = await neurite(temporaryFolder(), 'bench dot --rounds 1 --json --variant simd');
    expect(code).toBe(0);
    const { machine, rows } = JSON.parse(stdout) as { machine: { variant: string }; rows: { median: number }[] };
    expect(machine.variant).toBe('simd');
    expect(rows.every(({ median }) => median > 0)).toBe(true);
  });

  test('a file that is not a model is told so, with exit code 1', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), 'a,b\n1,2\n');
    const { code, stderr } = await neurite(folder, 'bench rows.csv');
    expect(code).toBe(1);
    expect(stderr).toMatch(/bench: "rows\.csv" is not a model of neurite/);
  });

  test('a word that is neither a group nor a file is wrong usage', async () => {
    const { code, stderr } = await neurite(temporaryFolder(), 'bench sgem');
    expect(code).toBe(2);
    expect(stderr).toMatch(/"sgem" is neither a model file nor one of: all, kernels, sgemm/);
  });
});
