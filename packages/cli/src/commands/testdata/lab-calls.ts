import path from 'node:path';
import type { Service } from '@breakwater/service';
import { CliError } from '../../errors.js';
import { type CallCommandOptions, runCall } from '../call/run-call.js';
import { LAB, labService, PROTO_ROOT } from './lab-service.js';
import { type TestIo, testIo } from './test-io.js';

export const LAB_PROTO = ['acme/lab/v1/lab.proto'];
/** A self-signed certificate for lab.test and 127.0.0.1. */
export const CERT = path.join(PROTO_ROOT, '../tls/cert.pem');
export const KEY = path.join(PROTO_ROOT, '../tls/key.pem');

const NOTHING: Omit<CallCommandOptions, 'target' | 'path'> = {
  ...{ data: undefined, protos: [], includes: [], timeoutMs: undefined, json: true, verbose: false, headers: [] },
  ...{ tls: undefined, ca: undefined, cert: undefined, key: undefined, authority: undefined, plaintext: undefined },
};

/** `breakwater call` inside the test, against a running lab service. */
export class LabCalls {
  private service: Service | undefined;
  private target = '';

  /** @returns `host:port` */
  async start(): Promise<string> {
    this.service = await labService();
    const { host, port } = await this.service.start();
    this.target = `${host}:${port}`;
    return this.target;
  }

  async stop(): Promise<void> {
    await this.service?.stop();
  }

  /** Runs the command with these options over plain ones. @param method path, service, or undefined for neither */
  readonly call = async (
    method: string | undefined,
    options: Partial<CallCommandOptions> = {},
    io: TestIo = testIo(),
  ): Promise<TestIo> => {
    await runCall({ target: this.target, path: method, ...NOTHING, ...options }, io);
    return io;
  };

  /** The messages that a method of the lab answers. */
  readonly output = async (
    method: string,
    data: unknown,
    options: Partial<CallCommandOptions> = {},
  ): Promise<unknown[]> => {
    const { stdout } = await this.call(`${LAB}/${method}`, { data: JSON.stringify(data), ...options });
    return stdout.map((line) => JSON.parse(line) as unknown);
  };

  /** What is wrong with the command; fails when nothing is. */
  readonly fault = async (
    method: string | undefined,
    options: Partial<CallCommandOptions>,
  ): Promise<{ readonly message: string; readonly remedy: string; readonly exitCode: number }> => {
    try {
      await this.call(method, options);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return { message: error.message, remedy: error.remedy ?? '', exitCode: error.exitCode };
    }
    throw new Error('the call did not fail');
  };
}
