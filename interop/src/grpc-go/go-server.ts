import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Daemon, endProcess } from '../testing/daemon.js';

/** Starts the server of `grpc-go-interop`, which prints its port. @throws Error with what else it printed when it ends before */
export function startGoServer(binary: string): Promise<Daemon> {
  const child = spawn(binary, [], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${binary} ended with exit code ${code}:\n${errors}`)));
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve({ address: { host: '127.0.0.1', port: Number(line) }, close: () => endProcess(child) }),
    );
  });
}
