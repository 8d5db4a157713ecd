// Arrivals that wait for nobody: the instants are fixed before anything is sent.

export interface Schedule {
  /** Requests a second. */
  readonly rate: number;
  readonly count: number;
}

/** Of events a second in requests of `size`, for so many seconds; one request at least. */
export function scheduleOf(events: number, size: number, seconds: number): Schedule {
  const rate = events / size;
  return { rate, count: Math.max(1, Math.floor(rate * seconds)) };
}

/** Milliseconds after the start at which a request is to be sent. */
export function instantOf({ rate }: Schedule, index: number): number {
  return (index * 1000) / rate;
}

/** How many are to have been sent when so many milliseconds have passed. */
export function dueBy({ rate, count }: Schedule, elapsedMs: number): number {
  return elapsedMs < 0 ? 0 : Math.min(count, Math.floor((elapsedMs * rate) / 1000) + 1);
}
