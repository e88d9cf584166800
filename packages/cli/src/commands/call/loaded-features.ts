import { create } from '@bufbuild/protobuf';
import {
  type FeatureSet,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
  FeatureSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { LoadedObject } from './load-protos.js';

/** Not in its types; set for every object once a root is linked. */
interface Resolved {
  readonly _features?: {
    readonly field_presence?: keyof typeof FeatureSet_FieldPresence;
    readonly enum_type?: keyof typeof FeatureSet_EnumType;
    readonly repeated_field_encoding?: keyof typeof FeatureSet_RepeatedFieldEncoding;
    readonly utf8_validation?: keyof typeof FeatureSet_Utf8Validation;
    readonly message_encoding?: keyof typeof FeatureSet_MessageEncoding;
  };
}

/**
 * How a field or enum behaves, whether that comes from proto2, proto3, an edition or an option: presence, packing,
 * groups, closed enums.
 * @throws Error when proto-loader does not tell
 */
export function featuresOf(one: LoadedObject): FeatureSet {
  const { _features: features = {} } = one as unknown as Resolved;
  const { field_presence, enum_type, repeated_field_encoding, utf8_validation, message_encoding } = features;
  if (!field_presence || !enum_type || !repeated_field_encoding || !utf8_validation || !message_encoding)
    throw new Error(`${one.fullName}: the features are not known`);
  return create(FeatureSetSchema, {
    fieldPresence: FeatureSet_FieldPresence[field_presence],
    enumType: FeatureSet_EnumType[enum_type],
    repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding[repeated_field_encoding],
    utf8Validation: FeatureSet_Utf8Validation[utf8_validation],
    messageEncoding: FeatureSet_MessageEncoding[message_encoding],
  });
}
