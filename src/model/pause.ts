// Lets the event loop run: a page draws, a signal aborts, a timer fires. No function of any engine's own is needed.

/** Resolves after what waits in the event loop has had its turn. */
export function pause(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  // A message comes without the 4 ms that browsers add to nested timers.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
