// What the biological module exports, and nothing else.
export { run } from './program';

/** The first byte that the host may use: what lies below is the module's own. */
export function heapBase(): usize {
  return __heap_base;
}
