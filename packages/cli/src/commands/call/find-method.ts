import type { DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import { nearest } from '@breakwater/core';
import { CliError } from '../../errors.js';
import type { TypeSource } from './type-source.js';

/** A service together with the types it speaks in. */
export interface FoundService {
  readonly service: DescService;
  readonly types: FileRegistry;
}

/** @throws CliError when there is none of that name, with what there is and the nearest */
export async function findService(source: TypeSource, name: string): Promise<FoundService> {
  const types = await source.find(name);
  const service = types?.getService(name);
  if (service !== undefined && types !== undefined) return { service, types };
  const names = await source.services();
  const likely = names.find((one) => one.endsWith(`.${name}`)) ?? nearest(name, names);
  throw new CliError(`${source.description} knows no service ${name}`, {
    remedy: [
      ...(likely === undefined ? [] : [`Did you mean ${likely}?`]),
      names.length === 0 ? 'It has no services at all.' : `It has:\n${names.map((one) => `  ${one}`).join('\n')}`,
    ].join('\n'),
  });
}

/** @throws CliError as `findService`, with the methods that there are */
export function findMethod({ service }: FoundService, name: string): DescMethod {
  const method = service.methods.find((one) => one.name === name);
  if (method !== undefined) return method;
  const names = service.methods.map((one) => one.name);
  const near = nearest(name, names);
  throw new CliError(`${service.typeName} has no method ${name}`, {
    remedy: `${near === undefined ? '' : `Did you mean ${near}?\n`}It has:\n${names.map((one) => `  ${one}`).join('\n')}`,
  });
}

/** `package.Service/Method`; a leading slash and `package.Service.Method` are understood as well once the service is known. */
export function splitPath(text: string): { readonly service: string; readonly method: string | undefined } {
  const [service = '', method, ...more] = text.replace(/^\//, '').split('/');
  if (service === '' || method === '' || more.length > 0) {
    throw new CliError(`${JSON.stringify(text)} is not package.Service or package.Service/Method`, { exitCode: 2 });
  }
  return { service, method };
}
