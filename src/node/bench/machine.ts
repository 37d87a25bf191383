// Where and when figures were measured: processor, Node, build of the core, commit, date.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Variant } from '../../core/features.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Tasks that wanted a processor in the minute before: above the number of cores, the figures are noisy. */
  readonly load: number;
  readonly platform: string;
  readonly node: string;
  readonly variant: Variant;
  readonly commit: string;
  readonly date: string;
}

export function describeMachine(variant: Variant): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    load: Number(loadavg()[0]!.toFixed(1)),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    variant,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The commit of the working directory; '' outside a repository. A `+` says that files were changed since. */
function commit(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '');
  } catch {
    return '';
  }
}

export const machineLine = ({ cpu, cores, node, variant, commit, date, load }: Machine): string =>
  [`${cpu}, ${cores} cores`, `Node ${node.slice(1)}`, variant, commit && `commit ${commit}`, date, `load ${load}`]
    .filter(Boolean)
    .join(' · ');
