export { wireTransport, type WireTransportOptions } from './wire-transport.js';
