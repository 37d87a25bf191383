// The rows of a benchmark as one SVG file: a bar for each, as long as its share of what the machine allows.
import * as Plot from '@observablehq/plot';
import { drawSvg } from '../report/svg.ts';
import type { Row } from './suite.ts';

const [bar, soft] = ['#2f7ed8', '#e0641a'];

/** @param title what was measured and where; stands above the bars */
export function plotRows(rows: readonly Row[], title: string): string {
  const shown = rows.filter(({ share }) => share !== undefined);
  const share = (row: Row) => Math.min(1, row.share!);
  const svg = drawSvg({
    width: 900,
    height: 60 + 20 * shown.length,
    marginTop: 40,
    marginLeft: 280,
    marginRight: 90,
    style: { fontSize: '12px', background: '#ffffff', color: '#1d2129' },
    ariaLabel: `${title}: ${shown.map((row) => `${row.name} ${(100 * share(row)).toFixed(0)} %`).join(', ')}`,
    x: {
      domain: [0, 1],
      grid: true,
      label: title,
      labelAnchor: 'left',
      labelArrow: 'none',
      tickFormat: '.0%',
      axis: 'top',
    },
    y: { domain: shown.map(({ name }) => name), label: null },
    marks: [
      Plot.barX(shown, { x: share, y: 'name', fill: ({ bound }: Row) => (bound === 'arithmetic' ? bar : soft) }),
      Plot.text(shown, { x: share, y: 'name', text: label, textAnchor: 'start', dx: 4 }),
    ],
  });
  return svg.includes('xmlns=') ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
}

const label = ({ rate, unit }: Row): string => (rate === undefined ? '' : `${rate.toPrecision(3)} ${unit}`);
