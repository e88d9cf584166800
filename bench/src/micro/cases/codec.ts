import { AuthorizeRequest, AuthorizeResponse } from '@breakwater/contracts/shop/payments/v1';
import type { ByteSink } from '@breakwater/codec';
import { hasFastCodec, inPlaceCodec } from '../../contenders/socket/message-codec.js';
import { REQUEST, RESPONSE } from '../../contenders/workload.js';
import { type Case, syncCase } from '../case.js';

/** A sink that is rewound for every message. */
class Scratch implements ByteSink {
  bytes = Buffer.allocUnsafeSlow(64 * 1024);
  pos = 0;

  reserve(): void {}
}

/** The shop's messages through ts-proto as it comes, and through our codec once it is there. */
export function codecCases(): readonly Case[] {
  const request = AuthorizeRequest.encode(AuthorizeRequest.fromPartial(REQUEST)).finish();
  const stock: readonly Case[] = [
    syncCase('ts-proto: encode request', () => AuthorizeRequest.encode(AuthorizeRequest.fromPartial(REQUEST)).finish()),
    syncCase('ts-proto: encode response', () =>
      AuthorizeResponse.encode(AuthorizeResponse.fromPartial(RESPONSE)).finish(),
    ),
    syncCase('ts-proto: decode request', () => AuthorizeRequest.decode(request)),
  ];
  if (!hasFastCodec) return stock;
  const requests = inPlaceCodec(AuthorizeRequest);
  const responses = inPlaceCodec(AuthorizeResponse);
  const sink = new Scratch();
  return [
    ...stock,
    syncCase('codec: encode request', () => {
      sink.pos = 0;
      requests.encodeInto(REQUEST, sink);
    }),
    syncCase('codec: encode response', () => {
      sink.pos = 0;
      responses.encodeInto(RESPONSE, sink);
    }),
    syncCase('codec: decode request', () => requests.decode(request, 0, request.length)),
  ];
}
