import type { Clock, Random } from '@breakwater/core';
import { parseDuration } from '../catalog/duration.js';
import type { Catalog } from '../catalog/catalog.js';
import { HttpError } from './http-error.js';
import type { Answer, Request } from './router.js';

const DEFAULT_WAIT_MS = 300_000;
const LONGEST_WAIT_MS = 600_000;

/**
 * Answers reads as Consul does: at once without `index`, else when the index has passed it, or when `wait` (default 5
 * minutes, at most 10, lengthened by chance up to a sixteenth) is over. Every answer carries the index and the consistency.
 */
export class BlockingReads {
  constructor(
    private readonly catalog: Catalog,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @throws HttpError 400 for a bad `index` or `wait`, or `stale` with `consistent`; 500 for another datacenter */
  async answer(request: Request, indexNow: () => number, body: () => unknown): Promise<Answer> {
    const { query } = request;
    if (query.has('stale') && query.has('consistent'))
      throw new HttpError(400, 'Cannot specify ?stale with ?consistent, conflicting semantics.');
    const above = parseIndex(query.get('index'));
    const waitMs = parseWait(query.get('wait'));
    if (query.has('filter')) throw new HttpError(400, 'the embedded agent does not support ?filter');
    if ((query.get('dc') ?? 'dc1') !== 'dc1') throw new HttpError(500, 'No path to datacenter');
    if (above > 0 && indexNow() <= above)
      await this.change(() => indexNow() > above, waitMs * (1 + this.random.next() / 16), request.gone);
    return {
      body: body(),
      headers: {
        'x-consul-index': String(indexNow()),
        'x-consul-knownleader': 'true',
        'x-consul-lastcontact': '0',
        'x-consul-effective-consistency': query.has('stale')
          ? 'stale'
          : query.has('consistent')
            ? 'consistent'
            : 'leader',
      },
    };
  }

  private change(happened: () => boolean, waitMs: number, gone: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        unsubscribe();
        resolve();
      };
      const timer = this.clock.setTimer(waitMs, end, { ref: false });
      const unsubscribe = this.catalog.onChange(() => {
        if (happened()) end();
      });
      void gone.then(end);
    });
  }
}

function parseIndex(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^\d{1,19}$/.test(text)) throw new HttpError(400, 'Invalid index');
  return Number(text);
}

function parseWait(text: string | null): number {
  const ms = text === null || text === '' ? 0 : parseDuration(text);
  if (ms === undefined || ms < 0) throw new HttpError(400, 'Invalid wait time');
  return Math.min(LONGEST_WAIT_MS, ms === 0 ? DEFAULT_WAIT_MS : ms);
}
