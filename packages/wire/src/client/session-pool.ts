import type { ClientSession } from '../http2/client-session.js';

/** What the pool needs of a session. */
export type PooledSession = Pick<
  ClientSession,
  'aging' | 'hasRoom' | 'load' | 'opened' | 'peer' | 'leave' | 'close' | 'keepAwake'
>;

/**
 * The sessions of one endpoint that take calls: one, and more of them while all have as many calls as the peer allows. The
 * first with room gets the next call, so that the later ones fall idle when there is less to do.
 */
export class SessionPool<S extends PooledSession = ClientSession> {
  private first: S | undefined;
  private readonly others: S[] = [];
  /** Streams that each of the others had opened when `trim` looked last. */
  private readonly openedBefore = new WeakMap<S, number>();

  get size(): number {
    return this.first === undefined ? 0 : 1 + this.others.length;
  }

  /** Calls that a further session may be expected to take. */
  get expectedRoom(): number {
    return Math.max(1, this.first?.peer.maxConcurrentStreams ?? 1);
  }

  /** One of them asks for a successor. */
  get aging(): boolean {
    return this.first?.aging === true || this.others.some((session) => session.aging);
  }

  withRoom(): S | undefined {
    if (this.first?.hasRoom === true) return this.first;
    return this.others.length === 0 ? undefined : this.others.find((session) => session.hasRoom);
  }

  /** It takes the place of those that have asked for a successor: they finish what they have. */
  add(session: S): void {
    const replaced = [...this].filter((one) => one.aging);
    for (const one of replaced) this.remove(one);
    if (this.first === undefined) this.first = session;
    else this.others.push(session);
    for (const one of replaced) one.leave();
  }

  /** It takes no more calls. @returns whether it was here */
  remove(session: S): boolean {
    if (this.first === session) {
      this.first = this.others.shift();
      return true;
    }
    const index = this.others.indexOf(session);
    if (index >= 0) this.others.splice(index, 1);
    return index >= 0;
  }

  /** Lets those go, but the first, that have had no call since the last time. */
  trim(): void {
    for (const session of [...this.others]) {
      const { opened } = session;
      if (session.load > 0 || this.openedBefore.get(session) !== opened) this.openedBefore.set(session, opened);
      else if (this.remove(session)) session.leave();
    }
  }

  *[Symbol.iterator](): Iterator<S> {
    if (this.first !== undefined) yield this.first;
    yield* [...this.others];
  }
}
