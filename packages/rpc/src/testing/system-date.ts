/** A Date for tests: the ambient constructor is kept out of them. */
export const dateAt = (wallMs: number): Date => new Date(wallMs);
