import type { SecureContextOptions } from 'node:tls';
import type { Clock, Timer } from '@breakwater/core';
import type { ServerTls } from '@breakwater/rpc';
import { serverPemsOf } from '@breakwater/rpc/transport-kit';
import { type PemNews, RenewablePems } from './renewable-pems.js';

/** Who renews writes one file after the other: what does not fit together is no news before it was seen twice. */
const PATIENCE = 2;

/** The server's PEMs, looked at in an interval. */
export class ServerPems {
  private readonly pems: RenewablePems;
  private timer: Timer | undefined;

  /** @throws ConfigError naming the field */
  constructor(
    tls: ServerTls,
    private readonly clock: Clock,
    private readonly everyMs: number,
  ) {
    this.pems = new RenewablePems(serverPemsOf(tls));
  }

  /** For `createServer`, and for `setSecureContext` after news. */
  get options(): SecureContextOptions {
    return { ...this.pems.parts, minVersion: 'TLSv1.2' };
  }

  /** Begins to look. @param onNews told after what is in use has been replaced, or why it was not */
  watch(onNews: (news: PemNews) => void): void {
    if (!this.pems.fromFiles || this.everyMs === Number.POSITIVE_INFINITY) return;
    const look = (): void => {
      this.timer = this.clock.setTimer(this.everyMs, look, { ref: false });
      const news = this.pems.look(PATIENCE);
      if (news !== undefined) onNews(news);
    };
    this.timer = this.clock.setTimer(this.everyMs, look, { ref: false });
  }

  stop(): void {
    this.timer?.cancel();
  }
}
