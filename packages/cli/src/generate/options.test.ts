import assert from 'node:assert/strict';
import { tsProtoParameter } from './options.js';

describe('the ts-proto options', () => {
  it('are pinned: a change here changes the code of every user', () => {
    assert.deepEqual(tsProtoParameter().split(','), [
      'outputServices=generic-definitions',
      'forceLong=bigint',
      'useDate=timestamp',
      'oneof=unions-value',
      'useOptionals=messages',
      'env=node',
      'esModuleInterop=true',
      'importSuffix=.js',
      'fileSuffix=.pb',
      'removeEnumPrefix=true',
      'enumsAsLiterals=true',
      'unrecognizedEnum=true',
      'useExactTypes=false',
      'exportCommonSymbols=false',
      'comments=true',
      'annotateFilesWithVersion=false',
    ]);
  });
});
