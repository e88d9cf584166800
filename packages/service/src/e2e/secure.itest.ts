import assert from 'node:assert/strict';
import { Code, ConfigError } from '@breakwater/core';
import { certificates } from '@breakwater/rpc/conformance';
import { failure, Town } from './chat.itest.js';
import { describeOnEachTransport } from './each-transport.itest.js';

const { CA, CLIENT, SERVER, STRANGER } = certificates;

describeOnEachTransport('TLS between a service and its clients', (transport) => {
  let town: Town;
  beforeEach(() => {
    town = new Town(transport);
  });
  afterEach(() => town.close());

  it('verifies the service name of the target, not the address', async () => {
    await town.open({}, { tls: SERVER });
    assert.equal((await town.client({ tls: { ca: CA } }).one({ text: 'safe' })).text, 'safe');
    const wrong = town.client({ tls: { ca: CA, serverName: 'orders' } });
    const error = await failure(wrong.one({}));
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(error.reason, 'TLS_FAILED');
  });

  it('knows the subject of a client that shows its certificate, and refuses those that do not', async () => {
    const subjects: unknown[] = [];
    await town.open(
      {
        one: async (_request, context) => {
          subjects.push(context.peerCertificate);
          return {};
        },
      },
      { tls: { ...SERVER, clientCa: CA } },
    );
    await town.client({ tls: { ca: CA, ...CLIENT } }).one({});
    assert.match(String(subjects[0]), /CN=/);
    for (const tls of [{ ca: CA }, { ca: CA, ...STRANGER }]) {
      const error = await failure(town.client({ tls }).one({}));
      assert.equal(error.code, Code.UNAVAILABLE);
      assert.equal(error.reason, 'TLS_FAILED', error.message);
    }
    assert.equal(subjects.length, 1);
  });

  it('says so when only one of the two speaks it', async () => {
    await town.open({}, { tls: SERVER });
    const plain = await failure(town.client().one({}));
    assert.match(plain.message, /TLS/);
    await town.open({}, { name: 'open' });
    const secure = await failure(town.client({ tls: { ca: CA }, authority: 'payments' }, 'memory:///open').one({}));
    assert.match(secure.message, /TLS/);
    for (const error of [plain, secure]) assert.equal(error.code, Code.UNAVAILABLE);
  });

  it('sends the credentials of channel and call, and only there', async () => {
    const seen: unknown[] = [];
    await town.open(
      {
        one: async (_request, { metadata }) => {
          seen.push(metadata.get('authorization'));
          return {};
        },
      },
      { tls: SERVER },
    );
    const credentials = async () => ({ authorization: 'Bearer of the client' });
    await town.client({ tls: { ca: CA }, credentials }).one({});
    assert.deepEqual(seen, ['Bearer of the client']);
    const refused = await failure(town.client({ credentials }).one({}));
    assert.equal(refused.code, Code.UNAUTHENTICATED);
  });

  it('refuses PEMs that cannot be used when a client is made or a service started', async () => {
    assert.throws(
      () => town.client({ tls: { ca: '/nowhere/ca.pem' } }),
      (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /tls\.ca.*\/nowhere\/ca\.pem/);
        return true;
      },
    );
    assert.throws(() => town.client({ tls: { ca: CA, cert: CLIENT.cert } }), /tls\.cert is set without tls\.key/);
    assert.throws(() => town.client({ tls: { cacert: CA } as never }), /cacert/);
    await assert.rejects(
      town.open({}, { tls: { cert: SERVER.cert, key: CLIENT.key } }),
      /does not belong to tls\.cert/,
    );
  });
});
