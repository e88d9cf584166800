import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { commentsOf, jsDoc, serviceComment } from './comments.js';
import { header } from './header.js';
import { codePath, outputBase, relativeImport } from './paths.js';

/** Where the typed server and client of a proto's services go. */
export const companionPath = (proto: string): string => `${outputBase(proto)}.service.ts`;

/** A name that is not taken, made by appending `_`. Generated names never end in `_` by themselves. */
const freeName = (wanted: string, taken: ReadonlySet<string>): string => (taken.has(wanted) ? freeName(`${wanted}_`, taken) : wanted);

/**
 * Per service: the interface a server implements, the type of its client, and the client's factory.
 *
 * @param taken names that other files of the same package export; ours step aside, so that the package's
 * index can export everything
 */
export const renderCompanion = (file: FileDescriptorProto, taken: ReadonlySet<string>): string => {
  const code = relativeImport(companionPath(file.name), codePath(file.name));
  const definitions = file.service.map(({ name }) => `${name}Definition`);
  const comments = commentsOf(file);
  const blocks = file.service.map((service, index) => {
    const { name } = service;
    const definition = `${name}Definition`;
    const server = freeName(`${name}Server`, taken);
    const client = freeName(`${name}Client`, taken);
    const factory = freeName(`create${name}Client`, taken);
    const about = serviceComment(comments, index);
    const fullName = file.package === '' ? name : `${file.package}.${name}`;
    return [
      jsDoc([`What a server of \`${fullName}\` implements.`, ...about]),
      `export type ${server} = $ServiceImplementation<typeof ${definition}>;`,
      '',
      jsDoc([`A client of \`${fullName}\`.`, ...about]),
      `export type ${client} = $Client<typeof ${definition}>;`,
      '',
      jsDoc([`Creates a client of \`${fullName}\`. @param target for example \`consul:///name\` or \`static:///host:port\``]),
      `export const ${factory} = (target: string, options?: $ClientOptions): ${client} => $createClient(${definition}, target, options);`,
      '',
    ].join('\n');
  });
  return [
    header(file.name),
    '/* eslint-disable */',
    'import type { Client as $Client, ServiceImplementation as $ServiceImplementation } from "@breakwater/rpc";',
    'import type { ClientOptions as $ClientOptions } from "@breakwater/service";',
    'import { createClient as $createClient } from "@breakwater/service";',
    `import { ${definitions.join(', ')} } from "${code}";`,
    '',
    ...blocks,
  ].join('\n');
};
