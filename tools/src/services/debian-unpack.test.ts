import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wrapperScript } from './debian-unpack.js';

describe('the wrapper of an unpacked program', () => {
  let dir = '';
  const script = (path: string, text: string): string => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater wrapper-'));
    for (const part of ['bin', 'root/usr/sbin', 'root/usr/lib/x86_64-linux-gnu', 'root/lib/x86_64-linux-gnu'])
      mkdirSync(join(dir, part), { recursive: true });
    script(join(dir, 'root/usr/sbin/tool'), '#!/bin/sh\necho "$LD_LIBRARY_PATH" "$MORE" "$@"\n');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('runs it with the unpacked libraries first, its own preparation and all arguments', () => {
    const wrapper = script(
      join(dir, 'bin/tool'),
      wrapperScript({ name: 'tool', program: '/usr/sbin/tool', prepare: ['export MORE="$lib/more"'] }),
    );
    const output = execFileSync(wrapper, ['-v', 'two words'], {
      env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: '/own' },
    });
    const libraries = `${dir}/root/usr/lib/x86_64-linux-gnu:${dir}/root/lib/x86_64-linux-gnu:/own`;
    assert.equal(output.toString(), `${libraries} ${dir}/root/usr/lib/more -v two words\n`);
  });

  it('can run a program of this machine instead', () => {
    const wrapper = script(join(dir, 'bin/sh'), wrapperScript({ name: 'sh', program: { system: '/bin/sh' } }));
    assert.equal(execFileSync(wrapper, ['-c', 'echo here']).toString(), 'here\n');
  });
});
