import type { Clock, Timer } from '@breakwater/core';

/** Something that ends at its deadline. The two `wheel` fields belong to the wheel. */
export interface Expiring {
  wheelSlot: WheelSlot | undefined;
  wheelIndex: number;
  expire(): void;
}

interface WheelSlot {
  readonly at: number;
  readonly entries: Expiring[];
  timer: Timer;
}

/** Deadlines further away than this share a timer with their neighbours. */
const COARSE_FROM_MS = 200;
const COARSE_MS = 8;

/**
 * One timer for many deadlines: those that fall into the same millisecond, or into the same 8 ms when they are more than
 * 200 ms away, share one. Never early; late by less than the width of the slot. An empty wheel owns no timer.
 */
export class DeadlineWheel {
  private readonly slots = new Map<number, WheelSlot>();

  constructor(private readonly clock: Clock) {}

  /** @param deadline instant on the clock; `Infinity` is not added @param now the clock's now */
  add(entry: Expiring, deadline: number, now: number): void {
    if (deadline === Number.POSITIVE_INFINITY) return;
    const width = deadline - now > COARSE_FROM_MS ? COARSE_MS : 1;
    const at = Math.ceil(deadline / width) * width;
    let slot = this.slots.get(at);
    if (slot === undefined) {
      const created: WheelSlot = { at, entries: [], timer: this.arm(at - now, () => this.fire(created)) };
      this.slots.set(at, created);
      slot = created;
    }
    entry.wheelSlot = slot;
    entry.wheelIndex = slot.entries.push(entry) - 1;
  }

  /** Does nothing for an entry that has fired or was never added. */
  remove(entry: Expiring): void {
    const slot = entry.wheelSlot;
    if (slot === undefined) return;
    entry.wheelSlot = undefined;
    const last = slot.entries.pop();
    if (last !== undefined && last !== entry) {
      slot.entries[entry.wheelIndex] = last;
      last.wheelIndex = entry.wheelIndex;
    }
    if (slot.entries.length > 0) return;
    slot.timer.cancel();
    this.slots.delete(slot.at);
  }

  /** Timers that wait; for leak tests. */
  get size(): number {
    return this.slots.size;
  }

  private arm(delayMs: number, fire: () => void): Timer {
    return this.clock.setTimer(Math.ceil(delayMs), fire);
  }

  private fire(slot: WheelSlot): void {
    const left = slot.at - this.clock.now();
    if (left > 0) {
      // Node's timers count whole milliseconds of their own clock and may come a fraction early.
      slot.timer = this.arm(left, () => this.fire(slot));
      return;
    }
    this.slots.delete(slot.at);
    for (const entry of slot.entries) entry.wheelSlot = undefined;
    for (const entry of slot.entries) entry.expire();
  }
}
