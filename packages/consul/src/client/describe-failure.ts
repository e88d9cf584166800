import type { ConsulAddress } from './consul-address.js';
import { ConsulError } from './consul-error.js';

interface PapiFailure {
  readonly code?: unknown;
  readonly isCodec?: unknown;
  readonly isResponse?: unknown;
  readonly message?: unknown;
  readonly response?: { readonly statusCode?: unknown; readonly body?: unknown } | undefined;
}

/** Turns whatever the HTTP client rejected with into a sentence that says what to look at. */
export function describeFailure(error: unknown, address: ConsulAddress): ConsulError {
  if (error instanceof ConsulError) return error;
  const failure: PapiFailure = typeof error === 'object' && error !== null ? error : {};
  // Errors of other kinds carry the response they came from, too.
  const status = failure.isResponse === true ? failure.response?.statusCode : undefined;
  if (failure.isCodec === true) {
    return new ConsulError(
      'malformed',
      `${address.text} answered with text that is no JSON; is this really Consul's HTTP port?`,
      undefined,
      error,
    );
  }
  if (typeof status === 'number') return describeStatus(status, bodyText(failure.response?.body), address, error);
  const code = typeof failure.code === 'string' ? failure.code : '';
  return describeCode(code, String(failure.message ?? error), address, error);
}

function describeStatus(status: number, body: string, address: ConsulAddress, cause: unknown): ConsulError {
  const said = body === '' ? `HTTP ${status}` : `HTTP ${status}: ${body}`;
  if (status === 401 || status === 403) {
    return new ConsulError(
      'denied',
      `access denied (${said}); the token is missing, expired or lacks the rights for this`,
      status,
      cause,
    );
  }
  if (body.startsWith('<')) {
    return new ConsulError(
      'malformed',
      `${address.text} answered HTTP ${status} with a web page; is this really Consul's HTTP port?`,
      status,
      cause,
    );
  }
  if (status === 400 && /HTTP request to an HTTPS server/i.test(body)) {
    return new ConsulError('malformed', `${address.text} expects TLS; write https:// in the address`, status, cause);
  }
  if (status === 429)
    return new ConsulError('status', `too many connections from this machine (${said})`, status, cause);
  // Consul answers 404 to an id it does not know, in words; to a path it always has, only another server does.
  const hint = status === 404 && !/^unknown|not found/i.test(body) ? "; is this really Consul's HTTP port?" : '';
  return new ConsulError('status', `answered ${said}${hint}`, status, cause);
}

function describeCode(code: string, message: string, address: ConsulAddress, cause: unknown): ConsulError {
  if (code === 'ECONNREFUSED')
    return new ConsulError('unreachable', `nobody listens at ${address.text} (ECONNREFUSED)`, undefined, cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ConsulError(
      'unreachable',
      `the host name ${address.host} cannot be resolved (${code})`,
      undefined,
      cause,
    );
  }
  if (code === 'TRUNCATED')
    return new ConsulError('malformed', 'the connection was closed in the middle of an answer', undefined, cause);
  if (code === 'TOO_LARGE') return new ConsulError('malformed', message, undefined, cause);
  if (code.startsWith('HPE_')) {
    return new ConsulError(
      'malformed',
      `${address.text} does not speak HTTP/1.1 (${code}); is this Consul's HTTP port, and does it serve TLS?`,
      undefined,
      cause,
    );
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return new ConsulError(
      'malformed',
      `${address.text} does not speak TLS; write http:// in the address`,
      undefined,
      cause,
    );
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new ConsulError(
      'unreachable',
      `the connection was closed before an answer came (${code})`,
      undefined,
      cause,
    );
  }
  return new ConsulError(
    'unreachable',
    code === '' || message.includes(code) ? message : `${message} (${code})`,
    undefined,
    cause,
  );
}

/** At most 200 characters on one line. */
function bodyText(body: unknown): string {
  const text = Buffer.isBuffer(body)
    ? body.toString('utf8', 0, 800)
    : typeof body === 'string'
      ? body
      : body === undefined
        ? ''
        : JSON.stringify(body);
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}
