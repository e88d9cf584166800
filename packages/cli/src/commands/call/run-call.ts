import type { DescMethod, JsonValue, Message } from '@bufbuild/protobuf';
import { Code, ConfigError, RpcError } from '@breakwater/core';
import type { CallOptions } from '@breakwater/rpc';
import { createClient } from '@breakwater/service';
import { CliError, ReportedError } from '../../errors.js';
import type { Io } from '../../io.js';
import { Connection, type ConnectionFlags } from './connection.js';
import { describeService, serviceToJson } from './describe-types.js';
import { dynamicDefinition } from './dynamic-definition.js';
import { findPath, type FoundService } from './find-method.js';
import { protoSource } from './proto-source.js';
import { reflectionSource } from './reflection-source.js';
import { metadataLines, reportError, type ReportOptions } from './report-error.js';
import { requestData } from './request-data.js';
import type { TypeSource } from './type-source.js';
import { JsonWriter } from './write-json.js';

export interface CallCommandOptions extends ConnectionFlags {
  readonly target: string;
  /** `package.Service/Method`; a service alone lists its methods; absent lists the services. */
  readonly path: string | undefined;
  /** JSON, `@file` or `-`. */
  readonly data: string | undefined;
  readonly protos: readonly string[];
  readonly includes: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** One method of a client made from a dynamic definition. */
type AnyMethod = (request: unknown, options: CallOptions) => Promise<Message> | AsyncIterable<Message>;

/**
 * Calls a method, or lists what there is to call.
 * @throws CliError for what is wrong with the request; ReportedError for a call that failed, when that is printed
 */
export async function runCall(options: CallCommandOptions, io: Io): Promise<void> {
  const connection = new Connection(options.target, options, io.signal);
  const report: { -readonly [K in keyof ReportOptions]: ReportOptions[K] } = { json: options.json };
  try {
    const source =
      options.protos.length > 0
        ? await protoSource(options.protos, options.includes)
        : await reflectionSource(connection);
    if (options.path === undefined) return listServices(await source.services(), options, io);
    const { found, method } = await findPath(source, options.path);
    if (method === undefined)
      return io.out(options.json ? JSON.stringify(serviceToJson(found.service)) : describeService(found.service));
    report.types = found.types;
    report.writer = new JsonWriter(found.types, source);
    await invoke(method, found, { connection, source, writer: report.writer, options, io });
  } catch (error) {
    // Target, headers and certificates come from the command line.
    if (error instanceof ConfigError) throw new CliError(error.message, { exitCode: 2, cause: error });
    if (!(error instanceof RpcError)) throw error;
    // The user ended it: there is nothing to explain.
    if (io.signal.aborted && error.code === Code.CANCELLED) return;
    await reportError(error, io, report);
    throw new ReportedError(error.message, { cause: error });
  } finally {
    await connection.close();
  }
}

function listServices(names: readonly string[], { json, target }: CallCommandOptions, io: Io): void {
  if (json) io.out(JSON.stringify({ target, services: names }));
  else io.out(names.length === 0 ? `${target} has no services` : names.join('\n'));
}

interface Invocation {
  readonly connection: Connection;
  readonly source: TypeSource;
  readonly writer: JsonWriter;
  readonly options: CallCommandOptions;
  readonly io: Io;
}

async function invoke(
  method: DescMethod,
  found: FoundService,
  { connection, writer, options, io }: Invocation,
): Promise<void> {
  const data = requestData(options.data, method.input, found.types, io);
  const streamsRequest = method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
  // Read before anything is sent: a request with a mistake in it makes no call.
  const guarded = streamsRequest ? new GuardedStream(data.stream()) : undefined;
  const request = guarded ?? (await data.single());
  const definition = dynamicDefinition(found.service);
  const client = connection.hold(createClient(definition, options.target, connection.options)) as unknown as Readonly<
    Record<string, AnyMethod>
  >;
  const call = client[method.name];
  if (call === undefined) throw new Error(`defect: no method ${method.name}`);
  const show = (kind: string) => (metadata: Parameters<typeof metadataLines>[1]) => {
    for (const line of metadataLines(kind, metadata)) io.err(line);
  };
  const callOptions: CallOptions = {
    ...connection.callOptions,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.verbose ? { onHeaders: show('header') } : {}),
  };
  const trailers = options.verbose ? { onTrailers: show('trailer') } : {};
  try {
    const result = call(request, { ...callOptions, ...trailers });
    if (isStream(result))
      for await (const message of result) io.out(JSON.stringify(await writer.write(method.output, message)));
    else io.out(render(await writer.write(method.output, await result), options.json));
  } catch (error) {
    throw guarded?.fault ?? error;
  }
  if (guarded?.fault !== undefined) throw guarded.fault;
}

const isStream = (result: Promise<Message> | AsyncIterable<Message>): result is AsyncIterable<Message> =>
  Symbol.asyncIterator in result;

const render = (json: JsonValue, compact: boolean): string => JSON.stringify(json, null, compact ? undefined : 2);

/** Keeps what the input threw: the call itself ends as cancelled then, which explains nothing. */
class GuardedStream implements AsyncIterable<Uint8Array> {
  fault: Error | undefined;

  constructor(private readonly input: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.input;
    } catch (error) {
      this.fault = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
