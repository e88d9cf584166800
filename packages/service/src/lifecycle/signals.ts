/** Something that a signal to end the process stops first. */
export interface Stoppable {
  stop(): Promise<{ readonly forced: boolean }>;
  /** Told of the second signal. */
  onForced(signal: NodeJS.Signals): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];
const running = new Set<Stoppable>();
let stopping = false;
let forced: readonly Stoppable[] = [];

/**
 * Has SIGTERM and SIGINT stop `service` in order, together with all others that asked for it; then the process exits, 0 when
 * all drained in time, 1 otherwise. A second signal exits at once with 128 + its number.
 * @returns a function that takes the request back
 */
export function stopOnSignal(service: Stoppable): () => void {
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  running.add(service);
  return () => {
    running.delete(service);
    if (running.size === 0 && !stopping) for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  if (stopping) {
    for (const service of forced) service.onForced(signal);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  }
  stopping = true;
  // Stopping services leave `running`; the second signal still concerns them.
  forced = [...running];
  void Promise.allSettled([...running].map((service) => service.stop())).then((results) => {
    const clean = results.every((result) => result.status === 'fulfilled' && !result.value.forced);
    process.exit(clean ? 0 : 1);
  });
}
