/** Runs `callback` after the I/O that is already waiting has been handled. Keeps the process alive until then. */
export const nextTurn = (callback: () => void): void => {
  setImmediate(callback);
};
