// `neurite evaluate`: how well a saved model does on rows whose target is known.
import type { Command } from 'commander';
import { NeuriteError } from '../core/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { loadModel } from '../model/load.ts';
import { assess, assessmentLine, confusionOf } from './assess.ts';
import { builtInNames, loadSource, split, type Source } from './data.ts';
import { recall, type Recalled } from './remembered.ts';
import { counted } from './text.ts';

const examples = `
Examples:
  $ neurite evaluate model.safetensors rows.csv --target label
  $ neurite evaluate digits.safetensors digits

Of a data set of the package, the rows are those that were held out when the model was trained.`;

export function registerEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure a model on rows whose target is known')
    .argument('<model>', 'a safetensors file that neurite has written')
    .argument('<data>', `${builtInNames.join(', ')}, or the path of a CSV file`)
    .option('--target <column>', 'the column with the target (CSV; default: the one that the model was trained on)')
    .addHelpText('after', examples)
    .action(evaluate);
}

async function evaluate(modelPath: string, data: string, { target }: { target?: string }): Promise<void> {
  const model = await loadModel(modelPath);
  const recalled = recall(model);
  const { featureNames, classes } = recalled;
  const name = target ?? (builtInNames.includes(data) ? undefined : recalled.targetName);
  const source = await loadSource(data, {
    ...(name !== undefined && { target: name }),
    task: classes ? 'classification' : 'regression',
    ...(featureNames && { featureNames }),
    ...(classes && { classes }),
  });
  const rows = source.builtIn ? heldOut(source, recalled) : source.dataset;
  const assessment = assess(model, recalled, rows);
  console.log(`${data}: ${counted(assessment.samples, source.builtIn ? 'held-out row' : 'row')}`);
  console.log(assessmentLine(assessment));
  const confusion = confusionOf(recalled, assessment);
  if (confusion) console.log(`\n${confusion}`);
}

function heldOut(source: Source, { dataset }: Recalled): Dataset {
  if (dataset?.name !== source.name)
    throw new NeuriteError(
      `the model was trained on ${dataset?.name ?? 'other data'}, so no part of ${source.name} was held out for it`,
    );
  return split(source, dataset.testSize, dataset.seed).test;
}
