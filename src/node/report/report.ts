// A training run as one HTML file that opens offline: facts, learning curves, confusion matrix, the worst
// mistakes as pictures. No script and nothing to fetch; a content-security policy in the file says so.
import { confusionSection } from './confusion.ts';
import { curvesSection } from './curves.ts';
import type { ReportData, ReportMistake } from './data.ts';
import { html, trusted, type Markup } from './html.ts';
import { percent } from './numbers.ts';
import { pictureUri } from './picture.ts';
import { style } from './style.ts';

export type { ReportConfusion, ReportData, ReportEpoch, ReportMistake } from './data.ts';

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The report as the text of an HTML file. All texts in `data` are escaped.
 *
 * @example
 * const text = renderReport({ title: 'digits', facts: [['seed', '1']], history: [{ epoch: 1, loss: 0.5 }] });
 * writeFileSync('report.html', text);
 *
 * @throws RangeError where the confusion counts are not square or a picture has not the pixels of its shape.
 */
export function renderReport(data: ReportData): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${data.title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${data.title}</h1>
          ${factsTable(data.facts)} ${curvesSection(data.history)}
          ${data.confusion ? confusionSection(data.confusion) : undefined}
          ${data.mistakes?.length ? mistakesSection(data.mistakes) : undefined}
        </main>
      </body>
    </html>`;
  return `${page.text}\n`;
}

function factsTable(facts: ReportData['facts']): Markup | undefined {
  if (!facts.length) return undefined;
  const rows = facts.map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${value}</td>
      </tr>`,
  );
  return html`<table class="facts">
    <caption class="hidden">
      Facts of the run
    </caption>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function mistakesSection(mistakes: readonly ReportMistake[]): Markup {
  return html`<section aria-labelledby="mistakes">
    <h2 id="mistakes">Worst mistakes</h2>
    <p>The wrong answers that the model was surest of.</p>
    <ul class="mistakes">
      ${mistakes.map(mistakeItem)}
    </ul>
  </section>`;
}

function mistakeItem({ pixels, shape, actual, predicted, probability }: ReportMistake): Markup {
  return html`<li>
    <figure>
      <img src="${pictureUri(pixels, shape)}" alt="a picture of ${actual}, taken for ${predicted}" />
      <figcaption>${actual}, taken for <strong>${predicted}</strong> <small>${percent(probability)}</small></figcaption>
    </figure>
  </li>`;
}
