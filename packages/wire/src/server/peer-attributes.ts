import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Attributes } from '@breakwater/core';
import { formatAddress } from '@breakwater/discovery';
import { PEER, PEER_CERTIFICATE } from '@breakwater/rpc';

/** Who calls: the address, and with mTLS the subject of the verified certificate. Worked out once per connection. */
export function peerAttributes(socket: Socket | TLSSocket, verifiesClients: boolean): Attributes {
  const { remoteAddress, remotePort } = socket;
  const peer =
    remoteAddress === undefined || remotePort === undefined ? 'unix' : formatAddress(remoteAddress, remotePort);
  const attributes = Attributes.EMPTY.with(PEER, peer);
  if (!verifiesClients || !('getPeerCertificate' in socket)) return attributes;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return attributes;
  const parts = Object.entries(subject).map(([key, value]) => `${key}=${String(value)}`);
  return attributes.with(PEER_CERTIFICATE, parts.join(', '));
}
