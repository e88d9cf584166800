import type { Command } from 'commander';
export const register = (_program: Command): void => {};
