import type { MessageType } from '../method/definition.js';

/** A message of the tests: JSON on the wire, with defaults as a proto has them. */
export interface Note {
  readonly text: string;
  readonly count: number;
}

const Note: MessageType<Note, Partial<Note>> = {
  encode: (message) => ({ finish: () => Buffer.from(JSON.stringify(message)) }),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Note,
  fromPartial: (partial) => {
    if (typeof partial !== 'object' || partial === null) throw new TypeError('not an object');
    return { text: partial.text ?? '', count: partial.count ?? 0 };
  },
};

/** A service with one method of each kind, as a generator would emit it. */
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
    collect: {
      name: 'Collect',
      requestType: Note,
      requestStream: true,
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
      options: { idempotencyLevel: 'NO_SIDE_EFFECTS' },
    },
    talk: {
      name: 'Talk',
      requestType: Note,
      requestStream: true,
      responseType: Note,
      responseStream: true,
      options: {},
    },
  },
} as const;
