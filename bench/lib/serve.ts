// The child's side of a side-by-side run: a process that holds one library and does what the parent asks for, a line of
// JSON each way. The parent lets the children take turns, so that no two work at once.
import { createInterface } from 'node:readline';
import { calibrate, timeOnce } from '../../src/node/bench/timing.ts';
import type { PeerWork, Works } from '../works/work.ts';

/** What the parent asks. */
export type Request =
  | { readonly ask: 'hello' }
  | { readonly ask: 'result'; readonly work: string }
  | { readonly ask: 'calibrate'; readonly work: string; readonly sample: number; readonly warmUp: number }
  | { readonly ask: 'sample'; readonly work: string; readonly times: number };

export interface Hello {
  readonly works: readonly string[];
  readonly node: string;
  readonly note: string;
}

/** Imports a package from where the peers are installed; their types are not there when the library is checked. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const load = (name: string): Promise<any> => import(name);

/** Answers the parent until it hangs up. @param note how the library is set up, for the table */
export async function serve(works: Works, note = ''): Promise<void> {
  const made = new Map<string, PeerWork>();
  const workNamed = async (name: string): Promise<PeerWork> => {
    let work = made.get(name);
    if (!work) {
      work = await works[name]!();
      made.set(name, work);
    }
    return work;
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    let answer: unknown;
    try {
      answer = { value: await answerTo(request, works, workNamed, note) };
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

async function answerTo(
  request: Request,
  works: Works,
  workNamed: (name: string) => Promise<PeerWork>,
  note: string,
): Promise<unknown> {
  if (request.ask === 'hello') return { works: Object.keys(works), node: process.version, note } satisfies Hello;
  const work = await workNamed(request.work);
  if (request.ask === 'result') return someOf(await work.result());
  const piece = { name: request.work, repeat: work.repeat };
  if (request.ask === 'calibrate') return calibrate(piece, request.sample, request.warmUp);
  return timeOnce(piece, request.times);
}

/** At most about a thousand numbers, spread over all of them. */
function someOf(values: ArrayLike<number>): number[] {
  const step = Math.max(1, Math.floor(values.length / 1000) | 1);
  return Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]!);
}
