import {
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

const FILES = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
];

/** The files that everybody has, by import name: servers may leave these out of what they tell. */
export const WELL_KNOWN: ReadonlyMap<string, FileDescriptorProto> = new Map(
  FILES.map(({ proto }) => [proto.name, proto]),
);

const TYPES = new Set(FILES.flatMap(({ messages, enums }) => [...messages, ...enums]).map(({ typeName }) => typeName));

/** Whether one of those files declares this type at its top level. @param name full, without a leading dot */
export const isWellKnown = (name: string): boolean => TYPES.has(name);
