import type { Call, Outcome, Runtime, Status, Timer } from '@breakwater/core';
import { fail } from '@breakwater/core';

interface Waiter {
  readonly call: Call;
  readonly waitForReady: boolean;
  leave(): void;
  readonly resolve: (outcome: Outcome | Promise<Outcome>) => void;
  readonly dispatch: () => Promise<Outcome>;
}

/** Calls that wait for a connection, in order of arrival. Each leaves at its deadline or cancellation by itself. */
export class WaitingRoom {
  private readonly waiters = new Set<Waiter>();

  constructor(private readonly runtime: Runtime) {}

  get size(): number {
    return this.waiters.size;
  }

  /**
   * @param dispatch starts the call once there is a connection
   * @param late status of a call whose deadline passes in here
   */
  wait(call: Call, waitForReady: boolean, dispatch: () => Promise<Outcome>, late: () => Status): Promise<Outcome> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const onCancel = (status: Status): void => {
        waiter.leave();
        resolve(fail(status));
      };
      const waiter: Waiter = {
        call,
        waitForReady,
        resolve,
        dispatch,
        leave: () => {
          this.waiters.delete(waiter);
          timer?.cancel();
          call.cancellation.removeListener(onCancel);
        },
      };
      this.waiters.add(waiter);
      if (call.deadline !== Number.POSITIVE_INFINITY) {
        timer = this.runtime.clock.setTimer(call.deadline - this.runtime.clock.now(), () => {
          waiter.leave();
          resolve(fail(late()));
        });
      }
      call.cancellation.onCancel(onCancel);
    });
  }

  /** Lets everybody in, first come first served. */
  admitAll(): void {
    for (const waiter of [...this.waiters]) {
      waiter.leave();
      try {
        waiter.resolve(waiter.dispatch());
      } catch (error) {
        // A picker of the application's that throws: this call's defect, and no reason to forget the others.
        waiter.resolve(Promise.reject(error instanceof Error ? error : new Error(String(error))));
      }
    }
  }

  /** Sends away those who do not wait for ready (all of them with `everybody`). */
  dismiss(status: Status, everybody = false): void {
    for (const waiter of [...this.waiters]) {
      if (waiter.waitForReady && !everybody) continue;
      waiter.leave();
      waiter.resolve(fail(status));
    }
  }
}
