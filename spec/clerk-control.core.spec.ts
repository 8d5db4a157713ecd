import { describe, expect, it } from "vitest";
import type { Control } from "../objects/shared/control.ts";
import { controlOutcome } from "../objects/shared/control.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Cluster, keyOf } from "./kit/cluster.ts";
import { courtWithWiped, decide, epochs, keyOfWarden, lastBlock, voices } from "./kit/control.ts";
import { batchOn, byCertificate, changeBy, proposalBy, whole } from "./kit/forging.ts";

const VERSION: Control = { kind: "version", domainVersion: 2 };
describe("a control event", () => {
  it("DecideControl: a block of its own, ahead of writs, with one outcome; from the next height on its term counts", () => {
    const court = courtWithWiped();
    const control = court.readmission(3);
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.restart(0);
    court.passes = ({ message }) => message.kind !== "proposal";
    court.ask(control, [0, 1, 2]);
    court.settle();
    court.passes = () => true;
    court.pass(5000);
    const [, one, two] = court.member(0).chain;
    expect(one).toMatchObject({ header: { epoch: 1, control, entries: [] }, entries: [] });
    expect(one?.outcomes).toEqual([controlOutcome(control)]);
    expect(JSON.parse(one?.outcomes[0] ?? "")).toMatchObject({
      type: "assize.key",
      tenant: "assize",
    });
    expect(two).toMatchObject({ header: { epoch: 2, control: null }, certificate: { epoch: 2 } });
    expect(court.heights()).toEqual([3, 3, 3, 3]);
  });

  it("EndorseControl: the leader proposes it only once a quorum was asked for it, and asks nobody to believe the leader", () => {
    const court = courtWithWiped();
    const control = court.readmission(3);
    court.ask(control, [0, 1]);
    court.pass(500);
    expect(court.sent(0, "proposal").some(({ batch }) => batch.header.control !== null)).toBe(
      false,
    );
    expect(court.sent(1, "endorse").length).toBeGreaterThan(3);
    court.ask(control, [2]);
    court.settle();
    expect(lastBlock(court).header.control).toEqual(control);
  });

  it("EndorseControl: what too few were asked for is dropped in time, and holds nobody up", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1]);
    court.pass(LIMITS.controlMs + LIMITS.alarmMs);
    expect(court.seats.map(({ controls }) => controls.size)).toEqual([0, 0, 0, 0]);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    expect(court.members.map(({ armed }) => armed)).toEqual([null, null, null, null]);
  });

  it("RefuseUnseenControl: a seat that was not asked itself rejects, and f + 1 of them make it be left out", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control, [0]);
    // Two liars endorse what nobody asked them for.
    for (const from of [2, 3]) court.hear(0, court.said(from, { kind: "endorse", control }));
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.sent(0, "proposal")[0]?.batch.header.control).toEqual(control);
    expect(court.sent(1, "reject")[0]?.reason).toBe("control");
    expect(court.sent(1, "prepare").every(({ view }) => view > 0)).toBe(true);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(lastBlock(court).header.control).toBeNull();
    expect(court.seat(0).controls.size).toBe(0);
  });

  it("RefuseUnseenControl: whoever is asked after the proposal came prepares it then", () => {
    const court = courtWithWiped();
    const control = court.readmission(3);
    court.ask(control, [0]);
    court.ask(control, [1]);
    court.hear(0, court.said(2, { kind: "endorse", control }));
    court.settle();
    expect(court.heights()[0]).toBe(1);
    court.ask(control, [2]);
    court.settle();
    expect(lastBlock(court).header.control).toEqual(control);
  });

  it("GiveUpControl: what fails views is dropped after a few, and the writs behind it are decided", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control, [0, 1, 2]);
    court.crash(3);
    court.passes = ({ message }) =>
      message.kind !== "prepare" || !court.seats.some(({ controls }) => controls.size > 0);
    court.giveAll(court.writ(1, ["a"]));
    court.pass(60_000);
    expect(lastBlock(court).header.control).toBeNull();
    expect(court.heights().slice(0, 3)).toEqual([1, 1, 1]);
  });

  it("RestWithGivenUpControl: nobody is kept awake by a vote for it, and what comes next is decided", () => {
    const court = new Cluster();
    court.ask(keyOfWarden(1, keyOf("new")), [0, 1, 2]);
    court.passes = ({ message }) => message.kind !== "prepare";
    court.pass(120_000);
    court.passes = () => true;
    court.pass(600_000);
    const given = court.seats.filter(({ vote, controls }) => vote !== null && controls.size === 0);
    expect(given.length).toBeGreaterThan(0);
    expect(court.nextTimer()).toBeNull();
    court.giveAll(court.writ(1, ["a"]));
    court.pass(60_000);
    expect(lastBlock(court).entries).toHaveLength(1);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("SuspectCensorship: a leader that serves writs and leaves out what a quorum endorses is left", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control, [1, 2, 3]);
    court.settle();
    for (let number = 1; number < LIMITS.censoredHeights; number++) decide(court, number);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    for (let number = LIMITS.censoredHeights; number < LIMITS.censoredHeights + 4; number++)
      decide(court, number);
    expect(court.views()).toEqual([1, 1, 1, 1]);
    expect(court.incidents(1, "view-change")).toMatchObject([{ because: "censorship" }]);
    expect(epochs(court)).toEqual([2, 2, 2, 2]);
  });

  it("SuspectCensorship: not for what only some were asked for, nor for what has just been endorsed", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control, [1, 2]);
    court.settle();
    for (let number = 1; number <= 2 * LIMITS.censoredHeights; number++) decide(court, number);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    court.ask(control, [0]);
    decide(court, 2 * LIMITS.censoredHeights + 1);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    expect(epochs(court)).toEqual([2, 2, 2, 2]);
  });

  it.each<[string, (court: Cluster) => Control]>([
    ["a key in use", (court) => keyOfWarden(1, court.seatKey(2))],
    ["its own key again", (court) => court.readmission(3)],
    ["no such Warden", () => keyOfWarden(2, keyOf("new"))],
    ["the active version", () => ({ kind: "version", domainVersion: 1 })],
    ["a version nobody carries", () => ({ kind: "version", domainVersion: 3 })],
  ])("RefuseInvalidControl, OneKeyOneOfficer: %s", (_, control) => {
    const court = new Cluster();
    court.ask(control(court));
    court.pass(1000);
    expect(court.heights()).toEqual([0, 0, 0, 0]);
    expect(court.seats.flatMap((_seat, at) => court.sent(at, "endorse"))).toEqual([]);
  });

  it.each(["detect", "solo"] as const)(
    "RefuseInvalidControl: in %s no key is changed, a version is",
    (mode) => {
      const court = new Cluster(mode, mode === "detect" ? 2 : 1);
      for (const member of court.members) member.versions = [1, 2];
      court.ask(keyOfWarden(1, keyOf("new")));
      court.pass(1000);
      expect(court.heights()[0]).toBe(0);
      court.ask(VERSION);
      court.pass(1000);
      expect(court.heights()[0]).toBe(1);
    },
  );

  it("RefuseInvalidControl: there is an end to how many a court decides", () => {
    const court = new Cluster();
    for (let round = 1; round < LIMITS.terms + 3; round++) {
      court.ask(keyOfWarden(1, keyOf(`key ${round}`)));
      court.settle();
    }
    expect(court.heights()).toEqual(Array.from({ length: 4 }, () => LIMITS.terms - 1));
  });

  it("AcceptPreparedControl: what a quorum has prepared binds the next leader, and seats that were never asked", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control, [0, 1, 2]);
    court.passes = ({ message, to }) => message.kind !== "commit" && to !== 3;
    court.settle();
    expect(court.seats.map(({ prepared }) => prepared !== null)).toEqual([true, true, true, false]);
    // One of those that prepared is away: without seat 3 there is no quorum.
    court.crash(0);
    court.passes = () => true;
    court.giveAll(court.writ(1, ["a"]));
    court.pass(10_000);
    expect(court.heights()).toEqual([0, 2, 2, 2]);
    expect(court.member(3).chain[0]?.header.control).toEqual(control);
  });

  it("RefuseUnseenControl: a control that shares its block is none", () => {
    const court = new Cluster();
    const control = keyOfWarden(1, keyOf("new"));
    court.ask(control);
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))], { control });
    const said = proposalBy(court, 0, 0, batch, byCertificate(null));
    expect(court.hear(1, said)).toBe("a control that is not alone");
  });
});

describe("a seat that lost its storage", () => {
  it("FollowWithoutKey: under a new key it has no voice, is given blocks by whoever has them, and nothing it says counts", () => {
    const court = courtWithWiped();
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(voices(court)).toEqual([true, true, true, false]);
    decide(court, 2);
    court.pass(2000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.sent(3, "prepare")).toEqual([]);
    const { tip } = court.seat(2);
    expect(court.hear(1, changeBy(court, 3, 5, tip))).toBe("bad signature");
    court.epoch = 0;
    expect(court.hear(1, changeBy(court, 3, 5, tip))).toBe("a sender without a key");
  });

  it("ReadmitSeat: under its new key it votes from the next height on, and without it there is no quorum", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    expect(voices(court)).toEqual([true, true, true, true]);
    expect(epochs(court)).toEqual([2, 2, 2, 2]);
    court.crash(2);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(2000);
    expect(court.heights()).toEqual([3, 3, 2, 3]);
    expect(lastBlock(court).certificate.signatures.map(({ seat }) => seat)).toContain(3);
    expect(court.sent(3, "prepare").every(({ epoch, height }) => epoch === 2 && height === 3)).toBe(
      true,
    );
  });

  it("ReadmitSeat: leading a view it proposes in it, under its new key", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(1500);
    court.restart(0);
    court.crash(1);
    court.giveAll(court.writ(3, ["c"]));
    court.pass(5000);
    court.restart(1);
    court.crash(2);
    court.giveAll(court.writ(4, ["d"]));
    court.pass(10_000);
    expect(court.sent(3, "proposal").length).toBeGreaterThan(0);
    expect(court.heights()[3]).toBe(5);
  });

  it("LoseVoiceWithKey: the old key has no voice any more, whoever has it", () => {
    const court = new Cluster();
    const control: Control = {
      kind: "key",
      officer: { kind: "clerk", seat: 3 },
      key: keyOf("new"),
    };
    court.ask(control, [0, 1, 2]);
    court.settle();
    court.pass(1000);
    expect(voices(court)).toEqual([true, true, true, false]);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    court.restart(3);
    expect(court.seat(3).voice).toBe(false);
    court.epoch = 2;
    expect(court.hear(1, changeBy(court, 3, 5, court.seat(1).tip))).toBe("bad signature");
    court.epoch = 1;
    expect(court.hear(1, changeBy(court, 3, 5, court.seat(1).tip))).toBe(
      "a height of another epoch",
    );
    decide(court, 1);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
  });

  it("ReadmitSeat: a seat in quarantine is given no voice by a key", () => {
    const court = courtWithWiped();
    court.member(3).quarantined = "damaged";
    court.restart(3);
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    expect(epochs(court)).toEqual([2, 2, 2, 2]);
    expect(court.seat(3).voice).toBe(false);
  });
});

describe("a Warden that lost its storage", () => {
  it("RestartNumbers: under its new key its writs begin at 1 again, also in the next life, and what waited under the old one is dropped", () => {
    const court = new Cluster();
    decide(court, 1);
    decide(court, 2);
    court.passes = ({ message }) => message.kind !== "proposal";
    court.giveAll(court.writ(3, ["waits"]));
    court.lostKeys.set(0, 1);
    court.ask(keyOfWarden(0, court.wardenKey(0)));
    court.settle();
    court.passes = () => true;
    court.pass(2000);
    const at = court.heights()[0] ?? 0;
    expect(lastBlock(court).header.control).not.toBeNull();
    expect(court.seats.map(({ waiting }) => waiting.size)).toEqual([0, 0, 0, 0]);
    court.restart(2);
    decide(court, 1);
    decide(court, 1, 1);
    expect(court.heights()).toEqual(Array.from({ length: 4 }, () => at + 2));
    court.restart(2);
    decide(court, 2);
    expect(court.heights()).toEqual(Array.from({ length: 4 }, () => at + 3));
  });

  it("RestartNumbers: what the old key sealed is refused", () => {
    const court = new Cluster();
    const old = court.writ(1, ["a"]);
    court.lostKeys.set(0, 1);
    court.ask(keyOfWarden(0, court.wardenKey(0)));
    court.settle();
    court.epoch = 2;
    expect(court.hear(1, court.said(2, { kind: "forward", writ: old }))).toBe(
      "a writ without its seal",
    );
  });
});

describe("a version of the domain", () => {
  it("ActivateVersion: from the next height on, within the epoch", () => {
    const court = new Cluster();
    for (const member of court.members) member.versions = [1, 2];
    court.ask(VERSION);
    court.settle();
    decide(court, 1);
    const { header } = lastBlock(court);
    expect(header).toMatchObject({ height: 2, epoch: 1, domainVersion: 2 });
    court.now += 10;
    const batch = batchOn(court, court.seat(1), [whole(court.writ(2, ["b"]))], {
      domainVersion: 1,
    });
    const { certificate } = lastBlock(court);
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(certificate)));
    expect(court.sent(1, "reject").at(-1)?.reason).toBe("version");
  });

  it("SilentWithoutVersion: a seat that lacks it endorses nothing, is silent after, and is no dissenter", () => {
    const court = new Cluster();
    for (const at of [0, 1, 2]) court.member(at).versions = [1, 2];
    court.ask(VERSION);
    court.settle();
    for (const number of [1, 2, 3]) {
      decide(court, number);
      court.pass(1000);
    }
    expect(court.heights()).toEqual([4, 4, 4, 4]);
    expect(court.seat(3).voice).toBe(false);
    expect(court.incidents(3, "outvoted")).toEqual([]);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    court.member(3).versions = [1, 2];
    court.restart(3);
    expect(court.seat(3).voice).toBe(true);
  });
});
