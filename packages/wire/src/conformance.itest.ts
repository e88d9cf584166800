import { describeTransport } from '@breakwater/rpc/conformance';
import { wireTransport } from './wire-transport.js';

describeTransport('wire', () => wireTransport());
