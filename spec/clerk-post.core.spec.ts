import { describe, expect, it } from "vitest";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { Post } from "../objects/clerk/post.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Cluster } from "./kit/cluster.ts";
import { HandClock, settle } from "./kit/hand-clock.ts";

/** A post, what it has sent to whom, and who was heard to answer what. */
function posting() {
  const sent: { to: number; kinds: string[] }[] = [];
  const answers: [string, number][] = [];
  const clock = new HandClock();
  const silent = new Set<number>();
  const post = new Post(
    (to) => ({
      deliver: async (text) => {
        const said = JSON.parse(text) as Message[];
        sent.push({ to, kinds: said.map(({ kind }) => kind) });
        return silent.has(to) ? new Promise<never>(() => {}) : `from ${to}`;
      },
    }),
    (text, by) => answers.push([text, by]),
    clock,
  );
  return { post, sent, answers, clock, silent };
}

const sync = new Cluster().said(0, { kind: "sync", after: 0 });
const reject = new Cluster().said(0, {
  kind: "reject",
  height: 1,
  view: 0,
  batch: "ab".repeat(32),
  reason: "time",
});

describe("the post of a seat", () => {
  it("AnswerStrangersInReply: what a piece would send to a seat is given back, all else goes on its way", async () => {
    const { post, sent } = posting();
    const aside = post.aside(1, () => {
      post.hold(1, sync);
      post.hold(2, sync);
    });
    post.hold(1, reject);
    post.flush();
    await Promise.resolve();
    expect(aside).toEqual([sync]);
    expect(sent).toEqual([
      { to: 2, kinds: ["sync"] },
      { to: 1, kinds: ["reject"] },
    ]);
  });

  it("AnswerStrangersInReply: who called and was known goes on being answered", () => {
    const { post } = posting();
    const replies = post.replyTo(3);
    const aside = post.aside(1, () => post.hold(3, sync));
    post.hold(3, reject);
    expect(aside).toEqual([]);
    expect(replies).toEqual([reject]);
  });

  it("AnswerStrangersInReply: a reply is known by whom was called", async () => {
    const { post, answers } = posting();
    post.hold(2, sync);
    post.hold(3, sync);
    post.flush();
    await settle();
    expect(answers).toEqual([
      ["from 2", 2],
      ["from 3", 3],
    ]);
  });

  it("TakeSilentCallForLost: a call that cannot even be made is over, and none of those before it counts as under way", async () => {
    let made = 0;
    const post = new Post(
      () => {
        made += 1;
        throw new Error("no stub");
      },
      () => {},
      new HandClock(),
    );
    for (let time = 1; time <= 2 * LIMITS.callsPerPeer; time++) {
      post.hold(1, reject);
      post.flush();
      await settle();
      expect([made, post.lost]).toEqual([time, time]);
    }
  });

  it("TakeSilentCallForLost, CountCall: a peer that returns no call is called again in time, and no more often than is let", async () => {
    const { post, sent, clock, silent } = posting();
    silent.add(1);
    const say = async (times: number): Promise<number> => {
      for (let time = 0; time < times; time++) {
        post.hold(1, reject);
        post.flush();
      }
      await settle();
      return sent.length;
    };
    expect(await say(LIMITS.callsPerPeer + 1)).toBe(LIMITS.callsPerPeer);
    expect(post.lost).toBe(1);
    await clock.advance(LIMITS.callLostMs);
    silent.clear();
    expect(await say(1)).toBe(LIMITS.callsPerPeer + 1);
    expect(post.lost).toBe(LIMITS.callsPerPeer + 1);
  });
});
