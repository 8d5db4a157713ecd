import { describe, expect, it } from "vitest";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { Post } from "../objects/clerk/post.ts";
import { Cluster } from "./kit/cluster.ts";

/** A post, what it has sent to whom, and who was heard to answer what. */
function posting() {
  const sent: { to: number; kinds: string[] }[] = [];
  const answers: [string, number][] = [];
  const post = new Post(
    (to) => ({
      deliver: async (text) => {
        const said = JSON.parse(text) as Message[];
        sent.push({ to, kinds: said.map(({ kind }) => kind) });
        return `from ${to}`;
      },
    }),
    (text, by) => answers.push([text, by]),
  );
  return { post, sent, answers };
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
    await Promise.resolve();
    await Promise.resolve();
    expect(answers).toEqual([
      ["from 2", 2],
      ["from 3", 3],
    ]);
  });
});
