export { audit, type AuditReport, isClean } from './audit/auditor.js';
export { type Books, readBooks, toBooks } from './audit/books.js';
export { Demo, type DemoResult } from './demo.js';
export { type JsonReport, jsonReport } from './report.js';
