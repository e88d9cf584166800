interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags: readonly string[];
}

interface AgentCheck {
  readonly ServiceID: string;
  readonly Status: string;
}

/** One instance as its line shows it. */
interface Shown {
  readonly title: string;
  readonly status: string;
}

export interface FollowOptions {
  readonly onChange: (line: string) => void;
  readonly signal: AbortSignal;
}

const RANK: readonly string[] = ['passing', 'warning', 'critical'];

/**
 * Reports every change of what an agent has registered, by blocking reads of the agent's own interface, until the signal
 * fires. Rejects when the agent goes away before.
 */
export async function followRegistrations(address: string, { onChange, signal }: FollowOptions): Promise<void> {
  let known: ReadonlyMap<string, Shown> = new Map();
  let index = '0';
  try {
    while (!signal.aborted) {
      // The checks change with every registration too: an instance comes with its checks, and goes with them.
      const response = await fetch(`${address}/v1/health/state/any?wait=60s&index=${index}`, { signal });
      await response.arrayBuffer();
      index = response.headers.get('x-consul-index') ?? '0';
      const now = await readInstances(address, signal);
      for (const line of differences(known, now)) onChange(line);
      known = now;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function readInstances(address: string, signal: AbortSignal): Promise<ReadonlyMap<string, Shown>> {
  const read = async (path: string): Promise<unknown> => (await fetch(address + path, { signal })).json();
  const services = (await read('/v1/agent/services')) as Readonly<Record<string, AgentService>>;
  const checks = Object.values((await read('/v1/agent/checks')) as Readonly<Record<string, AgentCheck>>);
  return new Map(
    Object.values(services).map(({ ID, Service, Address, Port, Tags }) => {
      const statuses = checks.filter(({ ServiceID }) => ServiceID === ID).map(({ Status }) => Status);
      const status = statuses.reduce(
        (worst, one) => (RANK.indexOf(one) > RANK.indexOf(worst) ? one : worst),
        'passing',
      );
      const tags = Tags.length === 0 ? '' : ` [${Tags.join(', ')}]`;
      return [ID, { title: `${Service} ${Address}:${Port}${tags} (${ID})`, status }];
    }),
  );
}

function* differences(before: ReadonlyMap<string, Shown>, now: ReadonlyMap<string, Shown>): Iterable<string> {
  for (const [id, { title, status }] of now) {
    const old = before.get(id);
    if (old === undefined) yield `+ ${title} ${status}`;
    else if (old.title !== title) yield `~ ${title} ${status}`;
    else if (old.status !== status) yield `~ ${title} ${old.status} -> ${status}`;
  }
  for (const [id, { title }] of before) if (!now.has(id)) yield `- ${title}`;
}
