// `neurite convert`: a file of one library as a file of another.
import type { Command } from 'commander';
import { formOfName, openAnyFile, outForms, writeModel, writeTensors, type OutForm } from './any-file.ts';
import { UsageError } from './exit.ts';
import { nameOf } from './options.ts';
import { bytes, counted } from './text.ts';

export function registerConvert(program: Command): void {
  program
    .command('convert')
    .description('write a file of one library as a file of another')
    .argument('<from>', 'safetensors, .keras, .h5, .onnx, model.json (TensorFlow.js, scikit-learn), .npz, .npy')
    .argument('<to>', 'a file, or for TensorFlow.js a folder')
    .option(
      '--to <form>',
      `what is written, where the name does not say it: ${outForms.join(', ')}`,
      nameOf('form', outForms),
    )
    .addHelpText(
      'after',
      '\nWhat a file is, its content tells; what it shall become, its name.\n\nExamples:\n  $ neurite convert model.keras model.safetensors\n  $ neurite convert model.h5 web/model.json\n  $ neurite convert weights.safetensors weights.npz',
    )
    .action(convert);
}

async function convert(from: string, to: string, options: { readonly to?: OutForm }): Promise<void> {
  const form = options.to ?? formOfName(to);
  if (form === undefined)
    throw new UsageError(`what "${to}" shall be is not in its name; --to says it: ${outForms.join(', ')}`);
  const opened = await openAnyFile(from);
  const [{ path, size }, what] =
    'model' in opened
      ? [await writeModel(opened.model, form, to), counted(opened.model.parameters.length, 'parameter tensor')]
      : [await writeTensors(opened.tensors, form, to), counted(opened.tensors.size, 'tensor')];
  console.log(`${from} (${opened.format}) → ${path} (${form}): ${what}, ${bytes(size)}`);
}
