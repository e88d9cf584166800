import assert from 'node:assert/strict';
import { Code, type Status } from '@breakwater/core';
import type { Address, Connection } from '../../transport/transport.js';
import type { Fixture, FixtureOptions } from '../fixture.js';
import { UNARY } from '../methods.js';

/** Connects, and waits until it is known whether that works. */
export function attempt(fixture: Fixture, address: Address, options: FixtureOptions = {}): Promise<Connection> {
  const connection = fixture.connect(address, options);
  connection.connect();
  return new Promise((resolve) => {
    const look = (): void => {
      if (connection.state === 'ready' || connection.state === 'failed') resolve(connection);
    };
    connection.onStateChange(look);
    look();
  });
}

/** What a call on it comes to: the value, or the status it fails with. */
export async function called(fixture: Fixture, connection: Connection): Promise<unknown> {
  const outcome = await connection.call(UNARY, fixture.call(UNARY, { request: 'x' }));
  return outcome.ok ? outcome.value : outcome.status;
}

/** Why a connection to this address fails, which is what its calls are told, too. */
export async function failureOf(fixture: Fixture, address: Address, options: FixtureOptions = {}): Promise<Status> {
  const connection = await attempt(fixture, address, options);
  const { error } = connection;
  assert.equal(connection.state, 'failed');
  assert.equal(error?.code, Code.UNAVAILABLE);
  assert.equal(error.origin, 'remote');
  assert.deepEqual(await called(fixture, connection), error);
  return error;
}
