import assert from 'node:assert/strict';
import { HpackDecoder } from './hpack-decoder.js';
import { collect, collectPairs } from './testing/collect.js';

/** A block of an example: its bytes in hex, the fields it stands for, and the dynamic table behind it, newest first. */
interface Example {
  readonly hex: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly table: readonly (readonly [name: string, value: string])[];
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Asks for all entries behind the static table, as a peer would. */
function tableOf(decoder: HpackDecoder, entries: number): string[][] {
  const indexes = Buffer.from(Array.from({ length: entries }, (_, age) => 0x80 | (62 + age)));
  const table = collectPairs(decoder, indexes);
  assert.throws(() => collect(decoder, Buffer.from([0x80 | (62 + entries)])), /there is no table entry/);
  return table;
}

function runs(maxTableBytes: number, examples: readonly Example[]): void {
  const decoder = new HpackDecoder(maxTableBytes);
  for (const { hex, fields, table } of examples) {
    assert.deepEqual(collectPairs(decoder, bytes(hex)), fields);
    assert.deepEqual(tableOf(decoder, table.length), table);
  }
}

const authority = [':authority', 'www.example.com'] as const;
const noCache = ['cache-control', 'no-cache'] as const;
const custom = ['custom-key', 'custom-value'] as const;

const requests = (...[first, second, third]: readonly [string, string, string]): readonly Example[] => [
  {
    hex: first,
    fields: [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], authority],
    table: [authority],
  },
  {
    hex: second,
    fields: [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], authority, noCache],
    table: [noCache, authority],
  },
  {
    hex: third,
    fields: [[':method', 'GET'], [':scheme', 'https'], [':path', '/index.html'], authority, custom],
    table: [custom, noCache, authority],
  },
];

const at21 = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'] as const;
const at22 = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'] as const;
const location = ['location', 'https://www.example.com'] as const;
const isPrivate = ['cache-control', 'private'] as const;
const gzip = ['content-encoding', 'gzip'] as const;
const cookie = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'] as const;

const responses = (...[first, second, third]: readonly [string, string, string]): readonly Example[] => [
  {
    hex: first,
    fields: [[':status', '302'], isPrivate, at21, location],
    table: [location, at21, isPrivate, [':status', '302']],
  },
  {
    hex: second,
    fields: [[':status', '307'], isPrivate, at21, location],
    table: [[':status', '307'], location, at21, isPrivate],
  },
  {
    hex: third,
    fields: [[':status', '200'], isPrivate, at22, location, gzip, cookie],
    table: [cookie, gzip, at22],
  },
];

describe('The examples of RFC 7541 Appendix C', () => {
  it('C.2: each representation of a single field', () => {
    const key = ['custom-key', 'custom-header'] as const;
    const indexed = '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572';
    runs(4096, [{ hex: indexed, fields: [key], table: [key] }]);
    runs(4096, [{ hex: '040c 2f73 616d 706c 652f 7061 7468', fields: [[':path', '/sample/path']], table: [] }]);
    runs(4096, [{ hex: '1008 7061 7373 776f 7264 0673 6563 7265 74', fields: [['password', 'secret']], table: [] }]);
    runs(4096, [{ hex: '82', fields: [[':method', 'GET']], table: [] }]);
  });

  it('C.3: requests without Huffman coding', () => {
    runs(
      4096,
      requests(
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ),
    );
  });

  it('C.4: requests with Huffman coding', () => {
    runs(
      4096,
      requests(
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ),
    );
  });

  it('C.5: responses without Huffman coding, with evictions from 256 bytes', () => {
    runs(
      256,
      responses(
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 ' +
          '2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 ' +
          '7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 ' +
          '2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ),
    );
  });

  it('C.6: responses with Huffman coding, with evictions from 256 bytes', () => {
    runs(
      256,
      responses(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e ' +
          '919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 ' +
          'b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ),
    );
  });

  it('C.2.3: a never-indexed field says so', () => {
    const [field] = collect(new HpackDecoder(), bytes('1008 7061 7373 776f 7264 0673 6563 7265 74'));
    assert.deepEqual(field, { name: 'password', value: 'secret', indexed: false, sensitive: true });
  });
});
