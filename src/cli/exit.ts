// How the command ends: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted (128 + SIGINT).
// A failure is one line on the error stream; its stack only with --debug or NEURITE_DEBUG.
import { CommanderError } from 'commander';

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command line cannot be meant so: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The user stopped the work: exit code 130. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** Says what went wrong, and gives the exit code. */
export function reportFailure(error: unknown, debug: boolean): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  // The reader of a pipe has seen enough: `neurite predict … | head`.
  if ((error as NodeJS.ErrnoException)?.code === 'EPIPE') return exitCodes.done;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`neurite: ${message.replace(/\s*\n\s*/g, ' ')}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (error instanceof UsageError) process.stderr.write('(neurite <command> --help shows what there is)\n');
  return codeOf(error);
}

function codeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof Interrupted ? exitCodes.interrupted : exitCodes.failed;
}
