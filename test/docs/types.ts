// Type-checks the programs of the documents as a user's editor would, by the repository's own configuration.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './documents.ts';
import type { Program } from './programs.ts';

/**
 * What tsc says, with the names of the programs; [] where all is well.
 * @param place a folder of build/ that nothing else uses
 */
export async function typeErrors(programs: readonly Program[], place = 'docs-types'): Promise<string[]> {
  const folder = join(root, 'build', place);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  programs.forEach((program, i) => writeFileSync(join(folder, `program${i}.ts`), withAbsoluteImports(program)));
  // What a user may leave unused is no matter here.
  const compilerOptions = { noUnusedLocals: false, rewriteRelativeImportExtensions: false };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder });
  const output = await run.then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  const named = output.replace(/program(\d+)\.ts/g, (_, i: string) => programs[Number(i)]!.name);
  return named.split('\n').filter((line) => line.includes('error TS'));
}

const withAbsoluteImports = ({ code, folder: from }: Program): string =>
  `${code.replace(/from '(\.[^']*)'/g, (_, path: string) => `from '${join(from, path)}'`)}\nexport {};\n`;
