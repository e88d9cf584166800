import { ErrorCode } from '../http2/error-code.js';
import { type ServerSession, ServerStream } from '../http2/server-session.js';
import { writeHttpStatus } from './response-writer.js';

/** The answer to a request that is no gRPC: an HTTP status and nothing else. */
export class HttpAnswer extends ServerStream {
  constructor(
    private readonly session: ServerSession,
    private readonly status: number,
  ) {
    super();
  }

  onOpen(): void {
    writeHttpStatus(this.session, this.id, this.status);
    this.session.out.schedule();
    this.session.localEnd(this);
    if (!this.gone) this.session.reset(this, ErrorCode.noError);
  }

  onData(): void {}
  onReset(): void {}
  onConnectionLost(): void {}
  onWritten(): void {}
  writeTrailers(): void {}
  run(): void {}
}
