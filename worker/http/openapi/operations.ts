/** Every operation of the contract, in the order of its page. */
import { z } from "zod";
import { chosen } from "../../../objects/arbiter/domains/shipped.ts";
import { registryOf } from "../../../objects/arbiter/registry.ts";
import type { Deployment } from "../../../objects/shared/config.ts";
import { OPENMETRICS } from "../../metrics.ts";
import type { Scope } from "../access.ts";
import { ledgerFault, seatFault, wardenFault } from "../fault-shapes.ts";
import type { Slug } from "../problems.ts";
import {
  entitiesQuery,
  entityQuery,
  eventQuery,
  eventsQuery,
  historyQuery,
  incidentsQuery,
  streamQuery,
} from "../queries.ts";
import { bodiesOf } from "./bodies.ts";
import type { Bodies } from "./bodies.ts";
import * as shapes from "./shapes.ts";

export interface Answered {
  readonly description: string;
  /** Of its media type; none where there is no body. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: "get" | "post";
  /** As it is routed: `/v1/events/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: "Submit" | "Read" | "Operate" | "Watch" | "Contract";
  /** Null: open to everybody. */
  readonly scope: Scope | null;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, z.ZodType>>;
  readonly answers: Readonly<Record<number, Answered>>;
  /** Beside those of access. */
  readonly problems?: readonly Slug[];
}

const JSON_TYPE = "application/json";
const ok = (description: string, schema: z.ZodType): Record<number, Answered> => ({
  200: { description, content: { [JSON_TYPE]: schema } },
});
const accepted = (description: string, schema: z.ZodType): Record<number, Answered> => ({
  202: { description, content: { [JSON_TYPE]: schema } },
});
const text = z.string();

export function operationsOf({ courts, quorum, faultInjection, domains }: Deployment): Operation[] {
  return [
    submission(bodiesOf(registryOf(chosen(domains)))),
    ...eventReads(courts),
    ...entityReads,
    ...courtReads(quorum.n),
    ...orders,
    ...(faultInjection ? faults : []),
    ...open,
  ];
}

const submission = ({ event, events, structured, batch, binaryData }: Bodies): Operation => ({
  method: "post",
  path: "/v1/events",
  summary: "Submit an event, or an array of them",
  tag: "Submit",
  scope: "submit",
  headers: {
    "Idempotency-Key": "The id of a single event that has none.",
    Prefer: "respond-async: the answer comes as soon as it is kept.",
    "ce-id": "This and the other ce- headers make the binary content mode: the body is the data.",
    "ce-source": "Of the binary content mode.",
    "ce-type": "Of the binary content mode.",
  },
  body: {
    [JSON_TYPE]: z.union([event, events, binaryData]),
    "application/cloudevents+json": structured,
    "application/cloudevents-batch+json": batch,
  },
  answers: {
    200: {
      description: "What each event came to; the same again for a key that was used before.",
      content: { [JSON_TYPE]: z.union([shapes.outcome, shapes.elements]) },
      headers: { "Idempotent-Replayed": "true where a single event was decided before." },
    },
    202: {
      description: "Kept, and not waited for.",
      content: { [JSON_TYPE]: z.union([shapes.promised, shapes.elements]) },
      headers: { Location: "Where the outcome will be.", "Preference-Applied": "respond-async" },
    },
  },
  problems: [
    "malformed",
    "too-large",
    "unsupported-media-type",
    "invalid-event",
    "key-reused",
    "too-old",
    "overloaded",
    "no-quorum",
    "pending",
  ],
});

const eventReads = (courts: number): Operation[] => [
  {
    method: "get",
    path: "/v1/events",
    summary: "Published events in order, in pages",
    tag: "Read",
    scope: "read",
    query: eventsQuery(courts),
    answers: ok("A page.", shapes.pageOf(shapes.found)),
    problems: ["malformed", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/events/stream",
    summary: "Published events as they come, as server-sent events",
    tag: "Read",
    scope: "read",
    query: streamQuery(courts),
    headers: { "Last-Event-ID": "`<height>.<index>`: what follows it is sent." },
    answers: {
      200: {
        description:
          "One message an event: `id: <height>.<index>`, and the event as a single read shows it. A comment comes every 15 s. The stream ends by itself after some minutes: come back with the last id.",
        content: { "text/event-stream": text },
      },
    },
    problems: ["malformed", "overloaded", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/events/:id",
    summary: "One event, what it came to, and whether it is published",
    tag: "Read",
    scope: "read",
    query: eventQuery,
    answers: ok("The latest use of the key.", shapes.found),
    problems: ["malformed", "not-found", "no-quorum"],
  },
];

const entityReads: Operation[] = [
  {
    method: "get",
    path: "/v1/entities",
    summary: "Current states from the ledger, in pages",
    tag: "Read",
    scope: "read",
    query: entitiesQuery,
    answers: ok("A page.", shapes.pageOf(shapes.entity)),
    problems: ["malformed", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/entities/:type/:id",
    summary: "The state of one entity",
    tag: "Read",
    scope: "read",
    query: entityQuery,
    headers: { "If-None-Match": "ETags that the client has." },
    answers: {
      200: {
        description: "Its version, state, and a height at which that was agreed.",
        content: { [JSON_TYPE]: shapes.entity },
        headers: { ETag: "The version, quoted." },
      },
      304: {
        description: "The client has this version.",
        headers: { ETag: "The version, quoted." },
      },
    },
    problems: ["malformed", "not-found", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/entities/:type/:id/history",
    summary: "Every version, with the event that made it",
    tag: "Read",
    scope: "read",
    query: historyQuery,
    answers: ok("A page.", shapes.pageOf(shapes.entityVersion)),
    problems: ["malformed", "not-found", "no-quorum"],
  },
];

const courtReads = (seats: number): Operation[] => [
  {
    method: "get",
    path: "/v1/courts",
    summary: "Every court",
    tag: "Read",
    scope: "read",
    answers: ok("All of them.", z.strictObject({ items: z.array(shapes.court) })),
    problems: ["no-quorum"],
  },
  {
    method: "get",
    path: "/v1/courts/:court",
    summary: "One court and its members",
    tag: "Read",
    scope: "read",
    answers: ok("As enough of its seats say.", shapes.court),
    problems: ["not-found", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/courts/:court/attestations",
    summary: "How far the ledger is published, as the seats signed it",
    tag: "Read",
    scope: "read",
    answers: ok(
      "The latest word of each seat.",
      z.strictObject({ items: z.array(shapes.attestation) }),
    ),
    problems: ["not-found", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/courts/:court/blocks/:height",
    summary: "A block and its certificate",
    tag: "Operate",
    scope: "operate",
    answers: ok("Enough to verify it offline.", shapes.block),
    problems: ["not-found", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/courts/:court/incidents",
    summary: "What the seats saw go wrong, with its evidence",
    tag: "Operate",
    scope: "operate",
    query: incidentsQuery(seats),
    answers: ok("A page.", shapes.pageOf(shapes.incident)),
    problems: ["malformed", "not-found", "no-quorum"],
  },
  {
    method: "get",
    path: "/v1/genesis",
    summary: "The genesis with the signatures of all seats",
    tag: "Read",
    scope: "read",
    answers: ok("What everything is verified from.", shapes.genesis),
    problems: ["no-quorum"],
  },
  {
    method: "get",
    path: "/v1/token",
    summary: "As whom one reads",
    tag: "Read",
    scope: "read",
    answers: ok("Name, tenant and scopes.", shapes.token),
  },
];

const orders: Operation[] = [
  {
    method: "post",
    path: "/v1/courts/:court/members/:seat/rebuild",
    summary: "Have a seat take its entity state anew",
    tag: "Operate",
    scope: "operate",
    answers: accepted("Ordered.", shapes.rebuilding),
    problems: ["not-found", "no-quorum"],
  },
  {
    method: "post",
    path: "/v1/courts/:court/members/:seat/readmit",
    summary: "Take in a seat that lost its storage, with its new key",
    tag: "Operate",
    scope: "operate",
    answers: accepted("Ordered.", shapes.ordered),
    problems: ["not-found", "no-quorum"],
  },
  {
    method: "post",
    path: "/v1/wardens/:warden/readmit",
    summary: "Take in a Warden that lost its storage, with its new key",
    tag: "Operate",
    scope: "operate",
    answers: accepted("Ordered.", shapes.orderedWarden),
    problems: ["not-found", "no-quorum"],
  },
];

const injected = (
  schema: z.ZodType,
  place: z.ZodRawShape,
): Pick<Operation, "body" | "answers" | "problems"> => ({
  body: { [JSON_TYPE]: schema },
  answers: ok("Injected.", z.intersection(z.object(place), schema)),
  problems: ["malformed", "not-found", "unsupported-media-type", "no-quorum"],
});

/** Where FAULT_INJECTION is on. */
const faults: Operation[] = [
  {
    method: "post",
    path: "/v1/courts/:court/members/:seat/fault",
    summary: "Break a seat on purpose",
    tag: "Operate",
    scope: "operate",
    ...injected(seatFault, { court: z.int(), seat: z.int() }),
  },
  {
    method: "post",
    path: "/v1/wardens/:warden/fault",
    summary: "Break a Warden on purpose",
    tag: "Operate",
    scope: "operate",
    ...injected(wardenFault, { warden: z.int() }),
  },
  {
    method: "post",
    path: "/v1/ledger/fault",
    summary: "Break the ledger on purpose",
    tag: "Operate",
    scope: "operate",
    ...injected(ledgerFault, {}),
  },
];

const open: Operation[] = [
  {
    method: "get",
    path: "/metrics",
    summary: "What is measured of courts, seats and Wardens",
    tag: "Watch",
    scope: "read",
    answers: { 200: { description: "OpenMetrics text.", content: { [OPENMETRICS]: text } } },
  },
  {
    method: "get",
    path: "/v1/live",
    summary: "Whether it serves",
    tag: "Watch",
    scope: null,
    answers: ok("It does.", shapes.live),
  },
  {
    method: "get",
    path: "/v1/ready",
    summary: "Whether every court can agree",
    tag: "Watch",
    scope: null,
    answers: ok("Every court can.", shapes.ready),
    problems: ["no-quorum"],
  },
  {
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    tag: "Contract",
    scope: null,
    answers: ok("OpenAPI 3.1.", z.record(z.string(), z.unknown())),
  },
  {
    method: "get",
    path: "/docs",
    summary: "This description for people",
    tag: "Contract",
    scope: null,
    answers: { 200: { description: "A page.", content: { "text/html": text } } },
  },
];
