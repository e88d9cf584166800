import { type Around, ConfigError } from '@breakwater/core';
import type { CircuitBreakerPolicy } from '@breakwater/resilience';
import type { ChannelSnapshot, Method } from '@breakwater/rpc';
import { logEventsOfClient } from '../logging/policy-log.js';
import { breakerName, clientStacks } from '../policies/client-policies.js';
import { type ChannelLease, leaseChannel } from './channels.js';
import type { ClientSetup } from './client-options.js';

/** What a client is made of. */
export interface ClientParts {
  readonly lease: ChannelLease;
  readonly stackFor: (method: Method) => Around;
}

/** What stands behind a client object, which itself has nothing but the methods of its service. */
interface ClientHandle {
  close(graceMs: number): Promise<void>;
  snapshot(): ChannelSnapshot;
  readonly breakers: ReadonlyMap<string, CircuitBreakerPolicy>;
}

const CLOSE_GRACE_MS = 5000;

const handles = new WeakMap<object, ClientHandle>();

/**
 * A client for `closeClient`, `inspectClient` and `breakerOf`.
 * @param bind makes it of its parts, asking for the stack of each of its methods
 * @param onClose called when the client is closed, before its share in the connections is given back
 * @throws ConfigError for policies that contradict each other
 */
export function openClient<T extends object>(
  setup: ClientSetup,
  bind: (parts: ClientParts) => T,
  onClose: (client: T) => void = () => {},
): T {
  const lease = leaseChannel(setup.channel);
  try {
    return withHandle(setup, lease, bind, onClose);
  } catch (error) {
    // There is no client to close.
    void lease.release(0);
    throw error;
  }
}

function withHandle<T extends object>(
  setup: ClientSetup,
  lease: ChannelLease,
  bind: (parts: ClientParts) => T,
  onClose: (client: T) => void,
): T {
  const { policies, methods, logger } = setup;
  const { target, runtime } = setup.channel;
  const { stackFor, breakers } = clientStacks({ target, runtime, policies, methods, sharedBudget: lease.budget });
  const client = bind({ lease, stackFor });
  const names = new Set([...breakers.keys()].map((path) => breakerName(target, path)));
  const stopLogging = logger === undefined ? undefined : logEventsOfClient(runtime.events, logger, names);
  handles.set(client, {
    breakers,
    snapshot: () => lease.snapshot(),
    close: (graceMs) => {
      stopLogging?.();
      onClose(client);
      return lease.release(graceMs);
    },
  });
  return client;
}

/**
 * Gives up a client: its calls are refused from now on with UNAVAILABLE, reason CLIENT_CLOSED. When it was the last of its
 * target, calls in flight may finish within `graceMs` (default 5 s), then the connections are closed. Closing twice waits
 * for the same end.
 * A process need not close its clients to end: connections without calls and watches do not keep it alive. Who wants
 * nothing left open (a test, a worker that goes on) closes all clients and then calls `closeDefaults`.
 * @throws ConfigError for an object that neither `createClient` nor `createStubChannel` made
 */
export const closeClient = (client: object, graceMs = CLOSE_GRACE_MS): Promise<void> => handleOf(client).close(graceMs);

/** The endpoints of a client with their connection states and calls in flight. */
export const inspectClient = (client: object): ChannelSnapshot => handleOf(client).snapshot();

/**
 * The circuit breaker of one method, to look at, `isolate()` or `reset()`.
 * @param method name in the proto (`Authorize`)
 * @throws ConfigError when the client has no such method, or its breaker is turned off
 */
export function breakerOf(client: object, method: string): CircuitBreakerPolicy['breaker'] {
  for (const [path, policy] of handleOf(client).breakers) if (path.endsWith(`/${method}`)) return policy.breaker;
  throw new ConfigError('method', method, 'a method of this client whose circuit breaker is on');
}

function handleOf(client: object): ClientHandle {
  const handle = handles.get(client);
  if (handle === undefined)
    throw new ConfigError('client', client, 'a client made by createClient or createStubChannel');
  return handle;
}
