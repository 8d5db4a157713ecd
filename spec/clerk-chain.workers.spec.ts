import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Answers } from "../objects/clerk/answers.ts";
import { Chain } from "../objects/clerk/chain.ts";
import { RowDamaged } from "../objects/clerk/rows.ts";
import { known } from "../objects/shared/assert.ts";
import { Scribe } from "./kit/blocks.ts";

/** A chain in storage that no seat uses. */
function inStorage(name: string, work: (chain: Chain, sql: SqlStorage) => void): Promise<void> {
  const nobody = env.CLERK.getByName(`nobody/${name}`);
  return runInDurableObject(nobody, (_, { storage: { sql } }) => work(new Chain(sql), sql));
}

describe("a seat's chain", () => {
  it.each(["nondeterministic", "unable"] as const)(
    "AnswerSync: a block comes back with its proof of poison, and its writ's answer leads to it: %s",
    (reason) => {
      const scribe = new Scribe("chain");
      const sealed = scribe.seal(0, [{ id: "a" }, { id: "odd", status: "rejected" }]);
      const first = scribe.extend(0, [{ sealed, count: 1 }]);
      const poison = scribe.poison(0, sealed, 1, reason);
      const second = scribe.extend(0, [{ sealed, first: 1, count: 1, poison }]);
      return inStorage(reason, (chain, sql) => {
        for (const block of [first, second]) chain.append(block);
        // As a seat is given blocks again that it lost.
        chain.append(second);
        expect(chain.above(0, 9, 1_000_000)).toEqual([first, second]);
        const [, part] = new Answers(chain).of(sealed.writ);
        expect(known(part, "two parts")).toMatchObject({ header: second.header, first: 1 });
        sql.exec("UPDATE poison SET proof = replace(proof, '\"view\":3', '\"view\":4')");
        expect(() => chain.block(2)).toThrow(RowDamaged);
        sql.exec("DELETE FROM poison");
        expect(() => chain.block(2)).toThrow(RowDamaged);
        expect(chain.block(1)).toEqual(first);
      });
    },
  );
});
