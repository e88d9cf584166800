import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { header } from './header.js';
import { codePath, relativeImport } from './paths.js';
import { descriptorPath } from './descriptor-file.js';

/** ts-proto's own first lines, which name ts-proto as the author; ours replace them. */
const PREFIX = /^(?:\/\/[^\n]*\n|\s*\n)*\s*\/\* eslint-disable \*\/\n/;

const DATE_TO_JSON = /\bfromTimestamp\(([\w$.?!]+)\)\.toISOString\(\)/g;
const FROM_TIMESTAMP = /\nfunction fromTimestamp\(t: (\w+)\): Date \{\n[\s\S]*?\n\}\n/;

/** ts-proto prints a field of type Timestamp by way of a Date, which keeps milliseconds; the message's own `toJSON` keeps nanoseconds. */
const keepNanos = (code: string): string => {
  const timestamp = FROM_TIMESTAMP.exec(code)?.[1];
  if (timestamp === undefined) return code;
  const exact = code.replace(DATE_TO_JSON, (_, value: string) => `${timestamp}.toJSON(${value})`);
  const helperOnly = exact.replace(FROM_TIMESTAMP, '');
  return helperOnly.includes('fromTimestamp(') ? exact : helperOnly;
};

/**
 * The changes made to ts-proto's text:
 * - our header, by which stale files are recognised;
 * - `file: $file` in each service definition, so that reflection can serve it;
 * - nanoseconds in the JSON of timestamps.
 */
export const finishCode = (file: FileDescriptorProto, code: string): string => {
  const body = keepNanos(code.replace(PREFIX, ''));
  const head = `${header(file.name)}\n/* eslint-disable */\n`;
  if (file.service.length === 0) return head + body;
  const prefix = file.package === '' ? '' : `${file.package}.`;
  const withFile = file.service.reduce(
    (text, service) => text.replace(`  fullName: "${prefix}${service.name}",\n`, (line) => `${line}  file: $file,\n`),
    body,
  );
  return `${head}import { $file } from "${relativeImport(codePath(file.name), descriptorPath(file.name))}";\n${withFile}`;
};
