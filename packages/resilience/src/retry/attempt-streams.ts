import type { Call, ResponseSink } from '@breakwater/core';
import { ReplayableRequests } from './replay.js';

/** The streams of one call as its attempts see them: requests from the start each time, a private sink each. */
export class AttemptStreams {
  private readonly requests: ReplayableRequests | undefined;
  private readonly responses: ResponseSink | undefined;
  private answered = false;
  private current = 0;

  constructor(call: Call, replayBufferMessages: number) {
    this.requests =
      call.requests === undefined ? undefined : new ReplayableRequests(call.requests, replayBufferMessages);
    this.responses = call.responses;
  }

  /** Whether no further attempt is possible: the caller has seen a part of the answer, or the requests are gone. */
  get committed(): boolean {
    return this.answered || this.requests?.outgrown === true;
  }

  /** No attempt will follow this one: request messages need not be kept. */
  lastAttempt(): void {
    this.requests?.commit();
  }

  /** `call` with streams for its next attempt; what an earlier attempt may still say is dropped. */
  derive(call: Call): Call {
    this.current += 1;
    return {
      ...call,
      requests: this.requests?.open(),
      responses: this.responses && this.sinkOf(this.responses, this.current),
    };
  }

  /** The call is over. */
  close(): void {
    this.current += 1;
    this.requests?.close();
  }

  private sinkOf(responses: ResponseSink, attempt: number): ResponseSink {
    return {
      headers: (metadata) => {
        if (attempt !== this.current) return;
        this.commit();
        responses.headers(metadata);
      },
      message: (message) => {
        if (attempt !== this.current) return true;
        this.commit();
        return responses.message(message);
      },
    };
  }

  private commit(): void {
    if (this.answered) return;
    this.answered = true;
    this.requests?.commit();
  }
}
