import path from 'node:path';

/** `shop/orders/v1/orders.proto` -> `shop/orders/v1/orders`. */
export const outputBase = (proto: string): string => proto.replace(/\.proto$/, '');

/** Where ts-proto puts the code of a proto. */
export const codePath = (proto: string): string => `${outputBase(proto)}.pb.ts`;

/** The specifier with which generated file `from` imports generated file `to`. */
export const relativeImport = (from: string, to: string): string => {
  const relative = path.posix.relative(path.posix.dirname(from), to).replace(/\.ts$/, '.js');
  return relative.startsWith('.') ? relative : `./${relative}`;
};
