import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow, ROOT } from '../repo.js';
import { anchors, deadLinks } from './markdown-links.js';

describe('anchors', () => {
  it('are those of GitHub', () => {
    assert.deepEqual(
      [...anchors('# What `npm test` checks\n## Same\n## Same\n```\n# not a heading\n```\n### Open / half-open\n')],
      ['what-npm-test-checks', 'same', 'same-1', 'open--half-open'],
    );
  });
});

describe('deadLinks', () => {
  it('finds files and headings that do not exist, and leaves the web and code alone', () => {
    const root = mkdtempSync(join(tmpdir(), 'breakwater-links-'));
    try {
      mkdirSync(join(root, 'docs'));
      writeFileSync(join(root, 'docs/a.md'), '# A\n');
      const links =
        '[1](docs/a.md) [2](docs/a.md#a) [3](docs/a.md#b) [4](gone.md) [5](https://x.y/z) `[6](no)` [7](#top)';
      writeFileSync(join(root, 'README.md'), `# Top\n${links}\n\`\`\`\n[8](no)\n\`\`\`\n`);
      assert.deepEqual(deadLinks(root, ['README.md']), [
        { where: 'README.md:2', link: 'docs/a.md#b' },
        { where: 'README.md:2', link: 'gone.md' },
      ]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('the links of all Markdown files', () => {
  it('lead somewhere', () => {
    const isMarkdown = (name: string): boolean => name.endsWith('.md');
    const below = ['docs', 'packages', 'examples', 'tools', 'bench', 'proto'].flatMap((dir) =>
      filesBelow(dir, isMarkdown),
    );
    const files = [...readdirSync(ROOT).filter(isMarkdown), ...below.filter((path) => !path.includes('/dist/'))];
    assert.ok(files.length > 15, files.join());
    assert.deepEqual(deadLinks(ROOT, files), []);
  });
});
