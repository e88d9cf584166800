import { METADATA, TIMEOUT_MS } from '../workload.js';

/** Kinds of frames; an answer has the kind of its request. */
export const UNARY = 1;
export const PAYLOAD = 2;

/** Deadline and metadata of every call, as bytes that nobody looks at. */
export const LEAD = Buffer.from(JSON.stringify({ timeoutMs: TIMEOUT_MS, ...METADATA }));
/** What an answer has in their place. */
export const NO_LEAD = Buffer.alloc(0);
