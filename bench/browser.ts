// npm run bench:browser: the suite in a page, in Chromium and in Firefox; writes bench/results/<browser>.json.
//   --serve   only serves the page, for use by hand     --quick   few short rounds     --only <group>
import { copyFileSync, createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../src/node/bench/machine.ts';
import { browserKinds, findBrowser, missingSentence, type BrowserKind } from '../test/browser/browsers.ts';
import type { PageOptions, PageResult } from './browser/main.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'build/bench/browser');
const { bundle } = (await import(join(root, 'bench/lib/bundle.mjs'))) as typeof import('./lib/bundle.mjs');
const { values } = parseArgs({
  options: { serve: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
});

/** The page and its script, in one folder. */
async function buildPage(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await bundle('browser/main', {
    platform: 'browser',
    packages: 'bundle',
    splitting: true,
    minify: true,
    outdir: folder,
  });
  for (const file of ['index.html', 'style.css']) copyFileSync(join(root, 'bench/browser', file), join(folder, file));
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.mjs': 'text/javascript; charset=utf-8',
};

/** Serves the folder on this machine alone, isolated, so that the page's clock has the finest steps there are. */
async function serve(port: number): Promise<{ origin: string; close: () => void }> {
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://localhost').pathname) || 'index.html';
    const path = join(folder, name);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Security-Policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function runIn(kind: BrowserKind, executable: string, origin: string): Promise<PageResult> {
  const browser = await kind.launch(executable);
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/`);
    const timing = values.quick ? { rounds: 3, sample: 10, warmUp: 20 } : { rounds: 21, sample: 30, warmUp: 150 };
    const options: PageOptions = { ...timing, ...(values.only && { group: values.only }) };
    page.setDefaultTimeout(900_000);
    return await page.evaluate(
      (given) => (globalThis as unknown as { runBenchmark(given: unknown): Promise<PageResult> }).runBenchmark(given),
      options,
    );
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  await buildPage();
  const { origin, close } = await serve(values.serve ? 8080 : 0);
  if (values.serve) return console.log(`${origin}/ (Ctrl-C ends it)`);
  for (const kind of browserKinds) {
    const executable = findBrowser(kind);
    if (!executable) {
      console.log(missingSentence(kind).replace('browser tests', `benchmark in ${kind.name}`));
      continue;
    }
    const { text, ...result } = await runIn(kind, executable, origin);
    console.log(`\n${result.userAgent}, ${result.variant}\n${text}`);
    const { cpu, cores, commit, load } = describeMachine('relaxed');
    mkdirSync(join(root, 'bench/results'), { recursive: true });
    const path = join(root, 'bench/results', `${kind.name.toLowerCase()}.json`);
    writeFileSync(path, `${JSON.stringify({ machine: { cpu, cores, commit, load }, ...result }, null, 2)}\n`);
    if (result.failures.length) process.exitCode = 1;
  }
  close();
}

await main();
