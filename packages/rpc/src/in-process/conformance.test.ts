import { describeTransport } from '../conformance/index.js';
import { inProcessTransport } from './in-process-transport.js';

describeTransport('in-process', () => inProcessTransport(), { sockets: false });
