import type { Config } from './config.js';
import { sourceKey } from './config-values.js';
import { CODE, type Layer } from './layers.js';
import type { Side } from './settings.js';

/** The layers of a service or client in order of precedence, the last wins. */
export function layersOf(side: Side, name: string, code: object, config: Config): readonly Layer[] {
  const sections: Readonly<Record<string, object>> = side === 'service' ? config.services : config.clients;
  const names = ['default', ...(side === 'client' ? targetNames(name) : [name])];
  const fromFile = names.flatMap((one) => {
    const options = Object.hasOwn(sections, one) ? sections[one] : undefined;
    return options === undefined ? [] : [layer(config, side, one, options)];
  });
  return [
    { options: code, sourceOf: () => CODE },
    ...fromFile,
    layer(config, side, undefined, config.environment[side]),
  ];
}

/** What the file may call a target: without its parameters, then exactly; `host:port` also as `static:///host:port`. */
function targetNames(target: string): readonly string[] {
  const names = [target.replace(/\?.*$/s, ''), target];
  const address = /^static:\/\/\/([^,?]+)$/.exec(target)?.[1];
  if (address !== undefined) names.unshift(address);
  else if (!target.includes('://')) names.unshift(`static:///${target}`);
  return [...new Set(names)];
}

function layer(config: Config, side: Side, name: string | undefined, options: object): Layer {
  return {
    options,
    sourceOf: (path, method) => {
      const key = sourceKey({ side, name, method, path });
      return config.sources.get(key) ?? key;
    },
  };
}
