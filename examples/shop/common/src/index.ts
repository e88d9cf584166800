export {
  HelpRequested,
  type OptionSpec,
  type OptionSpecs,
  type OptionValues,
  parseCommandLine,
  UsageError,
} from './command-line.js';
export { Faults } from './faults.js';
export { Journal, JournalError, type OpenedJournal } from './journal.js';
export { JournalTail } from './journal-tail.js';
export { invalid, requireAmount, requireText, showMoney } from './money.js';
export { type ChildMessage, endWithParent, forwardEvents, type PolicyReport, reportOf, tellParent } from './parent.js';
export { runProcess } from './process.js';
export {
  type CommonOptions,
  INSTANCE_OPTION,
  SERVICE_OPTIONS,
  serveUntilStopped,
  serviceOptions,
  type ShopRuntime,
  shopRuntime,
} from './serve.js';
export { SharedJournal, type SharedJournalOptions } from './shared-journal.js';
export { durationMs, durationOf, msOf, timestampOf } from './timestamps.js';
