import { fileURLToPath } from 'node:url';
import { createService } from '../server/create-service.js';
import { chat, ChatDefinition } from './chat.itest.js';

// A service in a process of its own, for tests that end it: prints its port, then its log. Does nothing when mocha loads it.
export const CHAT_PROCESS = fileURLToPath(import.meta.url);

if (process.argv[1] === CHAT_PROCESS) {
  const hang = process.argv.includes('--hang');
  const service = createService({ name: 'payments', lifecycle: { propagationWaitMs: 0, drainTimeoutMs: 60_000 } }).add(
    ChatDefinition,
    chat(hang ? { one: () => new Promise(() => {}) } : {}),
  );
  const { port } = await service.start();
  process.stdout.write(`port ${port}\n`);
}
