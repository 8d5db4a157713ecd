/** What is measured, as text: every family, of those that answer and of those that do not. */
import { describe, expect, it } from "vitest";
import { quorumOf } from "../objects/shared/quorum.ts";
import type { SeatStatus, WardenStatus } from "../objects/shared/rpc.ts";
import { Tally } from "../objects/warden/tally.ts";
import { courtView } from "../worker/court.ts";
import { familiesOf } from "../worker/measured.ts";
import { metricsText } from "../worker/metrics.ts";
import { scraped } from "./kit/openmetrics.ts";

const seat = (number: number, change: Partial<SeatStatus> = {}): SeatStatus => ({
  court: 0,
  seat: number,
  region: "weur",
  publicKey: "k",
  stage: "ready",
  progress: null,
  reason: null,
  ready: true,
  view: 3,
  leader: 3,
  height: 40 + number,
  published: 39,
  overloaded: false,
  genesis: "g",
  dissents: [0, 0, 7, 0],
  heard: [0, 0, 0, 0],
  dropped: 5,
  work: { blocks: 11, events: 220, calls: 66, sent: 40_000, commits: 44 },
  incarnation: 2,
  incidents: { dissent: 7, recovery: 1 },
  now: 1,
  ...change,
});
const warden = (number: number): WardenStatus => ({
  warden: number,
  pending: 12,
  sealed: [2],
  halted: [],
  answers: new Tally().answers,
  dropped: 1,
});

function measured(statuses: readonly (SeatStatus | null)[], wardens: (WardenStatus | null)[]) {
  const facts = {
    court: 0,
    quorum: quorumOf("bft", 4),
    regions: Array<string>(4).fill('a"\\\n'),
    publicKeys: [],
  };
  const courts = [{ view: courtView(facts, statuses), statuses, attested: 38 }];
  return familiesOf({ generation: "1", mode: "bft", courts, wardens });
}

describe("ShowMetrics", () => {
  it("says of the court what enough seats say, and of each seat what it says itself", () => {
    const text = metricsText(
      measured([seat(0), seat(1), seat(2), seat(3, { height: 999 })], [warden(0)]),
    );
    const { samples } = scraped(text);
    const value = (name: string) =>
      [...samples].filter(([key]) => key.startsWith(`${name}{`)).map(([, each]) => each);
    expect(value("assize_court_height")).toEqual([42]);
    expect(value("assize_court_attested_height")).toEqual([38]);
    expect(value("assize_court_view")).toEqual([3]);
    expect(value("assize_court_ready_seats")).toEqual([4]);
    expect(value("assize_seat_height")).toEqual([40, 41, 42, 999]);
    expect(value("assize_seat_dissents")).toEqual([0, 0, 7, 0]);
    expect(value("assize_seat_dropped_messages_total")).toEqual([5, 5, 5, 5]);
    expect(value("assize_seat_blocks_total")).toEqual([11, 11, 11, 11]);
    expect(value("assize_seat_events_total")).toEqual([220, 220, 220, 220]);
    expect(value("assize_seat_calls_total")).toEqual([66, 66, 66, 66]);
    expect(value("assize_seat_sent_total")).toEqual([40_000, 40_000, 40_000, 40_000]);
    expect(value("assize_seat_commits_total")).toEqual([44, 44, 44, 44]);
    expect(value("assize_seat_incidents")).toEqual([7, 1, 7, 1, 7, 1, 7, 1]);
    expect(value("assize_warden_pending_events")).toEqual([12]);
    expect(samples.get('assize_warden_sealed_writs{warden="0",court="0"}')).toBe(2);
    // Of each seat exactly one stage.
    expect(value("assize_seat_stage").filter((each) => each === 1)).toHaveLength(4);
  });

  it("shows who does not answer as down, and nothing else of it", () => {
    const { samples, types } = scraped(
      metricsText(measured([seat(0), null, seat(2), seat(3)], [null, warden(1)])),
    );
    const names = [...samples.keys()];
    const of = (label: string) =>
      names.filter((name) => name.includes(label)).map((name) => name.replace(/\{.*/, ""));
    expect(of('seat="1"')).toEqual(["assize_seat_up", "assize_seat_ready", "assize_seat_dissents"]);
    expect(of('warden="0"')).toEqual(["assize_warden_up"]);
    expect(samples.get('assize_warden_up{warden="0"}')).toBe(0);
    const silent = scraped(metricsText(measured([null, null, null, null], [null])));
    // A dashboard keeps its families.
    expect([...silent.types]).toEqual([...types]);
  });

  it("text that would break a line or a label is escaped", () => {
    const text = metricsText(measured([seat(0)], []));
    expect(text).toContain('region="a\\"\\\\\\n"');
    scraped(text);
  });
});

describe("a Warden's tally", () => {
  it("counts each answer once, by its kind, and hands the answers on", () => {
    const tally = new Tally();
    const settled = { kind: "settled", body: "{}", replayed: false } as const;
    const answers = [
      settled,
      settled,
      { ...settled, replayed: true },
      { kind: "pending" },
      { kind: "too-old" },
    ] as const;
    expect(tally.counted(answers)).toBe(answers);
    expect(tally.answers).toEqual({
      settled: 2,
      replayed: 1,
      pending: 1,
      "too-old": 1,
      "key-reused": 0,
      "no-quorum": 0,
      overloaded: 0,
    });
  });
});
