import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from '@breakwater/core';
import { ListenError } from '../../transport/listen-error.js';
import { PEER, PEER_CERTIFICATE, type Transport } from '../../transport/transport.js';
import { fixturePerTest, reached, type Handlers } from '../fixture.js';
import { UNARY } from '../methods.js';
import { CA, CLIENT, SERVER } from './certificates.js';
import { failureOf } from './failed-connection.js';

const PEERS: Handlers = [[UNARY, async (call) => succeed(call.attributes.get(PEER))]];

/** Paths in the place of hosts and ports. @param create a fresh transport on sockets */
export function describeUnixSockets(name: string, create: () => Transport): void {
  describe(`Unix sockets: ${name}`, () => {
    const fixture = fixturePerTest(create);
    let folder: string;
    let path: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'breakwater-unix-'));
      path = join(folder, 'x.sock');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    /** What is said of a path that cannot be listened on. */
    const refusal = async (host = path): Promise<string> => {
      let message = '';
      await assert.rejects(fixture().listen([], { host }), (error) => {
        assert.ok(error instanceof ListenError);
        message = error.message;
        return message.startsWith(`cannot listen on ${host}: `) && message.includes('option "host"');
      });
      return message;
    };

    it('a service listens on a path and is called there; the file goes with the listener', async () => {
      const { listener, connection } = await fixture().pair(PEERS, { host: path });
      assert.deepEqual(listener.address, { host: path, port: 0 });
      const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.equal(outcome.value, 'unix');
      assert.equal(outcome.peer, path);
      await listener.close();
      assert.equal(existsSync(path), false);
    });

    it('TLS goes over it, too, with certificates on both sides', async () => {
      const options = { host: path, serverTls: { ...SERVER, clientCa: CA }, clientTls: { ca: CA, ...CLIENT } };
      const { connection } = await fixture().pair(
        [[UNARY, async (call) => succeed(call.attributes.get(PEER_CERTIFICATE))]],
        options,
      );
      const outcome = await connection.call(UNARY, fixture().call(UNARY, { request: 1 }));
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.equal(outcome.value, 'O=Acme, CN=orders');
    });

    it('a connection is back when its server is back', async () => {
      const { listener, connection } = await fixture().pair(PEERS, { host: path });
      await listener.close();
      await fixture().until(() => connection.state !== 'ready');
      await fixture().listen(PEERS, { host: path });
      await reached(connection, 'ready');
      assert.ok((await connection.call(UNARY, fixture().call(UNARY, { request: 1 }))).ok);
    });

    it('a path without a socket fails the connection with what is missing', async () => {
      const status = await failureOf(fixture(), { host: path, port: 0 });
      assert.equal(status.reason, 'CONNECT_FAILED');
      assert.ok(status.details.includes(path));
      assert.match(status.details, /ENOENT.*no such socket/);
    });

    it('a socket that a server left behind is named as such: it is to be removed', async () => {
      const dead = createServer();
      await new Promise<void>((resolve) => dead.listen(`${path}.first`, resolve));
      // Node removes the file under the name that it knows.
      renameSync(`${path}.first`, path);
      await new Promise((resolve) => dead.close(resolve));
      assert.match(await refusal(), /nobody listens on.*remove it/);
      rmSync(path);
      await fixture().listen([], { host: path });
    });

    it('a socket that is in use is named as such, with its holder', async () => {
      await fixture().listen([], { host: path });
      const message = await refusal();
      assert.match(message, /a server listens there already/);
      if (process.platform === 'linux') assert.match(message, new RegExp(`pid ${process.pid}`));
    });

    it('a file that is no socket is named as such, and stays', async () => {
      writeFileSync(path, 'precious');
      assert.match(await refusal(), /no socket.*remove it/);
      assert.ok(existsSync(path));
    });

    it('a folder that is not there, and a path that would be cut off, are named as such', async () => {
      assert.match(await refusal(join(folder, 'missing', 'x.sock')), /folder is not there/);
      assert.match(await refusal(join(folder, 'x'.repeat(200))), /longer than/);
    });
  });
}
