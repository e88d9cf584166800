import type { Clock } from '@breakwater/core';
import { BelievingSource } from '../believing-source.js';
import type { EndpointSet } from '../endpoint.js';
import type { LastKnownGood } from '../last-known-good.js';
import type { WatchSource } from '../shared-watches.js';
import type { Target } from '../target.js';

/** One watched target of an in-memory registry. */
export class MemoryWatch extends BelievingSource implements WatchSource {
  constructor(
    readonly target: Target,
    belief: LastKnownGood,
    clock: Clock,
    publish: (set: EndpointSet) => void,
    private readonly onClose: (source: MemoryWatch) => void,
  ) {
    super(belief, clock, publish);
  }

  override close(): void {
    super.close();
    this.onClose(this);
  }
}
