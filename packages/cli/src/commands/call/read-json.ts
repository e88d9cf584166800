import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { nearest } from '@breakwater/core';
import { CliError } from '../../errors.js';

/** Messages whose JSON is not an object of their fields. */
const SPECIAL = new Set(
  [
    ...['Timestamp', 'Duration', 'FieldMask', 'Struct', 'Value', 'ListValue', 'BoolValue', 'BytesValue', 'StringValue'],
    ...['DoubleValue', 'FloatValue', 'Int32Value', 'Int64Value', 'UInt32Value', 'UInt64Value'],
  ].map((name) => `google.protobuf.${name}`),
);

/**
 * Encodes a message given as proto3 JSON. Integers of any length keep all their digits.
 * @param where what the text is, for errors: `-d`, `line 3 of standard input`
 * @throws CliError for text that is no JSON, and for a field, enum value or value that the message does not have
 */
export function encodeJson(desc: DescMessage, text: string, types: Registry, where: string): Uint8Array {
  const json = parseJson(text, where);
  checkMessage(desc, json, types, where, '');
  try {
    return toBinary(desc, fromJson(desc, json, { registry: types }));
  } catch (error) {
    throw new CliError(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** @throws CliError saying where the text stops being JSON */
export function parseJson(text: string, where: string): JsonValue {
  try {
    return JSON.parse(quoteLongIntegers(text)) as JsonValue;
  } catch (error) {
    throw new CliError(`${where} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** JSON numbers lose digits beyond 2^53; proto3 JSON takes integers as text too. */
const quoteLongIntegers = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );

function checkMessage(desc: DescMessage, json: JsonValue, types: Registry, where: string, path: string): void {
  if (!isObject(json) || SPECIAL.has(desc.typeName)) return;
  if (desc.typeName === 'google.protobuf.Any') return checkAny(json, types, where, path);
  for (const [key, value] of Object.entries(json)) {
    // An extension in brackets: the decoder knows more about those.
    if (key.startsWith('[')) continue;
    const field = desc.fields.find((one) => one.jsonName === key || one.name === key);
    const here = path === '' ? key : `${path}.${key}`;
    if (field === undefined) throw unknownField(desc, key, here, where);
    if (value !== null && value !== undefined) checkField(field, value, types, where, here);
  }
}

function checkField(field: DescField, value: JsonValue, types: Registry, where: string, path: string): void {
  const { message, enum: enumeration } = field;
  const check = (one: JsonValue, at: string): void => {
    if (message !== undefined) checkMessage(message, one, types, where, at);
    else if (enumeration !== undefined) checkEnum(enumeration, one, where, at);
  };
  if (field.fieldKind === 'list') {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) check(one, `${path}[${index}]`);
  } else if (field.fieldKind === 'map') {
    if (isObject(value))
      for (const [key, one] of Object.entries(value))
        if (one !== undefined) check(one, `${path}[${JSON.stringify(key)}]`);
  } else check(value, path);
}

function checkAny(json: JsonObject, types: Registry, where: string, path: string): void {
  const url = json['@type'];
  if (typeof url !== 'string') return;
  const name = url.slice(url.lastIndexOf('/') + 1);
  const desc = types.getMessage(name);
  const at = path === '' ? '' : `${path}: `;
  if (desc === undefined)
    throw new CliError(`${where}: ${at}the type ${name} in "@type" is not known`, {
      remedy: 'Give its file with --proto.',
    });
  const { '@type': _, ...fields } = json;
  checkMessage(desc, fields, types, where, path);
}

function checkEnum(desc: DescEnum, value: JsonValue, where: string, path: string): void {
  if (typeof value !== 'string' || desc.values.some((one) => one.name === value)) return;
  const names = desc.values.map((one) => one.name);
  const near = nearest(value, names);
  throw new CliError(`${where}: ${path} is ${JSON.stringify(value)}, but must be one of ${names.join(', ')}`, {
    ...(near === undefined ? {} : { remedy: `Did you mean ${near}?` }),
  });
}

function unknownField(desc: DescMessage, key: string, path: string, where: string): CliError {
  const names = desc.fields.map((one) => one.jsonName);
  const near = nearest(key, names);
  const has = names.length === 0 ? 'It has no fields.' : `It has ${names.join(', ')}.`;
  const at = path === key ? '' : `${path}: `;
  return new CliError(`${where}: ${at}${desc.typeName} has no field ${JSON.stringify(key)}`, {
    remedy: near === undefined ? has : `Did you mean ${JSON.stringify(near)}? ${has}`,
  });
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
