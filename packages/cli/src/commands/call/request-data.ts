import { readFile } from 'node:fs/promises';
import { type DescMessage, type Registry } from '@bufbuild/protobuf';
import { CliError } from '../../errors.js';
import type { Io } from '../../io.js';
import { JsonSplitter } from './json-splitter.js';
import { encodeJson } from './read-json.js';

/** The request messages of a call, as bytes. */
export interface RequestData {
  /** @throws CliError for bad JSON */
  single(): Promise<Uint8Array>;
  /** Live: a message is given as soon as it is complete in the input. The iterable throws a CliError for bad JSON. */
  stream(): AsyncIterable<Uint8Array>;
}

/**
 * @param data JSON, `@file`, `-` for standard input; absent: the empty message, or no message on a stream
 */
export function requestData(data: string | undefined, desc: DescMessage, types: Registry, io: Io): RequestData {
  const where = data === '-' ? 'standard input' : data?.startsWith('@') === true ? data.slice(1) : '-d';
  const chunks = (): AsyncIterable<string> => chunksOf(data ?? '', where, io);
  return {
    single: async () => {
      let text = '';
      for await (const chunk of chunks()) text += chunk;
      return encodeJson(desc, text.trim() === '' ? '{}' : text, types, where);
    },
    stream: async function* () {
      const splitter = new JsonSplitter(where);
      for await (const chunk of chunks()) {
        for (const { text, line } of splitter.push(chunk))
          yield encodeJson(desc, text, types, `${where}, line ${line}`);
      }
      for (const { text, line } of splitter.end()) yield encodeJson(desc, text, types, `${where}, line ${line}`);
    },
  };
}

async function* chunksOf(data: string, where: string, io: Io): AsyncGenerator<string> {
  if (data === '-') {
    const decoder = new TextDecoder();
    for await (const chunk of io.input)
      yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    return;
  }
  if (!data.startsWith('@')) return yield data;
  try {
    yield await readFile(data.slice(1), 'utf8');
  } catch (error) {
    throw new CliError(`-d @${where} cannot be read: ${(error as Error).message}`, { exitCode: 2, cause: error });
  }
}
