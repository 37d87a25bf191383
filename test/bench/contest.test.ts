import { describe, expect, test } from 'vitest';
import { contest, type Participant } from '../../bench/lib/contest.ts';
import { compareContest, compareWithPeak, compareWires } from '../../bench/lib/goals.ts';
import { markdownReport, markdownTable, type PeerResults } from '../../bench/lib/markdown.ts';
import { readmeBlock, withBlock } from '../../bench/lib/readme.ts';
import type { Request } from '../../bench/lib/serve.ts';
import type { Goal } from '../../bench/works/work.ts';

/** A participant that gives this result and takes so many seconds, in turn. */
function fake(name: string, result: number[] | Error, seconds: number[], log: string[] = []): Participant {
  let at = 0;
  return {
    name,
    async ask<T>(request: Request): Promise<T> {
      if (request.ask === 'result') {
        if (result instanceof Error) throw result;
        return result as T;
      }
      if (request.ask === 'calibrate') return 1 as T;
      log.push(name);
      return seconds[at++ % seconds.length] as T;
    },
  };
}

const options = { rounds: 3, sample: 1, warmUp: 0 };
const entry = (participant: Participant) => ({ participant, work: 'sum' });

describe('contest', () => {
  test('a result that differs is not timed, counts as failed, and its difference is told', async () => {
    const done = await contest(entry(fake('ours', [1, 2], [1])), [entry(fake('wrong', [1, 2.5], [1]))], options);
    expect(done.measured.map(({ name }) => name)).toEqual(['ours']);
    expect(done.failures).toEqual([
      { name: 'wrong', work: 'sum', reason: 'its result differs from ours by 0.250, at most 0.001 is allowed' },
    ]);
  });

  test('a result of NaN, and a peer that throws, count as failed while the others go on', async () => {
    const peers = [
      fake('nan', [1, NaN], [1]),
      fake('broken', new Error('no backend'), [1]),
      fake('right', [1, 2], [3]),
    ];
    const done = await contest(entry(fake('ours', [1, 2], [1])), peers.map(entry), options);
    expect(done.measured.map(({ name }) => name)).toEqual(['ours', 'right']);
    expect(done.failures.map(({ name, reason }) => [name, reason])).toEqual([
      ['nan', 'its result differs from ours by NaN, at most 0.001 is allowed'],
      ['broken', 'no backend'],
    ]);
  });

  test('all take turns', async () => {
    const log: string[] = [];
    await contest(entry(fake('a', [1], [1], log)), [entry(fake('b', [1], [1], log))], options);
    expect(log).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('who takes more than eight seconds stops after three rounds', async () => {
    const done = await contest(entry(fake('a', [1], [0.1])), [entry(fake('slow', [1], [9]))], {
      ...options,
      rounds: 6,
    });
    expect(done.measured.map(({ samples }) => samples.length)).toEqual([6, 3]);
  });
});

describe('goals', () => {
  const measured = (name: string, seconds: number) => ({
    name,
    samples: [seconds, seconds],
    median: seconds,
    minimum: seconds,
    spread: 0,
    rounds: 2,
  });
  const race = {
    work: 'w',
    measured: [measured('neurite', 1), measured('fast', 1.6), measured('slow', 5)],
    failures: [],
  };

  test('against each: a line is reached or not by its own goal', () => {
    const goal: Goal = { label: 'w', work: 'w', atLeast: { fast: 2, slow: 2 } };
    expect(compareContest(goal, race).map(({ ratio, toReach, reached }) => [ratio, toReach, reached])).toEqual([
      [1.6, 2, false],
      [5, 2, true],
    ]);
  });

  test('against the best of them: only that line carries the goal', () => {
    const goal: Goal = { label: 'w', work: 'w', atLeast: { best: 1.5 } };
    expect(compareContest(goal, race).map(({ against, reached }) => [against, reached])).toEqual([
      ['fast', true],
      ['slow', undefined],
    ]);
  });

  test('against the peak: the best round over the best of the peak', () => {
    const product = { samples: [2, 1], spread: 0, flops: 9e9 };
    const line = compareWithPeak('p', product, { name: 'the peak', samples: [1, 4], flops: 1e10 }, 0.93);
    expect([line.ours, line.theirs, line.ratio, line.reached]).toEqual([9, 10, 0.9, false]);
  });

  test('bytes: more than the limit is not reached, whatever the peers need', () => {
    const lines = compareWires(80_000, { 'ORT Web': 4e6 });
    expect(lines.map(({ against, reached }) => [against, reached])).toEqual([
      ['ORT Web', true],
      ['at most 60 kB', false],
    ]);
  });
});

describe('the report', () => {
  const lines = compareWires(80_000, { 'ORT Web': 4e6 });
  const results: PeerResults = {
    machine: { cpu: 'a processor', cores: 2, commit: 'abc', date: '2026-01-01', load: 0 },
    nodes: { relaxed: 'v24.0.0' },
    versions: { 'onnxruntime-web': '1.0.0' },
    notes: {},
    noise: 0.01,
    rounds: 5,
    comparisons: lines,
    failures: [{ name: 'jax-js', work: 'sgemm 64³', reason: 'its result differs' }],
    skipped: { synaptic: 'synaptic did not install: no network' },
  };

  test('a work names itself once, and what is not reached stands out', () => {
    expect(markdownTable(lines).split('\n').slice(2)).toEqual([
      '| gzip bytes a browser needs to predict with a dense network | 80.0 kB | ORT Web | 4.00 MB | 50.00 × | 50.00 × | yes |',
      '|  |  | at most 60 kB | 60.0 kB | 0.75 × | 1.00 × | **no** |',
    ]);
  });

  test('failures, peers that were skipped and goals that were missed are all told', () => {
    const text = markdownReport(results);
    expect(text).toContain('- jax-js, sgemm 64³: its result differs');
    expect(text).toContain('- synaptic: synaptic did not install: no network');
    expect(text).toContain('against at most 60 kB: 0.75 × of 1.00 ×');
  });

  test('the block of the README stands between its marks, again and again', () => {
    const readme = 'a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n';
    const once = withBlock(readme, readmeBlock(results));
    expect(once).not.toContain('old');
    expect(once).toContain('abc');
    expect(withBlock(once, readmeBlock(results))).toBe(once);
    expect(() => withBlock('no marks', 'block')).toThrow('expected <!-- bench:begin -->');
  });
});
