import assert from 'node:assert/strict';
import { SharedJournal } from './shared-journal.js';
import { temporaryFolder } from './testing/index.js';

describe('shared journal', () => {
  const folder = temporaryFolder();
  const open = async (instance: string): Promise<{ shared: SharedJournal<string>; seen: string[] }> => {
    const seen: string[] = [];
    const shared = await SharedJournal.open<string>({
      folder: folder(),
      kind: 'notes',
      instance,
      apply: (record, own) => seen.push(`${own ? 'own' : 'other'} ${record}`),
    });
    return { shared, seen };
  };

  it('hears of its own records when they are on the disk, and of those of others after a refresh', async () => {
    const a = await open('a');
    const b = await open('b');
    await a.shared.append('x');
    assert.deepEqual(a.seen, ['own x']);
    assert.deepEqual(b.seen, []);
    await b.shared.refresh();
    assert.deepEqual(b.seen, ['other x']);
    await b.shared.refresh();
    assert.deepEqual(b.seen, ['other x']);
    await Promise.all([a.shared.close(), b.shared.close()]);
  });

  it('begins with its own past, then with that of the others', async () => {
    const a = await open('a');
    await a.shared.append('1');
    const b = await open('b');
    await b.shared.append('2');
    await a.shared.close();
    const again = await open('a');
    assert.deepEqual(again.seen, ['own 1', 'other 2']);
    await Promise.all([again.shared.close(), b.shared.close()]);
  });

  it('sees in a refresh what was on the disk when it was asked for, also while another refresh is under way', async () => {
    const a = await open('a');
    const b = await open('b');
    for (let n = 0; n < 20; n += 1) {
      const early = b.shared.refresh();
      await a.shared.append(String(n));
      await b.shared.refresh();
      assert.equal(b.seen.at(-1), `other ${n}`);
      await early;
    }
    await Promise.all([a.shared.close(), b.shared.close()]);
  });
});
