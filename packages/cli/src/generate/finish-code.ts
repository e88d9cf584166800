import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { header } from './header.js';
import { codePath, relativeImport } from './paths.js';
import { descriptorPath } from './descriptor-file.js';

/** ts-proto's own first lines, which name ts-proto as the author; ours replace them. */
const PREFIX = /^(?:\/\/[^\n]*\n|\s*\n)*\s*\/\* eslint-disable \*\/\n/;

/**
 * The two changes made to ts-proto's text:
 * - our header, by which stale files are recognised;
 * - `file: $file` in each service definition, so that reflection can serve it.
 */
export const finishCode = (file: FileDescriptorProto, code: string): string => {
  const body = code.replace(PREFIX, '');
  const head = `${header(file.name)}\n/* eslint-disable */\n`;
  if (file.service.length === 0) return head + body;
  const prefix = file.package === '' ? '' : `${file.package}.`;
  const withFile = file.service.reduce(
    (text, service) => text.replace(`  fullName: "${prefix}${service.name}",\n`, (line) => `${line}  file: $file,\n`),
    body,
  );
  return `${head}import { $file } from "${relativeImport(codePath(file.name), descriptorPath(file.name))}";\n${withFile}`;
};
