import assert from 'node:assert/strict';
import { create } from '@bufbuild/protobuf';
import type { Edition } from '@bufbuild/protobuf/wkt';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { CliError } from '../errors.js';
import { lowerFeatures } from './lower-features.js';

describe('lowering protos to proto3', () => {
  it('hands proto3 files through as they are', () => {
    const set = create(FileDescriptorSetSchema, {
      file: [{ name: 'a.proto', syntax: 'proto3', messageType: [{ name: 'A' }] }],
    });
    assert.equal(lowerFeatures(set)[0], set.file[0]);
  });

  it('names the file and the remedy for an edition of the future', () => {
    const set = create(FileDescriptorSetSchema, {
      file: [{ name: 'new.proto', syntax: 'editions', edition: 1099 as Edition, messageType: [{ name: 'A' }] }],
    });
    assert.throws(
      () => lowerFeatures(set),
      (error: unknown) =>
        error instanceof CliError &&
        error.message.startsWith('new.proto: ') &&
        /edition/i.test(error.message) &&
        error.remedy === 'Write it in edition 2024 or older, or in proto3.',
    );
  });
});
