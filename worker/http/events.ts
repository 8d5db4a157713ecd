/** From what a client sent to events: content modes, defaults, and the envelope of CloudEvents 1.0. */
import { z } from "zod";
import { utf8Length } from "../../objects/shared/canonical.ts";
import type { Json } from "../../objects/shared/canonical.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { LedgerEvent } from "../../objects/shared/types.ts";
import { FLAW_DETAILS, readJson } from "./json.ts";
import type { Flaw } from "./json.ts";
import { attributesOf, hasAttributes } from "./binary.ts";
import { Problem } from "./problems.ts";
import type { Complaint } from "./problems.ts";
import { instantOf } from "./time.ts";

export type ContentMode = "plain" | "structured" | "batched" | "binary";

/** One event as it was sent. `flaws` lead from the event. */
export interface SentEvent {
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
}

export interface Sent {
  /** Whether the answer is an array too. */
  readonly array: boolean;
  readonly events: readonly SentEvent[];
}

const JSON_TYPE = /^[^/]+\/(?:[^/]+\+)?json$/;

/** Throws `unsupported-media-type`. */
// Rule: RefuseMediaType.
export function contentModeOf(headers: Headers): ContentMode {
  const [essence = "", ...parameters] = (headers.get("Content-Type") ?? "").split(";");
  const type = essence.trim().toLowerCase();
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter) ?? [];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw new Problem("unsupported-media-type", `The charset is utf-8, not ${charset}.`);
    }
  }
  const coding = headers.get("Content-Encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity") {
    throw new Problem("unsupported-media-type", `The content coding ${coding} is not accepted.`);
  }
  if (type === "application/cloudevents+json") return "structured";
  if (type === "application/cloudevents-batch+json") return "batched";
  if (!type.startsWith("application/cloudevents") && JSON_TYPE.test(type)) {
    if (hasAttributes(headers)) return "binary";
    if (type === "application/json") return "plain";
  }
  throw new Problem(
    "unsupported-media-type",
    "Send application/json, application/cloudevents+json, application/cloudevents-batch+json, or any JSON type with ce- headers.",
  );
}

/** Throws `malformed` or `too-large` for the request as a whole. */
// Rules: OpenRequest, KeepElement, RefuseTooLarge.
export function sentEvents(mode: ContentMode, headers: Headers, body: string): Sent {
  const { value, flaws } = json(body);
  if (mode === "binary") {
    const inData = flaws.map((flaw) => ({ ...flaw, path: ["data", ...flaw.path] }));
    return {
      array: false,
      events: [{ value: { ...attributesOf(headers), data: value }, flaws: inData }],
    };
  }
  if (mode === "batched" && !Array.isArray(value)) {
    throw new Problem("malformed", "A batch is an array of events.");
  }
  if (mode === "structured" || !Array.isArray(value)) {
    return { array: false, events: [{ value, flaws }] };
  }
  if (value.length > LIMITS.requestEvents) {
    throw new Problem("too-large", `A request has at most ${LIMITS.requestEvents} events.`);
  }
  const perEvent = Map.groupBy(flaws, (flaw) => flaw.path[0]);
  const events = value.map((event: unknown, index) => {
    const own = perEvent.get(index) ?? [];
    return { value: event, flaws: own.map((flaw) => ({ ...flaw, path: flaw.path.slice(1) })) };
  });
  return { array: true, events };
}

// Rule: RefuseMalformed.
function json(body: string) {
  try {
    return readJson(body);
  } catch (error) {
    throw new Problem(
      "malformed",
      `The body is not JSON: ${error instanceof Error ? error.message : ""}.`,
    );
  }
}

/** The `id` an event was sent with, if it can be told, so that an answer can name it. */
export function idOf({ value }: SentEvent): string | undefined {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  return typeof id === "string" && id.isWellFormed() ? id : undefined;
}

// The types of CloudEvents allow no control characters in a String.
const name = z
  .string()
  .min(1, "must not be empty")
  .regex(/^\P{Cc}*$/u, "must not hold control characters")
  .refine((text) => text.isWellFormed(), FLAW_DETAILS.text);

const timestamp = z
  .string()
  .transform((text, context) => {
    const instant = instantOf(text);
    if (instant !== null) return instant;
    context.addIssue("must be an RFC 3339 timestamp");
    return z.NEVER;
  })
  .meta({ format: "date-time" });

export const envelope = z.object({
  specversion: z.literal("1.0", 'must be "1.0"'),
  id: name,
  source: name,
  type: name,
  subject: name.optional(),
  time: timestamp.optional(),
  sentat: timestamp.optional(),
  datacontenttype: z.string().optional(),
  dataschema: z.string().optional(),
});

export interface Defaults {
  readonly mode: ContentMode;
  readonly tenant: string;
  /** Of a single event; null for those of an array. */
  readonly idempotencyKey: string | null;
}

export interface ReadEvent {
  readonly event: LedgerEvent;
  /** Unix milliseconds at which the sender first tried, or null. */
  readonly sentAt: number | null;
}

/** Only plain JSON leaves members out; a CloudEvent in any of its modes brings its own id. */
function plainDefaults(key: string | null): object {
  const defaults = { specversion: "1.0", source: "/" };
  return key === null ? defaults : { ...defaults, id: key };
}

/** The event that was sent, after defaults; throws `malformed`, `too-large` or `invalid-event`. Its domain has not seen it yet. */
// Rules: RefuseMalformedEvent, RefuseInvalidEvent.
export function readEvent(sent: SentEvent, defaults: Defaults): ReadEvent {
  const members = membersOf(sent.value);
  refuseFlaws(
    sent.flaws.filter(({ kind }) => kind === "name" || kind === "depth"),
    "malformed",
  );
  const key = defaults.idempotencyKey;
  const read = envelope.safeParse({
    ...(defaults.mode === "plain" ? plainDefaults(key) : {}),
    ...members.attributes,
  });
  if (!read.success)
    throw new Problem("malformed", "The event is not a CloudEvent.", complaintsOf(read.error));
  const { id, source, type, subject, time, sentat, datacontenttype } = read.data;
  if (key !== null && key !== id)
    throw new Problem("malformed", "The Idempotency-Key is not the event's id.");
  if (members.base64) refuse("/data_base64", "must be given as JSON in data");
  if (members.data === undefined)
    throw new Problem("malformed", "The event has no data.", [
      { pointer: "/data", detail: "is missing" },
    ]);
  refuseLarge(sent.value, id, source);
  if (
    datacontenttype !== undefined &&
    !JSON_TYPE.test(datacontenttype.split(";")[0]?.trim().toLowerCase() ?? "")
  ) {
    refuse("/datacontenttype", "must be a JSON type");
  }
  refuseFlaws(
    sent.flaws.filter(({ path }) => path[0] === "data"),
    "invalid-event",
  );
  const event = {
    tenant: defaults.tenant,
    source,
    id,
    type,
    ...(subject === undefined ? {} : { subject }),
    ...(time === undefined ? {} : { time: time.text }),
    ...(sentat === undefined ? {} : { sentat: sentat.text }),
    data: members.data,
  };
  return { event, sentAt: sentat?.ms ?? null };
}

/** The JSON format of CloudEvents treats an attribute that is null as one that is not there. */
function membersOf(value: unknown) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Problem("malformed", "An event is a JSON object.");
  }
  const { data, data_base64: base64, ...attributes } = value as { readonly [name: string]: Json };
  return {
    attributes: Object.fromEntries(
      Object.entries(attributes).filter(([, member]) => member !== null),
    ),
    data,
    base64: base64 !== undefined && base64 !== null,
  };
}

// Rule: RefuseLargeEvent.
function refuseLarge(value: unknown, id: string, source: string): void {
  for (const [pointer, text] of [
    ["/id", id],
    ["/source", source],
  ] as const) {
    if (utf8Length(text) <= LIMITS.nameBytes) continue;
    const detail = `has at most ${LIMITS.nameBytes} bytes`;
    throw new Problem("too-large", "A name is too long.", [{ pointer, detail }]);
  }
  // Without its white space, so that the same event is not too large in one layout only.
  if (utf8Length(JSON.stringify(value)) > LIMITS.eventBytes) {
    throw new Problem("too-large", `An event has at most ${LIMITS.eventBytes} bytes.`);
  }
}

function refuse(pointer: string, detail: string): never {
  throw new Problem("invalid-event", "The event cannot be taken.", [{ pointer, detail }]);
}

function refuseFlaws(flaws: readonly Flaw[], slug: "malformed" | "invalid-event"): void {
  if (flaws.length === 0) return;
  const complaints = flaws
    .slice(0, LIMITS.validationErrors)
    .map(({ kind, path }) => ({ pointer: pointerOf(path), detail: FLAW_DETAILS[kind] }));
  throw new Problem(slug, "The event cannot be kept as it was sent.", complaints);
}

export function complaintsOf(error: z.ZodError): Complaint[] {
  return error.issues
    .slice(0, LIMITS.validationErrors)
    .map(({ path, message }) => ({ pointer: pointerOf(path), detail: message }));
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
