// Progress of a training: a bar on a terminal, otherwise about a dozen plain lines. Both on the error stream, so
// that results alone stand in the output.
import cliProgress from 'cli-progress';
import type { Callback, Logs } from '../model/callbacks.ts';
import type { FitProgress } from '../model/fit.ts';
import { percent, seconds, short } from './text.ts';

const mostLines = 12;

export interface Progress {
  readonly onProgress: (progress: FitProgress) => void;
  readonly callback: Callback;
  /** Leaves the terminal as it was. */
  stop(): void;
}

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

export function progress(stream: Stream, { quiet = false } = {}): Progress {
  if (quiet) return { onProgress: () => {}, callback: {}, stop: () => {} };
  return stream.isTTY ? bar(stream) : lines(stream);
}

/** In 80 columns there is room for the training's own numbers. */
const trained = ({ loss, accuracy }: Logs) => numbersOf({ loss, accuracy });

function bar(stream: Stream): Progress {
  const single = new cliProgress.SingleBar({
    stream,
    format: 'epoch {epoch}/{epochs} [{bar}] {remaining} left  {numbers}',
    barsize: 16,
    hideCursor: true,
    // SIGINT is the command's business.
    gracefulExit: false,
    linewrap: true,
  });
  let started = false;
  let ended = { numbers: '', epochs: 0 };
  return {
    onProgress({ epoch, epochs, step, steps, logs, remaining }) {
      const payload = { epoch: epoch + 1, epochs, numbers: trained(logs), remaining: seconds(remaining) };
      if (!started) single.start(epochs * steps, 0, payload);
      started = true;
      ended = { numbers: payload.numbers, epochs };
      single.update(epoch * steps + step, payload);
    },
    callback: {
      onEpochEnd: (_context, logs) => void (ended.numbers = trained(logs)),
      onTrainEnd: ({ epoch }) => single.update({ epoch: epoch + 1, ...ended, remaining: seconds(0) }),
    },
    stop: () => single.stop(),
  };
}

function lines(stream: Stream): Progress {
  return {
    onProgress: () => {},
    callback: {
      onEpochEnd({ epoch, epochs }, logs) {
        if (!isShown(epoch, epochs)) return;
        const number = String(epoch + 1).padStart(String(epochs).length);
        stream.write(`epoch ${number}/${epochs}  ${numbersOf(logs)}\n`);
      },
    },
    stop: () => {},
  };
}

/** The first epoch, the last, and others evenly between them. */
function isShown(epoch: number, epochs: number): boolean {
  const part = (done: number) => Math.floor((done * (mostLines - 1)) / epochs);
  return epoch === 0 || part(epoch + 1) > part(epoch);
}

/** `loss 0.1234  accuracy 97.1 %  validation: loss 0.2345  accuracy 95.0 %` */
function numbersOf({ loss, accuracy, valLoss, valAccuracy }: Logs): string {
  const pair = (lossValue: number | undefined, share: number | undefined) => [
    ...(lossValue === undefined ? [] : [`loss ${short(lossValue)}`]),
    ...(share === undefined ? [] : [`accuracy ${percent(share)}`]),
  ];
  const held = pair(valLoss, valAccuracy).join('  ');
  return [...pair(loss, accuracy), ...(held ? [`validation: ${held}`] : [])].join('  ');
}
