/** Reads requests as the Usher does, up to where the domain would see them. */
import type { LedgerEvent } from "../../objects/shared/types.ts";
import { contentModeOf, readEvent, sentEvents } from "../../worker/http/events.ts";
import type { Defaults } from "../../worker/http/events.ts";
import { idempotencyKeyOf } from "../../worker/http/preferences.ts";
import { Problem } from "../../worker/http/problems.ts";
import type { Slug } from "../../worker/http/problems.ts";

export function problemOf(step: () => unknown): Problem {
  try {
    step();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("no problem was found");
}

export const slugOf = (step: () => unknown): Slug => problemOf(step).slug;

export const json = { "Content-Type": "application/json" };
export const cloudEvent = { "Content-Type": "application/cloudevents+json" };
export const batch = { "Content-Type": "application/cloudevents-batch+json" };
export const received = { item: "sku-1", warehouse: "w1", quantity: 3 };
export const event = { id: "m-1", type: "stock.received", data: received };

/** The events of a request, or the problem of each, as the Usher reads them before the domain does. */
export function read(body: unknown, headers: Record<string, string> = json) {
  const all = new Headers(headers);
  const mode = contentModeOf(all);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const sent = sentEvents(mode, all, text);
  const defaults: Defaults = {
    mode,
    tenant: "dev",
    idempotencyKey: sent.array ? null : idempotencyKeyOf(all),
  };
  return sent.events.map((each): LedgerEvent | Problem => {
    try {
      return readEvent(each, defaults).event;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  });
}

export function only(body: unknown, headers?: Record<string, string>): LedgerEvent {
  const [first] = read(body, headers);
  if (first === undefined || first instanceof Problem) throw first ?? new Error("no event");
  return first;
}

export const refusalOf = (body: unknown, headers?: Record<string, string>) =>
  problemOf(() => only(body, headers));
