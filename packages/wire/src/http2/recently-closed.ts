const REMEMBERED = 256;

/** How a stream ended: this side reset it, or it ended in peace or by the peer's reset. */
export type Ending = 'reset-here' | 'closed';

/**
 * The streams that ended last. Frames for a stream that this side has reset are still on their way and mean nothing; frames
 * for one that is over are a mistake of the peer.
 */
export class RecentlyClosed {
  private readonly ids = new Int32Array(REMEMBERED);
  private next = 0;

  add(id: number, resetHere: boolean): void {
    this.ids[this.next] = resetHere ? -id : id;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** Undefined for a stream that never was, or ended long ago. */
  endingOf(id: number): Ending | undefined {
    if (this.ids.includes(-id)) return 'reset-here';
    return this.ids.includes(id) ? 'closed' : undefined;
  }
}
