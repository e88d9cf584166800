import { run } from '../child-process.js';

/** `consul version` of a binary. @returns undefined when it does not run or does not answer like Consul */
export async function consulVersion(binary: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(binary, ['version'], { limitMs: 20_000 });
    return code === 0 ? /^Consul v?(\S+)/m.exec(stdout)?.[1] : undefined;
  } catch {
    return undefined;
  }
}
