export { FakeClock, settleMicrotasks } from './fake-clock.js';
export { fixedRandom, SeededRandom } from './seeded-random.js';
export { aFailure, mockLeaf, type HeldCall, type MockLeaf } from './mock-leaf.js';
export { aCall, anOperation } from './a-call.js';
