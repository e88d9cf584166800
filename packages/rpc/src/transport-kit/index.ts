/** What every transport on sockets needs beside its library: shared by `@breakwater/grpc` and `@breakwater/wire`. */
export {
  checkedContext,
  clientContext,
  clientPemsOf,
  type PemParts,
  type PemSources,
  readPem,
  readPems,
  readServerTls,
  serverPemsOf,
} from './pem.js';
export { sniOf, tlsName, type ClientSecurity } from './client-security.js';
export { DeadlineWheel, type Expiring } from './deadline-wheel.js';
export { diagnose, explain, type Seen } from './diagnose.js';
export { encodeRequest, encodeResponse } from './encode-message.js';
export {
  connectionLost,
  deadlineExceeded,
  decodeFailed,
  encodeFailed,
  message,
  messageTooLarge,
} from './failures.js';
export { saysUnknownMethod, tooLargeInWords } from './foreign-words.js';
export { bind } from './bind.js';
export { portHolder } from './port-holder.js';
export { RequestPump, type MessageWriter } from './request-pump.js';
export { RequestSource } from './request-source.js';
export { nextTurn } from './system-turn.js';
export { toBuffer } from './to-buffer.js';
export { isUnixPath, MAX_UNIX_PATH_BYTES } from './unix-socket.js';
export { WriteWindow } from './write-window.js';
export { presentMessage } from '../method/present.js';
