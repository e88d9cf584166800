import type { InProcessListener } from './listener.js';

/** The listeners of one in-process world, by `host:port`. Transports of one network reach each other. */
export class InProcessNetwork {
  private readonly listeners = new Map<string, InProcessListener>();
  private nextPort = 1;

  /** @returns the listener at an address, when there is one */
  find(host: string, port: number): InProcessListener | undefined {
    return this.listeners.get(`${host}:${port}`);
  }

  /** A port nobody listens on. */
  freePort(host: string): number {
    while (this.listeners.has(`${host}:${this.nextPort}`)) this.nextPort += 1;
    return this.nextPort++;
  }

  add(listener: InProcessListener): void {
    this.listeners.set(`${listener.address.host}:${listener.address.port}`, listener);
  }

  remove(listener: InProcessListener): void {
    const key = `${listener.address.host}:${listener.address.port}`;
    if (this.listeners.get(key) === listener) this.listeners.delete(key);
  }
}
