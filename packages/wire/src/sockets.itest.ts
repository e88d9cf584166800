import { describeSockets } from '@breakwater/rpc/conformance';
import { wireTransport } from './wire-transport.js';

describeSockets('wire', () => wireTransport());
