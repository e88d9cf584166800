import { HeaderField } from './header-field.js';

/** Entries of the static table; the dynamic table is counted on from here (RFC 7541 2.3.3). */
export const STATIC_ENTRIES = 61;

const field = (name: string, value = ''): HeaderField => new HeaderField(name, value);

/** The static table by wire index; 0 is no index (RFC 7541 Appendix A). */
export const STATIC_TABLE: readonly (HeaderField | undefined)[] = [
  undefined,
  field(':authority'),
  field(':method', 'GET'),
  field(':method', 'POST'),
  field(':path', '/'),
  field(':path', '/index.html'),
  field(':scheme', 'http'),
  field(':scheme', 'https'),
  field(':status', '200'),
  field(':status', '204'),
  field(':status', '206'),
  field(':status', '304'),
  field(':status', '400'),
  field(':status', '404'),
  field(':status', '500'),
  field('accept-charset'),
  field('accept-encoding', 'gzip, deflate'),
  field('accept-language'),
  field('accept-ranges'),
  field('accept'),
  field('access-control-allow-origin'),
  field('age'),
  field('allow'),
  field('authorization'),
  field('cache-control'),
  field('content-disposition'),
  field('content-encoding'),
  field('content-language'),
  field('content-length'),
  field('content-location'),
  field('content-range'),
  field('content-type'),
  field('cookie'),
  field('date'),
  field('etag'),
  field('expect'),
  field('expires'),
  field('from'),
  field('host'),
  field('if-match'),
  field('if-modified-since'),
  field('if-none-match'),
  field('if-range'),
  field('if-unmodified-since'),
  field('last-modified'),
  field('link'),
  field('location'),
  field('max-forwards'),
  field('proxy-authenticate'),
  field('proxy-authorization'),
  field('range'),
  field('referer'),
  field('refresh'),
  field('retry-after'),
  field('server'),
  field('set-cookie'),
  field('strict-transport-security'),
  field('transfer-encoding'),
  field('user-agent'),
  field('vary'),
  field('via'),
  field('www-authenticate'),
];

const FIRST_OF_NAME: ReadonlyMap<string, number> = firstOfName();

function firstOfName(): Map<string, number> {
  const first = new Map<string, number>();
  for (const [index, entry] of STATIC_TABLE.entries()) {
    if (entry !== undefined && !first.has(entry.name)) first.set(entry.name, index);
  }
  return first;
}

/** Wire index of the first entry with this name, 0 when there is none. */
export function staticNameIndex(name: string): number {
  return FIRST_OF_NAME.get(name) ?? 0;
}

/** Wire index of the entry with this name and value, 0 when there is none. */
export function staticIndex(name: string, value: string): number {
  // Entries of one name are neighbours.
  for (let index = staticNameIndex(name); index !== 0; index++) {
    const entry = STATIC_TABLE[index];
    if (entry === undefined || entry.name !== name) return 0;
    if (entry.value === value) return index;
  }
  return 0;
}
