import { X509Certificate } from 'node:crypto';
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

const PARTS = ['ca', 'cert', 'key'] as const;
type Part = (typeof PARTS)[number];

/** PEMs by what they are for; a part that was not given is not there. */
export type PemParts = Readonly<Partial<Record<Part, Buffer>>>;

/** Where each part comes from, and the option that says so. */
export type PemSources = Readonly<Partial<Record<Part, { readonly field: string; readonly pem: Pem }>>>;

/** What the server's options name; nothing is read. @throws ConfigError naming the field */
export function serverPemsOf(tls: ServerTls, field = 'tls'): PemSources {
  requireKnownKeys(field, tls, ['cert', 'key', 'clientCa']);
  return {
    cert: { field: `${field}.cert`, pem: requirePem(`${field}.cert`, tls.cert) },
    key: { field: `${field}.key`, pem: requirePem(`${field}.key`, tls.key) },
    ...(tls.clientCa === undefined ? {} : { ca: { field: `${field}.clientCa`, pem: tls.clientCa } }),
  };
}

/** What the client's options name; nothing is read. @throws ConfigError naming the field */
export function clientPemsOf(tls: ClientTls, field = 'tls'): PemSources {
  requireKnownKeys(field, tls, ['ca', 'cert', 'key', 'serverName']);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [given, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw ConfigError.rule(
      `${field}.${missing}`,
      undefined,
      `${field}.${given} is set without ${field}.${missing}; set both or neither`,
    );
  }
  return Object.fromEntries(
    PARTS.flatMap((part) => {
      const pem = tls[part];
      return pem === undefined ? [] : [[part, { field: `${field}.${part}`, pem }]];
    }),
  );
}

/** Reads every part. @throws ConfigError naming the field of one that cannot be read or is no PEM */
export function readPems(sources: PemSources): PemParts {
  return Object.fromEntries(
    PARTS.flatMap((part) => {
      const source = sources[part];
      return source === undefined ? [] : [[part, readPem(source.field, source.pem)]];
    }),
  );
}

/** The server's PEMs, read and checked against each other. @throws ConfigError naming the field */
export function readServerTls(
  tls: ServerTls,
  field = 'tls',
): { cert: Buffer; key: Buffer; clientCa: Buffer | undefined } {
  const sources = serverPemsOf(tls, field);
  const parts = readPems(sources);
  checkedContext(parts, sources, field);
  const { cert, key, ca } = parts;
  return { cert: cert as Buffer, key: key as Buffer, clientCa: ca };
}

const contexts = new WeakMap<ClientTls, SecureContext>();

/** The client's PEMs as a TLS context, built once per options object. @throws ConfigError naming the field */
export function clientContext(tls: ClientTls, field = 'tls'): SecureContext {
  const known = contexts.get(tls);
  if (known !== undefined) return known;
  const sources = clientPemsOf(tls, field);
  const context = checkedContext(readPems(sources), sources, field);
  contexts.set(tls, context);
  return context;
}

function requirePem(field: string, pem: Pem | undefined): Pem {
  if (pem === undefined || pem.length === 0) throw new ConfigError(field, pem, 'a path to a PEM file, or its bytes');
  return pem;
}

/** A TLS context, 1.2 and later, of parts that are usable and belong together. @throws ConfigError naming the field */
export function checkedContext(parts: PemParts, sources: PemSources, field = 'tls'): SecureContext {
  const { ca, cert, key } = parts;
  // Each part alone first: OpenSSL does not say which one it could not read, and passes over a broken authority.
  if (ca !== undefined) requireCertificates(sources.ca?.field ?? `${field}.ca`, ca);
  if (cert !== undefined) build(sources.cert?.field ?? `${field}.cert`, { cert });
  if (key !== undefined) build(sources.key?.field ?? `${field}.key`, { key });
  return build(field, parts);
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const ANY_CERTIFICATE = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g;

function requireCertificates(field: string, bytes: Buffer): void {
  const text = bytes.toString('latin1');
  const refuse = (why: string): ConfigError =>
    ConfigError.rule(field, '(PEM)', `${field}: OpenSSL cannot use it: ${why}`);
  const whole = text.match(CERTIFICATE) ?? [];
  const begun = text.match(ANY_CERTIFICATE)?.length ?? 0;
  if (begun === 0) throw refuse('it has no certificate');
  if (text.match(/-----END [A-Z0-9 ]*CERTIFICATE-----/g)?.length !== begun)
    throw refuse('its last certificate is cut off');
  for (const pem of whole) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw refuse(message(error));
    }
  }
}

function build(field: string, parts: PemParts): SecureContext {
  try {
    return createSecureContext({ ...parts, minVersion: 'TLSv1.2' });
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
