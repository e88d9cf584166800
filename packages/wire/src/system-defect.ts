/** A mistake of this package: the connection it happened on is ended, and the process is told of it once, as a warning. */
export function reportDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`@breakwater/wire: a defect ended a connection: ${text}`, { code: 'BREAKWATER_WIRE_DEFECT' });
}
