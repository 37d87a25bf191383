// A static server on 127.0.0.1 for the browser tests: dist/ and the pages, under the strictest policy that the
// library promises to run under, and without the headers that isolate a page.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';

export const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

const folders: Record<string, string> = {
  dist: join(import.meta.dirname, '../../dist'),
  pages: join(import.meta.dirname, 'pages'),
};

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  readonly origin: string;
  /** Serves bytes under a path of their own. */
  publish(path: string, bytes: Uint8Array): void;
  close(): Promise<void>;
}

export async function startServer(): Promise<StaticServer> {
  const published = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('Cache-Control', 'no-store');
    const bytes = published.get(path);
    if (bytes) {
      response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
      response.end(bytes);
    } else if (path === '/favicon.ico') response.writeHead(204).end();
    else sendFile(path, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish: (path, bytes) => void published.set(path, bytes),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendFile(path: string, response: ServerResponse): void {
  const file = fileOf(path);
  if (!file) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end(`no file ${path}`);
    return;
  }
  response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
  createReadStream(file).pipe(response);
}

/** The file behind a path of the two folders, or null: nothing else is served. */
function fileOf(path: string): string | null {
  const [, folder = '', ...rest] = path.split('/');
  const root = folders[folder];
  if (!root) return null;
  const file = normalize(join(root, ...rest));
  return file.startsWith(root + sep) && existsSync(file) && statSync(file).isFile() ? file : null;
}
