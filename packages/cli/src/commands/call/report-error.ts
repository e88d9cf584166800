import { type AnyDetail, codeName, type Metadata, type RpcError } from '@breakwater/core';
import type { FileRegistry, JsonValue } from '@bufbuild/protobuf';
import { fromBinary } from '@bufbuild/protobuf';
import type { Io } from '../../io.js';
import { registryRemedy } from '../registry-remedy.js';
import { compileShipped } from './shipped-protos.js';
import type { JsonWriter } from './write-json.js';

export interface ReportOptions {
  readonly json: boolean;
  /** Types of the call, for details of the application's own; absent when the call never got that far. */
  readonly types?: FileRegistry | undefined;
  readonly writer?: JsonWriter | undefined;
}

/** Prints why a call failed: code, reason and text, then what else is known of it. */
export async function reportError(error: RpcError, io: Io, options: ReportOptions): Promise<void> {
  const details = await Promise.all(error.richDetails.map((detail) => decode(detail, options)));
  io.err(options.json ? JSON.stringify(toJson(error, details)) : toText(error, details));
}

function toText(error: RpcError, details: readonly JsonValue[]): string {
  const reason = error.reason === undefined ? '' : ` (${error.reason})`;
  const lines = [`${codeName(error.code)}${reason}: ${error.details}`];
  if (error.path !== undefined) lines.push(`  call ${error.path.replace(/^\//, '')} at ${error.target ?? ''}`);
  if (error.peer !== undefined) lines.push(`  peer ${error.peer}`);
  if (error.source !== undefined) lines.push(`  refused by ${error.source}`);
  if (error.retryAfterMs !== undefined)
    lines.push(error.retryAfterMs < 0 ? '  do not retry' : `  retry after ${error.retryAfterMs} ms`);
  for (const { attempt, status, peer, durationMs } of error.attempts) {
    lines.push(
      `  attempt ${attempt}${peer === undefined ? '' : ` at ${peer}`}: ${codeName(status.code)} after ${Math.round(durationMs)} ms`,
    );
  }
  for (const detail of details) lines.push(`  detail ${JSON.stringify(detail)}`);
  const remedy = remedyOf(error);
  if (remedy !== undefined) lines.push(remedy);
  return lines.join('\n');
}

/** What an option of this command can do about it; the text of the error speaks of those of a client in code. */
function remedyOf(error: RpcError): string | undefined {
  const { reason, details } = error;
  if (reason === 'REGISTRY_UNAVAILABLE') return registryRemedy(error, 'CONSUL_HTTP_ADDR');
  if (reason === 'PEER_NOT_GRPC' && details.endsWith('configure tls on this client'))
    return 'Use --tls, or --ca FILE when its certificate is signed by an authority of your own.';
  if (reason === 'PEER_NOT_GRPC' && details.includes('does not speak TLS'))
    return 'Leave out --tls, --ca, --cert and --key.';
  if (reason === 'TLS_FAILED' && /authority unknown|self-signed/.test(details)) return 'Use --ca FILE.';
  if (reason === 'TLS_FAILED' && details.includes('tls.serverName')) return 'Use --authority NAME.';
  return undefined;
}

function toJson(error: RpcError, details: readonly JsonValue[]): object {
  return {
    error: {
      code: codeName(error.code),
      ...(error.reason === undefined ? {} : { reason: error.reason }),
      message: error.details,
      ...(error.target === undefined ? {} : { target: error.target }),
      ...(error.path === undefined ? {} : { path: error.path }),
      ...(error.peer === undefined ? {} : { peer: error.peer }),
      ...(error.source === undefined ? {} : { refusedBy: error.source }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      attempts: error.attempts.map(({ attempt, status, peer, durationMs }) => ({
        attempt,
        code: codeName(status.code),
        peer,
        durationMs,
      })),
      details,
      trailers: error.metadata.toJSON(),
    },
  };
}

/** One line per value: `trailer key: value`; bytes as base64. */
export const metadataLines = (kind: string, metadata: Metadata): readonly string[] =>
  [...metadata].map(
    ([key, value]) => `  ${kind} ${key}: ${typeof value === 'string' ? value : Buffer.from(value).toString('base64')}`,
  );

/** As JSON when the type is known: google.rpc.*, or a type of the server's own; otherwise as base64. */
async function decode({ typeUrl, value }: AnyDetail, { types, writer }: ReportOptions): Promise<JsonValue> {
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const raw = { '@type': typeUrl, value: Buffer.from(value).toString('base64') };
  try {
    const known = types?.getMessage(name);
    const own =
      known === undefined && name.startsWith('google.rpc.')
        ? await compileShipped('google/rpc/error_details.proto')
        : types;
    const desc = own?.getMessage(name);
    if (desc === undefined || own === undefined) return raw;
    const message = fromBinary(desc, value);
    const { toJson: plain } = await import('@bufbuild/protobuf');
    const json =
      known !== undefined && writer !== undefined
        ? await writer.write(desc, message)
        : plain(desc, message, { registry: own });
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? { '@type': typeUrl, ...json }
      : { '@type': typeUrl, value: json };
  } catch {
    // What cannot be read is shown as it came: the error itself matters more.
    return raw;
  }
}
