import assert from 'node:assert/strict';
import { ListenError } from './listen-error.js';

describe('ListenError', () => {
  const remedies = [
    ['EADDRINUSE', /^cannot listen on 127\.0\.0\.1:80: the port is taken, held by node \(pid 7\); .* option "port"/],
    ['EACCES', /may not open that port; .* option "port"/],
    ['EADDRNOTAVAIL', /does not have that address; set the option "host"/],
    ['ENOTFOUND', /the host name cannot be resolved \(ENOTFOUND\); set the option "host"/],
    ['EAI_AGAIN', /the host name cannot be resolved \(EAI_AGAIN\); set the option "host"/],
  ] as const;
  for (const [code, says] of remedies) {
    it(`${code} names the address, the cause and the option to change`, () => {
      const error = new ListenError('127.0.0.1', 80, code, 'held by node (pid 7)');
      assert.match(error.message, says);
      assert.equal(error.systemCode, code);
    });
  }

  it('of a path says what is in the way, and names no port', () => {
    const taken = new ListenError('/run/x.sock', 0, 'EADDRINUSE', 'a server listens there already: stop it');
    assert.match(
      taken.message,
      /^cannot listen on \/run\/x\.sock: a server listens there.*stop it, or .*option "host"/,
    );
    assert.match(new ListenError('/run/x.sock', 0, 'EACCES').message, /folder.*option "host"/);
    assert.match(new ListenError('/run/x.sock', 0, 'ENAMETOOLONG').message, /longer.*option "host"/);
  });
});
