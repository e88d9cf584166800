/** Messages that one stream may send in one turn of the event loop. */
const MESSAGES_PER_TURN = 128;

/**
 * A source that always has a next message and never waits would keep the process in its microtasks: nothing would be read,
 * no timer would fire. After some messages it has to wait for the next turn.
 */
export class TurnBudget {
  private spent = 0;

  /** @returns true when the sender has to wait for the next turn */
  spend(): boolean {
    this.spent += 1;
    if (this.spent < MESSAGES_PER_TURN) return false;
    this.spent = 0;
    return true;
  }
}
