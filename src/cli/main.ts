#!/usr/bin/env node
// The command `neurite`: its commands and options. What each does is in the file of its name.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
// For its effect: the library's way to the file system.
import '../node/install.ts';
import { registerBench } from './bench.ts';
import { registerConvert } from './convert.ts';
import { registerEvaluate } from './evaluate.ts';
import { exitCodes, reportFailure } from './exit.ts';
import { registerExport } from './export.ts';
import { registerInspect } from './inspect.ts';
import { registerPredict } from './predict.ts';
import { registerTrain } from './train.ts';

const examples = `
Examples:
  $ neurite train digits --layers 64 --epochs 30 --seed 1 --out digits.safetensors --report report.html
  $ neurite train rows.csv --target label --out model.safetensors
  $ neurite predict digits.safetensors rows.csv --out predictions.csv --probabilities
  $ neurite evaluate model.safetensors rows.csv --target label
  $ neurite inspect model.safetensors
  $ neurite export model.safetensors --to wasm
  $ neurite convert model.keras model.onnx
  $ neurite bench model.safetensors

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted (Ctrl-C).`;

function makeProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('neurite')
    .description('Neural networks from the command line: train, predict, evaluate, inspect, export, convert, bench.')
    .version(version)
    .option('--debug', 'print the stack of a failure (also NEURITE_DEBUG=1)')
    .showHelpAfterError('(neurite <command> --help shows what there is)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', examples)
    .exitOverride();
  for (const register of [
    registerTrain,
    registerPredict,
    registerEvaluate,
    registerInspect,
    registerExport,
    registerConvert,
    registerBench,
  ])
    register(program);
  return program;
}

const program = makeProgram();
process.stdout.on('error', (error) => {
  process.exit(reportFailure(error, false));
});
try {
  await program.parseAsync();
  process.exitCode = exitCodes.done;
} catch (error) {
  process.exitCode = reportFailure(error, Boolean(program.opts()['debug'] ?? process.env['NEURITE_DEBUG']));
}
