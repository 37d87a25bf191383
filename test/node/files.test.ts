import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { NeuriteError } from '../../src/core/errors.ts';
import { appendText, readFileBytes, writeAtomically, writeFileAtomic } from '../../src/node/files.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const files = join(import.meta.dirname, '../../src/node/files.ts');

describe('writeFileAtomic', () => {
  test('makes a file, then replaces it, and leaves nothing beside it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, Uint8Array.of(4));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(4));
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });

  test('only the bytes of a view are written', async () => {
    const path = join(temporaryFolder(), 'a.bin');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(2, 3));
  });

  test('the mode of the old file and a symbolic link are kept', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.bin');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    symlinkSync(path, join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test('a write that fails half-way leaves the old file and no temporary one', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old');
    const failing = writeAtomically(path, async (file) => {
      await file.appendFile('half of the new');
      throw new RangeError('row 7');
    });
    await expect(failing).rejects.toThrow(new RangeError('row 7'));
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('a process that dies while it writes leaves the old file', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'old');
    const program = `import { writeAtomically } from ${JSON.stringify(files)};
      await writeAtomically(${JSON.stringify(path)}, async (file) => {
        await file.appendFile('half of the new');
        process.kill(process.pid, 'SIGKILL');
        await new Promise((done) => setTimeout(done, 10_000));
      });`;
    const bundle = bundled(program);
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', bundle]).signal).toBe('SIGKILL');
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('a folder that is not there, and a folder in place of the file, are clear errors', async () => {
    const folder = temporaryFolder();
    const nowhere = join(folder, 'nowhere', 'a.bin');
    await expect(writeFileAtomic(nowhere, 'x')).rejects.toThrow(NeuriteError);
    await expect(writeFileAtomic(nowhere, 'x')).rejects.toThrow(
      `cannot write "${nowhere}": there is no such file or folder`,
    );
    mkdirSync(join(folder, 'sub'));
    await expect(writeFileAtomic(join(folder, 'sub'), 'x')).rejects.toThrow('it is a folder');
    expect(readdirSync(folder)).toEqual(['sub']);
  });
});

test('appendText makes a file and adds to it', async () => {
  const path = join(temporaryFolder(), 'log.csv');
  await appendText(path, 'a\n');
  await appendText(path, 'b\n');
  expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  await expect(appendText(join(path, 'x'), 'c')).rejects.toThrow('a part of the path is not a folder');
});

describe('readFileBytes', () => {
  test('a missing file is a clear error', async () => {
    await expect(readFileBytes('/nowhere/a.bin')).rejects.toThrow(
      new NeuriteError('cannot read "/nowhere/a.bin": there is no such file or folder'),
    );
  });
});

function bundled(program: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return outputFiles[0].text;
}
