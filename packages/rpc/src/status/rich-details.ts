import type { AnyDetail } from '@breakwater/core';
import * as errorDetails from '../gen/google/rpc/error_details.pb.js';
import type { MessageType } from '../method/definition.js';

/** The messages of `google/rpc/error_details.proto`, by name. */
export interface StandardDetails {
  readonly BadRequest: errorDetails.BadRequest;
  readonly DebugInfo: errorDetails.DebugInfo;
  readonly ErrorInfo: errorDetails.ErrorInfo;
  readonly Help: errorDetails.Help;
  readonly LocalizedMessage: errorDetails.LocalizedMessage;
  readonly PreconditionFailure: errorDetails.PreconditionFailure;
  readonly QuotaFailure: errorDetails.QuotaFailure;
  readonly RequestInfo: errorDetails.RequestInfo;
  readonly ResourceInfo: errorDetails.ResourceInfo;
  readonly RetryInfo: errorDetails.RetryInfo;
}

/** Any part of a message; the rest gets its defaults. */
export type PartOf<T> = T extends Uint8Array | bigint | string | number | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? readonly PartOf<U>[]
    : { readonly [K in keyof T]?: PartOf<T[K]> };

const STANDARD: { readonly [N in keyof StandardDetails]: MessageType } = {
  BadRequest: errorDetails.BadRequest,
  DebugInfo: errorDetails.DebugInfo,
  ErrorInfo: errorDetails.ErrorInfo,
  Help: errorDetails.Help,
  LocalizedMessage: errorDetails.LocalizedMessage,
  PreconditionFailure: errorDetails.PreconditionFailure,
  QuotaFailure: errorDetails.QuotaFailure,
  RequestInfo: errorDetails.RequestInfo,
  ResourceInfo: errorDetails.ResourceInfo,
  RetryInfo: errorDetails.RetryInfo,
};

const PREFIX = 'type.googleapis.com/';

/** A standard detail for `RpcError`'s `richDetails`: `richDetail('BadRequest', { fieldViolations: [...] })`. */
export const richDetail = <N extends keyof StandardDetails>(name: N, value: PartOf<StandardDetails[N]>): AnyDetail =>
  packDetail(`google.rpc.${name}`, STANDARD[name], value);

/** The first standard detail of that name in a received error, decoded; undefined when there is none that can be read. */
export const findRichDetail = <N extends keyof StandardDetails>(
  details: readonly AnyDetail[],
  name: N,
): StandardDetails[N] | undefined =>
  unpackDetail(details, `google.rpc.${name}`, STANDARD[name]) as StandardDetails[N] | undefined;

/** A detail of a type of one's own. @param typeName full name in the proto, such as `shop.orders.v1.OutOfStock` */
export const packDetail = <T, P>(typeName: string, type: MessageType<T, P>, value: P): AnyDetail => ({
  typeUrl: `${PREFIX}${typeName}`,
  value: type.encode(type.fromPartial(value)).finish(),
});

/** The first detail of that type, decoded; undefined when there is none, or its bytes are no such message. */
export function unpackDetail<T, P>(
  details: readonly AnyDetail[],
  typeName: string,
  type: MessageType<T, P>,
): T | undefined {
  const found = details.find(({ typeUrl }) => typeUrl.slice(typeUrl.lastIndexOf('/') + 1) === typeName);
  if (found === undefined) return undefined;
  try {
    return type.decode(found.value);
  } catch {
    return undefined;
  }
}
