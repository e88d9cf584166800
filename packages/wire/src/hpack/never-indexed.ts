import { NAME } from './known-names.js';

const SECRETIVE = /token|secret|password|api[-_]?key/;

/**
 * Whether values of a header are secrets by its name: they stay out of tables here and at proxies, so that nobody who can
 * inject headers finds them out by the size of blocks (RFC 7541 7.1).
 *
 * @param nameId the name's number in `NAME`
 */
export function isNeverIndexed(nameId: number, name: string): boolean {
  switch (nameId) {
    case NAME.authorization:
    case NAME.proxyAuthorization:
    case NAME.cookie:
    case NAME.setCookie:
      return true;
    case NAME.none:
      return SECRETIVE.test(name);
    default:
      return false;
  }
}
