/** Driving writs, watching a court and finding the genesis, against seats told what to say and a clock moved by hand. */
import { describe, expect, it } from "vitest";
import { canonical } from "../objects/shared/canonical.ts";
import type { Genesis } from "../objects/shared/genesis.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { quorumOf } from "../objects/shared/quorum.ts";
import { Refused } from "../objects/shared/rpc.ts";
import type { SeatStatus } from "../objects/shared/rpc.ts";
import type { LedgerEvent, Writ } from "../objects/shared/types.ts";
import { Book } from "../objects/warden/core/book.ts";
import { roundOf } from "../objects/warden/core/rounds.ts";
import type { Settlement } from "../objects/warden/core/settlement.ts";
import { Drive } from "../objects/warden/drive.ts";
import { findGenesis } from "../objects/warden/genesis.ts";
import type { Court } from "../objects/warden/ports.ts";
import { Waiting } from "../objects/warden/waiting.ts";
import { Watch } from "../objects/warden/watch.ts";
import { HandClock, settle } from "./kit/hand-clock.ts";
import { answerOf, partOf, SignedCourt, whole } from "./kit/signed-court.ts";

const eventOf = (id: string): LedgerEvent => ({
  tenant: "dev",
  source: "/",
  id,
  type: "stock.counted",
  data: null,
});
const writOf = (number: number): Writ => ({
  court: 0,
  warden: 0,
  number,
  events: [canonical(eventOf(`e-${number}`))],
  seal: "",
});
const never = (): Promise<string> => new Promise(() => undefined);

/** What a seat does when it is given a writ. */
type Says = "decides" | "refuses once" | "undecided" | "silent" | "refuses" | "throws" | "lies";

class Seats implements Court {
  readonly court = new SignedCourt(0);
  readonly given: { seat: number; writ: string }[] = [];
  says: Says[];
  view = 0;
  /** Of the Warden's, under whatever number. */
  held: readonly Writ[] = [];
  readonly #decided = new Map<number, string>();

  constructor(...says: Says[]) {
    this.says = says;
  }

  submit(seat: number, text: string): Promise<string> {
    this.given.push({ seat, writ: text });
    switch (this.says[seat] ?? "silent") {
      case "decides":
        return Promise.resolve(this.#answer(JSON.parse(text) as Writ));
      case "undecided":
        return Promise.resolve(answerOf());
      case "lies":
        return Promise.resolve(
          this.#answer(JSON.parse(text) as Writ).replaceAll("accepted", "rejected"),
        );
      case "refuses once":
        this.says[seat] = "decides";
        return Promise.reject(new Error("restarting"));
      case "refuses":
        return Promise.reject(new Error("down"));
      case "throws":
        throw new Error("no stub");
      case "silent":
        return never();
    }
  }

  status(): Promise<string> {
    return never();
  }

  terms(): Promise<string> {
    return never();
  }

  writs(): Promise<string> {
    return Promise.resolve(JSON.stringify({ decided: 0, writs: this.held }));
  }

  seats(from = 0): number[] {
    return this.given.slice(from).map(({ seat }) => seat);
  }

  #answer(writ: Writ): string {
    const known = this.#decided.get(writ.number);
    const answer =
      known ?? answerOf(partOf(this.court.decide([whole(writ)], { view: this.view }), 0));
    this.#decided.set(writ.number, answer);
    return answer;
  }
}

function driving(...says: Says[]): {
  seats: Seats;
  clock: HandClock;
  drive: Drive;
  settled: [number, readonly Settlement[]][];
  dropped: [number, number][];
  replaced: [Writ, readonly Settlement[]][];
} {
  const seats = new Seats(...says);
  const clock = new HandClock();
  const settled: [number, readonly Settlement[]][] = [];
  const dropped: [number, number][] = [];
  const replaced: [Writ, readonly Settlement[]][] = [];
  const keys = seats.court.courtKeys();
  const drive = new Drive(seats, keys, clock, {
    decided: (writ, settlements) => settled.push([writ.number, settlements]),
    decidedInstead: (instead, settlements) => replaced.push([instead, settlements]),
    ours: (text) => (JSON.parse(text) as { writs: Writ[] }).writs,
    unproven: (seat, _, count) => dropped.push([seat, count]),
    terms: () => undefined,
  });
  return { seats, clock, drive, settled, dropped, replaced };
}

describe("driving", () => {
  it("gives a writ to the believed leader only, and is done with its proven answer", async () => {
    const { seats, clock, drive, settled } = driving("decides", "decides", "decides", "decides");
    await drive.drive(writOf(1));
    expect(seats.seats()).toEqual([0]);
    expect(settled).toMatchObject([[1, [{ kind: "settled", height: 1 }]]]);
    await clock.advance(60_000);
    expect(seats.seats()).toEqual([0]);
  });

  it("AdoptDecidedWrit: a number that was decided otherwise is settled as it was, where the other writ is the Warden's own", async () => {
    const { seats, drive, settled, replaced, dropped } = driving("decides");
    const first = writOf(1);
    const second = { ...first, events: [canonical(eventOf("another"))] };
    await drive.drive(first);
    // Shown beside one that was never decided, and the one that is driven.
    seats.held = [second, { ...first, events: [canonical(eventOf("a third"))] }, first];
    await drive.drive(second);
    expect(settled.map(([number]) => number)).toEqual([1]);
    expect(replaced).toMatchObject([[first, [{ kind: "settled", height: 1 }]]]);
    expect(dropped).toEqual([]);
  });

  it("DropUnprovenAnswer: of a writ that the Warden never sealed nothing is taken for it", async () => {
    const { seats, clock, drive, settled, replaced, dropped } = driving("decides");
    await drive.drive(writOf(1));
    void drive.drive({ ...writOf(1), events: [canonical(eventOf("another"))] });
    await clock.advance(LIMITS.writSilenceMs);
    expect(seats.held).toEqual([]);
    expect([settled.length, replaced.length]).toEqual([1, 0]);
    expect(dropped.length).toBeGreaterThan(0);
  });

  it("takes the leader from the certificate's view, not from a seat's word", async () => {
    const { seats, drive } = driving("decides", "decides", "decides", "decides");
    seats.view = 6;
    await drive.drive(writOf(1));
    await drive.drive(writOf(2));
    expect(seats.seats()).toEqual([0, 2]);
  });

  it("GiveSilentWritToEverySeat: after its silence, and never before", async () => {
    const { seats, clock, drive, settled } = driving("silent", "decides", "silent", "silent");
    void drive.drive(writOf(1));
    await clock.advance(LIMITS.writSilenceMs - 1);
    expect(seats.seats()).toEqual([0]);
    await clock.advance(1);
    expect(seats.seats()).toEqual([0, 1, 2, 3, 0]);
    expect(settled).toHaveLength(1);
  });

  it.each(["refuses", "undecided", "lies"] as const)(
    "GiveSilentWritToEverySeat: at once when the leader %s",
    async (leader) => {
      const { seats, drive, settled } = driving(leader, "silent", "silent", "decides");
      await drive.drive(writOf(1));
      expect(seats.seats()).toEqual([0, 1, 2, 3, 0]);
      expect(settled).toHaveLength(1);
    },
  );

  it("GiveSilentWritToEverySeat: what follows a failed leader goes to all at once, until it answers for itself", async () => {
    const { seats, clock, drive } = driving("refuses", "decides", "silent", "silent");
    await drive.drive(writOf(1));
    seats.says = ["decides", "silent", "silent", "silent"];
    const after = seats.given.length;
    await drive.drive(writOf(2));
    expect(seats.seats(after)).toHaveLength(4);
    const restored = seats.given.length;
    await drive.drive(writOf(3));
    expect(seats.seats(restored)).toEqual([0]);
    await clock.advance(0);
  });

  it("GiveSilentWritToEverySeat: lowest number first to each seat", async () => {
    const { seats, clock, drive } = driving("silent", "silent", "silent", "silent");
    void drive.drive(writOf(1));
    void drive.drive(writOf(2));
    await clock.advance(LIMITS.writSilenceMs);
    for (const seat of [0, 1, 2, 3]) {
      const texts = seats.given.filter((given) => given.seat === seat).map(({ writ }) => writ);
      const numbers = texts.map((text) => (JSON.parse(text) as Writ).number);
      expect(numbers).toEqual(seat === 0 ? [1, 2, 1, 2] : [1, 2]);
    }
  });

  it("RedriveSameWrit: every seat is given the very same bytes, however often", async () => {
    const { seats, clock, drive, settled } = driving("silent", "refuses", "undecided", "silent");
    void drive.drive(writOf(1));
    await clock.advance(60_000);
    expect(new Set(seats.given.map(({ writ }) => writ))).toEqual(
      new Set([JSON.stringify(writOf(1))]),
    );
    seats.says = ["silent", "silent", "decides", "silent"];
    await clock.advance(LIMITS.redriveCapMs + LIMITS.writSilenceMs);
    expect(settled).toHaveLength(1);
  });

  it("TakeSilentCallForLost: backs off, and asks no seat that owes many answers until those are taken for lost", async () => {
    const { seats, clock, drive } = driving("silent", "refuses", "silent", "silent");
    void drive.drive(writOf(1));
    const asked = (seat: number): number => seats.seats().filter((other) => other === seat).length;
    await clock.advance(LIMITS.callLostMs - 1);
    expect(asked(0)).toBe(LIMITS.callsPerSeat);
    await clock.advance(600_000 - LIMITS.callLostMs + 1);
    expect(asked(0)).toBeGreaterThan(LIMITS.callsPerSeat);
    expect(asked(0)).toBeLessThanOrEqual((LIMITS.callsPerSeat * 600_000) / LIMITS.callLostMs);
    expect(asked(1)).toBeLessThanOrEqual(600_000 / LIMITS.redriveCapMs);
    expect(asked(1)).toBeGreaterThan(100);
  });

  it("TakeSilentCallForLost: seats that never returned a call decide what comes after", async () => {
    const { seats, clock, drive, settled } = driving("silent", "silent", "silent", "silent");
    void drive.drive(writOf(1));
    await clock.advance(60_000);
    seats.says = ["decides", "decides", "decides", "decides"];
    await clock.advance(LIMITS.callLostMs + LIMITS.redriveCapMs);
    expect(settled).toHaveLength(1);
  });

  it("TakeSilentCallForLost: a call that cannot even be made is over like one that is refused", async () => {
    const { seats, clock, drive, settled } = driving("throws", "throws", "throws", "throws");
    void drive.drive(writOf(1));
    await clock.advance(2 * LIMITS.callsPerSeat * LIMITS.redriveCapMs);
    expect(seats.seats().length).toBeGreaterThan(4 * LIMITS.callsPerSeat);
    seats.says = ["decides", "decides", "decides", "decides"];
    await clock.advance(LIMITS.redriveCapMs);
    expect(settled).toHaveLength(1);
  });

  it("DropUnprovenAnswer: drops and counts a lie, and believes the next seat", async () => {
    const { drive, settled, dropped } = driving("lies", "lies", "lies", "decides");
    await drive.drive(writOf(1));
    await settle();
    expect(dropped[0]).toEqual([0, 1]);
    expect(settled).toHaveLength(1);
  });

  it("SettleByCertificate: settles once, though every seat answers", async () => {
    const { drive, settled } = driving("refuses once", "decides", "decides", "decides");
    await drive.drive(writOf(1));
    await settle();
    expect(settled).toHaveLength(1);
  });

  it("asks the successor of a silent leader first", () => {
    expect(roundOf(0, 4, { view: 6, failedView: null }).seats).toEqual([2]);
    expect(roundOf(1, 4, { view: 6, failedView: null }).seats).toEqual([3, 0, 1, 2]);
    expect(roundOf(0, 4, { view: 6, failedView: 6 }).seats).toHaveLength(4);
    expect(roundOf(50, 4, { view: 6, failedView: 6 }).pauseMs).toBe(LIMITS.redriveCapMs);
  });
});

const statusOf = (changed: Partial<SeatStatus>): string =>
  JSON.stringify({ ready: true, stage: "ready", published: 0, overloaded: false, ...changed });

function watching(...seats: (() => Promise<string>)[]): {
  watch: Watch;
  clock: HandClock;
  asked: () => number;
} {
  const clock = new HandClock();
  let asked = 0;
  const court: Court = {
    submit: never,
    writs: never,
    terms: never,
    status: (seat) => {
      asked += 1;
      return (seats[seat] ?? never)();
    },
  };
  return { watch: new Watch(court, quorumOf("bft", 4), clock), clock, asked: () => asked };
}
const ready = (): Promise<string> => Promise.resolve(statusOf({}));
const gone = (): Promise<string> => Promise.reject(new Error("seat-down"));

describe("watching a court", () => {
  it("RefuseWithoutQuorum: open as soon as q say so, though the last never answers", async () => {
    const { watch } = watching(ready, never, ready, ready);
    expect(await watch.opened(null)).toBe(true);
  });

  it("RefuseWithoutQuorum: refused at once when too few can be ready", async () => {
    const { watch } = watching(ready, gone, gone, never);
    expect(await watch.opened(null)).toBe(false);
    expect(watch.detail).toContain("2 of 4");
  });

  it("RefuseWithoutQuorum: nonsense and quarantine count as gone", async () => {
    const nonsense = (): Promise<string> => Promise.resolve('{"ready":true}');
    const quarantined = (): Promise<string> =>
      Promise.resolve(statusOf({ ready: false, stage: "quarantined" }));
    const { watch } = watching(ready, nonsense, quarantined, ready);
    expect(await watch.opened(null)).toBe(false);
  });

  it("RefuseWithoutQuorum: silent seats are given a moment, then the answer is no", async () => {
    const { watch, clock } = watching(ready, ready, never, never);
    let open: boolean | undefined;
    void watch.opened(null).then((found) => {
      open = found;
    });
    await clock.advance(LIMITS.statusMs - 1);
    expect(open).toBeUndefined();
    await clock.advance(1);
    expect(open).toBe(false);
  });

  it("RefuseWithoutQuorum: seats that start are waited for, within a deadline", async () => {
    let stage: SeatStatus["stage"] = "replaying";
    const starting = (): Promise<string> =>
      Promise.resolve(statusOf({ ready: stage === "ready", stage }));
    const { watch, clock } = watching(ready, ready, starting, gone);
    const found: boolean[] = [];
    void watch.opened(null).then((open) => found.push(open));
    await clock.advance(LIMITS.courtPollMs);
    stage = "ready";
    await clock.advance(LIMITS.courtPollMs);
    expect(found).toEqual([true]);
    stage = "replaying";
    await clock.advance(LIMITS.courtKnownMs + 1);
    void watch.opened(null).then((open) => found.push(open));
    await clock.advance(LIMITS.courtWaitMs + LIMITS.courtPollMs);
    expect(found).toEqual([true, false]);
  });

  it("calls at the same time share one question, and a decision spares it", async () => {
    const { watch, clock, asked } = watching(ready, ready, ready, ready);
    await Promise.all([watch.opened(null), watch.opened(null), watch.opened(null)]);
    expect(asked()).toBe(4);
    await clock.advance(LIMITS.courtKnownMs + 1);
    watch.decided();
    expect(watch.surelyOpen(null)).toBe(true);
    expect(watch.surelyOpen(clock.now() - LIMITS.writSilenceMs - 1)).toBe(false);
  });

  it("RefuseOverload: learned beside the decisions, and ExpireSettledEntry: so is what is published", async () => {
    const full = (published: number) => (): Promise<string> =>
      Promise.resolve(statusOf({ overloaded: true, published }));
    const { watch, clock } = watching(full(9), full(7), ready, ready);
    watch.decided();
    expect(await watch.opened(null)).toBe(true);
    await clock.advance(0);
    expect(watch.overloaded).toBe(true);
    expect(watch.published).toBe(7);
  });
});

describe("waiting callers", () => {
  it("JoinPendingKey: every caller of a key hears of it; one who gave up does not", async () => {
    const clock = new HandClock();
    const waiting = new Waiting(clock);
    const book = new Book(0, (digest) => digest);
    const entries = ["a", "b"].map((key) =>
      book.reserve({ key, fingerprint: "f", court: 0, sentAt: null, event: key }),
    );
    const heard: string[] = [];
    void waiting.wait(entries, 1000).then(() => heard.push("both"));
    void waiting.wait(entries.slice(0, 1), 1000).then(() => heard.push("first"));
    void waiting.wait(entries.slice(1), 10).then(() => heard.push("gave up"));
    await clock.advance(10);
    waiting.settled(entries.slice(0, 1));
    await settle();
    expect(heard).toEqual(["gave up", "first"]);
    waiting.settled(entries.slice(1));
    await settle();
    expect(heard).toEqual(["gave up", "first", "both"]);
    await waiting.wait(entries, 0);
  });
});

describe("finding the genesis", () => {
  const genesis = { signatures: {} } as unknown as Genesis;
  const check = (text: string): Genesis => {
    if (text === "good") return genesis;
    throw new Refused(text === "other" ? "misconfigured" : "no-genesis", text);
  };
  const asking = (...says: (string | null)[]) => {
    const asked: number[] = [];
    const ask = (seat: number): Promise<string> => {
      asked.push(seat);
      const text = says[seat];
      return text === null || text === undefined ? gone() : Promise.resolve(text);
    };
    return { asked, found: findGenesis({ seats: 4, ask, check }, new HandClock()) };
  };
  const refusal = async (found: Promise<unknown>): Promise<string> => {
    try {
      await found;
      return "found";
    } catch (error) {
      return error instanceof Refused ? error.code : "?";
    }
  };

  it("asks its composer, and the others only when that fails", async () => {
    const composer = asking("good");
    expect(await composer.found).toEqual({ text: "good", genesis });
    expect(composer.asked).toEqual([0]);
    const others = asking(null, "bad", "good", null);
    expect(await others.found).toEqual({ text: "good", genesis });
  });

  it("RefuseMisconfigured: says so rather than that there is none; one seat's bad word does not outweigh a good one", async () => {
    expect(await refusal(asking("other", null, null, null).found)).toBe("misconfigured");
    expect(await refusal(asking("other", "good", null, null).found)).toBe("found");
    expect(await refusal(asking(null, null, null, null).found)).toBe("no-genesis");
  });
});
