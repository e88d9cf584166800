import assert from 'node:assert/strict';
import { debianMirrors } from './debian.js';

describe('debianMirrors', () => {
  it('reads one-line sources with and without options, not the disabled ones and not other archives', () => {
    const text = [
      '# deb http://disabled.invalid/debian bookworm main',
      'deb http://one.invalid/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] https://two.invalid/debian/ bookworm main',
      'deb http://one.invalid/debian-security bookworm-security main',
      'deb-src http://src.invalid/debian bookworm main',
      'deb https://vendor.invalid/apt stable main',
    ].join('\n');
    assert.deepEqual(debianMirrors(text, 'list'), ['http://one.invalid/debian', 'https://two.invalid/debian/']);
  });

  it('reads deb822 sources with several addresses, not the disabled stanzas', () => {
    const text = [
      'Types: deb',
      '# a comment',
      'URIs: http://one.invalid/debian https://two.invalid/debian',
      'Suites: bookworm',
      '',
      'Types: deb',
      'Enabled: no',
      'URIs: http://off.invalid/debian',
      '',
      'Types: deb',
      'URIs: http://one.invalid/debian-security',
    ].join('\n');
    assert.deepEqual(debianMirrors(text, 'sources'), ['http://one.invalid/debian', 'https://two.invalid/debian']);
  });
});
