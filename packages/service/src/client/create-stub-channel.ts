import { ConfigError } from '@breakwater/core';
import { grpcChannel, methodsOfStub, type StubChannel, type StubService } from '@breakwater/grpc';
import { type ClientParts, openClient } from './client-handle.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';

/**
 * Everything that `createClient` gives, under a generated client of grpc-js that stays as it is:
 * `new PaymentsClient('', credentials.createInsecure(), { channelOverride: createStubChannel(PaymentsClient.service, target) })`.
 * Address and credentials are those of `target` and `options`. Clients of one target share their connections, whether
 * they are stubs or not. Policies see messages as bytes: the response of a `fallback` is an encoded one.
 *
 * `closeClient`, `inspectClient` and `breakerOf` take the channel; closing the stub alone leaves its connections open.
 *
 * @param service as `@grpc/proto-loader` or a generator defines it; only `proto-loader` says what `retry` may repeat
 * @param target as for `createClient`
 * @throws ConfigError for options that make no sense, naming field, value and range
 */
export function createStubChannel(service: StubService, target: string, given: ClientOptions = {}): StubChannel {
  if (
    typeof service !== 'object' ||
    service === null ||
    Object.values(service).some(({ path }) => typeof path !== 'string')
  ) {
    const expected =
      'a service of grpc-js as @grpc/proto-loader or a generator defines it, such as PaymentsClient.service';
    throw new ConfigError('service', service, expected);
  }
  const known = methodsOfStub(service);
  const setup = resolveClientOptions(target, given, known);
  const bind = ({ lease, stackFor }: ClientParts): StubChannel => {
    // At once, as for every client: contradictions are told here, and both ways of calling a method share its breaker.
    const stacks = new Map(known.map((method) => [method.path, stackFor(method)]));
    return grpcChannel(lease.channel, {
      services: [service],
      stackFor: (method) => stacks.get(method.path) ?? stackFor(method),
    });
  };
  return openClient(setup, bind, (channel) => channel.close());
}
