// Finding browsers, and what happens where there is none.
import { expect, test } from 'vitest';
import { browserKinds, browsersRequired, findBrowser, missingSentence } from './browsers.ts';
import { startServer } from './server.ts';

test('a browser that is nowhere is not found', () => {
  expect(findBrowser({ variable: 'NEURITE_NO_SUCH_BROWSER', places: ['/nowhere/chromium'] })).toBeNull();
});

test('the sentence names the place and the packages', () => {
  const kind = { ...browserKinds[0]!, variable: 'NEURITE_NO_SUCH_BROWSER' };
  expect(missingSentence(kind)).toMatch(/^no Chromium at \/usr\/bin\/chromium; install Debian's/);
});

test.each([
  [{ CI: 'true' }, true],
  [{ NEURITE_REQUIRE_BROWSERS: '1' }, true],
  [{ CI: 'false' }, false],
  [{}, false],
])('under %j a missing browser is a failure: %s', (environment, required) => {
  expect(browsersRequired(environment as NodeJS.ProcessEnv)).toBe(required);
});

test('the server serves its two folders and nothing else', async () => {
  const server = await startServer();
  try {
    const status = async (path: string) => (await fetch(server.origin + path)).status;
    expect(await status('/pages/index.html')).toBe(200);
    expect(await status('/pages/..%2f..%2fpackage.json')).toBe(404);
    expect(await status('/package.json')).toBe(404);
    const { headers } = await fetch(`${server.origin}/pages/main.js`);
    expect(headers.get('content-security-policy')).toContain("'wasm-unsafe-eval'");
    expect(headers.get('cross-origin-opener-policy')).toBeNull();
  } finally {
    await server.close();
  }
});
