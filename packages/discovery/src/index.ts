export type { Endpoint, EndpointHealth, EndpointSet } from './endpoint.js';
export type { Instance, Registration, RegistrationState, Registry, ServiceSummary, Watcher } from './registry.js';
export { parseTarget, type Target } from './target.js';
export type { Candidate, Picker, PickerFactory } from './picker.js';
