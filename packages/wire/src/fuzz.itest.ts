import { describeFuzz } from './testing/fuzz/index.js';
import { wireTransport } from './wire-transport.js';

const full = (process.env['BREAKWATER_FULL'] ?? '') !== '';

describeFuzz('wire', (options) => wireTransport(options), full ? { cases: 1_000_000 } : {});
