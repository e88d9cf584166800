import { Code, describeStatus, type Status } from '@breakwater/core';
import type { Slot } from './slot.js';

/** What calls are told when their channel has been closed. */
export const CLOSED: Status = {
  code: Code.UNAVAILABLE,
  reason: 'CLIENT_CLOSED',
  details: 'this client has been closed',
  origin: 'local',
};

/** There is nobody to call. */
export const noEndpoints = (target: string): Status => ({
  code: Code.UNAVAILABLE,
  reason: 'NO_ENDPOINTS',
  details: `${target} has no healthy endpoint`,
  origin: 'local',
});

/** Every endpoint refuses; says why, for the first three different reasons. */
export function allFailed(target: string, slots: readonly Slot[]): Status {
  const first = slots[0]?.connection.error;
  const reports = slots.map(({ connection, endpoint }) => connection.error?.details ?? `${endpoint.id}: not connected`);
  const shown = [...new Set(reports)].slice(0, 3).join('; ');
  const count = slots.length === 1 ? 'its only endpoint' : `any of its ${slots.length} endpoints`;
  const status: Status = {
    code: Code.UNAVAILABLE,
    reason: first?.reason ?? 'CONNECT_FAILED',
    details: `cannot connect to ${target}, ${count}: ${shown}`,
    origin: 'remote',
  };
  return first?.cause === undefined ? status : { ...status, cause: first.cause };
}

/** The deadline of a call passed while it waited for a connection. @param why it still waited */
export const waitedTooLong = (target: string, why: string): Status => ({
  code: Code.DEADLINE_EXCEEDED,
  reason: 'DEADLINE_EXCEEDED',
  details: `the deadline passed while waiting for a connection to ${target}: ${why}`,
  origin: 'remote',
});

/** Where the first three connections stand. */
export function describeSlots(slots: readonly Slot[]): string {
  const reports = slots.slice(0, 3).map(({ endpoint, connection }) => {
    const error = connection.error === undefined ? ', no answer yet' : `, ${describeStatus(connection.error)}`;
    return `${endpoint.id} ${connection.state}${error}`;
  });
  return reports.join('; ');
}
