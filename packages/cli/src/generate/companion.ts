import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { commentsOf, jsDoc, serviceComment } from './comments.js';
import { header } from './header.js';
import { codePath, outputBase, relativeImport } from './paths.js';

/** Where the typed server and client of a proto's services go. */
export const companionPath = (proto: string): string => `${outputBase(proto)}.service.ts`;

/** Takes a name, with `_` appended as often as it takes to be the only one. */
const claim = (wanted: string, taken: Set<string>): string => {
  if (taken.has(wanted)) return claim(`${wanted}_`, taken);
  taken.add(wanted);
  return wanted;
};

/**
 * Per service: the interface a server implements, the type of its client, and the client's factory.
 *
 * @param taken names that the package exports already; ours step aside, so that its index can export
 * everything, and are added
 */
export const renderCompanion = (file: FileDescriptorProto, taken: Set<string>): string => {
  const code = relativeImport(companionPath(file.name), codePath(file.name));
  const definitions = file.service.map(({ name }) => `${name}Definition`);
  const comments = commentsOf(file);
  const blocks = file.service.map((service, index) => {
    const { name } = service;
    const definition = `${name}Definition`;
    const server = claim(`${name}Server`, taken);
    const client = claim(`${name}Client`, taken);
    const factory = claim(`create${name.charAt(0).toUpperCase()}${name.slice(1)}Client`, taken);
    const about = serviceComment(comments, index);
    const fullName = file.package === '' ? name : `${file.package}.${name}`;
    return [
      jsDoc([`What a server of \`${fullName}\` implements.`, ...about]),
      `export type ${server} = $ServiceImplementation<typeof ${definition}>;`,
      '',
      jsDoc([`A client of \`${fullName}\`.`, ...about]),
      `export type ${client} = $Client<typeof ${definition}>;`,
      '',
      jsDoc([
        `Creates a client of \`${fullName}\`.`,
        '',
        '@param target for example `consul:///name` or `static:///host:port`',
      ]),
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
