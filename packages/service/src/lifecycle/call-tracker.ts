import { ADMITTED, type Call, Code, type Guard, type Status, streamsResponse } from '@breakwater/core';
import { PEER } from '@breakwater/rpc';

/** A call that a drain had to wait for. */
export interface BlockingCall {
  readonly path: string;
  readonly peer: string | undefined;
  /** How long it had been in flight, in ms. */
  readonly ageMs: number;
}

const DRAINING: Status = {
  code: Code.UNAVAILABLE,
  reason: 'DRAINING',
  details: 'the server is shutting down',
  origin: 'local',
};

/** Knows the calls in flight of a service, so that a drain can wait for them, end them, and say who they were. */
export class CallTracker implements Guard {
  readonly name = 'call-tracker';
  private readonly calls = new Set<Call>();

  admit(call: Call): typeof ADMITTED {
    this.calls.add(call);
    return ADMITTED;
  }

  settle(call: Call): void {
    this.calls.delete(call);
  }

  get size(): number {
    return this.calls.size;
  }

  /** Those in flight now, oldest first. */
  blocking(now: number): readonly BlockingCall[] {
    return [...this.calls]
      .map((call) => ({
        path: call.operation.path,
        peer: call.attributes.get(PEER),
        ageMs: Math.round(now - call.now),
      }))
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  /** Ends calls with UNAVAILABLE, reason DRAINING. @param which response streams only, or all */
  end(which: 'streams' | 'all'): void {
    for (const call of [...this.calls]) {
      if (which === 'all' || streamsResponse(call.operation)) call.cancellation.cancel(DRAINING);
    }
  }
}
