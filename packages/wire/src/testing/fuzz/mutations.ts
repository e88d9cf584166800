import type { Chance } from './chance.js';
import type { Conversation } from './conversation.js';

/** Damages one frame, or the order of them. */
type Mutation = (chance: Chance, frames: Buffer[]) => void;

const HEAD = Buffer.alloc(9);
const at = (chance: Chance, frames: readonly Buffer[]): number => chance.below(Math.max(1, frames.length));
const change = (chance: Chance, frames: Buffer[], edit: (bytes: Buffer) => Buffer | void): void => {
  const index = at(chance, frames);
  // Another mutation may have left less than the head of a frame.
  const found = frames[index] ?? HEAD;
  const copy = Buffer.from(found.length < HEAD.length ? Buffer.concat([found, HEAD]) : found);
  frames[index] = edit(copy) ?? copy;
};

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  (chance, frames) => change(chance, frames, (bytes) => void bytes.writeUInt8(chance.below(12), 3)),
  (chance, frames) => change(chance, frames, (bytes) => void bytes.writeUInt8(chance.below(256), 4)),
  (chance, frames) => change(chance, frames, (bytes) => void bytes.writeUInt32BE(chance.below(12), 5)),
  (chance, frames) => change(chance, frames, (bytes) => void bytes.writeUIntBE(chance.below(40), 0, 3)),
  (chance, frames) => change(chance, frames, (bytes) => void bytes.writeUIntBE(chance.below(2 ** 24), 0, 3)),
  (chance, frames) =>
    change(chance, frames, (bytes) => {
      const index = chance.below(bytes.length);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << chance.below(8));
    }),
  (chance, frames) =>
    change(chance, frames, (bytes) => {
      for (let count = 1 + chance.below(4); count > 0; count--) bytes[chance.below(bytes.length)] = chance.below(256);
    }),
  (chance, frames) => change(chance, frames, (bytes) => bytes.subarray(0, chance.below(bytes.length))),
  (chance, frames) => change(chance, frames, (bytes) => Buffer.concat([bytes, chance.bytes(1 + chance.below(9))])),
  (chance, frames) => void frames.splice(at(chance, frames), 1),
  (chance, frames) => void frames.splice(at(chance, frames), 0, frames[at(chance, frames)] ?? HEAD),
  (chance, frames) => void frames.splice(at(chance, frames), 0, chance.bytes(chance.below(40))),
  (_chance, frames) => void frames.reverse(),
];

/** A few turns of a conversation; half of them are damaged. */
export function sequence(chance: Chance, conversation: Conversation): Buffer {
  const frames: Buffer[] = [];
  for (let turns = 1 + chance.below(5); turns > 0; turns--) frames.push(...conversation.turn());
  if (chance.once(2)) for (let times = 1 + chance.below(3); times > 0; times--) chance.pick(MUTATIONS)(chance, frames);
  return Buffer.concat(frames);
}

/** Whether the last frame is complete, as lengths have it: what follows is read as a frame of its own. */
export function isWhole(bytes: Buffer): boolean {
  let from = 0;
  while (bytes.length - from >= 9) from += 9 + bytes.readUIntBE(from, 3);
  return from === bytes.length;
}

/** Cuts bytes in up to four pieces. */
export function pieces(chance: Chance, bytes: Buffer): readonly Buffer[] {
  const cuts = Array.from({ length: chance.below(4) }, () => chance.below(bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}
