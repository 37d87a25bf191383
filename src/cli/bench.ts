// `neurite bench`: how fast the core's kernels are on this machine, or where a model's time goes, instruction by
// instruction. What measures is in src/node/bench, loaded only here.
import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Variant } from '../core/features.ts';
import { UsageError } from './exit.ts';
import { wholeFrom } from './options.ts';

interface BenchOptions {
  readonly variant?: Variant;
  readonly batchSize: number;
  readonly rounds: number;
  readonly json?: boolean;
}

export function registerBench(program: Command): void {
  program
    .command('bench')
    .description("time the core's kernels on this machine, or a model's instructions")
    .argument('[what]', 'a group of kernels, `predictions`, `training`, `all`, or a model file', 'kernels')
    .addOption(new Option('--variant <name>', 'this build of the core').choices(['simd', 'relaxed']))
    .option('--batch-size <samples>', 'samples of a prediction by the model file', wholeFrom(1), 1)
    .option('--rounds <number>', 'how many times everything is timed', wholeFrom(1), 15)
    .option('--json', 'print the results as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ neurite bench\n  $ neurite bench sgemm\n  $ neurite bench model.safetensors',
    )
    .action(bench);
}

async function bench(what: string, { variant, batchSize, rounds, json = false }: BenchOptions): Promise<void> {
  const { benchGroups, benchModel, isGroup, groupNames } = await import('../node/bench/index.ts');
  const options = { variant, rounds };
  if (isGroup(what)) return print(await benchGroups(what, options), json);
  if (!existsSync(what) && !/[./\\]/.test(what))
    throw new UsageError(`bench: "${what}" is neither a model file nor one of: ${groupNames.join(', ')}`);
  print(await benchModel(what, { ...options, batchSize }), json);
}

/** What a benchmark gives: for reading, for programs, and whether a result was wrong. */
interface Report {
  readonly text: string;
  readonly results: unknown;
  readonly failures: number;
}

function print({ text, results, failures }: Report, json: boolean): void {
  console.log(json ? JSON.stringify(results, null, 2) : text);
  if (failures) throw new Error(`bench: ${failures} ${failures === 1 ? 'result is' : 'results are'} wrong`);
}
