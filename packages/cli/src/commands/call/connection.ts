import { type CallOptions } from '@breakwater/rpc';
import { type ClientOptions, closeClient, closeDefaults, NO_CONFIG } from '@breakwater/service';
import { CliError } from '../../errors.js';
import { readTls, type TlsFlags } from './read-tls.js';

export interface ConnectionFlags extends TlsFlags {
  readonly tls?: boolean | undefined;
  readonly authority?: string | undefined;
  readonly plaintext?: boolean | undefined;
  /** `key: value` each. */
  readonly headers: readonly string[];
}

/** A target with how to reach it; the clients made with it share one channel. */
export class Connection {
  readonly options: ClientOptions;
  /** What every call says: headers, and the end that the user asks for. */
  readonly callOptions: CallOptions;
  private readonly clients: object[] = [];

  /** @throws CliError (exit code 2) for flags that exclude each other, or a header that is none */
  constructor(
    readonly target: string,
    flags: ConnectionFlags,
    signal: AbortSignal,
  ) {
    this.options = { config: NO_CONFIG, authority: flags.authority, tls: tlsOf(flags) };
    this.callOptions = { signal, metadata: metadataOf(flags.headers) };
  }

  /** Remembers a client, to be closed in the end. */
  hold<C extends object>(client: C): C {
    this.clients.push(client);
    return client;
  }

  /** Nothing is in flight any more: nothing is waited for. */
  async close(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => closeClient(client, 0)));
    await closeDefaults();
  }
}

function tlsOf({ tls, ca, cert, key, plaintext }: ConnectionFlags): ClientOptions['tls'] {
  const wanted = tls === true || ca !== undefined || cert !== undefined || key !== undefined;
  if (wanted && plaintext === true)
    throw new CliError('--plaintext and --tls (--ca, --cert, --key) exclude each other', { exitCode: 2 });
  return wanted ? readTls({ ca, cert, key }) : undefined;
}

function metadataOf(headers: readonly string[]): Record<string, (string | Uint8Array)[]> {
  const metadata: Record<string, (string | Uint8Array)[]> = {};
  for (const header of headers) {
    const [, key = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(header) ?? [];
    if (key === '') throw new CliError(`-H ${JSON.stringify(header)} is not "key: value"`, { exitCode: 2 });
    const name = key.trim().toLowerCase();
    (metadata[name] ??= []).push(name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}
