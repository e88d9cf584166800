/**
 * The index rules of Consul's blocking queries. First read without an index; from then on block on the index received,
 * at least 1; when it goes backwards (the agent restarted or another server answered) read without index again.
 * @see https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export class BlockingIndex {
  private index: number | undefined;

  /** Index to block on; undefined means: read what there is now. */
  get next(): number | undefined {
    return this.index;
  }

  /**
   * Takes the index of an answer. A header that is missing or no number gives an answer that cannot be blocked on.
   * @returns false when the answer must not be believed: the index went backwards, read again
   */
  accept(header: string | undefined): boolean {
    const received = header !== undefined && /^\d+$/.test(header) ? Math.max(1, Number(header)) : undefined;
    if (received !== undefined && this.index !== undefined && received < this.index) {
      this.index = undefined;
      return false;
    }
    this.index = received;
    return true;
  }

  /** After an error nothing is known about the agent's indexes: the next read does not block. */
  forget(): void {
    this.index = undefined;
  }
}
