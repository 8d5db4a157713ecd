/** The sender of events as a pure core: (state, input, time and chance) → effects. The state changes in place. */
import type { ClientEffect, ClientInput, GivenUp, Moment } from "./inputs.ts";
import { hasRoom } from "./state.ts";
import type { Bounds, Lane, Pending, Sending } from "./state.ts";

export function step(sending: Sending, input: ClientInput, moment: Moment): ClientEffect[] {
  const effects: ClientEffect[] = [];
  take(sending, input, moment, effects);
  lapse(sending, moment.now, effects);
  admitWaiting(sending, moment.now);
  sendDue(sending, moment.now, effects);
  return effects;
}

/** When the next step is due without anything happening; null for never. */
export function nextStep(sending: Sending): number | null {
  if (sending.pending.size === 0) return null;
  const lanes = sending.lanes.map((lane) => dueAt(sending, lane));
  const next = Math.min(sending.lapseFrom, ...lanes);
  return next === Infinity ? null : next;
}

function take(sending: Sending, input: ClientInput, moment: Moment, effects: ClientEffect[]): void {
  switch (input.kind) {
    case "submit":
      return submitted(sending, input, moment.now, effects);
    case "answered":
      return answered(sending, input, moment, effects);
    case "abort":
      return giveUp(sending, [input.key], "aborted", effects);
    case "flush":
      sending.flushed = sending.lastKey;
      return undefined;
    case "tick":
      return undefined;
    case "close":
      return close(sending, effects);
  }
}

// Rule: CloseClient.
function close(sending: Sending, effects: ClientEffect[]): void {
  sending.closed = true;
  giveUp(sending, [...sending.pending.keys()], "closed", effects);
}

type Submitted = Extract<ClientInput, { kind: "submit" }>;

// Rules: TakeEvent, WaitForRoom, RefuseBeyondWaiting, RefuseAfterClose.
function submitted(
  sending: Sending,
  { key, lane, bytes, deadline }: Submitted,
  now: number,
  effects: ClientEffect[],
): void {
  const { bounds, waiting } = sending;
  sending.lastKey = key;
  const refuse = (why: GivenUp): void => {
    effects.push({ kind: "settle", key, why, sent: false });
  };
  if (sending.closed) return refuse("closed");
  const room = waiting.length === 0 && hasRoom(sending, bytes);
  if (!room && waiting.length >= bounds.waitingEvents) return refuse("overloaded");
  const event = { key, lane, bytes, deadline, queuedAt: now, admitted: false, sent: false };
  sending.pending.set(key, event);
  sending.lapseFrom = Math.min(sending.lapseFrom, deadline);
  waiting.push(event);
  return undefined;
}

// Rule: AdmitWaiting.
function admitWaiting(sending: Sending, now: number): void {
  let admitted = 0;
  for (const event of sending.waiting) {
    if (!hasRoom(sending, event.bytes)) break;
    admitted += 1;
    event.queuedAt = now;
    event.admitted = true;
    sending.events += 1;
    sending.bytes += event.bytes;
    const lane = laneOf(sending, event);
    lane.queue.push(event);
    lane.bytes += event.bytes;
  }
  if (admitted > 0) sending.waiting = sending.waiting.slice(admitted);
}

type Answered = Extract<ClientInput, { kind: "answered" }>;

// Rules: SettleAnswered, SendUnderSameKey, BackOff, GoOnAfterAnswer.
function answered(
  sending: Sending,
  { lane: number, request, final, retryAfterMs }: Answered,
  { now, chance }: Moment,
  effects: ClientEffect[],
): void {
  const lane = sending.lanes[number];
  if (lane?.flight?.request !== request) return;
  const { events } = lane.flight;
  lane.flight = null;
  const over = new Set(final);
  for (const { key } of events.filter((event) => over.has(event.key)))
    if (release(sending, key)) effects.push({ kind: "settle", key, why: "answered" });
  const again = events.filter(({ key }) => sending.pending.has(key));
  lane.failures = again.length === 0 ? 0 : lane.failures + 1;
  lane.notBefore = again.length === 0 ? 0 : now + pause(sending.bounds, lane, retryAfterMs, chance);
  lane.queue = [...again, ...lane.queue];
  lane.bytes += bytesOf(again);
}

function pause(bounds: Bounds, lane: Lane, retryAfterMs: number, chance: number): number {
  // Beyond 2^30 doubling means nothing, and overflows.
  const doubled = bounds.backoffMs * 2 ** Math.min(lane.failures - 1, 30);
  const most = Math.min(bounds.backoffCapMs, doubled);
  return retryAfterMs + most / 2 + (chance * most) / 2;
}

// Rule: GiveUpAtDeadline.
function lapse(sending: Sending, now: number, effects: ClientEffect[]): void {
  if (now < sending.lapseFrom) return;
  const all = [...sending.pending.values()];
  const due = all.filter(({ deadline }) => deadline <= now).map(({ key }) => key);
  giveUp(sending, due, "deadline", effects);
  const left = [...sending.pending.values()].map(({ deadline }) => deadline);
  sending.lapseFrom = left.reduce((first, each) => Math.min(first, each), Infinity);
}

// Rule: ForgetAborted.
function giveUp(
  sending: Sending,
  keys: readonly number[],
  why: GivenUp,
  effects: ClientEffect[],
): void {
  let any = false;
  for (const key of keys) {
    const event = sending.pending.get(key);
    if (event === undefined) continue;
    any = true;
    release(sending, key);
    effects.push({ kind: "settle", key, why, sent: event.sent });
  }
  if (any) sweep(sending, effects);
}

/** Takes those that are over out of wherever they were. */
function sweep(sending: Sending, effects: ClientEffect[]): void {
  const { pending } = sending;
  const lives = ({ key }: Pending): boolean => pending.has(key);
  sending.waiting = sending.waiting.filter(lives);
  for (const lane of sending.lanes) {
    lane.queue = lane.queue.filter(lives);
    lane.bytes = bytesOf(lane.queue);
    if (lane.flight === null || lane.flight.events.some(lives)) continue;
    effects.push({ kind: "cancel", request: lane.flight.request });
    lane.flight = null;
  }
}

/** Whether the event was not over yet. */
function release(sending: Sending, key: number): boolean {
  const event = sending.pending.get(key);
  if (event === undefined) return false;
  sending.pending.delete(key);
  if (!event.admitted) return true;
  sending.events -= 1;
  sending.bytes -= event.bytes;
  return true;
}

// Rule: SendWhenDue.
function sendDue(sending: Sending, now: number, effects: ClientEffect[]): void {
  for (const [number, lane] of sending.lanes.entries()) {
    if (dueAt(sending, lane) > now) continue;
    const events = lane.queue.slice(0, fitting(sending.bounds, lane.queue));
    lane.queue = lane.queue.slice(events.length);
    lane.bytes -= bytesOf(events);
    for (const event of events) event.sent = true;
    const request = sending.requests;
    sending.requests += 1;
    lane.flight = { request, events };
    effects.push({ kind: "send", lane: number, request, keys: events.map(({ key }) => key) });
  }
}

/** When the lane may and should send; never while a request is under way or nothing waits. */
function dueAt({ bounds, flushed }: Sending, lane: Lane): number {
  const [first] = lane.queue;
  if (first === undefined || lane.flight !== null) return Infinity;
  const full = lane.queue.length >= bounds.batchEvents || lane.bytes >= bounds.batchBytes;
  const alone = full || first.sent || first.key <= flushed;
  return Math.max(lane.notBefore, alone ? 0 : first.queuedAt + bounds.lingerMs);
}

/** How many from the first fit into one request: at least one. */
function fitting(bounds: Bounds, queue: readonly Pending[]): number {
  let bytes = 0;
  for (const [count, event] of queue.entries()) {
    bytes += event.bytes;
    if (count > 0 && (count >= bounds.batchEvents || bytes > bounds.batchBytes)) return count;
  }
  return queue.length;
}

function laneOf(sending: Sending, { lane }: Pending): Lane {
  const found = sending.lanes[lane];
  if (found === undefined) throw new RangeError(`there is no lane ${lane}`);
  return found;
}

function bytesOf(events: readonly Pending[]): number {
  return events.reduce((sum, { bytes }) => sum + bytes, 0);
}
