import type { SecureContext } from 'node:tls';
import { checkedContext, message, type PemParts, type PemSources, readPems } from '@breakwater/rpc/transport-kit';

/** What a look at the files has found. */
export interface PemNews {
  /** `used`: what the files hold now takes the place of what was in use. `refused`: what was in use stays. */
  readonly outcome: 'used' | 'refused';
  /** Which options and files, and why not. */
  readonly why: string;
}

/**
 * Key material that may be renewed on disk while the process runs. Contents are compared, not times or inodes: Kubernetes
 * swaps a symbolic link, others write in place, one file after the other. What cannot be used, or does not fit together, is
 * not used; it is told of once.
 */
export class RenewablePems {
  /** Of what is in use. */
  context: SecureContext;
  parts: PemParts;
  /** The last that was refused, so that it is not judged at every look. */
  private refused: PemParts | undefined;
  private problem = '';
  private looks = 0;
  private told = '';

  /** @throws ConfigError naming the field, when what the files hold now cannot be used */
  constructor(private readonly sources: PemSources) {
    this.parts = readPems(sources);
    this.context = checkedContext(this.parts, sources);
  }

  /** Whether any part is given as a path: others cannot change. */
  get fromFiles(): boolean {
    return Object.values(this.sources).some(({ pem }) => typeof pem === 'string' && !pem.includes('-----BEGIN '));
  }

  /**
   * Reads the files again, which takes microseconds, and uses what they hold now if it is new and can be used.
   * @param patience looks at which the same problem is found before it is told: files that are being written are none
   */
  look(patience: number): PemNews | undefined {
    if (!this.fromFiles) return undefined;
    let parts: PemParts;
    try {
      parts = readPems(this.sources);
    } catch (error) {
      return this.refuse(message(error), patience);
    }
    if (same(parts, this.parts)) {
      this.calm();
      return undefined;
    }
    if (this.refused !== undefined && same(parts, this.refused)) return this.refuse(this.problem, patience);
    const changed = this.changed(parts);
    try {
      this.context = checkedContext(parts, this.sources);
    } catch (error) {
      this.refused = parts;
      return this.refuse(`${changed} changed, but ${message(error)}`, patience);
    }
    this.parts = parts;
    this.calm();
    return { outcome: 'used', why: `${changed} changed` };
  }

  private refuse(problem: string, patience: number): PemNews | undefined {
    this.looks = problem === this.problem ? this.looks + 1 : 1;
    this.problem = problem;
    if (this.looks < patience || this.told === problem) return undefined;
    this.told = problem;
    return { outcome: 'refused', why: `${problem}; what was read before stays in use` };
  }

  private calm(): void {
    this.refused = undefined;
    this.problem = '';
    this.looks = 0;
    this.told = '';
  }

  /** `tls.cert (/etc/tls/tls.crt) and tls.key (/etc/tls/tls.key)` */
  private changed(parts: PemParts): string {
    const names = NAMES.flatMap((part) => {
      const source = this.sources[part];
      if (source === undefined || equal(parts[part], this.parts[part])) return [];
      return [typeof source.pem === 'string' ? `${source.field} (${source.pem})` : source.field];
    });
    return names.join(' and ');
  }
}

const NAMES = ['ca', 'cert', 'key'] as const;

const equal = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.equals(b));

const same = (a: PemParts, b: PemParts): boolean => NAMES.every((part) => equal(a[part], b[part]));
