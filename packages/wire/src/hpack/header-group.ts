import type { HeaderField } from './header-field.js';

/** Spreads groups over the slots in which encoders keep their bytes. */
let groupsMade = 0;

/**
 * Fields that are always sent together, in this order, such as those that all requests to one method begin with. Shared by
 * all connections: make one and keep it.
 */
export class HeaderGroup {
  readonly fields: readonly HeaderField[];
  /** Differs between groups. */
  readonly id: number = groupsMade++;

  constructor(fields: readonly HeaderField[]) {
    this.fields = Object.freeze([...fields]);
  }
}
