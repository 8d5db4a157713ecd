/** What is planted in a ledger must be found, and first of all where it is. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Flaw } from "../bench/verify/flaws.ts";
import type { Block, Entry, Writ } from "../objects/shared/types.ts";
import type { Annals, Lies } from "./kit/annals.ts";
import { ended, goingOn, shown, verified } from "./kit/shown.ts";
import type { Shown } from "./kit/shown.ts";
import { story } from "./kit/story.ts";

let truth: Annals;
let told: readonly Shown[];
beforeAll(() => {
  truth = story();
  told = shown(truth);
});
const copy = (): Shown[] => structuredClone(told) as Shown[];

/** What is planted: by liars before the signing, or by whoever shows the records; and where it must be found first. */
interface Planted {
  readonly lies?: { readonly [height: number]: Lies };
  readonly edit?: (records: Shown[]) => Shown[] | void;
  readonly found: Partial<Flaw>;
}

const replacing = (index: number, from: string, to: string): Lies => ({
  outcomes: (texts) =>
    texts.map((text, at) => {
      if (at !== index) return text;
      expect(text).toContain(from);
      return text.replace(from, to);
    }),
});
const blockAt = (records: Shown[], height: number): Block =>
  records.find(({ block }) => block?.header.height === height)?.block;
const entityOf = (records: Shown[], name: string): Shown =>
  records.find(({ entity }) => entity?.entity === name);
const eventAt = (records: Shown[], height: number, index: number): Shown =>
  records.find(({ event }) => event?.receipt.height === height && event.receipt.index === index);
const heightOf = ({ block, event }: Shown): number =>
  block?.header.height ?? event?.receipt.height ?? 0;
const without = (records: Shown[], one: Shown): Shown[] => records.filter((each) => each !== one);

const outcomes: Record<string, Planted> = {
  "an after-state that a quorum of liars signed": {
    lies: { 2: replacing(1, '"onHand":80', '"onHand":81') },
    found: { kind: "outcome", height: 2, index: 1, entity: "stock/a@w1" },
  },
  "an acceptance told as a rejection": {
    lies: { 5: { outcomes: ([, ...rest]) => [rejectedOutcome("s1"), ...rest] } },
    found: { kind: "outcome", height: 5, index: 0 },
  },
  "a version that skips one": {
    lies: { 6: replacing(0, '"version":3', '"version":4') },
    found: { kind: "outcome", height: 6, index: 0, entity: "stock/s@w1" },
  },
  "an expiry left out": {
    lies: { 4: { outcomes: (texts) => texts.slice(1) } },
    found: { kind: "outcome", height: 4, index: 0, entity: "reservation/r3@a" },
  },
  "expiries in another order": {
    lies: { 4: { outcomes: ([one = "", two = "", ...rest]) => [two, one, ...rest] } },
    found: { kind: "outcome", height: 4, index: 0 },
  },
  "an expiry that nothing brought": {
    lies: { 14: { outcomes: ([one = ""]) => [one, one] } },
    found: { kind: "outcome", height: 14, index: 1 },
  },
  "an effect of an event that came twice": {
    lies: { 3: { outcomes: doubled } },
    found: { kind: "outcome", height: 3, index: 0 },
  },
  "a key used again with another event, and told as new": {
    lies: { 3: replacing(1, "key_reused", "overflow") },
    found: { kind: "outcome", height: 3, index: 1 },
  },
  "a key whose window is over, told as used": {
    lies: { 13: { outcomes: ([, second = ""]) => [second, second] } },
    found: { kind: "outcome", height: 13, index: 0 },
  },
  "a reason in other words": {
    lies: { 2: replacing(3, "999 asked", "998 asked") },
    found: { kind: "outcome", height: 2, index: 3 },
  },
  "another reason for an event beyond deciding": {
    lies: { 11: replacing(0, "nondeterministic", "unable") },
    found: { kind: "outcome", height: 11, index: 0 },
  },
  "an outcome of a control that is about another key": {
    lies: { 7: replacing(0, "clerk/3", "clerk/2") },
    found: { kind: "outcome", height: 7, index: 0 },
  },
  "another root of the state": {
    lies: { 8: { result: (result) => ({ ...result, state: "ab".repeat(32) }) } },
    found: { kind: "state-root", height: 8 },
  },
  "no root of the state where one belongs": {
    lies: { 12: { result: (result) => ({ ...result, state: null }) } },
    found: { kind: "state-root", height: 12 },
  },
  "a root of the state where none belongs": {
    lies: { 5: { result: (result) => ({ ...result, state: "ab".repeat(32) }) } },
    found: { kind: "state-root", height: 5 },
  },
};

function rejectedOutcome(id: string): string {
  const reason = { code: "overflow", detail: "too much" };
  return JSON.stringify({
    changes: [],
    id,
    reason,
    source: "/",
    status: "rejected",
    tenant: "dev",
    type: "stock.received",
  });
}

function doubled([first = "", ...rest]: readonly string[]): string[] {
  const { tenant, source, id, type, fingerprint } = JSON.parse(first) as Record<string, string>;
  const changes = [{ entity: "stock/a@w1", state: { onHand: 180, reserved: 20 }, version: 5 }];
  const again = { changes, fingerprint, id, source, status: "accepted", tenant, type };
  return [JSON.stringify(again), ...rest];
}

const only = (change: (entry: Entry) => Entry): Lies => ({ entries: (all) => all.map(change) });
const writOf = (change: (writ: Writ) => Partial<Writ>): Lies =>
  only((entry) => ({ ...entry, writ: { ...entry.writ, ...change(entry.writ) } }));
/** By the Warden itself. */
const sealedAnew = (change: (writ: Writ) => Partial<Writ>): Lies => ({
  entries: (all, annals) =>
    all.map((entry) => ({
      ...entry,
      writ: annals.sealed({ ...entry.writ, ...change(entry.writ) }),
    })),
});

const chains: Record<string, Planted> = {
  "a parent that is not the block below": {
    lies: { 6: { header: (header) => ({ ...header, parent: "ab".repeat(32) }) } },
    found: { kind: "chain", height: 6, found: "ab".repeat(32) },
  },
  "a result on another result": {
    lies: { 6: { result: (result) => ({ ...result, prior: "ab".repeat(32) }) } },
    found: { kind: "chain", height: 6, found: "ab".repeat(32) },
  },
  "a time that does not grow": {
    lies: { 6: { header: (header) => ({ ...header, time: header.time - 1000 }) } },
    found: { kind: "time", height: 6 },
  },
  "an epoch that is not the height's": {
    lies: { 8: { header: (header) => ({ ...header, epoch: 1 }) } },
    found: { kind: "control", height: 8 },
  },
  "a version of the domain that nobody decided": {
    lies: { 6: { header: (header) => ({ ...header, domainVersion: 2 }) } },
    found: { kind: "control", height: 6, expected: "1", found: "2" },
  },
  "an event passed over": {
    lies: { 5: only((entry) => ({ ...entry, first: 1, count: 1 })) },
    found: { kind: "writ", height: 5 },
  },
  "an event decided twice": {
    lies: { 6: only((entry) => ({ ...entry, first: 1, count: 3 })) },
    found: { kind: "writ", height: 6 },
  },
  "a writ's number passed over": {
    lies: { 10: sealedAnew(({ number }) => ({ number: number + 1 })) },
    found: { kind: "writ", height: 10 },
  },
  "a seal that is not its Warden's": {
    lies: { 10: writOf(() => ({ seal: "ab".repeat(64) })) },
    found: { kind: "seal", height: 10 },
  },
  "a writ for another court": {
    lies: { 10: sealedAnew(() => ({ court: 1 })) },
    found: { kind: "writ", height: 10 },
  },
  "a poison proof that lacks a seat": {
    lies: { 11: only(fewer) },
    found: { kind: "poison", height: 11 },
  },
  "too few who were unable": {
    lies: { 12: only(fewer) },
    found: { kind: "poison", height: 12 },
  },
  "a poison proof of another event": {
    lies: {
      12: {
        entries: ([entry]) => (entry === undefined ? [] : [{ ...entry, poison: truthPoison() }]),
      },
    },
    found: { kind: "poison", height: 12 },
  },
  "a key for a seat that there is not": {
    lies: { 7: { header: withControl(() => ({ officer: { kind: "clerk", seat: 9 } })) } },
    found: { kind: "control", height: 7 },
  },
  "a key that another holds": {
    lies: { 9: { header: withControl(keyOfAnother) } },
    found: { kind: "control", height: 9 },
  },
  "too few signatures": {
    lies: { 6: { signers: [0, 1] } },
    found: { kind: "certificate", height: 6, found: "2 of 2" },
  },
  "one seat that signs thrice": {
    lies: { 6: { signers: [0, 1, 1, 1] } },
    found: { kind: "certificate", height: 6, found: "2 of 4" },
  },
};

function fewer(entry: Entry): Entry {
  const { poison } = entry;
  if (poison?.reason === "unable")
    return { ...entry, poison: { ...poison, rejects: poison.rejects.slice(1) } };
  return poison === undefined
    ? entry
    : { ...entry, poison: { ...poison, prepares: poison.prepares.slice(1) } };
}

function withControl(change: (annals: Annals) => object): NonNullable<Lies["header"]> {
  return (header, annals) => {
    const control = { ...header.control, ...change(annals) } as typeof header.control;
    return { ...header, control };
  };
}

function keyOfAnother({ genesis: { document } }: Annals): object {
  return { officer: { kind: "clerk", seat: 2 }, key: document.keys["annals/clerk/0/0"] };
}

function truthPoison() {
  const [entry] = blockAt(copy(), 11).entries;
  if (entry?.poison === undefined) throw new Error("height 11 has a proof");
  return entry.poison;
}

const shows: Record<string, Planted> = {
  "a genesis that a seat did not sign": {
    edit: ([head]) => {
      head.genesis.signatures["annals/clerk/0/2"] = "ab".repeat(64);
    },
    found: { kind: "genesis" },
  },
  "a genesis of another time": {
    edit: ([head]) => {
      head.genesis.document.time += 1;
    },
    found: { kind: "genesis" },
  },
  "a genesis of seats that no mode has": {
    edit: ([head, ...rest]) => {
      head.genesis.document.seats = 5;
      return [head, ...rest];
    },
    found: { kind: "genesis" },
  },
  "a block that is not there": {
    edit: (records) => records.filter((each) => heightOf(each) !== 5),
    found: { kind: "chain", court: 0, height: 5 },
  },
  "two blocks that changed places": {
    edit: (records) => {
      const [one, other] = [5, 6].map((height) =>
        records.find(({ block }) => block?.header.height === height),
      );
      [one.block, other.block] = [other.block, one.block];
    },
    found: { kind: "chain", court: 0, height: 5 },
  },
  "a block that is none": {
    edit: (records) => {
      (blockAt(records, 5) as Shown).result.count = -1;
    },
    found: { kind: "shape", height: 5 },
  },
  "an outcome that nobody signed": {
    edit: (records) => {
      const { outcomes: texts } = blockAt(records, 5) as Shown;
      texts[0] = texts[0].replace('"onHand":1', '"onHand":2');
    },
    found: { kind: "digest", height: 5 },
  },
  "an event that was not sealed so": {
    edit: (records) => {
      const { events } = (blockAt(records, 10) as Shown).entries[0].writ;
      events[0] = events[0].replace('"quantity":5', '"quantity":6');
    },
    found: { kind: "digest", height: 10 },
  },
  "a certificate of another block": {
    edit: (records) => {
      (blockAt(records, 5) as Shown).certificate = blockAt(records, 6).certificate;
    },
    found: { kind: "digest", height: 5 },
  },
  "an event that is not listed": {
    edit: (records) => without(records, eventAt(records, 2, 1)),
    found: { kind: "served", height: 2, index: 1 },
  },
  "the last event of a block not listed": {
    edit: (records) => without(records, eventAt(records, 2, 4)),
    found: { kind: "served", height: 2, index: 4 },
  },
  "an event that is listed twice": {
    edit: (records) =>
      records.flatMap((each) => (each === eventAt(records, 2, 1) ? [each, each] : [each])),
    found: { kind: "served", height: 2, index: 1 },
  },
  "an event that is listed otherwise": {
    edit: (records) => {
      eventAt(records, 2, 1).event.event.data.quantity = 21;
    },
    found: { kind: "served", height: 2, index: 1 },
  },
  "an entity in another state": {
    edit: (records) => {
      entityOf(records, "stock/a@w2").entity.state.onHand += 1;
    },
    found: { kind: "served", height: 2, entity: "stock/a@w2" },
  },
  "an entity as it was": {
    edit: (records) => {
      entityOf(records, "stock/s@w1").entity = {
        entity: "stock/s@w1",
        version: 3,
        state: { onHand: 3, reserved: 0 },
        height: 6,
      };
    },
    found: { kind: "served", height: 6, entity: "stock/s@w1" },
  },
  "an entity that is not listed": {
    edit: (records) =>
      without(records, entityOf(records, "reservation/r2@b")).filter(
        ({ version }) => version?.entity !== "reservation/r2@b",
      ),
    found: { kind: "served", height: 2, entity: "reservation/r2@b" },
  },
  "an entity that nothing made": {
    edit: (records) => {
      const extra = {
        entity: "stock/zz@w1",
        version: 1,
        state: { onHand: 1, reserved: 0 },
        height: 3,
      };
      records.push({ record: "entity", entity: extra, history: false });
    },
    found: { kind: "served", height: 3, entity: "stock/zz@w1" },
  },
  "a history that lacks a version": {
    edit: (records) =>
      without(
        records,
        records.find(({ version }) => version?.entity === "stock/s@w1" && version.version === 2),
      ),
    found: { kind: "served", entity: "stock/s@w1" },
  },
  "a history with another state": {
    edit: (records) => {
      records.find(
        ({ version }) => version?.entity === "stock/s@w1" && version.version === 2,
      ).version.state.onHand = 7;
    },
    found: { kind: "served", entity: "stock/s@w1" },
  },
  "a word that its seat did not give": {
    edit: ([head]) => {
      head.courts[0].words[3].signature = head.courts[0].words[2].signature;
    },
    found: { kind: "attestation", height: 20 },
  },
  "a height announced below what the seats vouch for": {
    edit: (records) => {
      const [{ courts }] = records;
      const [head, ...rest] = goingOn(truth, 18);
      head.courts[0].words = courts[0].words;
      return [head, ...rest];
    },
    found: { kind: "attestation", height: 18, expected: "20", found: "18" },
  },
};

function firstFlaw({ lies, edit }: Planted): Flaw | undefined {
  const records = lies === undefined ? copy() : shown(story(lies));
  return verified(ended(edit?.(records) ?? records)).flaws.listed[0];
}

describe("a ledger with one thing wrong", () => {
  it.each(Object.entries(outcomes))(
    "FindOtherOutcome, FindOtherRoot: is refused there for %s",
    (_, planted) => {
      expect(firstFlaw(planted)).toMatchObject(planted.found);
    },
  );

  it.each(Object.entries(chains))(
    "FindBrokenChain, FindUnsigned: is refused there for %s",
    (_, planted) => {
      expect(firstFlaw(planted)).toMatchObject(planted.found);
    },
  );

  it.each(Object.entries(shows))(
    "FindServedOtherwise, FindOtherWord: is refused there for %s",
    (_, planted) => {
      expect(firstFlaw(planted)).toMatchObject(planted.found);
    },
  );
});
