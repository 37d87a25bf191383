// Runs bundled programs one after the other in this process and tells what each printed, as JSON on the last line.
// `node run-programs.mjs a.mjs b.mjs …`; NaN of a program is its error's text.
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const results = [];
const write = process.stdout.write.bind(process.stdout);
for (const path of process.argv.slice(2)) {
  const lines = [];
  console.log = (...values) => lines.push(format(...values));
  const started = performance.now();
  let error;
  try {
    await import(pathToFileURL(path).href);
  } catch (cause) {
    error = cause?.stack ?? String(cause);
  }
  results.push({ output: lines.join('\n'), error, milliseconds: performance.now() - started });
}
write(`${JSON.stringify(results)}\n`);
