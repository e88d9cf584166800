import { ConfigError, nearest } from '@breakwater/core';
import { isAlias, isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { type ConfigValue, sourceKey } from './config-values.js';
import { checkSetting, join, SETTING_GROUPS, SETTINGS, type Setting, type Side } from './settings.js';

/** What may stand in an object: a setting, an object with more of them, or both (a policy can be `false`). */
interface Shape {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly objects: ReadonlySet<string>;
}

/**
 * The values of a configuration file, each checked by itself.
 * @param text YAML or JSON
 * @throws ConfigError that begins with `file:line:column`
 */
export function readConfigText(file: string, text: string, format: 'yaml' | 'json'): readonly ConfigValue[] {
  return new FileReader(file, text, format).read();
}

class FileReader {
  private readonly lines = new LineCounter();
  private readonly values: ConfigValue[] = [];
  private readonly document;

  constructor(
    private readonly file: string,
    text: string,
    format: 'yaml' | 'json',
  ) {
    // JSON is YAML, so one reader knows the place of every value in both.
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false, merge: true });
    const [error] = this.document.errors;
    if (error !== undefined) throw this.fault(error.pos[0], 'syntax', text, `${error.message.replace(/\.$/, '')}`);
    if (format === 'json') this.requireJson(text);
  }

  read(): readonly ConfigValue[] {
    const root = this.follow(this.document.contents);
    if (root === null || (isScalar(root) && root.value === null)) return this.values;
    if (!isMap(root)) throw this.misplaced(root, 'the file', 'an object with "services" and "clients"');
    for (const [key, node, keyNode] of this.pairs(root)) {
      if (key !== 'services' && key !== 'clients') throw this.unknown(keyNode, '', key, ['services', 'clients']);
      this.readSections(key === 'services' ? 'service' : 'client', key, node);
    }
    return this.values;
  }

  private readSections(side: Side, field: string, node: Node | null): void {
    const what =
      side === 'service' ? 'service names, or "default",' : 'targets such as consul:///payments, or "default",';
    for (const [name, section] of this.pairs(this.requireMap(node, field, `an object with ${what} as keys`))) {
      const at = { side, name, method: undefined };
      const map = this.requireMap(section, sourceKey({ ...at, path: '' }), 'an object with settings');
      this.readSettings(at, '', map, name === 'default' ? [] : ['methods']);
    }
  }

  private readSettings(
    at: Pick<ConfigValue, 'side' | 'name' | 'method'>,
    path: string,
    map: YAMLMap,
    more: readonly string[],
  ): void {
    const shape = shapeOf(at.side, path);
    for (const [key, node, keyNode] of this.pairs(map)) {
      const here = join(path, key);
      const setting = shape.settings.get(key);
      if (more.includes(key)) this.readMethods(at, node);
      else if (setting !== undefined) this.readValue(at, setting, node);
      else if (shape.objects.has(key)) this.readObject(at, here, node);
      else if (key === 'methods' && path === '') {
        const field = sourceKey({ ...at, path: 'methods' });
        const where = at.side === 'service' ? 'a service by its name' : 'a target such as consul:///payments';
        throw this.faultAt(
          keyNode,
          field,
          key,
          `${field} has no meaning: methods differ between services; put them under ${where}`,
        );
      } else
        throw this.unknown(keyNode, sourceKey({ ...at, path }), key, [
          ...shape.settings.keys(),
          ...shape.objects,
          ...more,
        ]);
    }
  }

  private readObject(at: Pick<ConfigValue, 'side' | 'name' | 'method'>, path: string, node: Node | null): void {
    const field = sourceKey({ ...at, path });
    const policy = SETTING_GROUPS.find((group) => group.side === at.side && group.path === path)?.policy;
    const found = this.follow(node);
    if (policy !== undefined && isScalar(found) && typeof found.value === 'boolean') {
      if (!found.value && !policy.canBeOff) {
        throw this.misplaced(found, field, 'an object; no total timeout is asked for with { timeoutMs: null }');
      }
      this.values.push({ ...at, path, value: found.value ? {} : false, source: this.place(found) });
      return;
    }
    const map = this.requireMap(
      node,
      field,
      policy?.canBeOff === true ? 'an object with settings, or false to turn it off' : 'an object with settings',
    );
    // Said even when it is empty: `retry: {}` turns on again, with defaults, what the code turned off.
    if (policy !== undefined) this.values.push({ ...at, path, value: {}, source: this.place(map) });
    this.readSettings(at, path, map, []);
  }

  private readMethods(at: Pick<ConfigValue, 'side' | 'name' | 'method'>, node: Node | null): void {
    const field = sourceKey({ ...at, path: 'methods' });
    for (const [method, own] of this.pairs(this.requireMap(node, field, 'an object with method names as keys'))) {
      const scope = { ...at, method };
      const map = this.requireMap(own, sourceKey({ ...scope, path: '' }), 'an object with policies');
      this.readSettings(scope, 'policies', map, []);
    }
  }

  private readValue(at: Pick<ConfigValue, 'side' | 'name' | 'method'>, setting: Setting, node: Node | null): void {
    const field = sourceKey({ ...at, path: setting.path });
    const found = this.follow(node);
    const raw: unknown = found === null ? null : found.toJS(this.document);
    const value = setting.group.open[setting.key] === 'infinity' && raw === 'Infinity' ? Number.POSITIVE_INFINITY : raw;
    try {
      checkSetting(setting, value, field);
    } catch (error) {
      if (error instanceof ConfigError) throw this.faultAt(found, error.field, value, error.message);
      throw error;
    }
    this.values.push({ ...at, path: setting.path, value, source: this.place(found ?? node) });
  }

  /** Keys with their values; what `<<` brings in comes first, so that the object's own keys win. */
  private *pairs(map: YAMLMap): Iterable<readonly [key: string, value: Node | null, keyNode: Node | null]> {
    for (const pair of map.items) {
      const merged = isMergeKey(pair.key) ? this.follow(pair.value as Node | null) : undefined;
      if (isMap(merged)) yield* this.pairs(merged);
    }
    for (const pair of map.items) {
      const key = pair.key as Node | null;
      if (isMergeKey(key)) continue;
      yield [isScalar(key) ? String(key.value) : String(key), pair.value as Node | null, key];
    }
  }

  private follow(node: Node | null): Node | null {
    if (!isAlias(node)) return node;
    const target = node.resolve(this.document);
    if (target === undefined)
      throw this.faultAt(node, 'alias', node.source, `*${node.source} refers to an anchor that does not exist`);
    return target;
  }

  private requireMap(node: Node | null, field: string, allowed: string): YAMLMap {
    const found = this.follow(node);
    if (!isMap(found)) throw this.misplaced(found ?? node, field, allowed);
    return found;
  }

  private requireJson(text: string): void {
    try {
      JSON.parse(text);
    } catch (error) {
      const message = (error as Error).message;
      const position = /position (\d+)/.exec(message)?.[1];
      throw this.fault(position === undefined ? 0 : Number(position), 'syntax', text, message);
    }
  }

  private misplaced(node: Node | null, field: string, allowed: string): ConfigError {
    const value: unknown = node === null ? null : node.toJS(this.document);
    return this.faultAt(node, field, value, new ConfigError(field, value, allowed).message);
  }

  private unknown(keyNode: Node | null, field: string, key: string, known: readonly string[]): ConfigError {
    const near = nearest(key, known);
    const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${JSON.stringify(near)}?`;
    return this.faultAt(keyNode, join(field, key), undefined, `unknown setting ${join(field, key)}; ${hint}`);
  }

  private faultAt(node: Node | null, field: string, value: unknown, sentence: string): ConfigError {
    return ConfigError.rule(field, value, `${this.place(node)}: ${sentence}`);
  }

  private fault(offset: number, field: string, value: unknown, sentence: string): ConfigError {
    return ConfigError.rule(field, value, `${this.placeOf(offset)}: ${sentence}`);
  }

  private place(node: Node | null): string {
    return node?.range == null ? this.file : this.placeOf(node.range[0]);
  }

  private placeOf(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }
}

/** The reader gives `<<` as a symbol. */
const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && (key.value === '<<' || (typeof key.value === 'symbol' && key.value.description === '<<'));

const shapes = new Map<string, Shape>();

/** What may stand at `path` of a side, from the table of settings. */
function shapeOf(side: Side, path: string): Shape {
  const id = `${side} ${path}`;
  const known = shapes.get(id);
  if (known !== undefined) return known;
  const below = (one: string): string | undefined => {
    if (path === '') return one;
    return one.startsWith(`${path}.`) ? one.slice(path.length + 1) : undefined;
  };
  const settings = new Map<string, Setting>();
  const objects = new Set<string>();
  for (const setting of SETTINGS) {
    const rest = setting.side === side ? below(setting.path) : undefined;
    if (rest === undefined) continue;
    const dot = rest.indexOf('.');
    if (dot < 0) settings.set(rest, setting);
    else objects.add(rest.slice(0, dot));
  }
  const shape = { settings, objects };
  shapes.set(id, shape);
  return shape;
}
