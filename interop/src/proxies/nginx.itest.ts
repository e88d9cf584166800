import { describeProxy } from './describe-proxy.js';
import { startNginx } from './nginx.js';

describeProxy('nginx', startNginx);
