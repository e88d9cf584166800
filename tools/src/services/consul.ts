import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, fillOnce, isExecutable, onPath } from './cache.js';
import { buildConsul, consulCurrentBinary } from './consul-current.js';
import { consulVersion } from './consul-version.js';
import { debianArch, privateApt, unpackDebs } from './debian.js';
import type { InstallOptions, Located, Service } from './service.js';

const RELEASE = 'bullseye';
const VERSION = '1.8.7';
/** SHA-256 of the .deb per architecture; others rest on apt's signature check alone. */
const DEB_SHA256: Readonly<Record<string, string>> = {
  amd64: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
};

const cached = (): string => join(cacheDir(), `consul-${VERSION}-${debianArch()}`);

async function describe(binary: string): Promise<Located | undefined> {
  const version = await consulVersion(binary);
  return version === undefined ? undefined : { env: { CONSUL_BIN: binary }, found: `Consul ${version}, ${binary}` };
}

async function locate(): Promise<Located | undefined> {
  const given = process.env['CONSUL_BIN'];
  if (given !== undefined && given !== '') {
    const located = await describe(given);
    if (located === undefined)
      throw new Error(`CONSUL_BIN is '${given}', which does not run as Consul: correct it or unset it`);
    return located;
  }
  for (const path of [onPath('consul'), join(cached(), 'consul'), consulCurrentBinary()]) {
    if (path === undefined || !isExecutable(path)) continue;
    const located = await describe(path);
    if (located !== undefined) return located;
  }
  return undefined;
}

async function fromDebian(stage: string): Promise<void> {
  const apt = await privateApt(join(stage, 'apt'), RELEASE);
  const debs = await apt.download(['consul'], join(stage, 'debs'));
  const deb = debs[0];
  if (deb === undefined) throw new Error(`Debian ${RELEASE} has no package 'consul' for ${debianArch()}`);
  const expected = DEB_SHA256[debianArch()];
  const actual = createHash('sha256').update(readFileSync(deb)).digest('hex');
  if (expected !== undefined && actual !== expected)
    throw new Error(`${deb} has SHA-256 ${actual}, expected ${expected}: the mirror serves something else`);
  await unpackDebs([deb], join(stage, 'root'));
}

async function install({ say }: InstallOptions): Promise<Located> {
  const dir = cached();
  let debianProblem = '';
  try {
    await fillOnce(dir, async (stage) => {
      const work = `${stage}/work`;
      mkdirSync(work);
      await fromDebian(work);
      copyFileSync(join(work, 'root/usr/bin/consul'), join(stage, 'consul'));
      rmSync(work, { recursive: true, force: true });
    });
  } catch (error) {
    debianProblem = (error as Error).message;
    if (onPath('go') === undefined)
      throw new Error(
        `Consul ${VERSION} could not be fetched from Debian ${RELEASE} (${debianProblem}), and there is no Go to build it with. Set CONSUL_BIN to a Consul binary, or put one on PATH`,
        { cause: error },
      );
    say(
      `consul: Debian ${RELEASE} cannot provide it (${debianProblem}); building from its Go module, this takes some minutes`,
    );
    await buildConsul(say);
  }
  const located = await locate();
  if (located === undefined)
    throw new Error(
      `Consul was unpacked to ${dir} but does not run on this machine. Set CONSUL_BIN to a Consul binary that does`,
    );
  return located;
}

/** The Consul that suites run against: 1.8.7 from Debian, or the one named by `CONSUL_BIN`, or one on PATH. */
export const consul: Service = {
  name: 'consul',
  class: 'required',
  variable: 'CONSUL_BIN',
  slow: false,
  locate,
  install,
};
