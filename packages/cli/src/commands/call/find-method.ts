import type { DescMethod, DescService, FileRegistry } from '@bufbuild/protobuf';
import { nearest } from '@breakwater/core';
import { CliError } from '../../errors.js';
import type { TypeSource } from './type-source.js';

/** A service together with the types it speaks in. */
export interface FoundService {
  readonly service: DescService;
  readonly types: FileRegistry;
}

/**
 * What a path is about; `package.Service.Method` is understood too, as long as no service has that name.
 * @throws CliError when there is no such service or method, with what there is and the nearest
 */
export async function findPath(
  source: TypeSource,
  path: string,
): Promise<{ readonly found: FoundService; readonly method: DescMethod | undefined }> {
  const { service, method } = splitPath(path);
  try {
    const found = await findService(source, service);
    return { found, method: method === undefined ? undefined : findMethod(found, method) };
  } catch (error) {
    const dot = service.lastIndexOf('.');
    if (method !== undefined || dot <= 0 || !(error instanceof CliError)) throw error;
    const found = await findService(source, service.slice(0, dot)).catch(() => Promise.reject(error));
    return { found, method: findMethod(found, service.slice(dot + 1)) };
  }
}

/** @throws CliError when there is none of that name, with what there is and the nearest */
async function findService(source: TypeSource, name: string): Promise<FoundService> {
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
function findMethod({ service }: FoundService, name: string): DescMethod {
  const method = service.methods.find((one) => one.name === name);
  if (method !== undefined) return method;
  const names = service.methods.map((one) => one.name);
  const near = nearest(name, names);
  throw new CliError(`${service.typeName} has no method ${name}`, {
    remedy: `${near === undefined ? '' : `Did you mean ${near}?\n`}It has:\n${names.map((one) => `  ${one}`).join('\n')}`,
  });
}

/** What a path names: a service, or one of its methods. */
interface PathParts {
  readonly service: string;
  readonly method: string | undefined;
}

/** `package.Service/Method` or `package.Service`; a leading slash is as good. @throws CliError for anything else */
export function splitPath(text: string): PathParts {
  const [service = '', method, ...more] = text.replace(/^\//, '').split('/');
  if (service === '' || method === '' || more.length > 0) {
    throw new CliError(`${JSON.stringify(text)} is not package.Service or package.Service/Method`, { exitCode: 2 });
  }
  return { service, method };
}
