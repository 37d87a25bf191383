// The confusion matrix: a table of counts (so that it can be read aloud, copied and searched) with each
// cell coloured by its share of the row. Rows are the actual classes, columns the predicted ones.
import type { ReportConfusion } from './data.ts';
import { html, type Markup } from './html.ts';
import { percent } from './numbers.ts';

/** The section of the confusion matrix. */
export function confusionSection({ classes, counts }: ReportConfusion): Markup {
  checkSquare(classes, counts);
  return html`<section aria-labelledby="confusion">
    <h2 id="confusion">Confusion matrix</h2>
    <p>
      Each row holds the samples of one class, each column what they were taken for. The diagonal is right; recall is
      its share of the row.
    </p>
    <div class="scroll">
      <table class="confusion">
        <caption class="hidden">
          Samples by actual and predicted class
        </caption>
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan="${classes.length}" class="axis">predicted</th>
            <td></td>
          </tr>
          <tr>
            <th class="axis">actual</th>
            ${classes.map((name) => html`<th scope="col">${name}</th>`)}
            <th scope="col">recall</th>
          </tr>
        </thead>
        <tbody>
          ${classes.map((name, actual) => matrixRow(name, actual, counts[actual]))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function matrixRow(name: string, actual: number, counts: readonly number[]): Markup {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return html`<tr>
    <th scope="row">${name}</th>
    ${counts.map((count, predicted) => matrixCell(count, total, predicted === actual))}
    <td class="share">${percent(counts[actual] / total)}</td>
  </tr>`;
}

/** Colour grows with the square root of the share from a visible least, so that a single mistake among many shows. */
function matrixCell(count: number, total: number, right: boolean): Markup {
  const strength = count > 0 && total > 0 ? Math.round(18 + 42 * Math.sqrt(count / total)) : 0;
  const colour = right ? 'right' : 'wrong';
  if (!strength) return html`<td class="none">${count}</td>`;
  return html`<td style="background: color-mix(in srgb, var(--${colour}) ${strength}%, transparent)">${count}</td>`;
}

function checkSquare(classes: readonly string[], counts: readonly (readonly number[])[]): void {
  const size = classes.length;
  if (counts.length === size && counts.every((row) => row.length === size)) return;
  const shape = `[${counts.length}, ${[...new Set(counts.map((row) => row.length))].join(' or ')}]`;
  throw new RangeError(`report: expected confusion counts [${size}, ${size}] for ${size} classes, got ${shape}`);
}
