import { describeAttacks } from './testing/attacks/index.js';
import { wireTransport } from './wire-transport.js';

describeAttacks('wire', (options) => wireTransport(options));
