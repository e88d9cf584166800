import type { Socket } from 'node:net';
import type { Clock, Random, Timer } from '@breakwater/core';
import type { Direction } from './fault.js';
import type { ActiveFault, FaultSet } from './fault-set.js';
import { Shaper, type Step } from './shaper.js';

/** A sender is held back when so much waits for a slow link. */
const MOST_BUFFERED_BYTES = 1024 * 1024;

export interface LinkOptions {
  readonly client: Socket;
  readonly target: Socket;
  readonly faults: FaultSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPassed: (direction: Direction, bytes: number) => void;
  readonly onClosed: () => void;
}

/** One connection through the proxy: two sockets, and a shaper for each direction between them. */
export class Link {
  private readonly pipes: readonly Pipe[];
  private readonly hit = new Map<ActiveFault, boolean>();
  private readonly forget: () => void;
  private open = 2;

  constructor(private readonly options: LinkOptions) {
    const { client, target, faults } = options;
    this.pipes = [this.pipe('upstream', client, target), this.pipe('downstream', target, client)];
    this.forget = faults.onChange(() => this.run());
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      // 'close' follows and tells the other side.
      socket.on('error', () => undefined);
      socket.once('close', () => this.closed());
    }
    this.run();
  }

  /** TCP RST to both sides. */
  reset(): void {
    for (const socket of [this.options.client, this.options.target]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** Ends both sides without waiting for anything. */
  close(): void {
    for (const socket of [this.options.client, this.options.target]) socket.destroy();
  }

  private pipe(direction: Direction, from: Socket, to: Socket): Pipe {
    const { clock, random, faults, onPassed } = this.options;
    return new Pipe({
      from,
      to,
      clock,
      random,
      faults: () => faults.in(direction).filter((one) => this.isHit(one)),
      onPassed: (bytes) => onPassed(direction, bytes),
      onStep: (step) => (step === 'reset' ? this.reset() : this.close()),
    });
  }

  private isHit(active: ActiveFault): boolean {
    const { share = 1 } = active.fault;
    let hit = this.hit.get(active);
    if (hit === undefined) this.hit.set(active, (hit = share >= 1 || this.options.random.next() < share));
    return hit;
  }

  private run(): void {
    for (const pipe of this.pipes) pipe.run();
  }

  private closed(): void {
    this.open -= 1;
    if (this.open > 0) return;
    this.forget();
    for (const pipe of this.pipes) pipe.stop();
    this.options.onClosed();
  }
}

interface PipeOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: () => readonly ActiveFault[];
  readonly onPassed: (bytes: number) => void;
  readonly onStep: (step: Exclude<Step['kind'], 'pass' | 'wait' | 'end'>) => void;
}

/** Carries one direction: does what its shaper says, when it says so. */
class Pipe {
  private readonly shaper: Shaper;
  private timer: Timer | undefined;
  private blocked = false;
  private stopped = false;

  constructor(private readonly options: PipeOptions) {
    const { from, to, clock, random } = options;
    this.shaper = new Shaper(random, clock.now());
    from.on('data', (bytes: Buffer) => {
      this.shaper.push(bytes, clock.now());
      if (this.shaper.bufferedBytes >= MOST_BUFFERED_BYTES) from.pause();
      this.run();
    });
    from.once('end', () => {
      this.shaper.finish('end', clock.now());
      this.run();
    });
    from.once('close', (withError: boolean) => {
      if (withError) this.shaper.finish('reset', clock.now());
      this.run();
    });
    to.on('drain', () => {
      this.blocked = false;
      this.run();
    });
  }

  /** Does what is due now, and sets a timer for what is not. */
  run(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const { from, to, clock, faults, onPassed, onStep } = this.options;
    while (!this.stopped && !this.blocked && !to.destroyed) {
      const step = this.shaper.next(clock.now(), faults());
      if (step.kind === 'wait') {
        if (step.until === Number.POSITIVE_INFINITY) return;
        this.timer = clock.setTimer(step.until - clock.now(), () => this.run(), { ref: false });
        return;
      }
      if (step.kind === 'end') to.end();
      else if (step.kind !== 'pass') return onStep(step.kind);
      else {
        this.blocked = !to.write(step.bytes);
        onPassed(step.bytes.length);
        if (from.isPaused() && this.shaper.bufferedBytes < MOST_BUFFERED_BYTES / 2) from.resume();
      }
    }
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }
}
