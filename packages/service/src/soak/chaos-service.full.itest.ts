import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { consul } from '@breakwater/consul';
import { createService } from '../server/create-service.js';
import { echo, EchoDefinition } from '../testing/echo.js';
import { isMain, obey } from './in-child.full.itest.js';

// One of the instances that chaos falls upon. Writes every call it begins into the journal before it answers, so that a
// kill loses no line. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      advertise: { type: 'string' },
      agent: { type: 'string' },
      journal: { type: 'string' },
    },
  });
  const note = (kind: string, text: string): void =>
    appendFileSync(values.journal ?? '', `${kind} ${text} ${values.port}\n`);
  const service = createService({
    name: 'chaos',
    registry: consul({ address: values.agent ?? '', heartbeat: { ttlMs: 3000 } }),
    port: Number(values.port),
    advertise: { port: Number(values.advertise) },
    logger: false,
    lifecycle: { drainTimeoutMs: 1000 },
  }).add(
    EchoDefinition,
    echo({
      one: async ({ text, count }) => {
        note('one', text);
        return { text: values.port ?? '', count };
      },
      charge: async ({ text, count }) => {
        note('charge', text);
        return { text, count };
      },
      async *count({ count }) {
        for (let index = 0; index < count; index++) yield { count: index };
      },
    }),
  );
  obey({
    start: async () => (await service.start()).port,
    stop: async () => (await service.stop()).forced,
  });
}
