/** A sender of events: what is handed over and not yet over, by lane. */

export interface Bounds {
  /** Requests under way at once: sources are spread over so many lanes, and a lane has one at a time. */
  readonly lanes: number;
  /** How long an event waits for others to share its request. */
  readonly lingerMs: number;
  /** Events of one request, and the bytes that they add to it. */
  readonly batchEvents: number;
  readonly batchBytes: number;
  /** Events in the queue or under way, and their bytes. */
  readonly queueEvents: number;
  readonly queueBytes: number;
  /** Events that wait for room; beyond it they are refused. */
  readonly waitingEvents: number;
  /** Before a lane tries again: doubles with each failure up to the cap, half of it by chance. */
  readonly backoffMs: number;
  readonly backoffCapMs: number;
}

export interface Pending {
  readonly key: number;
  readonly lane: number;
  readonly bytes: number;
  readonly deadline: number;
  queuedAt: number;
  /** In the queue or under way, no longer waiting for room. */
  admitted: boolean;
  sent: boolean;
}

export interface Flight {
  readonly request: number;
  /** In the order they were sent; those that are over are told by `Sending.pending`. */
  readonly events: readonly Pending[];
}

export interface Lane {
  queue: Pending[];
  /** Of the queue. */
  bytes: number;
  flight: Flight | null;
  /** Nothing is sent before. */
  notBefore: number;
  /** Requests in a row after which something had to be sent again. */
  failures: number;
}

export interface Sending {
  readonly bounds: Bounds;
  readonly lanes: readonly Lane[];
  /** All that are not over, by key. */
  readonly pending: Map<number, Pending>;
  /** For room, in the order they came. */
  waiting: Pending[];
  /** In the queue or under way. */
  events: number;
  bytes: number;
  requests: number;
  /** No event lapses before. */
  lapseFrom: number;
  /** Keys up to here wait for no company. */
  flushed: number;
  lastKey: number;
  closed: boolean;
}

function newLane(): Lane {
  return { queue: [], bytes: 0, flight: null, notBefore: 0, failures: 0 };
}

export function newSending(bounds: Bounds): Sending {
  return {
    bounds,
    lanes: Array.from({ length: bounds.lanes }, newLane),
    pending: new Map(),
    waiting: [],
    events: 0,
    bytes: 0,
    requests: 0,
    lapseFrom: Infinity,
    flushed: -1,
    lastKey: -1,
    closed: false,
  };
}

/** One that is larger than the whole queue has room in an empty one. */
export function hasRoom({ bounds, events, bytes }: Sending, more: number): boolean {
  return events === 0 || (events < bounds.queueEvents && bytes + more <= bounds.queueBytes);
}
