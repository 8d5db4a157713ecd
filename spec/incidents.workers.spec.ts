import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { Incidents } from "../objects/clerk/incidents.ts";
import { LIMITS } from "../objects/shared/limits.ts";

const PART = { kind: "entities", id: 0, count: 1, size: 1, until: 0, digest: "" } as const;

it("BoundIncidents: who signs contradictions without end buries nothing that was seen of others", () =>
  runInDurableObject(env.CLERK.getByName("nobody/incidents"), (_, { storage: { sql } }) => {
    const incidents = new Incidents(sql);
    const about = (seat: number, height: number): void =>
      incidents.record({ kind: "false-state", height, seat, part: PART }, height);
    incidents.record({ kind: "quarantine", height: 1, detail: "its own" }, 1);
    about(2, 2);
    for (let height = 3; height < 3 + LIMITS.incidents; height++) about(1, height);
    const kept = sql
      .exec<{ seat: number | null; rows: number; lowest: number }>(
        "SELECT seat, count(*) AS rows, min(height) AS lowest FROM incidents GROUP BY seat ORDER BY seat",
      )
      .toArray();
    const last = 2 + LIMITS.incidents;
    expect(kept).toEqual([
      { seat: null, rows: 1, lowest: 1 },
      { seat: 1, rows: LIMITS.incidentsAboutOne, lowest: last - LIMITS.incidentsAboutOne + 1 },
      { seat: 2, rows: 1, lowest: 2 },
    ]);
  }));
