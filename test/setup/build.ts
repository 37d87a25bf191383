// Builds the core before any test where its sources are newer than it.
import { buildCore } from '../../scripts/build-core.mjs';

export default async function setup(): Promise<void> {
  await buildCore();
}
