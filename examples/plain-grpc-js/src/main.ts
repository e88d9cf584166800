import { startAgent } from '@breakwater/agent';
import { registerConsul } from '@breakwater/service';
import { createWeatherClient } from './client.js';
import { startServer } from './server.js';
import type { Forecast, WeatherClient } from './weather.js';

const forecast = (client: WeatherClient): Promise<Forecast> =>
  new Promise((resolve, reject) =>
    client.forecast({ city: 'Rome' }, (error, found) => (found === undefined ? reject(error) : resolve(found))),
  );

/** Calls one after the other. @returns who answered, and how many calls failed */
async function ask(client: WeatherClient, calls: number): Promise<{ servers: string[]; failed: number }> {
  const servers = new Set<string>();
  let failed = 0;
  for (let one = 0; one < calls; one++) {
    await forecast(client).then(
      ({ server }) => servers.add(server),
      () => failed++,
    );
  }
  return { servers: [...servers].sort(), failed };
}

const outside = process.env['CONSUL_HTTP_ADDR'] || undefined;
const agent = outside === undefined ? await startAgent({ port: 0 }) : undefined;
const registry = registerConsul({ address: outside ?? agent?.address });
console.log(`registry: ${agent === undefined ? outside : 'an embedded agent'}`);

const client = createWeatherClient();
const first = await startServer('first', registry);
const second = await startServer('second', registry);

let both = await ask(client, 1);
while (both.servers.length < 2) both = await ask(client, 20);
console.log(`two instances: ${both.servers.join(' and ')} answer, ${both.failed} calls failed`);

first.crash();
const afterCrash = await ask(client, 50);
console.log(`the first has crashed: ${afterCrash.servers.join(' and ')} answers, ${afterCrash.failed} calls failed`);

const third = await startServer('third', registry);
let joined = await ask(client, 1);
while (joined.servers.length < 2) joined = await ask(client, 20);
console.log(`a third has joined: ${joined.servers.join(' and ')} answer, ${joined.failed} calls failed`);

await second.stop();
const afterStop = await ask(client, 50);
console.log(`the second has stopped: ${afterStop.servers.join(' and ')} answers, ${afterStop.failed} calls failed`);

let texts = 0;
for await (const _ of client.watch({ city: 'Rome' })) texts++;
console.log(`a stream through the same policies: ${texts} messages`);

await third.stop();
const nobody = await forecast(client).then(
  ({ server }) => server,
  (error: Error) => error.message,
);
console.log(`nobody is left: ${nobody}`);

client.close();
await registry.close();
await agent?.close();
