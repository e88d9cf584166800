import type { MessageType, ServiceImplementation } from '@breakwater/rpc';

interface Note {
  readonly text: string;
  readonly count: number;
}

const Note: MessageType<Note, Partial<Note>> = {
  encode: (message) => ({ finish: () => Buffer.from(JSON.stringify(message)) }),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Note,
  fromPartial: (partial) => ({ text: partial.text ?? '', count: partial.count ?? 0 }),
};

/** A small service of the tests. `one` is idempotent, `charge` is not. */
export const EchoDefinition = {
  name: 'Echo',
  fullName: 'test.v1.Echo',
  methods: {
    one: {
      name: 'One',
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: false,
      options: { idempotencyLevel: 'IDEMPOTENT' },
    },
    charge: {
      name: 'Charge',
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: false,
      options: {},
    },
    count: {
      name: 'Count',
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: true,
      options: {},
    },
  },
} as const;

type Echo = ServiceImplementation<typeof EchoDefinition>;

/** Handlers that answer what they were asked. */
export const echo = (overrides: Partial<Echo> = {}): Echo => ({
  one: async ({ text, count }) => ({ text, count }),
  charge: async ({ text, count }) => ({ text, count }),
  async *count({ count }) {
    for (let index = 0; index < count; index++) yield { count: index };
  },
  ...overrides,
});
