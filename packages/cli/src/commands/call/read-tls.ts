import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ClientTls } from '@breakwater/rpc';
import { CliError } from '../../errors.js';

export interface TlsFlags {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The PEM files of the command line, read and tried. @throws CliError (exit code 2) naming option and file */
export function readTls({ ca, cert, key }: TlsFlags): ClientTls {
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw new CliError(`--${given} needs --${missing}`, { exitCode: 2 });
  }
  const files = {
    ca: readPem('--ca', ca, 'ca'),
    cert: readPem('--cert', cert, 'cert'),
    key: readPem('--key', key, 'key'),
  };
  if (files.cert !== undefined && files.key !== undefined)
    tryContext(`--cert ${cert ?? ''} and --key ${key ?? ''} do not belong together`, {
      cert: files.cert,
      key: files.key,
    });
  return files;
}

function readPem(option: string, file: string | undefined, part: 'ca' | 'cert' | 'key'): Buffer | undefined {
  if (file === undefined) return undefined;
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    throw new CliError(`${option} ${file} cannot be read: ${(error as Error).message}`, { exitCode: 2, cause: error });
  }
  if (!pem.includes('-----BEGIN '))
    throw new CliError(`${option} ${file} is no PEM: it has no line that begins with "-----BEGIN "`, { exitCode: 2 });
  tryContext(`${option} ${file} cannot be used`, { [part]: pem });
  return pem;
}

function tryContext(sentence: string, parts: Readonly<Record<string, Buffer>>): void {
  try {
    createSecureContext(parts);
  } catch (error) {
    throw new CliError(`${sentence}: ${(error as Error).message}`, { exitCode: 2, cause: error });
  }
}
