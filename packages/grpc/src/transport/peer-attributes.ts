import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { Attributes } from '@breakwater/core';
import { formatAddress } from '@breakwater/discovery';
import { PEER, PEER_CERTIFICATE } from '@breakwater/rpc';

/** Who calls: the address, and with mTLS the subject of the verified certificate. */
export function peerAttributes(call: ServerInterceptingCallInterface, verifiesClients: boolean): Attributes {
  const { remoteAddress, remotePort } = call.getConnectionInfo();
  const peer =
    remoteAddress === undefined || remotePort === undefined ? 'unix' : formatAddress(remoteAddress, remotePort);
  const attributes = Attributes.EMPTY.with(PEER, peer);
  if (!verifiesClients) return attributes;
  const subject = call.getAuthContext().sslPeerCertificate?.subject;
  if (subject === undefined) return attributes;
  const parts = Object.entries(subject).map(([key, value]) => `${key}=${String(value)}`);
  return attributes.with(PEER_CERTIFICATE, parts.join(', '));
}
