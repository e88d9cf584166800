import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Bytes that this process holds and cannot give back: heap and buffers after a full collection. */
export function heldBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What an episode costs this process, since its start. */
export class Cost {
  private readonly bytes = heldBytes();
  private readonly cpu = process.cpuUsage();

  /** Negative when memory was given back meanwhile. */
  get heldBytes(): number {
    return heldBytes() - this.bytes;
  }

  get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.cpu);
    return (user + system) / 1000;
  }
}

/** Sockets of this process that are open, on either side of a connection. */
export const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
