// Learning curves as inline SVG.
// What is not finite leaves a gap. Below them stand the same numbers as a table.
import * as Plot from '@observablehq/plot';
import type { ReportEpoch } from './data.ts';
import { html, trusted, type Markup } from './html.ts';
import { percent, short } from './numbers.ts';
import { drawSvg } from './svg.ts';

/** One figure: a quantity on the training and on the validation samples. */
interface Quantity {
  readonly title: string;
  readonly train: (epoch: ReportEpoch) => number | undefined;
  readonly validation: (epoch: ReportEpoch) => number | undefined;
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
  /** What the value axis shows, for the least and the greatest finite value. */
  readonly domain: (least: number, greatest: number) => [number, number];
}

const quantities: readonly Quantity[] = [
  {
    title: 'Loss',
    train: (epoch) => epoch.loss,
    validation: (epoch) => epoch.valLoss,
    format: short,
    tick: short,
    domain: (least, greatest) => [Math.min(0, least), greatest > Math.min(0, least) ? greatest : least + 1],
  },
  {
    title: 'Accuracy',
    train: (epoch) => epoch.accuracy,
    validation: (epoch) => epoch.valAccuracy,
    format: percent,
    tick: (value) => `${short(100 * value)} %`,
    domain: (least) => [Math.min(0.9, Math.floor(10 * least) / 10), 1],
  },
];

/** The section of learning curves. */
export function curvesSection(history: readonly ReportEpoch[]): Markup {
  const figures = quantities.map((quantity) => curveFigure(quantity, history));
  const body = history.length
    ? html`<div class="figures">${figures}</div>
        ${historyTable(history)}`
    : html`<p>No epoch was finished.</p>`;
  return html`<section aria-labelledby="curves">
    <h2 id="curves">Learning curves</h2>
    ${body}
  </section>`;
}

interface Point {
  readonly epoch: number;
  /** NaN: a gap. */
  readonly value: number;
}

/** The figure of one quantity; nothing where it was never measured. */
function curveFigure(quantity: Quantity, history: readonly ReportEpoch[]): Markup | undefined {
  const train = pointsOf(history, quantity.train);
  const validation = pointsOf(history, quantity.validation);
  if (!train.length && !validation.length) return undefined;
  const gaps = [...train, ...validation].some((point) => Number.isNaN(point.value));
  return html`<figure>
    <figcaption>
      ${quantity.title} ${train.length ? legend('train', 'training') : undefined}
      ${validation.length ? legend('validation', 'validation') : undefined}
    </figcaption>
    ${draw(quantity, train, validation)} ${gaps ? html`<p class="note">Gaps: the value was not finite.</p>` : undefined}
  </figure>`;
}

/** The epochs in which the quantity was measured. */
function pointsOf(history: readonly ReportEpoch[], value: (epoch: ReportEpoch) => number | undefined): Point[] {
  return history
    .filter((epoch) => value(epoch) !== undefined)
    .map((epoch) => ({ epoch: epoch.epoch, value: finite(value(epoch)!) }));
}

function draw(quantity: Quantity, train: readonly Point[], validation: readonly Point[]): Markup {
  const all = [...train, ...validation];
  const values = all.map((point) => point.value).filter(Number.isFinite);
  if (!values.length) return html`<p>No finite value.</p>`;
  const least = values.reduce((a, b) => Math.min(a, b));
  const domain = quantity.domain(
    least,
    values.reduce((a, b) => Math.max(a, b)),
  );
  const svg = drawSvg({
    width: 480,
    height: 280,
    marginTop: 12,
    marginLeft: 52,
    marginBottom: 44,
    style: { fontSize: '12px' },
    ariaLabel: describe(quantity, train, validation),
    x: {
      label: 'epoch',
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: epochDomain(all),
      ticks: epochTicks(all),
      tickFormat: String,
    },
    y: { label: null, grid: true, ticks: 5, domain, tickFormat: quantity.tick },
    marks: [Plot.ruleY([domain[0]]), line(train, 'train'), line(validation, 'validation')],
  });
  return trusted(svg);
}

/** Solid for training, dashed for validation, so that the two differ without their colours too. */
function line(points: readonly Point[], series: 'train' | 'validation') {
  return Plot.lineY(points, {
    x: 'epoch',
    y: 'value',
    stroke: `var(--${series})`,
    strokeWidth: series === 'train' ? 2 : 2.5,
    strokeDasharray: series === 'train' ? undefined : '6 4',
  });
}

function epochDomain(points: readonly Point[]): [number, number] {
  const epochs = points.map((point) => point.epoch);
  const first = epochs.reduce((a, b) => Math.min(a, b));
  const last = epochs.reduce((a, b) => Math.max(a, b));
  return last > first ? [first, last] : [first - 0.5, last + 0.5];
}

/** Whole epochs, a round number of them apart, at most about ten. */
function epochTicks(points: readonly Point[]): number[] {
  const [first, last] = epochDomain(points).map(Math.round);
  const steps = [1, 10, 100, 1e3, 1e4, 1e5].flatMap((power) => [power, 2 * power, 5 * power]);
  const step = steps.find((size) => (last - first) / size <= 10) ?? last - first;
  const wanted = new Set(points.map((point) => point.epoch).filter((epoch) => epoch % step === 0));
  return wanted.size ? [...wanted] : [points[0].epoch];
}

function describe(quantity: Quantity, train: readonly Point[], validation: readonly Point[]): string {
  const ends = (name: string, points: readonly Point[]) =>
    points.length ? `${name} from ${quantity.format(points[0].value)} to ${quantity.format(points.at(-1)!.value)}` : '';
  return `${quantity.title} by epoch: ${[ends('training', train), ends('validation', validation)].filter(Boolean).join(', ')}`;
}

function legend(series: 'train' | 'validation', name: string): Markup {
  const dash = series === 'train' ? '' : '6 4';
  return html`<span class="legend"
    ><svg width="24" height="10" aria-hidden="true">
      <line x1="0" y1="5" x2="24" y2="5" stroke="var(--${series})" stroke-width="2.5" stroke-dasharray="${dash}" />
    </svg>
    ${name}</span
  >`;
}

function historyTable(history: readonly ReportEpoch[]): Markup {
  const columns = [
    { name: 'Loss', of: (epoch: ReportEpoch) => epoch.loss, format: short },
    { name: 'Accuracy', of: (epoch: ReportEpoch) => epoch.accuracy, format: percent },
    { name: 'Validation loss', of: (epoch: ReportEpoch) => epoch.valLoss, format: short },
    { name: 'Validation accuracy', of: (epoch: ReportEpoch) => epoch.valAccuracy, format: percent },
  ].filter((column) => history.some((epoch) => column.of(epoch) !== undefined));
  const row = (epoch: ReportEpoch) =>
    html`<tr>
      <th scope="row">${epoch.epoch}</th>
      ${columns.map((column) => cell(column.of(epoch), column.format))}
    </tr>`;
  return html`<details>
    <summary>All ${history.length} ${history.length === 1 ? 'epoch' : 'epochs'} as a table</summary>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Epoch</th>
            ${columns.map((column) => html`<th scope="col">${column.name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${history.map(row)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function cell(value: number | undefined, format: (value: number) => string): Markup {
  return html`<td>${value === undefined ? '' : format(value)}</td>`;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : NaN;
}
