import { ConsulError } from '@breakwater/consul';

/**
 * What to do about a Consul that cannot be asked, in one line.
 * @param cause the ConsulError, or what has it as its cause
 * @param where what sets the address, such as `CONSUL_HTTP_ADDR or --registry`
 */
export function registryRemedy(cause: unknown, where: string): string {
  const kind = consulErrorOf(cause)?.kind;
  if (kind === 'denied') return 'Set CONSUL_HTTP_TOKEN to a token that may read services and nodes.';
  if (kind === 'malformed') return `Set ${where} to the HTTP address of Consul, by default port 8500.`;
  return `Set ${where} to a running agent, or start one: npx breakwater agent`;
}

function consulErrorOf(error: unknown): ConsulError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ConsulError) return at;
  return undefined;
}
