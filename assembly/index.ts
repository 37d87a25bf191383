// What the core exports, and nothing else.
export { handlers, run } from './program';
export { philox4x32 } from './random';

/** The first byte that the host may use: what lies below is the core's own. */
export function heapBase(): usize {
  return __heap_base;
}
