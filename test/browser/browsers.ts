// Finds the browsers of the machine and starts them. Where one is missing its tests are skipped with a sentence that
// says so; under CI (or NEURITE_REQUIRE_BROWSERS=1) that is a failure instead.
import { existsSync } from 'node:fs';
import { launch, type Browser } from 'puppeteer-core';

export interface BrowserKind {
  readonly name: 'Chromium' | 'Firefox';
  /** Names the executable, before the well-known places. */
  readonly variable: string;
  readonly places: readonly string[];
  readonly launch: (executablePath: string) => Promise<Browser>;
}

const chromiumFlags = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
];

/** Nothing of the browser's own goes out on the network. */
const firefoxPreferences = {
  'app.update.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

const timeout = 90_000;

export const browserKinds: readonly BrowserKind[] = [
  {
    name: 'Chromium',
    variable: 'NEURITE_CHROMIUM',
    places: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    launch: (executablePath) =>
      launch({ executablePath, browser: 'chrome', headless: true, args: chromiumFlags, timeout }),
  },
  {
    name: 'Firefox',
    variable: 'NEURITE_FIREFOX',
    places: ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
    launch: (executablePath) =>
      launch({
        executablePath,
        browser: 'firefox',
        headless: true,
        extraPrefsFirefox: firefoxPreferences,
        timeout,
      }),
  },
];

/** Where the browser is, or null. */
export function findBrowser({ variable, places }: Pick<BrowserKind, 'variable' | 'places'>): string | null {
  const named = process.env[variable];
  if (named) return existsSync(named) ? named : null;
  return places.find((path) => existsSync(path)) ?? null;
}

/** What is said where a browser is missing. */
export function missingSentence({ name, variable, places }: BrowserKind): string {
  const looked = process.env[variable] || places[0]!;
  return `no ${name} at ${looked}; install Debian's chromium and firefox-esr, or set ${variable}`;
}

/** Whether a missing browser is a failure. */
export function browsersRequired(environment: NodeJS.ProcessEnv = process.env): boolean {
  const isSet = (value: string | undefined) => Boolean(value) && value !== '0' && value !== 'false';
  return isSet(environment['CI']) || isSet(environment['NEURITE_REQUIRE_BROWSERS']);
}
