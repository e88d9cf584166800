import { lstat, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { platform } from 'node:os';
import { holderOf } from './port-holder.js';

/** Whether the host of an address is the path of a Unix socket. Its port is 0. */
export const isUnixPath = (host: string): boolean => host.startsWith('/');

/** What fits into the address of a socket; longer paths would be cut off without a word. */
export const MAX_UNIX_PATH_BYTES = platform() === 'linux' ? 107 : 103;

const LISTENING = '00010000';

/** What is at a path that cannot be listened on, and what to do about it, as the beginning of a sentence. Never rejects. */
export async function whatIsInTheWay(path: string): Promise<string> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() !== true) return 'something that is no socket is at that path: remove it';
  if (!(await answers(path))) {
    return 'a socket that nobody listens on is at that path, as a server that was killed leaves it: remove it';
  }
  const holder = await holderOf(inodesOf(await readFile('/proc/net/unix', 'latin1').catch(() => ''), path));
  return `a server listens there already${holder === undefined ? '' : `, ${holder}`}: stop it`;
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });

function inodesOf(table: string, path: string): ReadonlySet<string> {
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return new Set(rows.filter((row) => row[7] === path && row[3] === LISTENING).map((row) => row[6] ?? ''));
}
