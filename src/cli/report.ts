// The report of a training: what the renderer needs, from what the training gave.
import type { Dataset } from '../data/dataset.ts';
import { argmaxRow } from '../metrics/metric.ts';
import type { History } from '../model/fit.ts';
import { renderReport, type ReportEpoch, type ReportMistake } from '../node/report/report.ts';
import { assessmentLine } from './assess.ts';
import { predictRows } from './remembered.ts';
import { bytes, count, seconds } from './text.ts';
import type { TrainingRun } from './train.ts';

const mostMistakes = 24;

interface Settings {
  readonly layers: readonly number[];
  readonly activation: string;
  readonly optimizer: string;
  readonly batch: number;
  readonly seed: number;
}

/** The HTML of the report. */
export function trainingReport(run: TrainingRun, settings: Settings): string {
  const { source, parts, model, recalled, history, assessment } = run;
  const { confusion } = assessment;
  const { classes } = recalled;
  const mistakes = classes ? worstMistakes(parts.test, predictRows(model, recalled, parts.test.inputs).data) : [];
  return renderReport({
    title: `${source.name}: ${source.targetName}`,
    facts: facts(run, settings),
    history: epochsOf(history),
    ...(classes && confusion && { confusion: { classes, counts: confusion } }),
    mistakes,
  });
}

function facts({ parts, model, history, assessment }: TrainingRun, settings: Settings): [string, string][] {
  const sizes = [...model.inputShapes[0]!, ...settings.layers, ...model.outputShapes[0]!];
  return [
    ['Network', `${sizes.join('-')}, ${settings.activation}, ${count(model.summary().parameters)} parameters`],
    ['Rows', `${count(parts.train.inputs.shape[0]!)} to train on, ${count(parts.test.inputs.shape[0]!)} held out`],
    [
      'Training',
      `${count(history.epochs)} epochs in batches of ${settings.batch}, ${settings.optimizer}, seed ${settings.seed}`,
    ],
    ['Time', `${seconds(history.elapsed)} (${model.variant})`],
    ['Memory', bytes(model.memory)],
    ['Held out', assessmentLine(assessment)],
  ];
}

function epochsOf({ history, epochs }: History): ReportEpoch[] {
  return Array.from({ length: epochs }, (_, i) => {
    const numbers = Object.entries(history).map(([name, values]) => [name, values[i]] as const);
    return { epoch: i + 1, ...Object.fromEntries(numbers) } as unknown as ReportEpoch;
  });
}

/** The wrong answers that the model was surest of, where a row is a picture. */
function worstMistakes({ inputs, targets, classes, imageShape }: Dataset, outputs: ArrayLike<number>): ReportMistake[] {
  if (imageShape?.length !== 2) return [];
  const [size, columns] = [inputs.shape[1]!, classes!.length];
  return Array.from(targets.data, (label, row) => ({ label, row, predicted: argmaxRow(outputs, row, columns) }))
    .filter(({ label, predicted }) => label !== predicted)
    .map(({ label, row, predicted }) => ({
      pixels: inputs.data.subarray(row * size, (row + 1) * size),
      shape: imageShape as [number, number],
      actual: classes![label]!,
      predicted: classes![predicted]!,
      probability: outputs[row * columns + predicted]!,
    }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, mostMistakes);
}
