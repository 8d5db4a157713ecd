/** What a checker is made of, and what all of them are told of a run before it begins. */
import { decidedBy } from "./decided.ts";
import type { Decided } from "./decided.ts";
import { Violation } from "../history.ts";
import type { Checker, Fact } from "../history.ts";

export interface Options {
  readonly court: number;
  readonly mode: string;
  readonly n: number;
  readonly q: number;
  readonly f: number;
  /** Seats that may do anything, one whose evaluation is wrong among them; whatever they decide, store or say counts for nothing. */
  readonly liars: ReadonlySet<number>;
  /** Of these, the ones that compute wrongly and keep the rules all the same. */
  readonly wrong?: ReadonlySet<number>;
  /** Block digest, result digest and time that height 1 continues. */
  readonly genesis: { readonly block: string; readonly result: string; readonly time: number };
  /** Public keys by seat and by Warden. */
  readonly keys: readonly string[];
  readonly wardenKeys: readonly string[];
  readonly verify: (publicKey: string, digest: string, signature: string) => boolean;
  /** By seat: how far its clock is at most from virtual time, either way. */
  readonly skewMs: readonly number[];
  /** Wardens and clients take part, and tell what they seal and submit. */
  readonly parties: boolean;
  /** Canonical events that no two seats evaluate alike in this run; without it there are none. */
  readonly poisonous?: (event: string) => boolean;
  /** K: heights from one state root to the next. */
  readonly rootEvery: number;
  /** How long the seats remember a key, in block time: the window and the clock bound. */
  readonly retentionMs: number;
}

export type Kind = Fact["kind"];
type Handlers = {
  readonly [K in Kind]?: (fact: Extract<Fact, { kind: K }>, at: number) => void;
};

/** One checker. Its handlers throw {@link Violation}. */
export interface Part {
  readonly on?: Handlers;
  /** Each height once, rising, as the first honest seat agreed to it. */
  readonly block?: (decided: Decided, at: number) => void;
  /** Nothing more will happen. Unless all is settled, somebody may have been told of what only liars know to be decided. */
  readonly end?: (settled: boolean) => void;
}

type Handler = (fact: Fact, at: number) => void;

/** The parts as one checker; {@link Checks.end} is to be called when nothing more will happen. */
export interface Checks {
  readonly checker: Checker;
  readonly end: (settled?: boolean) => void;
}

/** Every fact goes to the parts in their order; then, if it is a new height, so does its block. */
export function together(parts: readonly Part[], liars: ReadonlySet<number>): Checks {
  const handlers = new Map<Kind, Handler[]>();
  for (const { on = {} } of parts) {
    for (const [kind, handler] of Object.entries(on)) {
      const known = handlers.get(kind as Kind) ?? [];
      handlers.set(kind as Kind, [...known, handler as Handler]);
    }
  }
  let height = 0;
  return {
    checker({ at, fact }) {
      for (const handle of handlers.get(fact.kind) ?? []) handle(fact, at);
      if (fact.kind !== "agreed" || liars.has(fact.seat)) return;
      if (fact.block.header.height !== height + 1) return;
      height += 1;
      if (parts.every(({ block }) => block === undefined)) return;
      const decided = decidedBy(fact.block);
      for (const part of parts) part.block?.(decided, at);
    },
    end(settled = true) {
      for (const part of parts) part.end?.(settled);
    },
  };
}

export function must(holds: boolean, property: string, detail: () => string): asserts holds {
  if (!holds) throw new Violation(property, detail());
}
