/** The part of a ts-proto message object that calls need. `P` is its deep-partial input. Methods, not properties: they are compared loosely. */
export interface MessageType<T = unknown, P = unknown> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
  fromPartial(partial: P): T;
}

/** One method as ts-proto's `outputServices=generic-definitions` emits it. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageType;
  readonly requestStream: boolean;
  readonly responseType: MessageType;
  readonly responseStream: boolean;
  readonly options: { readonly idempotencyLevel?: string };
}

/** A compiled `.proto` file, as `breakwater generate` attaches it for server reflection. */
export interface ProtoFile {
  readonly name: string;
  readonly dependencies: readonly ProtoFile[];
  /** A `google.protobuf.FileDescriptorProto`. */
  readonly base64: string;
}

/** One service as ts-proto's `outputServices=generic-definitions` emits it. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  /** Present in code of `breakwater generate`; without it the service is not visible to reflection. */
  readonly file?: ProtoFile;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

/** What a caller or handler may write for a message: any part of it, defaults fill the rest. */
export type InputOf<M> = M extends { fromPartial(partial: infer P): unknown } ? P : never;
/** A message as it arrives. */
export type MessageOf<M> = M extends { decode(bytes: Uint8Array, ...rest: never[]): infer T } ? T : never;
