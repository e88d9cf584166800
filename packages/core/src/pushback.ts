/** Trailer by which a server says when, or whether, to try again. @see gRFC A6 */
export const PUSHBACK_KEY = 'grpc-retry-pushback-ms';

/** @returns ms to wait for a whole number of them; -1, meaning "do not try again", for anything else */
export const parsePushback = (text: string): number => (/^\d{1,10}$/.test(text) ? Number(text) : -1);
