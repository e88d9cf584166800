import { describeProxy } from './describe-proxy.js';
import { startHaproxy } from './haproxy.js';

describeProxy('haproxy', startHaproxy);
