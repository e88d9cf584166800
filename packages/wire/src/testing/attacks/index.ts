import { Arena, type CreateAttacked } from './arena.js';
import { describeCompression } from './compression.js';
import { describeFloods } from './floods.js';
import { describeFlow } from './flow.js';
import { describeFraming } from './framing.js';
import { describeGrpcRequests } from './grpc-requests.js';
import { describePatience } from './patience.js';
import { describeRequests } from './requests.js';
import { describeSlow } from './slow.js';
import { describeTolerated } from './tolerated.js';

export type { AttackedOptions, CreateAttacked } from './arena.js';

/**
 * Declares the mocha suite of attacks on a server: whatever a peer sends, the server ends its stream or its connection with
 * the right code, at a bounded price, and goes on serving everybody else.
 *
 * @param create a fresh transport with these options; those that it does not have it leaves out
 */
export function describeAttacks(name: string, create: CreateAttacked): void {
  describe(`attacks on a server: ${name}`, () => {
    let arena: Arena | undefined;
    const current = (): Arena => {
      if (arena === undefined) throw new Error('no test is running');
      return arena;
    };
    beforeEach(async function () {
      // Under the timeout of the test, so that a failure says what came instead.
      arena = new Arena(create, this.timeout() / 3);
      await arena.open();
    });
    afterEach(() => arena?.dispose());
    describe('floods', () => describeFloods(current));
    describe('no floods', () => describePatience(current));
    describe('rules of HTTP/2', () => describeFraming(current));
    describe('liberties of HTTP/2', () => describeTolerated(current));
    describe('header compression', () => describeCompression(current));
    describe('flow control', () => describeFlow(current));
    describe('malformed requests', () => describeRequests(current));
    describe('requests that are no gRPC', () => describeGrpcRequests(current));
    describe('slow, silent and foreign peers', () => describeSlow(current));
  });
}
