/** One setting as `breakwater config show --json` gives it. */
export interface ShownSetting {
  readonly path: string;
  readonly default: unknown;
  readonly allowed: string;
  readonly variable: string;
}

const text = (value: unknown, path: string): string => {
  if (path.startsWith('policies.') && value === false) return 'off';
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** The settings of one side as a Markdown table, in their order. */
export function settingsTable(settings: readonly ShownSetting[]): string {
  const rows = settings.map(
    ({ path, default: value, allowed, variable }) =>
      `| \`${path}\` | ${text(value, path)} | ${allowed} | \`${variable}\` |`,
  );
  return ['| setting | default | allowed | variable |', '|---|---|---|---|', ...rows].join('\n');
}
