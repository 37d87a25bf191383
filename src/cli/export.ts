// `neurite export`: a model as a file that runs without this library, or as another library's.
import { basename } from 'node:path';
import type { Command } from 'commander';
import { exportModule, exportWasm, type WeightFormat } from '../export/index.ts';
import type { Model } from '../model/model.ts';
import { writeFileAtomic } from '../node/files.ts';
import { formOfName, openAnyModel, outForms, writeModel } from './any-file.ts';
import { UsageError } from './exit.ts';
import { nameOf, numberFromZero, wholeFrom } from './options.ts';
import { recall, toInputs } from './remembered.ts';
import { readRows } from './rows.ts';
import { bytes } from './text.ts';

const forms = ['wasm', 'js', ...outForms] as const;
type Form = (typeof forms)[number];

interface ExportOptions {
  readonly to?: Form;
  readonly out?: string;
  readonly variant?: 'simd' | 'relaxed' | 'both';
  readonly batch: number;
  readonly weights: WeightFormat;
  readonly data?: string;
  readonly maxError: number;
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description("write a model as WebAssembly that runs without this library, or as another library's file")
    .argument('<model>', 'a model file of any format that is read')
    .option(
      '--to <form>',
      `what is written: ${forms.join(', ')} (by the name of --out; else wasm)`,
      nameOf('form', forms),
    )
    .option('--out <file>', 'where to (by default the name of the model with another ending)')
    .option('--variant <name>', 'simd (every engine), relaxed, or for js both', nameOf('variant', variants))
    .option('--batch <samples>', 'samples that one run computes', wholeFrom(1), 1)
    .option('--weights <format>', 'float32, float16 or int8', nameOf('format', formats), 'float32')
    .option('--data <rows.csv>', 'rows on which the error of smaller weights is measured: a column for each input')
    .option('--max-error <distance>', 'the largest error of an output that is accepted', numberFromZero, 0.01)
    .addHelpText(
      'after',
      '\nExamples:\n  $ neurite export digits.safetensors --to wasm\n  $ neurite export digits.safetensors --out digits.js --weights int8 --data rows.csv',
    )
    .action(run);
}

const variants = ['simd', 'relaxed', 'both'];
const formats = ['float32', 'float16', 'int8'];

/** Options of what runs without this library. */
const ofModules = [
  'variant',
  'batch',
  'weights',
  'data',
  'maxError',
] as const satisfies readonly (keyof ExportOptions)[];

async function run(path: string, options: ExportOptions, command: Command): Promise<void> {
  const form = options.to ?? formOf(options.out);
  const stem = basename(path).replace(/\.[^.]*$/, '');
  const out = options.out ?? (form === 'tfjs' ? stem : `${stem}.${form}`);
  if (form === 'wasm' && options.variant === 'both')
    throw new UsageError('a .wasm file is of one variant: simd or relaxed');
  const isModule = form === 'wasm' || form === 'js';
  const idle = ofModules.filter((name) => command.getOptionValueSource(name) === 'cli');
  if (!isModule && idle.length)
    throw new UsageError(`${idle.map(flagOf).join(', ')}: of wasm and js alone, not of ${form}`);
  const model = await openAnyModel(path);
  if (!isModule) {
    const written = await writeModel(model, form, out);
    return console.log(`${written.path}: ${bytes(written.size)}`);
  }
  const common = {
    batchSize: options.batch,
    weights: options.weights,
    maximumError: options.maxError,
    ...(options.data !== undefined && { data: await readInputs(options.data, model) }),
  };
  if (form === 'wasm') {
    const exported = await exportWasm(model, {
      ...common,
      variant: options.variant === 'relaxed' ? 'relaxed' : 'simd',
    });
    await writeFileAtomic(out, exported.bytes);
    console.log(
      `${out}: ${bytes(exported.bytes.length)}, ${bytes(exported.weightBytes)} of them weights${errorOf(exported)}${reminder(model)}`,
    );
    return;
  }
  const chosen = options.variant ?? 'both';
  const { javascript, types, modules } = await exportModule(model, {
    ...common,
    variants: chosen === 'both' ? ['simd', 'relaxed'] : [chosen],
  });
  const declarations = out.replace(/\.m?js$/, '') + (out.endsWith('.mjs') ? '.d.mts' : '.d.ts');
  await writeFileAtomic(out, new TextEncoder().encode(javascript));
  await writeFileAtomic(declarations, new TextEncoder().encode(types));
  console.log(
    `${out}: ${bytes(javascript.length)}${errorOf(Object.values(modules)[0]!)}; ${declarations}${reminder(model)}`,
  );
}

const flagOf = (name: string): string => `--${name.replace('E', '-e')}`;

function formOf(out: string | undefined): Form {
  if (out === undefined || out.endsWith('.wasm')) return 'wasm';
  if (/\.m?js$/.test(out)) return 'js';
  const form = formOfName(out);
  if (form) return form;
  throw new UsageError(`what "${out}" shall be is not in its name; --to says it: ${forms.join(', ')}`);
}

const errorOf = ({ error }: { readonly error: { readonly maximum: number } | undefined }): string =>
  error ? `; at most ${error.maximum.toPrecision(2)} from the model's outputs` : '';

/** The rows of a CSV file as the network sees them: scaled, where the model remembers how. */
async function readInputs(path: string, model: Model) {
  const recalled = recall(model);
  return toInputs(model, recalled, await readRows(model, recalled, path));
}

/** What the file does not do, and whoever calls it must. */
function reminder(model: Model): string {
  const scaler = model.metadata['scaler'] as { type?: string } | undefined;
  return scaler?.type ? `\nits inputs are those of the network: scaled as the model remembers (${scaler.type})` : '';
}
