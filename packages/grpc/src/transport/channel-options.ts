import { compressionAlgorithms, type ChannelOptions } from '@grpc/grpc-js';
import type { ClientLimits, Compression, ConnectBackoff, ServerLimits } from '@breakwater/rpc';

/** Node's timers, which grpc-js uses for these, reach no further. */
const LONGEST_MS = 2 ** 31 - 1;

const ALGORITHM = {
  identity: compressionAlgorithms.identity,
  deflate: compressionAlgorithms.deflate,
  gzip: compressionAlgorithms.gzip,
};

const ms = (value: number): number => Math.min(value, LONGEST_MS);

/** Channel arguments of one connection. Retries stay enabled (transparent ones need it); no policy for them is published. */
export function clientOptions(
  authority: string,
  limits: ClientLimits,
  backoff: ConnectBackoff,
  compression: Compression,
): ChannelOptions {
  const options: ChannelOptions = {
    'grpc.default_authority': authority,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    // Its books cost several us per call, and nobody reads them.
    'grpc.enable_channelz': 0,
    'grpc.client_idle_timeout_ms': LONGEST_MS,
    'grpc.initial_reconnect_backoff_ms': backoff.initialMs,
    'grpc.max_reconnect_backoff_ms': backoff.maxMs,
    'grpc.max_receive_message_length': limits.maxReceiveMessageBytes,
    // Checked by us before, so that the error names the option.
    'grpc.max_send_message_length': -1,
    'grpc.default_compression_algorithm': ALGORITHM[compression],
  };
  if (limits.keepaliveTimeMs !== Number.POSITIVE_INFINITY) {
    options['grpc.keepalive_time_ms'] = ms(limits.keepaliveTimeMs);
    options['grpc.keepalive_timeout_ms'] = ms(limits.keepaliveTimeoutMs);
  }
  return options;
}

/** Server arguments. Absent options are grpc-js' "unlimited". */
export function serverOptions(limits: ServerLimits): ChannelOptions {
  const options: ChannelOptions = {
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.max_receive_message_length': limits.maxReceiveMessageBytes,
    'grpc.max_send_message_length': -1,
  };
  const age = {
    max_connection_age_ms: limits.maxConnectionAgeMs,
    max_connection_age_grace_ms: limits.maxConnectionAgeGraceMs,
  };
  const rest = { max_connection_idle_ms: limits.maxConnectionIdleMs, keepalive_time_ms: limits.keepaliveTimeMs };
  for (const [name, value] of Object.entries({ ...age, ...rest, keepalive_timeout_ms: limits.keepaliveTimeoutMs })) {
    if (value !== Number.POSITIVE_INFINITY) options[`grpc.${name}`] = ms(value);
  }
  return options;
}
