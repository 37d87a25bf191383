// One visit of the test page: runs a case in it and keeps what it asked the network for and what it complained of.
import type { Browser } from 'puppeteer-core';

export interface Visit<T> {
  readonly value: T;
  /** The paths that the page asked for; a whole address where it is not the server's. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, uncaught errors, failed requests, and what the policy blocked. */
  readonly complaints: readonly string[];
}

interface CaseResult<T> {
  readonly value?: T;
  readonly error?: string;
}

/** Runs a case of pages/cases.js in a page of its own. */
export async function visit<T>(browser: Browser, origin: string, name: string, argument?: unknown): Promise<Visit<T>> {
  const requests: string[] = [];
  const complaints: string[] = [];
  const page = await browser.newPage();
  try {
    page.on('request', (request) => requests.push(request.url().replace(origin, '')));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
    page.on('pageerror', (error) => complaints.push(`uncaught: ${String(error)}`));
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(`console: ${message.text()}`);
    });
    // The load event comes after the modules of the page have run. (waitForFunction would need unsafe-eval.)
    await page.goto(`${origin}/pages/index.html`);
    const result = await page.evaluate(
      (caseName, given) =>
        (globalThis as unknown as { runCase(name: string, argument: unknown): Promise<unknown> }).runCase(
          caseName,
          given,
        ),
      name,
      argument,
    );
    const { value, error } = result as CaseResult<T>;
    if (error !== undefined) throw new Error(`in the page: ${error}\n${complaints.join('\n')}`);
    const blocked = await page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations);
    return { value: value as T, requests, complaints: [...complaints, ...blocked.map((text) => `policy: ${text}`)] };
  } finally {
    await page.close();
  }
}
