/** What a user of the client imports. */
export { AssizeClient } from "./client.ts";
export type { Asked, EventKey, PageOptions, StreamOptions } from "./client.ts";
export type { Bounds } from "./core/state.ts";
export { AssizeError } from "./errors.ts";
export type { Problem, SentKey } from "./errors.ts";
export type { ClientOptions } from "./options.ts";
export type { Streamed } from "./stream.ts";
export type {
  Change,
  CloudEvent,
  EntityDocument,
  EventDocument,
  EventMap,
  EventsOf,
  InventoryEvents,
  Json,
  Outcome,
  Receipt,
  Submission,
  VersionDocument,
} from "./types.ts";
export { verified as verifyProof } from "./verify/proof.ts";
export type { Flaw, Known, Step, Verification } from "./verify/proof.ts";
