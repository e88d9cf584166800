import { contenderOf } from './contenders/index.js';
import type { RunningClient, RunningServer } from './contenders/contender.js';
import { loadOf } from './loads/index.js';
import { footprint } from './measure/footprint.js';
import { ClientSide } from './measure/client-side.js';
import { UsageMeter } from './measure/usage.js';
import type { FromChild, ToChild } from './protocol.js';

/** A process that is one side of one contender: `child.js server CONTENDER LOAD` or `child.js client CONTENDER LOAD PORT`. */
const [role = '', name = '', loadName = '', port = ''] = process.argv.slice(2);

const tell = (message: FromChild): void => void process.send?.(message);

const tellFailure = (error: unknown): void =>
  tell({ told: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });

const usage = new UsageMeter();

/** What both sides answer. */
async function answerCommon(message: ToChild, close: () => Promise<unknown>): Promise<FromChild | undefined> {
  switch (message.ask) {
    case 'begin':
      await usage.begin();
      return { told: 'begun' };
    case 'end':
      return { told: 'usage', usage: await usage.end() };
    case 'footprint':
      return { told: 'footprint', footprint: await footprint() };
    case 'stop':
      await close();
      return process.exit(0);
    default:
      return undefined;
  }
}

function listen(answer: (message: ToChild) => Promise<FromChild | undefined>): void {
  process.on('message', (message: ToChild) => {
    answer(message).then((told) => {
      if (told !== undefined) tell(told);
    }, tellFailure);
  });
}

function serve(server: RunningServer): void {
  listen((message) => answerCommon(message, () => server.close()));
  tell({ told: 'ready', port: server.port });
}

function drive(side: ClientSide): void {
  listen(async (message) => {
    switch (message.ask) {
      case 'slice':
        return { told: 'slice', result: await side.slice(message.sliceMs) };
      case 'open':
        await side.open(message.connections, message.streamsPerConnection);
        return { told: 'opened' };
      default:
        return answerCommon(message, () => side.close());
    }
  });
  tell({ told: 'ready', port: 0 });
}

async function main(): Promise<void> {
  const sides = await contenderOf(name).sides();
  const load = loadOf(loadName);
  if (role === 'server') return serve(await sides.serve(load));
  const connect = (): Promise<RunningClient> => sides.connect(Number(port), load);
  drive(await ClientSide.start(load, connect));
}

process.on('disconnect', () => process.exit(0));
main().catch((error: unknown) => {
  tellFailure(error);
  process.exitCode = 1;
});
