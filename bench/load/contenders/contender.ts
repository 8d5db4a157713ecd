// What is measured, behind one interface: how it is started, what it is sent, and how its answers read.
import type { Counters } from "../counters.ts";
import type { Answer, Movement } from "../movement.ts";

/** What an answer of the contender means. */
export interface Semantics {
  /** An id has its effect once, whoever sends it again and whenever. */
  readonly idempotent: boolean;
  /** An id that comes again with another movement is told so. */
  readonly tellsReuse: boolean;
  readonly nonNegative: boolean;
  /** What is answered survives a crash of the process. */
  readonly durable: boolean;
  /** Copies that each worked it out and agreed, before the answer. */
  readonly replicas: number;
}

export interface Contender {
  readonly name: string;
  readonly title: string;
  readonly semantics: Semantics;
  /** For people: what it does not give. */
  readonly lacks: string;
  /** Movements of one request, at most. */
  readonly most: number;
  /** Why it cannot be run here; null if it can. */
  readonly missing: () => Promise<string | null>;
  start(place: Place): Promise<Running>;
}

export interface Place {
  /** Of its own, and empty. */
  readonly folder: string;
  /** What was built once for all lives. */
  readonly bundles: Bundles;
  readonly signal: AbortSignal;
  /** Where its seats are to be, where it has seats. */
  readonly regions: readonly string[];
  /** Whether its isolate is to be looked into. */
  readonly inspected: boolean;
}

/** Folders with an `index.js`, built when first asked for. */
export interface Bundles {
  assize(): Promise<string>;
  workers(): Promise<string>;
}

export interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Running {
  readonly url: string;
  /** The process whose descendants are measured with it. */
  readonly pid: number;
  /** The port of its inspector, where it was asked for and there is one. */
  readonly inspector?: number;
  /** Of what it is made of. */
  readonly versions: Readonly<Record<string, string>>;
  posted(movements: readonly Movement[]): Posted;
  /** In the order sent. Throws for an answer that is none. */
  answers(status: number, text: string, movements: readonly Movement[]): Answer[];
  /** Of items, what there is of each; null where nothing is kept. */
  stock(items: readonly string[]): Promise<Map<string, number> | null>;
  /** What a verification of all that it published finds wrong, where it publishes. */
  readonly verify?: () => Promise<string[]>;
  /** What its seats have counted so far, where it has seats that count. */
  readonly counters?: () => Promise<Counters>;
  stop(): Promise<void>;
}

/** Throws what came instead of answers. */
export function unexpected(status: number, text: string): never {
  throw new Error(`${status} ${text.slice(0, 200)}`);
}
