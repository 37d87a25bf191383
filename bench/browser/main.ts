// The benchmark in a page: by hand with its form, or by a script that calls `runBenchmark` (bench/browser.ts).
import { loadCore } from '../../src/core/core.ts';
import { casesOf, groupNames } from '../../src/node/bench/cases.ts';
import { runSuite, type SuiteResult } from '../../src/node/bench/suite.ts';
import { formatFailures, formatLimits, formatRows } from '../../src/node/bench/table.ts';

export interface PageOptions {
  /** A group of cases; all by default. */
  readonly group?: string;
  readonly rounds: number;
  /** Milliseconds; a page's clock has coarse steps. */
  readonly sample: number;
  readonly warmUp: number;
}

export interface PageResult extends SuiteResult {
  readonly variant: string;
  readonly userAgent: string;
  readonly processors: number;
  readonly date: string;
  readonly text: string;
}

async function runBenchmark({ group, ...timing }: PageOptions): Promise<PageResult> {
  const { variant } = await loadCore();
  const chosen = await casesOf(group ?? 'all', variant);
  const onRound = (round: number, rounds: number) => say(`Round ${round + 1} of ${rounds} …`);
  const suite = await runSuite(chosen, variant, { ...timing, onRound });
  return {
    ...suite,
    variant,
    userAgent: navigator.userAgent,
    processors: navigator.hardwareConcurrency,
    date: new Date().toISOString().slice(0, 10),
    text: [formatLimits(suite.limits), formatRows(suite.rows), formatFailures(suite.failures)]
      .filter(Boolean)
      .join('\n'),
  };
}

// ---- the form

const element = <T extends HTMLElement>(id: string): T => document.querySelector<T>(`#${id}`)!;
const say = (text: string): void => {
  element('status').textContent = text;
};

let last: PageResult | undefined;

async function onSubmit(event: Event): Promise<void> {
  event.preventDefault();
  say('Checking the results, warming up …');
  const group = element<HTMLSelectElement>('group').value;
  const rounds = element<HTMLInputElement>('rounds').valueAsNumber || 15;
  // The page draws what was said before the work begins.
  await new Promise((resolve) => setTimeout(resolve, 50));
  try {
    last = await runBenchmark({ group, rounds, sample: 20, warmUp: 60 });
    element('table').textContent = last.text;
    element<HTMLButtonElement>('save').disabled = false;
    say(`Done: ${last.rows.length} cases on ${last.variant}, ${last.failures.length} wrong.`);
  } catch (error) {
    say(`Failed: ${(error as Error).message}`);
  }
}

function save(): void {
  const link = document.createElement('a');
  link.href = `data:application/json,${encodeURIComponent(JSON.stringify(last, null, 2))}`;
  link.download = 'neurite-benchmark.json';
  link.click();
}

function fillForm(): void {
  element('group').append(...groupNames.map((name) => new Option(name, name)));
  element('form').addEventListener('submit', (event) => void onSubmit(event));
  element('save').addEventListener('click', save);
}

Object.assign(globalThis, { runBenchmark });
fillForm();
