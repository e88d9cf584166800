import { type DescField, type DescMessage, type DescMethod, type DescService, ScalarType } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';

/** How a message of these types is written in JSON. */
const SPECIAL: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': '"2026-01-31T12:00:00Z"',
  'google.protobuf.Duration': '"1.5s"',
  'google.protobuf.FieldMask': '"field,otherField"',
  'google.protobuf.Struct': '{ ... }',
  'google.protobuf.Value': 'any JSON',
  'google.protobuf.ListValue': '[ ... ]',
  'google.protobuf.Any': '{ "@type": "type.googleapis.com/package.Message", ... }',
  'google.protobuf.BoolValue': 'bool',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.BytesValue': 'base64',
  'google.protobuf.DoubleValue': 'double',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.Int32Value': 'int32',
  'google.protobuf.Int64Value': 'int64',
  'google.protobuf.UInt32Value': 'uint32',
  'google.protobuf.UInt64Value': 'uint64',
};

/** The methods of a service, each with the shape of its request as JSON. */
export function describeService(service: DescService): string {
  if (service.methods.length === 0) return `${service.typeName} has no methods`;
  return [service.typeName, ...service.methods.map(describeMethod)].join('\n\n');
}

/** The same for programs. */
export const serviceToJson = (service: DescService): object => ({
  service: service.typeName,
  methods: service.methods.map((method) => ({
    name: method.name,
    path: `${service.typeName}/${method.name}`,
    kind: method.methodKind,
    idempotency: MethodOptions_IdempotencyLevel[method.idempotency],
    request: method.input.typeName,
    response: method.output.typeName,
    requestShape: shapeOf(method.input),
  })),
});

function describeMethod(method: DescMethod): string {
  const stream = (on: boolean): string => (on ? 'stream ' : '');
  const asks =
    stream(method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming') + method.input.typeName;
  const gives =
    stream(method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming') + method.output.typeName;
  const level =
    method.idempotency === MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN
      ? ''
      : `  (${MethodOptions_IdempotencyLevel[method.idempotency]})`;
  return `  ${method.name}(${asks}) returns (${gives})${level}\n${indent(shapeOf(method.input), 4)}`;
}

/** What is written where for a message, as JSON with types in the place of values. */
function shapeOf(desc: DescMessage, above: readonly DescMessage[] = []): string {
  const special = SPECIAL[desc.typeName];
  if (special !== undefined) return special;
  if (desc.fields.length === 0) return '{}';
  // A type within itself, and what lies very deep, is told by its name.
  if (above.includes(desc) || above.length >= 6) return `{ ${desc.typeName} }`;
  const lines = desc.fields.map(
    (field) => `${JSON.stringify(field.jsonName)}: ${shapeOfField(field, [...above, desc])}${noteOf(field)}`,
  );
  return `{\n${lines.map((line) => indent(line, 2)).join('\n')}\n}`;
}

function shapeOfField(field: DescField, above: readonly DescMessage[]): string {
  const one =
    field.message !== undefined
      ? shapeOf(field.message, above)
      : field.enum !== undefined
        ? field.enum.values.map(({ name }) => JSON.stringify(name)).join(' | ')
        : field.scalar === ScalarType.BYTES
          ? 'base64'
          : (ScalarType[field.scalar ?? ScalarType.STRING] ?? '').toLowerCase();
  if (field.fieldKind === 'list') return `[ ${one}, ... ]`;
  if (field.fieldKind === 'map') return `{ ${(ScalarType[field.mapKey] ?? '').toLowerCase()}: ${one}, ... }`;
  return one;
}

const noteOf = (field: DescField): string => (field.oneof === undefined ? '' : `   one of ${field.oneof.name}`);

const indent = (text: string, by: number): string => text.replace(/^/gm, ' '.repeat(by));
