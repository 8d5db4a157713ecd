import { beforeAll, describe, expect, it } from "vitest";
import { courtOf } from "../objects/shared/names.ts";
import {
  court,
  deployment,
  eventually,
  get,
  moved,
  onHand,
  received,
  settle,
  submit,
} from "./kit/deployment.ts";
import type { Answer } from "./kit/deployment.ts";
import { settled, verified } from "./kit/outsider.ts";
import { ask, migrate } from "./kit/worker.ts";

beforeAll(migrate);

/** Items of each court, found by the same function that routes. */
const items = Array.from({ length: 12 }, (_, at) => `item-${at}`);
const ofCourt = (index: number) =>
  items.filter((item) => courtOf(deployment, "dev", item) === index);

describe("a deployment of two courts", () => {
  it("RouteToCourt: one array is decided by both courts, each item by its own", async () => {
    expect([ofCourt(0).length, ofCourt(1).length].every((count) => count > 0)).toBe(true);
    const response = await submit(items.map((item) => received(`in-${item}`, item, 5)));
    expect(response.status).toBe(200);
    const answers = await response.json<Answer[]>();
    expect(answers.map(({ id }) => id)).toEqual(items.map((item) => `in-${item}`));
    expect(answers.map(({ receipt }) => receipt.court)).toEqual(
      items.map((item) => courtOf(deployment, "dev", item)),
    );
    for (const item of items) expect(await onHand(item)).toBe(5);
  });

  it("CourtsAreApart: each court has its own chain, seats and published height", async () => {
    const { items: courts } = await get<{ items: { court: number; height: number }[] }>(
      "/v1/courts",
    );
    expect(courts.map(({ court: index }) => index)).toEqual([0, 1]);
    const [item = ""] = ofCourt(1);
    const before = (await court(0)).height;
    const { receipt } = await settle(moved("apart", item, 1));
    expect(receipt.court).toBe(1);
    expect((await court(0)).height).toBe(before);
    await eventually(async () => (await court(1)).published >= receipt.height);
    const ready = await ask("GET", "/v1/ready");
    expect(ready.status).toBe(200);
  });

  it("PageOverCourts: the published events of both courts are listed, each once", async () => {
    await eventually(async () => {
      const { items: listed } = await get<{ items: Answer[] }>("/v1/events?limit=1000");
      return listed.length === items.length + 1;
    });
    const seen: string[] = [];
    let after = "";
    for (let page = 0; page < 10; page++) {
      const { items: listed, next } = await get<{ items: Answer[]; next: string | null }>(
        `/v1/events?limit=4${after}`,
      );
      seen.push(...listed.map(({ id }) => id));
      if (next === null) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    expect(seen.toSorted()).toEqual([...items.map((item) => `in-${item}`), "apart"].toSorted());
  });

  it("ConfirmLedger: an outsider finds nothing wrong", async () => {
    await Promise.all([settled(0), settled(1)]);
    const { flaws, served, courts } = await verified();
    expect(flaws.listed).toEqual([]);
    expect(courts.map(({ court: each }) => each)).toEqual([0, 1]);
    expect(served.events).toBeGreaterThan(0);
  });
});
