import { describe, expect, it } from "vitest";
import { quorumOf } from "../objects/shared/quorum.ts";
import type { EntityAnswer, SeatStatus } from "../objects/shared/rpc.ts";
import type { Certificate, LedgerEvent } from "../objects/shared/types.ts";
import { agreedValue, floorOf, readAgreed } from "../worker/agreed.ts";
import type { Testimony } from "../worker/agreed.ts";
import { courtView, notReady } from "../worker/court.ts";
import { answerArray, answerSingle, ofLaterLife } from "../worker/http/answers.ts";
import type { Answer, Decided } from "../worker/http/answers.ts";
import { Problem, problemResponse } from "../worker/http/problems.ts";
import { seatsByDistance } from "../worker/nearest.ts";
import { problemOf } from "./kit/requests.ts";

const bft = quorumOf("bft", 4);
const event: LedgerEvent = {
  tenant: "dev",
  source: "/a b",
  id: "m/1",
  type: "stock.received",
  data: {},
};
const path = "/v1/events";
const body = '{"changes":[],"id":"m/1","receipt":{"court":0},"status":"accepted"}';
const settled = (replayed: boolean): Answer => ({ kind: "settled", body, replayed });
const pending: Answer = { kind: "pending" };
const overloaded = { kind: "overloaded", detail: "full" } as const;
const noQuorum = { kind: "no-quorum", detail: "down" } as const;
const answered = (answer: Answer): Decided => ({ event, answer });
const malformed: Decided = { id: "x", problem: new Problem("malformed", "bad") };

const single = (each: Decided, asynchronous = false) =>
  answerSingle({ decided: [each], asynchronous, path });
const array = (decided: readonly Decided[], asynchronous = false) =>
  answerArray({ decided, asynchronous, path });
const elements = async (decided: readonly Decided[]) =>
  (await array(decided).json()) as { status: string; id?: string; problem?: { status: number } }[];

it("AnswerUndecided: a Warden that was replaced under the call refuses for a life that is over, which may have kept the event", () => {
  const told = ofLaterLife([{ kind: "pending" }, overloaded, noQuorum, { kind: "too-old" }]);
  expect(told.map(({ kind }) => kind)).toEqual(["pending", "silent", "silent", "too-old"]);
});

describe("the answer to one event", () => {
  it("AnswerSettled: the outcome's own bytes", async () => {
    const response = single(answered(settled(false)));
    expect([response.status, await response.text()]).toEqual([200, body]);
    expect(response.headers.get("Idempotent-Replayed")).toBeNull();
  });

  it("AnswerReplay: the same bytes, and a header that says so", async () => {
    const response = single(answered(settled(true)));
    expect([response.status, await response.text()]).toEqual([200, body]);
    expect(response.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("AnswerUndecided: 504 for who waited", () => {
    expect(problemOf(() => single(answered(pending)))).toMatchObject({
      slug: "pending",
      status: 504,
    });
  });

  it("AnswerUndecided: where the Warden said nothing, nothing is promised", async () => {
    const silent = answered({ kind: "silent" });
    expect(problemOf(() => single(silent, true))).toMatchObject({ slug: "pending", status: 504 });
    expect(await array([silent], true).json()).toMatchObject([{ status: "pending", problem: {} }]);
  });

  it("PromiseOutcome: 202 and where to look for who did not want to wait", async () => {
    const response = single(answered(pending), true);
    const location = "/v1/events/m%2F1?source=%2Fa%20b";
    expect([response.status, response.headers.get("Location")]).toEqual([202, location]);
    expect(await response.json()).toEqual({ id: "m/1", status: "pending", location });
    expect(single(answered(settled(true)), true).status).toBe(200);
  });

  it.each([
    [{ kind: "key-reused" }, 422],
    [{ kind: "too-old" }, 422],
    [overloaded, 429],
    [noQuorum, 503],
  ] as const)("AnswerRefused: %o is %i", (answer, status) => {
    const problem = problemOf(() => single(answered(answer)));
    expect([problem.slug, problem.status]).toEqual([answer.kind, status]);
    const response = problemResponse(problem, path);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(response.headers.get("Retry-After")).toBe(status === 422 ? null : "1");
  });

  it("EveryErrorIsAProblem: it has every member of RFC 9457, and errors where there are some", async () => {
    const problem = new Problem("invalid-event", "d", [
      { pointer: "/data/quantity", detail: "is missing" },
    ]);
    expect(await problemResponse(problem, path).json()).toEqual({
      type: "/problems/invalid-event",
      title: "The event is not one of the domain's",
      status: 422,
      detail: "d",
      instance: path,
      errors: [{ pointer: "/data/quantity", detail: "is missing" }],
    });
  });
});

describe("the answer to an array", () => {
  it("AnswerEachInOrder, KeepElement: one element an event, and no bad one sinks its neighbours", async () => {
    const all = [
      settled(false),
      settled(true),
      { kind: "key-reused" },
      { kind: "too-old" },
      overloaded,
      noQuorum,
      pending,
    ] as const;
    const answers = await elements([malformed, ...all.map(answered)]);
    expect(answers.map(({ status }) => status)).toEqual([
      "invalid",
      "accepted",
      "accepted",
      "conflict",
      "invalid",
      "refused",
      "refused",
      "pending",
    ]);
    expect(answers.map(({ problem }) => problem?.status)).toEqual([
      400,
      undefined,
      undefined,
      422,
      422,
      429,
      503,
      504,
    ]);
    expect(answers[0]).toMatchObject({ id: "x", problem: { instance: "/v1/events#/0" } });
    expect(answers[2]).toEqual({ ...(JSON.parse(body) as object), replayed: true });
    expect(answers[1]).not.toHaveProperty("replayed");
    expect(await elements([])).toEqual([]);
    expect(
      await elements([{ id: undefined, problem: new Problem("malformed", "bad") }]),
    ).not.toHaveProperty("[0].id");
  });

  it("RefuseWholeRequest: only when all that was fit to be kept was refused", () => {
    expect(problemOf(() => array([answered(noQuorum), answered(noQuorum)])).slug).toBe("no-quorum");
    expect(problemOf(() => array([malformed, answered(overloaded)])).slug).toBe("overloaded");
    expect(array([malformed]).status).toBe(200);
    expect(array([answered(noQuorum), answered(pending)]).status).toBe(200);
    expect(array([answered(overloaded), answered(settled(true))]).status).toBe(200);
  });

  it("PromiseOutcome: an array of places to look", async () => {
    const response = array([answered(pending), answered(settled(true)), malformed], true);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject([
      { id: "m/1", status: "pending", location: "/v1/events/m%2F1?source=%2Fa%20b" },
      { status: "accepted", replayed: true },
      { status: "invalid" },
    ]);
    expect(array([answered(settled(true))], true).status).toBe(200);
  });
});

describe("agreed reads", () => {
  const said = (seat: number, height: number, version: number, since = version): Testimony => ({
    seat,
    height,
    version,
    since,
    state: version === 0 ? null : `{"v":${version}}`,
  });

  it("ReadFloor: q seats set it, and the highest proven height is it", () => {
    expect(floorOf([said(0, 5, 1), said(1, 7, 1), said(1, 7, 1)], bft)).toBeNull();
    expect(floorOf([said(0, 5, 1), said(1, 7, 1), said(2, 6, 1)], bft)).toBe(7);
  });

  it("ReadAgreed: r seats say the same at the floor or above, as of a height that both reached", () => {
    expect(agreedValue([said(0, 7, 3), said(1, 9, 3)], 7, bft)).toEqual({
      version: 3,
      state: '{"v":3}',
      height: 7,
    });
    expect(agreedValue([said(0, 9, 4, 8), said(1, 8, 4, 8)], 7, bft)?.height).toBe(8);
    expect(agreedValue([said(0, 7, 0), said(1, 7, 0)], 7, bft)).toMatchObject({ state: null });
  });

  it("ReadAgreed: neither a stale pair, nor one seat twice, nor a liar decides", () => {
    expect(agreedValue([said(0, 6, 3), said(1, 6, 3), said(2, 7, 4)], 7, bft)).toBeNull();
    expect(agreedValue([said(0, 7, 3), said(0, 8, 3)], 7, bft)).toBeNull();
    expect(agreedValue([said(0, 7, 3), said(1, 7, 9)], 7, bft)).toBeNull();
    expect(agreedValue([said(0, 7, 3, 3), said(1, 7, 3, 1)], 7, bft)).toBeNull();
    expect(
      agreedValue([said(0, 7, 3), said(1, 8, 4), said(2, 8, 4), said(3, 7, 3)], 7, bft)?.version,
    ).toBe(4);
  });

  const certificate = (height: number): Certificate => ({
    court: 0,
    epoch: 0,
    height,
    view: 0,
    batch: "b",
    result: "r",
    block: `${height}`,
    signatures: [],
  });
  const answer = (height: number, version: number): EntityAnswer => ({
    height,
    certificate: height === 0 ? null : certificate(height),
    version,
    since: version,
    state: version === 0 ? null : `{"v":${version}}`,
  });
  const proven = ({ height }: Certificate) => height < 100;
  const pause = () => Promise.resolve();
  const reading = (ask: (seat: number, atLeast: number) => EntityAnswer | null) =>
    readAgreed(bft, (seat, atLeast) => Promise.resolve(ask(seat, atLeast)), proven, pause);

  it("ReadAgreed: one seat down, three say the same", async () => {
    const read = await reading((seat) => (seat === 2 ? null : answer(5, 3)));
    expect(read).toEqual({ version: 3, state: '{"v":3}', height: 5 });
    expect(await reading(() => answer(0, 0))).toEqual({ version: 0, state: null, height: 0 });
  });

  it("ReadAgreed: a height without a certificate of its own counts for nothing", async () => {
    const boast = (height: number): EntityAnswer => ({
      ...answer(height, 9),
      certificate: certificate(4),
    });
    expect(await reading((seat) => (seat === 0 ? boast(90) : answer(5, 3)))).toMatchObject({
      height: 5,
    });
    expect(await reading((seat) => (seat === 0 ? answer(100, 9) : answer(5, 3)))).toMatchObject({
      version: 3,
    });
  });

  it("ReadAgreed: a seat that answers nonsense counts for nothing", async () => {
    const sound = answer(5, 3);
    const nonsense = [
      {},
      [],
      "text",
      7,
      { ...sound, certificate: "no" },
      { ...sound, version: "3" },
      { ...sound, state: {} },
      { ...sound, since: undefined },
      { ...answer(0, 0), version: null },
    ];
    for (const one of nonsense) {
      const liar = one as unknown as EntityAnswer;
      expect(await reading((seat) => (seat === 1 ? liar : sound))).toMatchObject({ version: 3 });
      const only = reading((seat) => (seat < 3 ? liar : sound));
      await expect(only).rejects.toMatchObject({ slug: "no-quorum" });
    }
  });

  it("ReadFloor: who was behind is asked again for the floor, which never moves", async () => {
    const asked: [number, number][] = [];
    const read = await reading((seat, atLeast) => {
      asked.push([seat, atLeast]);
      return seat === 0 ? answer(7, 4) : answer(Math.max(5, atLeast), atLeast >= 7 ? 4 : 3);
    });
    expect(read).toMatchObject({ version: 4, height: 7 });
    expect(new Set(asked.map(([, atLeast]) => atLeast))).toEqual(new Set([0, 7]));
  });

  it("RefuseUnagreedRead: too few alike is no answer", async () => {
    for (const ask of [
      () => null,
      (seat: number) => (seat < 2 ? answer(5, 3) : null),
      (seat: number) => answer(5, seat + 1),
    ]) {
      await expect(reading(ask)).rejects.toMatchObject({ slug: "no-quorum" });
    }
  });
});

describe("courts", () => {
  const status = (seat: number, change: Partial<SeatStatus> = {}): SeatStatus => ({
    court: 0,
    seat,
    region: "weur",
    publicKey: "said",
    stage: "ready",
    reason: null,
    ready: true,
    view: 1,
    leader: 1,
    height: 10,
    published: 9,
    overloaded: false,
    progress: null,
    genesis: "g",
    dissents: [0, 0, 0, 0],
    heard: [0, 0, 0, 0],
    dropped: 0,
    work: { blocks: 0, events: 0, calls: 0, sent: 0, commits: 0 },
    incarnation: 1,
    incidents: {},
    now: 1_700_000_000_000,
    ...change,
  });
  const facts = {
    court: 0,
    quorum: bft,
    regions: ["weur", "eeur", "enam", "wnam"],
    publicKeys: ["k0", "k1", "k2", "k3"],
  };
  const all = [0, 1, 2, 3];

  it("DescribeCourt: keys are the genesis', the leader is the view's", () => {
    const view = courtView(
      facts,
      all.map((seat) => status(seat)),
    );
    expect(view).toMatchObject({
      court: 0,
      mode: "bft",
      quorum: 3,
      view: 1,
      leader: 1,
      height: 10,
      published: 9,
    });
    expect(view.members.map(({ publicKey }) => publicKey)).toEqual(facts.publicKeys);
    expect(view.members.map(({ role }) => role)).toEqual([
      "follower",
      "leader",
      "follower",
      "follower",
    ]);
    expect(view.members[3]).toEqual({
      seat: 3,
      region: "wnam",
      publicKey: "k3",
      role: "follower",
      view: 1,
      height: 10,
      stage: "ready",
      ready: true,
      lastSeen: "2023-11-14T22:13:20.000Z",
      dissents: 0,
    });
  });

  it("DescribeCourt: a seat on its way shows how far it is", () => {
    const progress = { done: 2, of: 257, what: "parts" } as const;
    const away = status(3, { ready: false, stage: "restoring", reason: "why", progress });
    const member = courtView(facts, [...[0, 1, 2].map((seat) => status(seat)), away]).members[3];
    expect(member).toMatchObject({ stage: "restoring", reason: "why", progress });
  });

  it("DescribeCourt: one seat alone neither moves the court nor defames another", () => {
    const liar = status(3, { view: 99, height: 999, published: 999, dissents: [50, 0, 0, 50] });
    const view = courtView(facts, [
      ...[0, 1, 2].map((seat) => status(seat, { dissents: [0, 0, 7, 0] })),
      liar,
    ]);
    expect(view).toMatchObject({ view: 1, height: 10, published: 9 });
    expect(view.members.map(({ dissents }) => dissents)).toEqual([0, 0, 7, 0]);
  });

  it("DescribeCourt: a seat that does not answer was last seen by its peers", () => {
    const seen = 1_700_000_000_000;
    const others = [0, 1, 2].map((seat) => status(seat, { heard: [0, 0, 0, seen + seat] }));
    const member = courtView(facts, [...others, null]).members[3];
    expect(member).toMatchObject({
      stage: "unreachable",
      ready: false,
      view: null,
      lastSeen: "2023-11-14T22:13:20.001Z",
    });
    expect(courtView(facts, [null, null, null, null])).toMatchObject({
      view: 0,
      height: 0,
      leader: 0,
    });
  });

  it("TellReadiness: q ready seats of the same genesis, or the reasons", () => {
    const seats = all.map((seat) => status(seat));
    expect(notReady(0, bft, "g", seats)).toEqual([]);
    expect(notReady(0, bft, "g", [null, ...seats.slice(1)])).toEqual([]);
    const starting = status(1, { ready: false, stage: "starting", reason: "no key" });
    const [reason] = notReady(0, bft, "g", [
      null,
      starting,
      status(2, { genesis: "h" }),
      status(3),
    ]);
    expect(reason).toBe(
      "court 0 has 1 of 4 seats ready and needs 3: seat 0 does not answer; seat 1 is starting: no key; seat 2 has another genesis",
    );
  });

  it("ReadNearestCopy: seats in the order of distance, all of them", () => {
    expect(seatsByDistance(facts.regions, "NA")).toEqual([2, 3, 0, 1]);
    expect(seatsByDistance(facts.regions, "EU")).toEqual([0, 1, 2, 3]);
    expect(seatsByDistance(facts.regions, undefined)).toEqual([0, 1, 2, 3]);
    expect(seatsByDistance(["mars", "oc"], "OC")).toEqual([1, 0]);
  });
});
