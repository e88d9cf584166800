import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChildMessage, PolicyReport } from '@breakwater-examples/shop-common';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

export interface ChildOptions {
  /** `payments-2`: for messages and the log file. */
  readonly name: string;
  /** The compiled main module. */
  readonly script: URL;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onPolicyEvent: (event: PolicyReport) => void;
  /** Told when the process ends although nobody asked for it. */
  readonly onUnexpectedExit: (name: string, how: string) => void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One process of the demo, which can be killed, stopped and started again. */
export class Child {
  private process: ChildProcess | undefined;
  private exited: Promise<string> = Promise.resolve('not started');
  private expectExit = false;
  private closed = false;
  private last: Address | undefined;

  constructor(private readonly options: ChildOptions) {}

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Where it listens, or listened last. @throws Error before the first start */
  get address(): Address {
    if (this.last === undefined) throw new Error(`${this.name} has not been started`);
    return this.last;
  }

  /** Starts the process and waits until it serves. @throws Error with the end of its log when it does not; after `close` */
  async start(extraArgs: readonly string[] = []): Promise<Address> {
    if (this.closed) throw new Error(`${this.name} is not to be started any more`);
    const { script, args, logFile, env } = this.options;
    const log = openSync(logFile, 'a');
    // A group of its own: Ctrl-C in the terminal reaches the demo alone, which then ends the others in order.
    const child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(script), ...args, ...extraArgs], {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env,
    });
    closeSync(log);
    this.process = child;
    this.expectExit = false;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    this.last = await this.untilReady(child);
    void this.exited.then((how) => {
      if (!this.expectExit) this.options.onUnexpectedExit(this.name, how);
    });
    return this.last;
  }

  /** SIGKILL: no goodbye to anybody. */
  async kill(): Promise<void> {
    this.expectExit = true;
    this.process?.kill('SIGKILL');
    await this.exited;
    this.process = undefined;
  }

  /** SIGTERM, the ordered end; SIGKILL when that takes too long. @returns how it ended; idempotent */
  async stop(): Promise<string> {
    if (this.process === undefined) return this.exited;
    this.expectExit = true;
    const child = this.process;
    this.process = undefined;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    const how = await this.exited;
    clearTimeout(timer);
    return how;
  }

  /** Stops the process for good: whoever was about to start it again cannot. */
  close(): Promise<string> {
    this.closed = true;
    return this.stop();
  }

  private untilReady(child: ChildProcess): Promise<Address> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        this.expectExit = true;
        child.kill('SIGKILL');
        reject(new Error(`${this.name} did not start: ${why}\n${this.logTail()}`));
      };
      const timer = setTimeout(() => fail(`not ready after ${START_LIMIT_MS} ms`), START_LIMIT_MS);
      void this.exited.then(fail);
      child.on('message', (message) => {
        const told = message as ChildMessage;
        if (told.kind === 'policy') return this.options.onPolicyEvent(told.event);
        clearTimeout(timer);
        resolve({ host: told.host, port: told.port });
      });
    });
  }

  private logTail(): string {
    const lines = readFileSync(this.options.logFile, 'utf8').trimEnd().split('\n');
    return lines.slice(-15).join('\n');
  }
}
