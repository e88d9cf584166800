import assert from 'node:assert/strict';
import { provide, provisionEnv } from './index.js';
import type { Located, Service } from './service.js';

const here: Located = { env: { THING_BIN: '/thing' }, found: 'Thing 1' };
const thing = (over: Partial<Service>): Service => ({
  name: 'the-thing',
  class: 'required',
  variable: 'THING_BIN',
  slow: false,
  locate: async () => undefined,
  install: async () => here,
  ...over,
});
const say = (): void => {};

describe('provide', () => {
  it('fetches nothing that is there already', async () => {
    const service = thing({ locate: async () => here, install: () => Promise.reject(new Error('fetched')) });
    assert.deepEqual(provisionEnv(await provide({ say, everything: true, services: [service] })), {
      THING_BIN: '/thing',
    });
  });

  it('fetches what is missing, system-wide only when everything was asked for', async () => {
    const asked: boolean[] = [];
    const service = thing({
      install: async ({ systemWide }) => {
        asked.push(systemWide);
        return here;
      },
    });
    for (const everything of [false, true]) await provide({ say, everything, services: [service] });
    assert.deepEqual(asked, [false, true]);
  });

  it('leaves what takes minutes to CI and --install-servers, and says so', async () => {
    const [provision] = await provide({ say, everything: false, services: [thing({ slow: true })] });
    assert.match(
      provision !== undefined && 'reason' in provision ? provision.reason : '',
      /npm test -- --install-servers/,
    );
  });

  it('hands the reason of a failure to the suites and goes on with the next', async () => {
    const broken = thing({ install: () => Promise.reject(new Error('no mirror')) });
    const provisions = await provide({ say, everything: true, services: [broken, thing({ name: 'other' })] });
    assert.deepEqual(provisionEnv(provisions), { BREAKWATER_ABSENT_THE_THING: 'no mirror', THING_BIN: '/thing' });
  });
});
