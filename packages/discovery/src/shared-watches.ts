import { ConfigError } from '@breakwater/core';
import type { EndpointSet } from './endpoint.js';
import { freezeEndpointSet, sameEndpointSet } from './endpoint-set.js';
import type { Watcher } from './registry.js';
import type { Target } from './target.js';
import { registryUnavailable } from './unavailable.js';

/** What feeds one shared watch. */
export interface WatchSource {
  /** Stops all work; nothing may be published afterwards (what is, is ignored). */
  close(): void;
  /** See `Watcher.refresh`. */
  refresh?(): void;
}

/** Starts the work behind one target. May publish before it returns. @throws ConfigError for a target it cannot serve */
export type OpenSource = (target: Target, publish: (set: EndpointSet) => void) => WatchSource;

/**
 * One source per target, shared by all its watchers and ended with the last of them: what every registry's `watch` is
 * made of. Publishes only what differs from the set before.
 */
export class SharedWatches {
  private readonly open = new Map<string, SharedWatch>();
  private closed = false;

  /**
   * @param owner for messages: the registry's description
   * @param keyOf targets with equal keys share a source; default: equal URI text
   */
  constructor(
    private readonly owner: string,
    private readonly openSource: OpenSource,
    private readonly keyOf: (target: Target) => string = (target) => target.uri,
  ) {}

  /** Number of sources at work; for leak tests. */
  get size(): number {
    return this.open.size;
  }

  /** @throws ConfigError after `close`, or when the source refuses the target */
  watch(target: Target): Watcher {
    if (this.closed)
      throw ConfigError.rule('target', target.uri, `${this.owner} is closed; nothing can be watched any more`);
    const key = this.keyOf(target);
    let shared = this.open.get(key);
    if (shared === undefined) {
      const created = new SharedWatch(() => this.open.delete(key));
      created.start(this.openSource(target, (set) => created.publish(set)));
      this.open.set(key, created);
      shared = created;
    }
    return shared.attach();
  }

  /**
   * Ends every source; watchers keep their last set and hear nothing more. Those that have none yet are told that there
   * will be none, so that nobody waits for it. Idempotent.
   */
  close(): void {
    this.closed = true;
    const unavailable = registryUnavailable(`${this.owner} was closed before it answered`);
    for (const shared of [...this.open.values()]) {
      if (shared.current === undefined) shared.publish({ endpoints: [], stale: true, unavailable });
      shared.end();
    }
  }
}

interface Subscription {
  readonly listener: (set: EndpointSet) => void;
  seen: EndpointSet | undefined;
}

class SharedWatch {
  current: EndpointSet | undefined;
  private source: WatchSource | undefined;
  private holders = 0;
  private ended = false;
  private readonly subscriptions = new Set<Subscription>();

  constructor(private readonly onEnd: () => void) {}

  start(source: WatchSource): void {
    this.source = source;
  }

  publish(set: EndpointSet): void {
    if (this.ended || (this.current !== undefined && sameEndpointSet(this.current, set))) return;
    const frozen = freezeEndpointSet(set);
    this.current = frozen;
    // A copy: a subscription made by a listener is served by its own microtask.
    for (const subscription of [...this.subscriptions]) {
      // A listener may publish again through its registry; the newer set has then been told already.
      if (this.current === frozen) this.tell(subscription, frozen);
    }
  }

  attach(): Watcher {
    this.holders += 1;
    const mine = new Set<Subscription>();
    const shared = this;
    let held = true;
    return {
      get current() {
        return shared.current;
      },
      subscribe: (listener) => {
        const subscription: Subscription = { listener, seen: undefined };
        if (!held) return () => {};
        mine.add(subscription);
        this.subscriptions.add(subscription);
        queueMicrotask(() => {
          if (this.current !== undefined) this.tell(subscription, this.current);
        });
        return () => {
          mine.delete(subscription);
          this.subscriptions.delete(subscription);
        };
      },
      refresh: () => {
        if (held && !this.ended) this.source?.refresh?.();
      },
      close: () => {
        if (!held) return;
        held = false;
        for (const subscription of mine) this.subscriptions.delete(subscription);
        mine.clear();
        this.holders -= 1;
        if (this.holders === 0) this.end();
      },
    };
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.subscriptions.clear();
    this.onEnd();
    this.source?.close();
  }

  private tell(subscription: Subscription, set: EndpointSet): void {
    if (!this.subscriptions.has(subscription) || subscription.seen === set) return;
    subscription.seen = set;
    try {
      subscription.listener(set);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
