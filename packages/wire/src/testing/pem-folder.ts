import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM files on disk, as somebody outside of the process writes and renews them. */
export class PemFolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'breakwater-pems-'));
  private versions = 0;

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file in place, as a script does. @returns its path */
  write(name: string, pem: Uint8Array): string {
    writeFileSync(this.path(name), pem);
    return this.path(name);
  }

  remove(name: string): void {
    rmSync(this.path(name));
  }

  /** All files change at once, as Kubernetes does it: they are links into a folder that is a link, which is replaced. */
  swap(files: Readonly<Record<string, Uint8Array>>): void {
    const version = `..version-${++this.versions}`;
    mkdirSync(this.path(version));
    for (const [name, pem] of Object.entries(files)) {
      writeFileSync(join(this.path(version), name), pem);
      if (this.versions === 1) symlinkSync(join('..data', name), this.path(name));
    }
    symlinkSync(version, this.path('..data-new'));
    renameSync(this.path('..data-new'), this.path('..data'));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
