import { servePlainHttp } from '@breakwater/wire/plain-http';
import { describeH2spec } from './describe-h2spec.js';

describeH2spec('wire', () => servePlainHttp(Buffer.alloc(1024, 'x')));
