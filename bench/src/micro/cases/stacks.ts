import { AuthorizeResponse, PaymentsDefinition } from '@breakwater/contracts/shop/payments/v1';
import { Metadata } from '@breakwater/core';
import { aCall } from '@breakwater/core/testing';
import { createClient, createService } from '@breakwater/service';
import { DEFAULT_STACKS, NO_POLICIES, type Stacks } from '../../contenders/stacks.js';
import { HOST, METADATA, REQUEST, RESPONSE, SERVICE } from '../../contenders/workload.js';
import { asyncCase, type Case } from '../case.js';
import { answeringTransport, CapturingTransport } from '../mock-transport.js';

const AUTHORIZE = '/shop.payments.v1.Payments/Authorize';

/** A call of the typed client over a transport that answers at once. */
function clientCase(name: string, { client: policies }: Stacks): Case {
  const transport = answeringTransport(AuthorizeResponse.fromPartial(RESPONSE));
  const client = createClient(PaymentsDefinition, `${HOST}:1`, { transport, policies });
  const options = { metadata: METADATA };
  return asyncCase(name, () => client.authorize(REQUEST, options));
}

/** An incoming call, from where the transport hands it over to the handler and back. */
async function serverCase(name: string, { server: policies }: Stacks): Promise<Case> {
  const transport = new CapturingTransport();
  const notMeasured = (): never => {
    throw new Error('not part of this benchmark');
  };
  const service = createService({ name: SERVICE, host: HOST, logger: false, signals: false, transport, policies });
  service.add(PaymentsDefinition, {
    authorize: async () => RESPONSE,
    refund: notMeasured,
    listPayments: notMeasured,
  });
  await service.start();
  const { method, handler } = transport.served(AUTHORIZE);
  const metadata = Metadata.of(METADATA);
  return asyncCase(name, () => handler(aCall({ operation: method, request: REQUEST, metadata, target: SERVICE })));
}

/** What all default policies cost together, and what is left without them. */
export const stackCases = async (): Promise<readonly Case[]> => [
  clientCase('client: no policies', NO_POLICIES),
  clientCase('client: default stack', DEFAULT_STACKS),
  await serverCase('server: no policies', NO_POLICIES),
  await serverCase('server: default stack', DEFAULT_STACKS),
];
