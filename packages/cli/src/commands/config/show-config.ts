import {
  type Config,
  type ConfigDescription,
  describeConfig,
  type DescribedSetting,
  loadConfig,
} from '@breakwater/service';
import { CliError } from '../../errors.js';
import type { Io } from '../../io.js';
import { table } from '../../table.js';

export interface ShowConfigOptions {
  readonly service: string | undefined;
  readonly target: string | undefined;
  readonly method: string | undefined;
  /** Instead of BREAKWATER_CONFIG. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/**
 * Prints the effective settings of a service, of the clients of a target, or, when neither is named, of those that the
 * file does not mention.
 * @throws ConfigError when file or environment are broken; CliError when settings contradict each other
 */
export function showConfig(options: ShowConfigOptions, io: Io): void {
  const { service, target, method } = options;
  if (service !== undefined && target !== undefined) {
    throw new CliError('--service and --target exclude each other', { remedy: 'Use one of them.', exitCode: 2 });
  }
  if (method !== undefined && service === undefined && target === undefined) {
    throw new CliError('--method needs --service or --target', { remedy: 'Say whose method it is.', exitCode: 2 });
  }
  const config = loadConfig({ file: options.file, env: io.env });
  const described = descriptions(config, options);
  if (options.json) io.out(JSON.stringify(described.map(toJson), null, 2));
  else io.out([...described.map(render), footnote(config)].join('\n\n'));
  const contradictions = described.flatMap((one) => one.contradictions);
  if (contradictions.length === 0) return;
  throw new CliError(
    `settings contradict each other\n${contradictions.map(({ message }) => `  ${message}`).join('\n')}`,
    {
      remedy: 'createService and createClient would refuse them, unless the code sets the other side.',
    },
  );
}

function descriptions(config: Config, { service, target, method }: ShowConfigOptions): readonly ConfigDescription[] {
  const both = service === undefined && target === undefined;
  return [
    ...(service !== undefined || both ? [describeConfig({ service: service ?? 'default', method, config })] : []),
    ...(target !== undefined || both ? [describeConfig({ target: target ?? 'default', method, config })] : []),
  ];
}

function render({ side, name, method, settings }: ConfigDescription): string {
  const what =
    name === 'default'
      ? `any ${side === 'service' ? 'service' : 'client'}`
      : `${side === 'service' ? 'service' : 'clients of'} ${name}`;
  const title = method === undefined ? what : `${what}, method ${method}`;
  const rows = settings.map((one) => [one.path, show(one.value, one.path), show(one.default, one.path), one.source]);
  return `# ${title}\n${table(['SETTING', 'VALUE', 'DEFAULT', 'FROM'], rows)}`;
}

/** A policy as a whole is on or off; a setting that nobody set is a dash. */
function show(value: unknown, path: string): string {
  if (value === undefined) return '-';
  if (value === null) return 'none';
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  if (typeof value === 'boolean') return path.startsWith('policies.') ? (value ? 'on' : 'off') : String(value);
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function footnote({ services, clients }: Config): string {
  const named = (sections: object): readonly string[] => Object.keys(sections).filter((name) => name !== 'default');
  const others = [
    ...named(services).map((name) => `--service ${name}`),
    ...named(clients).map((name) => `--target ${name}`),
  ];
  const more = others.length === 0 ? '' : `\nThe file also has settings of its own for: ${others.join('  ')}`;
  return `What the code sets cannot be seen from here: it wins over the defaults of the framework and loses to file and environment. In the process itself,\ndescribeConfig({ target, clientOptions }) or describeConfig({ service: options }) of @breakwater/service shows it.${more}`;
}

function toJson({ side, name, method, settings, contradictions }: ConfigDescription): object {
  const setting = ({ path, value, default: fallback, source, allowed, variable }: DescribedSetting): object => ({
    path,
    value: plain(value),
    default: plain(fallback),
    source,
    allowed,
    variable,
  });
  return {
    side,
    name,
    ...(method === undefined ? {} : { method }),
    settings: settings.map(setting),
    contradictions: contradictions.map(({ message }) => message),
  };
}

/** JSON has no Infinity, and leaves out what is undefined. */
const plain = (value: unknown): unknown => (value === Number.POSITIVE_INFINITY ? 'Infinity' : (value ?? null));
