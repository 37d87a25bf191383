import type { BuildOptions } from 'esbuild';

export function bundle(name: string, options?: BuildOptions): Promise<string>;
