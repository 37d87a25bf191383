// `neurite inspect` of ONNX files.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { casesOf } from '../helpers/onnx.ts';
import { neurite } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/folder.ts';

async function inspect(archive: string, name: string) {
  const folder = temporaryFolder();
  const { model } = casesOf(archive).find((each) => each.name.endsWith(name))!;
  writeFileSync(join(folder, 'model.onnx'), model);
  return neurite(folder, ['inspect', 'model.onnx']);
}

test('inspect: inputs, outputs, operators, weights and memory of an ONNX file', async () => {
  const { code, stdout } = await inspect('models.tar.gz', 'pytorch-networks/lenet');
  expect(code).toBe(0);
  for (const line of [
    /^model\.onnx: [\d.]+ kB, ONNX, operator set 14, made by pytorch 1\.13/,
    /inputs +\S+: float32 \[/,
    /outputs +\S+: float32 \[/,
    /weights +10 tensors, 61,706 values/,
    /memory +[\d.]+ [kM]B/,
    /Conv +2/,
    /no operator is missing/,
  ])
    expect(stdout).toMatch(line);
});

test('inspect: all missing operators with their nodes', async () => {
  const { code, stdout } = await inspect('node.tar.gz', 'test_adagrad');
  expect(code).toBe(0);
  expect(stdout).toContain('unknown while operators are missing');
  expect(stdout).toMatch(/ai\.onnx\.preview\.training\.Adagrad +Adagrad of "X_new"/);
});
