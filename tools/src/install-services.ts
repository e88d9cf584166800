/**
 * `node tools/bootstrap.mjs install-services [--list | --env]`
 * Fetches the real servers that integration tests use into the cache folder, system-wide only where unpacking is not enough.
 * `--list` says what is there and fetches nothing; `--env` prints shell lines (`export CONSUL_BIN=…`) for running mocha by hand.
 */
import { endChildrenOnSignal } from './child-process.js';
import { provide, SERVICES } from './services/index.js';

const args = process.argv.slice(2);
const unknown = args.find((arg) => !['--list', '--env'].includes(arg));
if (unknown !== undefined) {
  console.error(`unknown option '${unknown}': use --list, --env or nothing`);
  process.exit(2);
}

endChildrenOnSignal();
const printOnly = args.length > 0;
if (printOnly) {
  for (const service of SERVICES) {
    const located = await service.locate();
    if (args.includes('--env'))
      for (const [name, value] of Object.entries(located?.env ?? {}))
        console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`);
    else console.log(`${service.name.padEnd(16)} ${service.class.padEnd(9)} ${located?.found ?? 'not there'}`);
  }
} else {
  const provisions = await provide({ say: (line) => console.error(line), everything: true });
  for (const provision of provisions)
    console.log(
      `${provision.service.name.padEnd(16)} ${provision.service.class.padEnd(9)} ${'located' in provision ? provision.located.found : `absent: ${provision.reason}`}`,
    );
  if (provisions.some((provision) => !('located' in provision) && provision.service.class === 'required'))
    process.exitCode = 1;
}
