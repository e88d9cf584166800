import { parseDuration } from '../catalog/duration.js';
import type { CheckDefinition, CheckKind, CheckStatus, ServiceDefinition } from '../catalog/records.js';
import { HttpError } from './http-error.js';
import { asObject, decodeJson, Fields } from './fields.js';

const SERVICE_FIELDS = [
  'ID',
  'Name',
  'Tags',
  'Port',
  'Address',
  'Meta',
  'Weights',
  'EnableTagOverride',
  'Check',
  'Checks',
  'Kind',
  'TaggedAddresses',
  'Token',
  'Namespace',
];
const CHECK_FIELDS = [
  ...[
    'ID',
    'CheckID',
    'Name',
    'Notes',
    'Status',
    'TTL',
    'GRPC',
    'GRPCUseTLS',
    'TCP',
    'HTTP',
    'Interval',
    'Timeout',
    'TLSSkipVerify',
    'TLSServerName',
  ],
  ...[
    'DeregisterCriticalServiceAfter',
    'SuccessBeforePassing',
    'FailuresBeforeCritical',
    'FailuresBeforeWarning',
    'ServiceID',
    'Token',
    'Namespace',
  ],
  ...[
    'Args',
    'ScriptArgs',
    'Script',
    'DockerContainerID',
    'AliasNode',
    'AliasService',
    'Header',
    'Method',
    'Body',
    'OutputMaxSize',
  ],
];
const UNSUPPORTED_CHECKS = ['HTTP', 'Args', 'ScriptArgs', 'Script', 'DockerContainerID', 'AliasNode', 'AliasService'];
/** Consul runs no probe more often. */
const SHORTEST_INTERVAL_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Reads the body of `PUT /v1/agent/service/register`. @throws HttpError 400 with Consul's words where it has any */
export function decodeRegistration(body: string): ServiceDefinition {
  const fields = new Fields(asObject(decodeJson(body)), SERVICE_FIELDS);
  const name = fields.text('Name');
  const address = fields.text('Address');
  const port = fields.integer('Port');
  const tags = fields.texts('Tags');
  const meta = fields.textMap('Meta');
  // An empty check is none, as in Consul.
  const given = [...fields.objects('Checks'), ...fields.optionalObject('Check')]
    .map((check) => new Fields(check, CHECK_FIELDS))
    .filter((check) => !check.empty);
  const durations = given.map(readDurations);
  if (name === '') throw new HttpError(400, 'Missing service name');
  if (address === '0.0.0.0' || address === '::' || address === '[::]')
    throw new HttpError(400, 'Invalid service address');
  if (port < 0 || port > 65_535) throw new HttpError(400, `Invalid service port: ${port}`);
  validateMeta(meta);
  const id = fields.text('ID') || name;
  const checks = given.map((check, index) =>
    decodeCheck(check, durations[index] ?? {}, { id, name, index, total: given.length }),
  );
  return {
    id,
    name,
    address,
    port,
    tags,
    meta,
    checks,
    enableTagOverride: fields.flag('EnableTagOverride'),
    weights: decodeWeights(fields),
  };
}

function validateMeta(meta: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(meta);
  if (pairs.length > 64)
    throw new HttpError(400, 'Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs');
  for (const [key, value] of pairs) {
    const refuse = (why: string): never => {
      throw new HttpError(400, `Invalid Service Meta: Couldn't load metadata pair ('${key}', '${value}'): ${why}`);
    };
    if (key === '') refuse('Key cannot be blank');
    if (!/^[a-zA-Z0-9_-]+$/.test(key)) refuse('Key contains invalid characters');
    if (key.length > 128) refuse('Key is too long (limit: 128 characters)');
    if (key.startsWith('consul-')) refuse("Key prefix 'consul-' is reserved for internal use");
    if (value.length > 512) refuse('Value is too long (limit: 512 characters)');
  }
}

function decodeWeights(fields: Fields): ServiceDefinition['weights'] {
  const [given] = fields.optionalObject('Weights');
  if (given === undefined) return { passing: 1, warning: 1 };
  const weights = new Fields(given, ['Passing', 'Warning']);
  const passing = weights.integer('Passing');
  const warning = weights.integer('Warning');
  if (passing < 1) throw new HttpError(400, 'Invalid Weights: Passing must be greater than 0');
  if (warning < 0) throw new HttpError(400, 'Invalid Weights: Warning must be greater or equal than 0');
  if (passing > 65_535 || warning > 65_535)
    throw new HttpError(400, 'Invalid Weights: DNS Weight must be between 0 and 65535');
  return { passing, warning };
}

type Durations = Readonly<Partial<Record<'TTL' | 'Interval' | 'Timeout' | 'DeregisterCriticalServiceAfter', number>>>;

function readDurations(check: Fields): Durations {
  const read = (key: keyof Durations): number => {
    const text = check.durationText(key);
    const ms = parseDuration(text);
    if (text !== '' && ms === undefined)
      throw new HttpError(400, `Request decode failed: time: invalid duration ${JSON.stringify(text)}`);
    return ms ?? 0;
  };
  return {
    TTL: read('TTL'),
    Interval: read('Interval'),
    Timeout: read('Timeout'),
    DeregisterCriticalServiceAfter: read('DeregisterCriticalServiceAfter'),
  };
}

interface Owner {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly total: number;
}

function decodeCheck(check: Fields, durations: Durations, owner: Owner): CheckDefinition {
  const status = check.text('Status') || 'critical';
  if (!isStatus(status)) throw new HttpError(400, `Status for checks must 'passing', 'warning', 'critical'`);
  const unsupported = UNSUPPORTED_CHECKS.find((key) => check.has(key));
  if (unsupported !== undefined)
    throw new HttpError(
      400,
      `Invalid check: the embedded agent has TTL, GRPC and TCP checks, no ${unsupported} checks`,
    );
  const kind = decodeKind(check, durations);
  const suffix = owner.total > 1 ? `:${owner.index + 1}` : '';
  return {
    id: check.text('CheckID') || check.text('ID') || `service:${owner.id}${suffix}`,
    name: check.text('Name') || `Service '${owner.name}' check`,
    notes: check.text('Notes'),
    status,
    kind,
    deregisterAfterMs: durations.DeregisterCriticalServiceAfter || undefined,
  };
}

function decodeKind(
  check: Fields,
  { TTL: ttlMs = 0, Interval: givenMs = 0, Timeout: givenTimeoutMs = 0 }: Durations,
): CheckKind {
  const grpc = check.text('GRPC');
  const tcp = check.text('TCP');
  const probed = grpc !== '' || tcp !== '';
  if (ttlMs > 0 && (givenMs > 0 || probed))
    throw new HttpError(400, 'Invalid check: Interval and TTL cannot both be specified');
  if (ttlMs > 0) return { type: 'ttl', ttlMs };
  if (!probed) throw new HttpError(400, 'Invalid check: TTL must be > 0 for TTL checks');
  if (givenMs <= 0) throw new HttpError(400, 'Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks');
  const intervalMs = Math.max(SHORTEST_INTERVAL_MS, givenMs);
  const timeoutMs = givenTimeoutMs > 0 ? givenTimeoutMs : DEFAULT_TIMEOUT_MS;
  const slash = grpc.indexOf('/');
  const address = grpc === '' ? tcp : slash < 0 ? grpc : grpc.slice(0, slash);
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1]);
  if (!(port >= 1 && port <= 65_535))
    throw new HttpError(400, `Invalid check: ${JSON.stringify(address)} must be host:port`);
  if (grpc === '') return { type: 'tcp', address, intervalMs, timeoutMs };
  const service = slash < 0 ? '' : grpc.slice(slash + 1);
  return {
    type: 'grpc',
    address,
    service,
    tls: check.flag('GRPCUseTLS'),
    verify: !check.flag('TLSSkipVerify'),
    intervalMs,
    timeoutMs,
  };
}

/** Whether `text` is a status that Consul knows. */
export const isStatus = (text: string): text is CheckStatus =>
  text === 'passing' || text === 'warning' || text === 'critical';
