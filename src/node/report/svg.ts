// Figures as SVG text: Observable Plot draws them into a linkedom document, without a browser.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** The figure as an `<svg>` element's text, told to assistive technology as one picture. */
export function drawSvg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({ ...options, document });
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}
