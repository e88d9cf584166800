import assert from 'node:assert/strict';
import { create } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { renameTypes } from './rename-types.js';

const file = (init: Parameters<typeof create<typeof FileDescriptorProtoSchema>>[1]): FileDescriptorProto =>
  create(FileDescriptorProtoSchema, init);

const names = (files: readonly FileDescriptorProto[]): readonly string[] =>
  files.flatMap(({ messageType }) =>
    messageType.flatMap(({ name, nestedType }) => [name, ...nestedType.map((nested) => `${name}.${nested.name}`)]),
  );

describe('renaming types for TypeScript', () => {
  it('leaves names alone that compile', () => {
    assert.deepEqual(
      names(
        renameTypes([
          file({ name: 'a', package: 'p', messageType: [{ name: 'Order' }, { name: 'Error' }, { name: 'Promise' }] }),
        ]),
      ),
      ['Order', 'Error', 'Promise'],
    );
  });

  it('gives keywords and used globals the suffix Message', () => {
    assert.deepEqual(names(renameTypes([file({ name: 'a', messageType: [{ name: 'class' }, { name: 'Buffer' }] })])), [
      'classMessage',
      'BufferMessage',
    ]);
  });

  it('tells types apart across the files of one package, and of different packages not at all', () => {
    const files = [
      file({ name: 'a', package: 'p', messageType: [{ name: 'FooBar' }] }),
      file({ name: 'b', package: 'p', messageType: [{ name: 'Foo_Bar' }] }),
      file({ name: 'c', package: 'q', messageType: [{ name: 'FooBar' }] }),
    ];
    assert.deepEqual(names(renameTypes(files)), ['FooBar', 'Foo_BarMessage', 'FooBar']);
  });

  it('lets a service keep the name of its definition', () => {
    assert.deepEqual(
      names(renameTypes([file({ name: 'a', messageType: [{ name: 'FooDefinition' }], service: [{ name: 'Foo' }] })])),
      ['FooDefinitionMessage'],
    );
  });

  it('carries a new name to fields, extensions and RPCs of every file, nested types included', () => {
    const [, user] = renameTypes([
      file({ name: 'a', package: 'p', messageType: [{ name: 'class', nestedType: [{ name: 'Inner' }] }] }),
      file({
        name: 'b',
        messageType: [
          {
            name: 'User',
            field: [{ name: 'x', typeName: '.p.class.Inner' }],
            nestedType: [{ name: 'Deep', field: [{ name: 'y', typeName: '.p.class' }] }],
          },
        ],
        extension: [{ name: 'z', extendee: '.p.class' }],
        service: [{ name: 'S', method: [{ name: 'Get', inputType: '.p.class', outputType: '.p.class.Inner' }] }],
      }),
    ]);
    assert.equal(user?.messageType[0]?.field[0]?.typeName, '.p.classMessage.Inner');
    assert.equal(user?.messageType[0]?.nestedType[0]?.field[0]?.typeName, '.p.classMessage');
    assert.equal(user?.extension[0]?.extendee, '.p.classMessage');
    assert.deepEqual(
      [user?.service[0]?.method[0]?.inputType, user?.service[0]?.method[0]?.outputType],
      ['.p.classMessage', '.p.classMessage.Inner'],
    );
  });

  it('changes nothing in what it was given', () => {
    const given = file({ name: 'a', messageType: [{ name: 'class' }] });
    renameTypes([given]);
    assert.deepEqual(names([given]), ['class']);
  });
});
