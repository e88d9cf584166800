import { TRANSPORT_NAMES, type TransportName } from '../transports.js';

/** Declares the suite once for each transport, which it has to give to its services and clients. */
export function describeOnEachTransport(
  title: string,
  suite: (this: Mocha.Suite, transport: TransportName) => void,
): void {
  for (const name of TRANSPORT_NAMES) {
    describe(`${title} (${name})`, function () {
      suite.call(this, name);
    });
  }
}
