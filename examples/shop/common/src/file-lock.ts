import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';

/**
 * Takes `path` for this process: a file `PATH.lock` holds its process id. The lock of a process that is gone is taken over,
 * so that nothing has to be cleaned up after a crash.
 * @returns a function that gives it back
 * @throws Error naming the process that has it
 */
export function lockFile(path: string): () => void {
  const lock = `${path}.lock`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => removeIfThere(lock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = holderOf(lock);
      if (holder !== undefined && isAlive(holder)) throw new Error(`process ${holder} writes to it`);
      // Two processes that find the same dead holder: the second `wx` loses and meets the first as a living one.
      if (attempt === 3) throw new Error(`${lock} cannot be taken over; remove it`);
      removeIfThere(lock);
    }
  }
}

function holderOf(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
