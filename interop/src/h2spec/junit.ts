/** What h2spec found. A case is named by its section and title. */
export interface H2Verdict {
  readonly passed: number;
  /** With what was expected, and last what came instead. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

const CASE = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([^]*?)<\/testcase>/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

const plain = (xml: string): string =>
  xml.replaceAll(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name ?? ''] ?? whole;
  });

/** Reads the report that h2spec writes with `-j`. It quotes frames in it, so it may hold bytes that are no XML. @throws Error when it holds no cases */
export function parseJunit(xml: string): H2Verdict {
  const failed: string[] = [];
  const skipped: string[] = [];
  let passed = 0;
  for (const [, section = '', title = '', body = ''] of xml.matchAll(CASE)) {
    const name = `${section}: ${plain(title)}`;
    const problem = /<(?:error|failure)[^>]*>([^]*)<\/(?:error|failure)>/.exec(body)?.[1];
    if (problem !== undefined) failed.push(`${name}\n  ${plain(problem).replaceAll('\n', '\n  ')}`);
    else if (body.includes('<skipped')) skipped.push(name);
    else passed += 1;
  }
  if (passed + failed.length + skipped.length === 0) throw new Error(`h2spec reported no cases:\n${xml}`);
  return { passed, failed, skipped };
}
