import { grpcTransport } from '@breakwater/grpc';
import type { Transport } from '@breakwater/rpc';
import { wireTransport } from '@breakwater/wire';

/** A transport that every foreign peer of this workspace meets. */
export interface TransportUnderTest {
  /** As in titles of tests, `--transport` and names of files: `known-failing/<name>.client.txt`. */
  readonly name: string;
  create(): Transport;
}

/** All of them: a new transport is one more line. */
export const TRANSPORTS: readonly TransportUnderTest[] = [
  { name: 'wire', create: () => wireTransport() },
  { name: 'grpc-js', create: () => grpcTransport() },
];

/** @throws Error that names those there are */
export function transportNamed(name: string | undefined): Transport {
  const found = TRANSPORTS.find((one) => one.name === name);
  if (found !== undefined) return found.create();
  throw new Error(`--transport is '${name ?? ''}': it must be one of ${TRANSPORTS.map((one) => one.name).join(', ')}`);
}
