import { Code, type Status } from '@breakwater/core';
import type { ConnectionState } from '@breakwater/rpc';
import { connectionLost } from '@breakwater/rpc/transport-kit';
import { ErrorCode, errorCodeName } from '../http2/error-code.js';

export const CLOSED: Status = Object.freeze({
  code: Code.UNAVAILABLE,
  origin: 'local',
  reason: 'CLIENT_CLOSED',
  details: 'the client was closed',
});

/** What a call on a connection that is not READY fails with. @param why what is known of the last failure */
export function notReady(peer: string, state: ConnectionState, why: Status | undefined): Status {
  if (state === 'closed') return CLOSED;
  if (state === 'draining') return unavailable('DRAINING', `the connection to ${peer} is draining`);
  return why ?? unavailable('CONNECT_FAILED', `not connected to ${peer} (${state})`);
}

/** What a server said with GOAWAY. @param debug its text, which may hold anything */
export function leftByServer(peer: string, code: number, debug: string): Status {
  const said = debug === '' ? '' : ` (${debug.replace(/[^\x20-\x7e]/g, '?')})`;
  const what =
    code === ErrorCode.noError ? 'the server is leaving it' : `the server left it with ${errorCodeName(code)}`;
  return connectionLost(peer, `${what}${said}`);
}

const unavailable = (reason: 'DRAINING' | 'CONNECT_FAILED', details: string): Status => ({
  code: Code.UNAVAILABLE,
  origin: 'remote',
  reason,
  details,
});
