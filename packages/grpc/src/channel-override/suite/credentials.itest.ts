import assert from 'node:assert/strict';
import { credentials, Metadata, status, type CallCredentials } from '@grpc/grpc-js';
import { succeed, type Metadata as OwnMetadata } from '@breakwater/core';
import { certificates } from '@breakwater/rpc/conformance';
import { ended, type AppClient, type Ended } from '../../interceptor/plain-app.itest.js';
import type { OverrideWorld } from './world.itest.js';

const { CA, SERVER } = certificates;

type Options = Parameters<CallCredentials['generateMetadata']>[0];

/** A plugin that gives these entries, or fails. */
const plugin = (given: Readonly<Record<string, string>> | Error, asked?: Options[]): CallCredentials =>
  credentials.createFromMetadataGenerator((options, done) => {
    asked?.push(options);
    if (given instanceof Error) return done(given);
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(given)) metadata.set(key, value);
    done(null, metadata);
  });

export function describeCredentials(world: () => OverrideWorld): void {
  let received: OwnMetadata | undefined;
  const call = (stub: AppClient, given: CallCredentials): Promise<Ended> =>
    ended((callback) => stub.Unary(1, new Metadata(), { credentials: given }, callback));
  const secure = async (): Promise<AppClient> => {
    await serve(true);
    return world().stub({}, world().channel({ tls: { ca: CA, serverName: 'conformance' } }));
  };
  const serve = async (tls: boolean): Promise<void> => {
    const handlers = {
      Unary: async ({ metadata }: { metadata: OwnMetadata }) => {
        received = metadata;
        return succeed(1);
      },
    };
    await world().serve(handlers, tls ? { tls: { cert: SERVER.cert, key: SERVER.key } } : {});
  };
  beforeEach(() => {
    received = undefined;
  });

  it('are added to the metadata of their call', async () => {
    const asked: Options[] = [];
    const given = credentials.combineCallCredentials(
      plugin({ authorization: 'Bearer 1' }, asked),
      plugin({ 'x-more': '2' }),
    );
    const { error } = await call(await secure(), given);
    assert.equal(error, null);
    assert.equal(received?.get('authorization'), 'Bearer 1');
    assert.equal(received?.get('x-more'), '2');
    assert.deepEqual(
      asked.map(({ method_name, service_url }) => [method_name, service_url]),
      [['/plain.v1.App/Unary', 'https://plain/plain.v1.App']],
    );
  });

  it('that cannot be had end the call with their code, or UNKNOWN', async () => {
    const stub = await secure();
    const coded = Object.assign(new Error('no such key'), { code: status.PERMISSION_DENIED });
    const first = await call(stub, plugin(coded));
    assert.equal(first.error?.code, status.PERMISSION_DENIED);
    assert.equal(first.error?.details, 'Getting metadata from plugin failed with error: no such key');
    assert.equal((await call(stub, plugin(new Error('sealed')))).error?.code, status.UNKNOWN);
    const misused = Object.assign(new Error('where?'), { code: status.NOT_FOUND });
    assert.equal((await call(stub, plugin(misused))).error?.code, status.INTERNAL);
    assert.equal(received, undefined);
  });

  it('do not travel in the clear: without TLS their call is refused', async () => {
    await serve(false);
    const asked: Options[] = [];
    const { error } = await call(world().stub(), plugin({ authorization: 'Bearer 1' }, asked));
    assert.equal(error?.code, status.UNAUTHENTICATED);
    assert.equal(asked.length, 0);
    assert.equal(received, undefined);
  });

  it('that are empty need no TLS', async () => {
    await serve(false);
    assert.equal((await call(world().stub(), credentials.createEmpty())).error, null);
  });
}
