import assert from 'node:assert/strict';
import { detectAddress } from './detect-address.js';

const address = (text: string, internal = false) => ({
  address: text,
  family: text.includes(':') ? 'IPv6' : 'IPv4',
  internal,
});
const machine = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  eth0: [address('fe80::1'), address('2001:db8::7'), address('169.254.3.4'), address('10.0.0.5')],
  eth1: [address('10.0.0.6')],
};

describe('detectAddress', () => {
  it('announces the address a server is bound to, loopback too', () => {
    assert.equal(detectAddress('127.0.0.1', machine), '127.0.0.1');
    assert.equal(detectAddress('10.9.9.9', machine), '10.9.9.9');
  });

  it('takes the first outside IPv4 address of a server bound to every interface', () => {
    for (const bound of [undefined, '0.0.0.0', '::', '']) assert.equal(detectAddress(bound, machine), '10.0.0.5');
  });

  it('takes a global IPv6 address where there is no IPv4, and loopback where there is nothing', () => {
    assert.equal(
      detectAddress(undefined, { lo: machine.lo, eth0: [address('fe80::1'), address('2001:db8::7')] }),
      '2001:db8::7',
    );
    assert.equal(detectAddress(undefined, { lo: machine.lo }), '127.0.0.1');
    assert.equal(detectAddress(undefined, {}), '127.0.0.1');
  });

  it('finds something on this machine', () => {
    assert.notEqual(detectAddress(), '');
  });
});
