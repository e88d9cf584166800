/** The embedded agent in a process of its own, so that restarting the registry is what it says. */
import { startAgent } from '@breakwater/agent';
import { endWithParent, parseCommandLine, runProcess, tellParent } from '@breakwater-examples/shop-common';

await runProcess(async () => {
  const { port } = parseCommandLine(
    'agent: the registry of the demo.',
    { port: { type: 'number', about: 'port to listen on', default: 0, min: 0, max: 65_535, integer: true } },
    process.argv.slice(2),
  );
  endWithParent();
  const agent = await startAgent({ host: '127.0.0.1', port });
  process.once('SIGTERM', () => {
    void agent.close().finally(() => process.exit(0));
  });
  tellParent({ kind: 'ready', host: agent.host, port: agent.port });
});
