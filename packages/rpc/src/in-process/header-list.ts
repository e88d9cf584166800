import type { Metadata, Origin, Status } from '@breakwater/core';
import { type PassedLimit, tooLarge } from './failures.js';

/** How long a header list may be, and whose limit that is. */
export interface HeaderLimit {
  readonly maxHeaderBytes: number;
  readonly of: PassedLimit['of'];
}

/** Size of a header list as HTTP/2 counts it: name + value + 32 per entry, bytes as base64. @see RFC 9113 §6.5.2 */
function headerListBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [key, value] of metadata) {
    bytes += key.length + 32 + (typeof value === 'string' ? value.length : Math.ceil(value.length / 3) * 4);
  }
  return bytes;
}

/** @returns undefined when `metadata` fits, else RESOURCE_EXHAUSTED, reason MESSAGE_TOO_LARGE, naming limit and size */
export function checkHeaders(what: string, metadata: Metadata, limit: HeaderLimit, origin: Origin): Status | undefined {
  const bytes = headerListBytes(metadata);
  if (bytes <= limit.maxHeaderBytes) return undefined;
  return tooLarge(what, bytes, { option: 'maxHeaderBytes', bytes: limit.maxHeaderBytes, of: limit.of }, origin);
}
