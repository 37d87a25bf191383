// The library as its exported modules' peer: the same networks, on the copy-free path.
import { loadCore } from '../../src/core/core.ts';
import { runLoop, runOnce } from '../../src/node/bench/models.ts';
import { serve } from '../lib/serve.ts';
import { exportedData, exportedName, exportedWorks } from '../works/exported.ts';
import type { PeerWork } from '../works/work.ts';
import { exportedModel } from './ours/exported.ts';

async function prediction(network: string, batch: number): Promise<PeerWork> {
  const model = await exportedModel(network);
  const inputs = exportedData(network, batch);
  model.allocate({ batchSize: batch });
  return { repeat: runLoop(model, inputs), result: () => runOnce(model, inputs) };
}

const { variant } = await loadCore();
await serve(
  Object.fromEntries(
    exportedWorks.map(([network, batch]) => [exportedName(network, batch), () => prediction(network, batch)]),
  ),
  variant,
);
