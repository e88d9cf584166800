import { Code, RpcError } from '@breakwater/core';
import { chat, ChatDefinition } from '../e2e/chat.itest.js';
import { createService, type Service } from '../server/create-service.js';
import { isMain, obey, transportArgument } from './in-child.full.itest.js';

// The far side of the mixed load: a service with the default stack. Does nothing when mocha loads it.
if (isMain(import.meta.url)) {
  let service: Service | undefined;
  /** Texts whose first attempt was refused. */
  const refused = new Set<string>();
  let cancelled = 0;
  const handlers = chat({
    one: async ({ text, count }, { cancellation }) => {
      if (text === 'missing') throw new RpcError(Code.NOT_FOUND, 'nothing of that name');
      if (text === 'hang') {
        await new Promise<void>((resolve) => cancellation.onCancel(() => resolve()));
        cancelled += 1;
      }
      if (text.startsWith('flaky') && !refused.delete(text)) {
        refused.add(text);
        throw new RpcError(Code.UNAVAILABLE, 'not now');
      }
      return { text, count };
    },
    async *count({ text, count }) {
      for (let index = 0; index < count; index++) {
        if (text === 'break' && index === 3) throw new RpcError(Code.ABORTED, 'enough');
        yield { count: index };
      }
    },
  });
  obey({
    start: async () => {
      const transport = transportArgument();
      service = createService({ name: 'soak', logger: false, transport }).add(ChatDefinition, handlers);
      return (await service.start()).port;
    },
    cancelled: () => cancelled,
    stop: async () => (await service?.stop())?.forced,
  });
}
