/** A typed key of `Call.attributes`. Two keys are never equal, whatever their names. */
export interface AttributeKey<T> {
  readonly name: string;
  /** Never present; carries the type. */
  readonly type?: T;
}

export const attributeKey = <T>(name: string): AttributeKey<T> => Object.freeze({ name });

/** Immutable typed key-value pairs that ride on a call: per-call policy options, the peer, the endpoint picked. */
export class Attributes {
  static readonly EMPTY: Attributes = new Attributes(undefined, undefined, undefined);

  private constructor(
    private readonly key: AttributeKey<unknown> | undefined,
    private readonly value: unknown,
    private readonly rest: Attributes | undefined,
  ) {}

  get<T>(key: AttributeKey<T>): T | undefined {
    let node: Attributes | undefined = this;
    while (node !== undefined) {
      if (node.key === key) return node.value as T;
      node = node.rest;
    }
    return undefined;
  }

  /** These attributes with `key` set; an earlier value of the key is hidden. */
  with<T>(key: AttributeKey<T>, value: T): Attributes {
    return new Attributes(key, value, this);
  }
}
