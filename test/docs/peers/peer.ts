// What a peer has for an operation of the graph, found by running it as it is installed in bench/peers.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../documents.ts';

const folder = join(root, 'bench/peers');
/** Resolves a peer's files. */
export const peerRequire = createRequire(join(folder, 'package.json'));

export type PeerName = 'tensorflow' | 'onnxruntime' | 'jax';

const packages: Record<PeerName, string> = {
  tensorflow: '@tensorflow/tfjs-backend-wasm',
  onnxruntime: 'onnxruntime-web',
  jax: '@jax-js/jax',
};

/** The version that bench/peers/package.json asks for. */
export function versionOf(peer: PeerName): string {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return dependencies[packages[peer]]!;
}

/** Whether that version is installed. */
export function isInstalled(peer: PeerName): boolean {
  const path = join(folder, 'node_modules', packages[peer], 'package.json');
  return (
    existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version === versionOf(peer)
  );
}

/** A counterpart: whether it runs, and whether its gradient does, or why not. */
export interface Counterpart {
  readonly name: string;
  /** What went wrong where it does not run. */
  readonly fails?: string;
  /** 'yes', or why there is none; of a peer that has no gradients at all it is left out. */
  readonly gradient?: string;
}

export const lineOf = (error: unknown): string =>
  String((error as Error)?.message ?? error)
    .split('\n')[0]!
    .slice(0, 120);
