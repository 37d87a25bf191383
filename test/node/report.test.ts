// The report: parsed back as a document, with hostile texts, with nothing in it, with numbers that are
// not finite.
import { inflateSync } from 'node:zlib';
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { pictureUri } from '../../src/node/report/picture.ts';
import { renderReport, type ReportData, type ReportEpoch } from '../../src/node/report/report.ts';

const history: ReportEpoch[] = [1, 2, 3, 4].map((epoch) => ({
  epoch,
  loss: 2 / epoch,
  accuracy: 1 - 0.5 / epoch,
  valLoss: 2.2 / epoch,
  valAccuracy: 1 - 0.6 / epoch,
}));

const full: ReportData = {
  title: 'digits',
  facts: [
    ['layers', '64-64-10'],
    ['seed', '1'],
  ],
  history,
  confusion: {
    classes: ['zero', 'one', 'two'],
    counts: [
      [11, 0, 1],
      [2, 12, 0],
      [0, 0, 0],
    ],
  },
  mistakes: [
    { pixels: [0, 1, 2, 3, 4, 5], shape: [2, 3], actual: 'zero', predicted: 'two', probability: 0.875 },
    { pixels: new Float32Array(4), shape: [2, 2], actual: 'one', predicted: 'zero', probability: 0.5 },
  ],
};

const render = (data: Partial<ReportData>) => renderReport({ title: 'run', facts: [], history: [], ...data });
const parse = (text: string) => parseHTML(text).document;
const texts = (nodes: Iterable<{ textContent: string | null }>) =>
  Array.from(nodes, (node) => node.textContent!.trim());

/** The curves of a chart: the d of every line. */
const curves = (text: string) =>
  Array.from(parse(text).querySelectorAll('g[aria-label="line"] path'), (path) => path.getAttribute('d')!);

/** Every element that was opened is closed, in order; void elements aside. */
function unclosed(text: string): string[] {
  const open: string[] = [];
  for (const [, slash, name, rest] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/gi)) {
    if (slash) {
      if (open.pop() !== name) return [`</${name}>`];
    } else if (!rest.endsWith('/')) open.push(name);
  }
  return open;
}

describe('renderReport', () => {
  test('is one well-formed document with a heading for each section', () => {
    const text = renderReport(full);
    expect(text.startsWith('<!doctype html>')).toBe(true);
    expect(unclosed(text)).toEqual([]);
    const document = parse(text);
    expect(document.title).toBe('digits');
    expect(document.documentElement.getAttribute('lang')).toBe('en');
    expect(texts(document.querySelectorAll('h1, h2'))).toEqual([
      'digits',
      'Learning curves',
      'Confusion matrix',
      'Worst mistakes',
    ]);
    expect(texts(document.querySelectorAll('.facts th, .facts td'))).toEqual(['layers', '64-64-10', 'seed', '1']);
  });

  test('draws a curve for loss and accuracy, training and validation, through every epoch', () => {
    const text = renderReport(full);
    const lines = curves(text);
    expect(lines.length).toBe(4);
    for (const line of lines) expect(line).toMatch(/^M[\d.]+,[\d.]+(L[\d.]+,[\d.]+){3}$/);
    const charts = Array.from(parse(text).querySelectorAll('svg[role="img"]'), (svg) => svg.getAttribute('aria-label'));
    expect(charts).toEqual([
      'Loss by epoch: training from 2 to 0.5, validation from 2.2 to 0.55',
      'Accuracy by epoch: training from 50.0 % to 87.5 %, validation from 40.0 % to 85.0 %',
    ]);
  });

  test('has the numbers of the curves as a table too', () => {
    const rows = Array.from(parse(renderReport(full)).querySelectorAll('.numbers tr'), (row) => texts(row.children));
    expect(rows[0]).toEqual(['Epoch', 'Loss', 'Accuracy', 'Validation loss', 'Validation accuracy']);
    expect(rows[1]).toEqual(['1', '2', '50.0 %', '2.2', '40.0 %']);
    expect(rows.length).toBe(5);
  });

  test('has no curve and no column for what was not measured', () => {
    const text = render({ history: history.map(({ epoch, loss }) => ({ epoch, loss })) });
    expect(curves(text).length).toBe(1);
    expect(texts(parse(text).querySelectorAll('.numbers thead th'))).toEqual(['Epoch', 'Loss']);
    expect(texts(parse(text).querySelectorAll('.legend'))).toEqual(['training']);
  });

  test('shows the confusion matrix, actual classes down, with the recall of each', () => {
    const rows = Array.from(parse(renderReport(full)).querySelectorAll('.confusion tbody tr'), (row) =>
      texts(row.children),
    );
    expect(rows).toEqual([
      ['zero', '11', '0', '1', '91.7 %'],
      ['one', '2', '12', '0', '85.7 %'],
      ['two', '0', '0', '0', '–'],
    ]);
  });

  test('shows each mistake as a picture with its description', () => {
    const document = parse(renderReport(full));
    const images = Array.from(document.querySelectorAll('.mistakes img'));
    expect(images.map((image) => image.getAttribute('alt'))).toEqual([
      'a picture of zero, taken for two',
      'a picture of one, taken for zero',
    ]);
    expect(images.every((image) => image.getAttribute('src')!.startsWith('data:image/png;base64,'))).toBe(true);
    expect(texts(document.querySelectorAll('.mistakes small'))).toEqual(['87.5 %', '50.0 %']);
  });

  test('escapes every text, in elements and in attributes', () => {
    const evil = `<script>alert("1")</script>' onload="x" & <!-- ]]>`;
    const text = renderReport({
      title: evil,
      facts: [[evil, evil]],
      history,
      confusion: { classes: [evil], counts: [[1]] },
      mistakes: [{ pixels: [1], shape: [1, 1], actual: evil, predicted: evil, probability: 1 }],
    });
    expect(text).not.toMatch(/<script|<!--/);
    expect(unclosed(text)).toEqual([]);
    const document = parse(text);
    expect(document.querySelectorAll('script, [onload]').length).toBe(0);
    expect(texts(document.querySelectorAll('h1, .facts th, .facts td, .confusion tbody th'))).toEqual([
      evil,
      evil,
      evil,
      evil,
    ]);
    expect(document.querySelector('img')!.getAttribute('alt')).toBe(`a picture of ${evil}, taken for ${evil}`);
  });

  test('fetches nothing and runs nothing: no address but data, no script, a policy that forbids both', () => {
    const text = renderReport(full);
    expect(
      text.replace(/data:image\/png;base64,[\w+/=]+/g, '').replaceAll('http://www.w3.org/2000/svg', ''),
    ).not.toMatch(/https?:|\/\/|url\((?!#)|@import|<(script|link|iframe|object|embed|base)\b/i);
    const policy = parse(text).querySelector('meta[http-equiv="Content-Security-Policy"]')!.getAttribute('content');
    expect(policy).toBe("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  });

  test('an empty history: a sentence in place of the curves', () => {
    const text = render({});
    expect(texts(parse(text).querySelectorAll('section'))[0]).toMatch(/No epoch was finished\.$/);
    expect(text).not.toContain('<svg');
    expect(unclosed(text)).toEqual([]);
  });

  test('one epoch: a dot, and its number on the axis', () => {
    const text = render({ history: history.slice(0, 1) });
    expect(curves(text).length).toBe(4);
    for (const line of curves(text)) expect(line).toMatch(/^M[\d.]+,[\d.]+Z$/); // a line without length, drawn round
    expect(texts(parse(text).querySelectorAll('g[aria-label="x-axis tick label"] text'))).toEqual(['1', '1']);
    expect(texts(parse(text).querySelectorAll('summary'))).toEqual(['All 1 epoch as a table']);
  });

  test('NaN and infinity: gaps in the curve, said below it, and by name in the table', () => {
    const losses = [2, NaN, 1, Infinity, 0.5, 0.25];
    const text = render({ history: losses.map((loss, i) => ({ epoch: i + 1, loss })) });
    expect(text).toContain('Gaps: the value was not finite.');
    expect(curves(text)[0].match(/M/g)!.length).toBe(3);
    expect(curves(text)[0]).not.toMatch(/NaN|Infinity/);
    expect(texts(parse(text).querySelectorAll('.numbers td'))).toEqual(['2', 'NaN', '1', 'Infinity', '0.5', '0.25']);
  });

  test('a validation in every second epoch only: one unbroken curve, and empty cells', () => {
    const text = render({
      history: history.map((epoch) => (epoch.epoch % 2 ? { epoch: epoch.epoch, loss: 1 } : epoch)),
    });
    expect(curves(text)[1]).toMatch(/^M[\d.]+,[\d.]+L[\d.]+,[\d.]+$/);
    expect(text).not.toContain('Gaps');
    expect(texts(parse(text).querySelectorAll('.numbers tbody tr')[0].children)).toEqual(['1', '1', '', '', '']);
  });

  test('nothing but NaN: no chart, and no failure', () => {
    const text = render({ history: [{ epoch: 1, loss: NaN }] });
    expect(text).toContain('No finite value.');
    expect(unclosed(text)).toEqual([]);
  });

  test('a thousand epochs: whole epochs on the axis, not too many', () => {
    const long = Array.from({ length: 1000 }, (_, i) => ({ epoch: i + 1, loss: 1 / (i + 1) }));
    const ticks = texts(parse(render({ history: long })).querySelectorAll('g[aria-label="x-axis tick label"] text'));
    expect(ticks).toEqual(['100', '200', '300', '400', '500', '600', '700', '800', '900', '1000']);
  });

  test('twice the same data: the same bytes', () => {
    expect(renderReport(full)).toBe(renderReport(full));
  });

  test('confusion counts that are not square: refused', () => {
    expect(() => render({ confusion: { classes: ['a', 'b'], counts: [[1, 2]] } })).toThrow(
      'report: expected confusion counts [2, 2] for 2 classes, got [1, 2]',
    );
  });
});

/** Width, height and the scanlines of a PNG of one strip. */
function decode(uri: string) {
  const png = Buffer.from(uri.slice('data:image/png;base64,'.length), 'base64');
  const length = png.readUInt32BE(33);
  expect(png.toString('latin1', 37, 41)).toBe('IDAT');
  return {
    width: png.readUInt32BE(16),
    height: png.readUInt32BE(20),
    rows: [...inflateSync(png.subarray(41, 41 + length))],
  };
}

describe('pictureUri', () => {
  test('maps the least value to black and the greatest to white', () => {
    expect(decode(pictureUri([-1, 0, 1, 0.5, 1, -1], [2, 3]))).toEqual({
      width: 3,
      height: 2,
      rows: [0, 0, 128, 255, 0, 191, 255, 0],
    });
  });

  test('shows as black what is not finite, and what is all the same', () => {
    expect(decode(pictureUri([NaN, 1, 2, Infinity], [2, 2])).rows).toEqual([0, 0, 0, 0, 255, 0]);
    expect(decode(pictureUri([3, 3], [1, 2])).rows).toEqual([0, 0, 0]);
    expect(decode(pictureUri([NaN], [1, 1])).rows).toEqual([0, 0]);
  });

  test('refuses pixels that are not of the shape', () => {
    expect(() => pictureUri([1, 2, 3], [2, 2])).toThrow('report: expected [2, 2] pixels, got 3');
    expect(() => pictureUri([], [0, 0])).toThrow(RangeError);
  });
});
