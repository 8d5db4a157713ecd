/** What driving needs of the outside, so that it can be run against a court of known keys and a clock moved by hand. */

/** The seats of one court, as ClerkApi has them. */
export interface Court {
  /** Writ → WritAnswer of one seat. */
  submit(seat: number, writ: string, waitMs: number): Promise<string>;
  /** SeatStatus of one seat. */
  status(seat: number): Promise<string>;
  /** What one seat holds of a Warden's writs, from a number on. */
  writs(seat: number, warden: number, from: number): Promise<string>;
  /** TermProof[] of one seat. */
  terms(seat: number): Promise<string>;
}

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `then` after so many milliseconds, unless the returned function is called before. */
  after(ms: number, then: () => void): () => void;
}

export const wallClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** What the promise comes to, or undefined when it fails or takes longer than `ms`. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      () => {
        cancel();
        resolve(undefined);
      },
    );
  });
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
