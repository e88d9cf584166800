import type { Clock, Timer } from '@breakwater/core';

/** The part of a socket that matters once its connection is over. */
export interface LingeringSocket {
  readonly writableLength: number;
  readonly destroyed: boolean;
  destroy(): void;
}

/** A peer that has read nothing for so long will not read the rest either. */
const PATIENCE_MS = 10_000;

/**
 * Sees to it that a socket which was ended goes away: it may send what it holds for as long as its peer reads, and wait a
 * moment for the peer's own end. Nothing else looks after it any more, and a peer could keep any number of such sockets.
 * @returns what to cancel when the socket has closed; undefined when it has already
 */
export function linger(socket: LingeringSocket, clock: Clock): Timer | undefined {
  if (socket.destroyed) return undefined;
  let held = socket.writableLength;
  const wait = (): Timer => clock.setTimer(PATIENCE_MS, look, { ref: false });
  const look = (): void => {
    if (socket.writableLength < held) {
      held = socket.writableLength;
      timer = wait();
    } else if (!socket.destroyed) socket.destroy();
  };
  let timer = wait();
  return { cancel: () => timer.cancel() };
}
