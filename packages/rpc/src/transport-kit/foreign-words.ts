/** What other implementations have no code for, they say in words: read here and nowhere else. */

const SIZE_AND_LIMIT = /^(?:grpc: |SERVER: |CLIENT: )?received message larger than max \((\d+) vs\.? (\d+)\)/i;
const LIMIT_AND_SIZE = /^gRPC message exceeds maximum size (\d+): (\d+)/;
const INFLATES = [
  /^Received message that decompresses to a size larger than (\d+)/,
  /^grpc: received message after decompression larger than max (?:\(\d+ vs\. )?(\d+)/,
  /^Decompressed gRPC message exceeds maximum size (\d+)/,
];

const UNKNOWN_METHOD = /^(?:The server does not implement the method|unknown (?:service|method)|Method not found)/i;

/**
 * A message that was too large for somebody, in our words; undefined when the text says something else.
 * @param details of a RESOURCE_EXHAUSTED, as grpc-js, grpc-go, grpc-java and the C core word it
 * @param whose whose limit it was, as in `the server accepts (its limits.maxReceiveMessageBytes)`
 */
export function tooLargeInWords(details: string, whose: string): string | undefined {
  const plain = SIZE_AND_LIMIT.exec(details);
  if (plain !== null) return `a message of ${plain[1]} bytes is over the ${plain[2]} bytes that ${whose}`;
  const java = LIMIT_AND_SIZE.exec(details);
  if (java !== null) return `a message of ${java[2]} bytes is over the ${java[1]} bytes that ${whose}`;
  for (const wording of INFLATES) {
    const inflated = wording.exec(details);
    if (inflated !== null) return `a message decompresses to more than the ${inflated[1]} bytes that ${whose}`;
  }
  return undefined;
}

/** Whether the details of an UNIMPLEMENTED say that the server does not have the method at all. */
export const saysUnknownMethod = (details: string): boolean => UNKNOWN_METHOD.test(details);
