import assert from 'node:assert/strict';
import { FakeClock } from '@breakwater/core/testing';
import { CLIENT, EXPIRED } from '../conformance/sockets/certificates.js';
import { ownCertificate } from './own-certificate.js';
import { parseDate } from './system-dates.js';

describe("what is known of the client's own certificate", () => {
  const at = (iso: string): FakeClock => {
    const clock = new FakeClock();
    clock.wallNow = () => parseDate(iso);
    return clock;
  };

  it('says whose it is, and who signed it', () => {
    const who = 'of O=Acme, CN=orders, signed by CN=Test authority';
    assert.deepEqual(ownCertificate(CLIENT.cert, at('2030-01-01')), { who, problem: undefined });
  });

  it('says that it has expired, or is not valid yet, by the clock of this machine', () => {
    assert.equal(ownCertificate(EXPIRED.cert, at('2020-01-15')).problem, undefined);
    assert.equal(ownCertificate(EXPIRED.cert, at('2020-02-02')).problem, 'has expired on 2020-02-01');
    assert.equal(ownCertificate(EXPIRED.cert, at('2019-12-31')).problem, 'is not valid before 2020-01-01');
  });

  it('says nothing of a certificate that cannot be read', () => {
    assert.deepEqual(ownCertificate('/nowhere/client.pem', at('2030-01-01')), { who: '', problem: undefined });
    const nonsense = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    assert.deepEqual(ownCertificate(nonsense, at('2030-01-01')), { who: '', problem: undefined });
  });
});
