import type { HeaderField } from '../../hpack/header-field.js';
import type { HeaderSink } from '../../hpack/header-sink.js';
import { nameIdOf } from '../../hpack/known-names.js';

/** Tells `head` a header block, field by field, as a decoder would. `field` stands for the table entries, if any. */
export function tell<Head extends HeaderSink & { begin(): void }>(
  head: Head,
  fields: readonly (readonly [name: string, value: string, field?: HeaderField])[],
): Head {
  head.begin();
  for (const [name, value, field] of fields) head.onHeader(nameIdOf(name), name, value, field, false);
  return head;
}
