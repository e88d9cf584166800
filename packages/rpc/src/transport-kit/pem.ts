import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ConfigError, requireKnownKeys } from '@breakwater/core';
import type { ClientTls, Pem, ServerTls } from '../transport/tls.js';
import { message } from './failures.js';

const PEM_BEGIN = '-----BEGIN ';

/** The bytes of a PEM given as path or bytes. @throws ConfigError naming `field` when it cannot be read or is no PEM */
export function readPem(field: string, pem: Pem): Buffer {
  let bytes: Buffer;
  if (typeof pem !== 'string') bytes = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);
  else if (pem.includes(PEM_BEGIN)) bytes = Buffer.from(pem);
  else {
    try {
      bytes = readFileSync(pem);
    } catch (error) {
      throw ConfigError.rule(field, pem, `${field}: the file ${JSON.stringify(pem)} cannot be read: ${message(error)}`);
    }
  }
  if (bytes.includes(PEM_BEGIN)) return bytes;
  const what = typeof pem === 'string' ? `the file ${JSON.stringify(pem)}` : 'the value';
  throw ConfigError.rule(field, pem, `${field}: ${what} is not PEM: it has no line that begins with "${PEM_BEGIN}"`);
}

/** The server's PEMs, read and checked against each other. @throws ConfigError naming the field */
export function readServerTls(
  tls: ServerTls,
  field = 'tls',
): { cert: Buffer; key: Buffer; clientCa: Buffer | undefined } {
  requireKnownKeys(field, tls, ['cert', 'key', 'clientCa']);
  const cert = readPem(`${field}.cert`, requirePem(`${field}.cert`, tls.cert));
  const key = readPem(`${field}.key`, requirePem(`${field}.key`, tls.key));
  const clientCa = tls.clientCa === undefined ? undefined : readPem(`${field}.clientCa`, tls.clientCa);
  checkedContext(field, { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
  return { cert, key, clientCa };
}

const contexts = new WeakMap<ClientTls, SecureContext>();

/** The client's PEMs as a TLS context, built once per options object. @throws ConfigError naming the field */
export function clientContext(tls: ClientTls, field = 'tls'): SecureContext {
  const known = contexts.get(tls);
  if (known !== undefined) return known;
  requireKnownKeys(field, tls, ['ca', 'cert', 'key', 'serverName']);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [given, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw ConfigError.rule(
      `${field}.${missing}`,
      undefined,
      `${field}.${given} is set without ${field}.${missing}; set both or neither`,
    );
  }
  const options: Record<string, Buffer> = {};
  if (tls.ca !== undefined) options['ca'] = readPem(`${field}.ca`, tls.ca);
  if (tls.cert !== undefined) options['cert'] = readPem(`${field}.cert`, tls.cert);
  if (tls.key !== undefined) options['key'] = readPem(`${field}.key`, tls.key);
  const context = checkedContext(field, options);
  contexts.set(tls, context);
  return context;
}

function requirePem(field: string, pem: Pem | undefined): Pem {
  if (pem === undefined || pem.length === 0) throw new ConfigError(field, pem, 'a path to a PEM file, or its bytes');
  return pem;
}

function checkedContext(field: string, options: Record<string, Buffer>): SecureContext {
  for (const part of ['ca', 'cert', 'key']) {
    // Each part alone first: OpenSSL does not say which one it could not read.
    const bytes = options[part];
    if (bytes === undefined || part === 'ca') continue;
    build(`${field}.${part}`, { [part]: bytes });
  }
  return build(field, options);
}

function build(field: string, options: Record<string, Buffer>): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const mismatch = /KEY_VALUES_MISMATCH|key values mismatch/i.test(
      `${(error as { code?: string }).code} ${message(error)}`,
    );
    if (mismatch)
      throw ConfigError.rule(
        `${field}.key`,
        '(key)',
        `${field}.key does not belong to ${field}.cert: the certificate was made for another key`,
      );
    throw ConfigError.rule(field, '(PEM)', `${field}: OpenSSL cannot use it: ${message(error)}`);
  }
}
