import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** Leading comments of a file by source-info path (`6,0` is the first service). */
export const commentsOf = (file: FileDescriptorProto): ReadonlyMap<string, string> =>
  new Map(
    (file.sourceCodeInfo?.location ?? []).flatMap(({ path, leadingComments }) =>
      leadingComments === '' ? [] : [[path.join(','), leadingComments] as const],
    ),
  );

const SERVICE_FIELD = 6;

/** The comment above service number `index`, as lines; none when it has no comment. */
export const serviceComment = (comments: ReadonlyMap<string, string>, index: number): readonly string[] => {
  const text = comments.get(`${SERVICE_FIELD},${index}`);
  if (text === undefined) return [];
  return [
    '',
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^ /, '').trimEnd()),
  ];
};

/** A JSDoc block; a comment that would end it early is defused. */
export const jsDoc = (lines: readonly string[]): string => {
  const safe = lines.map((line) => line.replaceAll('*/', '* /'));
  if (safe.length === 1) return `/** ${safe[0]} */`;
  return ['/**', ...safe.map((line) => (line === '' ? ' *' : ` * ${line}`)), ' */'].join('\n');
};
