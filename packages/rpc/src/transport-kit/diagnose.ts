import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { Code, type Clock, type FrameworkReason, type Status } from '@breakwater/core';
import type { Address } from '../transport/transport.js';
import { message } from './failures.js';
import { ownCertificate } from './own-certificate.js';
import { clientContext } from './pem.js';
import { sniOf, type ClientSecurity } from './client-security.js';

/** The whole diagnosis is over by then, whatever the peer does. */
const BUDGET_MS = 500;
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** What an attempt to connect saw: how it ended, and the first bytes that came back. */
export interface Seen {
  readonly kind: 'answered' | 'closed' | 'silent' | 'error';
  readonly bytes: Buffer;
  readonly error?: NodeJS.ErrnoException | undefined;
  readonly alpn?: string | false | null | undefined;
  readonly secured?: boolean;
  /** How long a silent peer was waited for; default 500 ms. */
  readonly waitedMs?: number;
}

/**
 * Why a connection failed, in words that help. grpc-js keeps the cause to itself, so this looks again: one connection, the
 * HTTP/2 preface, the first bytes of the answer. To be called once per failure; takes at most half a second. Never rejects.
 */
export async function diagnose(
  address: Address,
  peer: string,
  security: ClientSecurity | undefined,
  clock: Clock,
): Promise<Status> {
  try {
    return await look(address, peer, security, clock);
  } catch (error) {
    // Node throws for an address that cannot be one, such as a port above 65,535.
    return status('CONNECT_FAILED', `cannot connect to ${peer}: ${message(error)}`, error);
  }
}

async function look(
  address: Address,
  peer: string,
  security: ClientSecurity | undefined,
  clock: Clock,
): Promise<Status> {
  const seen = await probe(security === undefined ? openTcp(address) : openTls(address, security), clock);
  return explain(address, peer, security, seen, clock);
}

/**
 * The failure of an attempt to connect in words that help, for a transport that has seen it itself. A plain connection that
 * was closed without a word gets one more look: the peer may expect TLS. Never rejects.
 */
export async function explain(
  address: Address,
  peer: string,
  security: ClientSecurity | undefined,
  seen: Seen,
  clock: Clock,
): Promise<Status> {
  if (security !== undefined) return judgeTls(peer, security, seen, clock);
  if (seen.kind !== 'closed') return judgePlain(peer, seen);
  const secure = await probe(
    connectTls({ ...where(address), rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    clock,
  );
  return secure.secured === true ? speaksTls(peer) : judgePlain(peer, seen);
}

const where = ({ host, port }: Address): { path: string } | { host: string; port: number } =>
  host.startsWith('/') ? { path: host } : { host, port };

const openTcp = (address: Address): Socket => connectTcp(where(address));

const openTls = (address: Address, { tls, name }: ClientSecurity): TLSSocket =>
  connectTls({
    ...where(address),
    secureContext: clientContext(tls),
    servername: sniOf(name),
    ALPNProtocols: ['h2'],
    checkServerIdentity: (_sni, certificate) => checkServerIdentity(name, certificate),
  });

function probe(socket: Socket | TLSSocket, clock: Clock): Promise<Seen> {
  return new Promise((resolve) => {
    let secured = false;
    const end = (kind: Seen['kind'], bytes: Buffer, error?: NodeJS.ErrnoException): void => {
      timer.cancel();
      socket.removeAllListeners();
      socket.on('error', () => {});
      const alpn = 'alpnProtocol' in socket ? socket.alpnProtocol : undefined;
      socket.destroy();
      resolve({ kind, bytes, error, alpn, secured });
    };
    const timer = clock.setTimer(BUDGET_MS, () => end('silent', EMPTY), { ref: false });
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      secured = true;
      socket.write(PREFACE);
    });
    socket.once('data', (bytes: Buffer) => end('answered', bytes));
    socket.once('error', (error) => end('error', EMPTY, error));
    socket.once('close', () => end('closed', EMPTY));
  });
}

const EMPTY = Buffer.alloc(0);

const status = (reason: FrameworkReason, details: string, cause?: unknown): Status => ({
  code: Code.UNAVAILABLE,
  origin: 'remote',
  reason,
  details,
  cause,
});

const speaksTls = (peer: string): Status => status('PEER_NOT_GRPC', `${peer} speaks TLS; configure tls on this client`);

function judgePlain(peer: string, { kind, bytes, error, waitedMs = BUDGET_MS }: Seen): Status {
  if (kind === 'error') return connectFailed(peer, error);
  if (kind === 'silent') return status('CONNECT_FAILED', `cannot connect to ${peer}: no answer within ${waitedMs} ms`);
  if (kind === 'closed')
    return status('CONNECT_FAILED', `${peer} closes connections without an answer; is it a gRPC server?`);
  if (bytes[0] === 0x15 && bytes[1] === 0x03) return speaksTls(peer);
  return judgeBytes(peer, bytes);
}

function judgeBytes(peer: string, bytes: Buffer): Status {
  const text = bytes.toString('latin1');
  const http = /^HTTP\/(\d\.\d)/.exec(text);
  if (http !== null) return status('PEER_NOT_GRPC', `${peer} answered HTTP/${http[1]}, not gRPC`);
  if (bytes.length >= 9 && bytes[3] === 4) {
    return status(
      'CONNECT_FAILED',
      `the connection to ${peer} failed although it speaks HTTP/2 now; it is tried again`,
    );
  }
  const start = JSON.stringify(text.slice(0, 20).replace(/[^\x20-\x7e]/g, '?'));
  return status(
    'PEER_NOT_GRPC',
    `${peer} does not speak HTTP/2 (its answer begins with ${start}), so it is no gRPC server`,
  );
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', ': nothing listens there'],
  ['ENOENT', ': there is no such socket'],
]);

function connectFailed(peer: string, error: NodeJS.ErrnoException | undefined): Status {
  const hint = HINTS.get(error?.code ?? '') ?? '';
  return status('CONNECT_FAILED', `cannot connect to ${peer}: ${message(error)}${hint}`, error);
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const NOT_TLS =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|UNEXPECTED_MESSAGE|RECORD_LAYER/;

function judgeTls(peer: string, security: ClientSecurity, seen: Seen, clock: Clock): Status {
  const { kind, bytes, error, alpn, secured, waitedMs = BUDGET_MS } = seen;
  const code = error?.code ?? '';
  if (kind === 'error') {
    const failed = (details: string): Status => status('TLS_FAILED', `TLS with ${peer} failed: ${details}`, error);
    if (code === 'CERT_HAS_EXPIRED') return failed('its certificate has expired; renew it on the server');
    if (code === 'CERT_NOT_YET_VALID')
      return failed('its certificate is not valid yet; check the clocks of both machines');
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      const names = (error as { cert?: { subjectaltname?: string } }).cert?.subjectaltname ?? 'no name at all';
      return failed(
        `its certificate is for ${names}, not for ${security.name}; issue one for that name, or set tls.serverName`,
      );
    }
    if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
      return failed('its certificate is self-signed; set tls.ca to that certificate, or issue one by an authority');
    if (UNTRUSTED.has(code))
      return failed(
        'its certificate is signed by an authority unknown here; set tls.ca to the authority that signed it',
      );
    if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(code) && security.tls.cert === undefined) {
      return failed('it requires a client certificate; set tls.cert and tls.key');
    }
    if (/ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE)/.test(code)) {
      return failed(refusesCertificate(`it refuses (${code})`, security, clock));
    }
    if (NOT_TLS.test(code)) return notTls(peer);
    if (code.includes('NO_APPLICATION_PROTOCOL')) return notHttp2(peer);
    if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
      return failed('its TLS is older than 1.2; renew the server');
    if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) return failed(opensslReason(error));
    if (code === 'ECONNRESET') return closedTls(peer, security, secured === true, clock);
    return connectFailed(peer, error);
  }
  if (secured === true && alpn !== 'h2') return notHttp2(peer);
  if (kind === 'answered') return judgeBytes(peer, bytes);
  if (kind === 'closed') return closedTls(peer, security, secured === true, clock);
  return status('CONNECT_FAILED', `cannot connect to ${peer}: no TLS answer within ${waitedMs} ms`);
}

/** `tlsv1 alert internal error`; the message has line numbers of OpenSSL around it. */
const opensslReason = (error: (NodeJS.ErrnoException & { readonly reason?: string }) | undefined): string =>
  error?.reason ?? message(error);

const notTls = (peer: string): Status =>
  status('PEER_NOT_GRPC', `${peer} does not speak TLS; remove tls from this client, or configure tls on the server`);

const notHttp2 = (peer: string): Status =>
  status('PEER_NOT_GRPC', `${peer} speaks TLS but not HTTP/2 over it (no ALPN "h2")`);

function closedTls(peer: string, security: ClientSecurity, secured: boolean, clock: Clock): Status {
  const closed = `${peer} closed the connection ${secured ? 'right after' : 'in the middle of'} the TLS handshake`;
  const why =
    security.tls.cert === undefined
      ? 'does it require a client certificate (tls.cert, tls.key)?'
      : refusesCertificate('perhaps it refuses', security, clock);
  return status('TLS_FAILED', `${closed}; ${why}`);
}

/** @param refuses who does, and how sure that is */
function refusesCertificate(refuses: string, { tls }: ClientSecurity, clock: Clock): string {
  const { who, problem } = ownCertificate(tls.cert ?? '', clock);
  const which = `the client certificate${who === '' ? '' : ` ${who}`}`;
  if (problem !== undefined) return `${which} (tls.cert) ${problem}; renew it`;
  return `${refuses} ${which}: does it trust that authority?`;
}
