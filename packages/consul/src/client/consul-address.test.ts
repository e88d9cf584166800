import assert from 'node:assert/strict';
import { ConfigError } from '@breakwater/core';
import { parseConsulAddress } from './consul-address.js';

describe('parseConsulAddress', () => {
  it('reads the spellings of CONSUL_HTTP_ADDR', () => {
    const texts = [
      'http://127.0.0.1:8500',
      '127.0.0.1:8500',
      '127.0.0.1',
      'http://127.0.0.1/',
      ' http://127.0.0.1:8500 ',
    ];
    for (const text of texts) {
      assert.deepEqual(
        parseConsulAddress('a', text),
        { secure: false, host: '127.0.0.1', port: 8500, text: '127.0.0.1:8500' },
        text,
      );
    }
    assert.deepEqual(parseConsulAddress('a', 'https://consul.internal'), {
      ...{ secure: true, host: 'consul.internal', port: 8501, text: 'consul.internal:8501' },
    });
    assert.equal(parseConsulAddress('a', 'https://consul.internal:443').port, 443);
    assert.equal(parseConsulAddress('a', 'http://consul.internal:80').port, 80);
    assert.deepEqual(parseConsulAddress('a', 'http://[::1]:8500'), {
      secure: false,
      host: '::1',
      port: 8500,
      text: '[::1]:8500',
    });
    assert.equal(parseConsulAddress('a', '[::1]').port, 8500);
  });

  it('refuses everything else, naming the field, and never shows credentials', () => {
    for (const text of [
      '',
      ' ',
      'ftp://x:1',
      'http://',
      'http://x:99999',
      'http://x:0',
      'http://x/v1',
      'http://x?y',
      'unix:///run/consul.sock',
      'a b',
    ]) {
      assert.throws(
        () => parseConsulAddress('consul.address', text),
        (error) => error instanceof ConfigError && error.message.startsWith('consul.address'),
        text,
      );
    }
    assert.throws(
      () => parseConsulAddress('consul.address', 'http://user:hunter2@x:1'),
      (error) => error instanceof ConfigError && !error.message.includes('hunter2'),
    );
  });
});
