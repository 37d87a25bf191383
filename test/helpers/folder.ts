// A folder of its own for each test that writes files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder, removed after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'neurite-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
