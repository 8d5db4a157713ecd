/** A Warden whose callers all wait too long, in the runtime: of events that waited 50 ms and more it takes fewer (vitest.config.ts). */
import { beforeAll, expect, it } from "vitest";
import { deployment, eventually, fault, received, settle } from "./kit/deployment.ts";
import { ask, migrate, post } from "./kit/worker.ts";

/** More than are always taken. */
const CALLERS = 48;

const seats = Array.from({ length: deployment.quorum.n }, (_, seat) => seat);
const tell = (kind: string, more: object = {}) =>
  Promise.all(seats.map((seat) => fault(seat, kind, more)));

beforeAll(async () => {
  await migrate();
  await settle(received("first", "crowd", 1));
});

it("NoteSlowAnswer, RefuseOverload: where everybody has waited too long for a while the excess is told to come back, nothing of it is kept, and who comes alone is taken", async () => {
  await tell("slow", { milliseconds: 50 });
  const refused: { readonly id: string; readonly response: Response }[] = [];
  const statuses = new Set<number>();
  const caller = async (name: number): Promise<void> => {
    for (let at = 0; refused.length === 0; at += 1) {
      const id = `c-${name}-${at}`;
      const response = await post("/v1/events", received(id, "crowd", 1));
      statuses.add(response.status);
      if (response.status === 429) refused.push({ id, response });
      else await response.text();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, name) => caller(name)));
  expect([...statuses].toSorted((one, other) => one - other)).toEqual([200, 429]);
  const [{ id, response } = { id: "", response: new Response() }] = refused;
  expect(response.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
  expect(await response.json()).toMatchObject({ type: "/problems/overloaded", status: 429 });
  await tell("heal");
  await eventually(async () => (await ask("GET", "/v1/ready")).status === 200);
  expect((await ask("GET", `/v1/events/${id}`)).status).toBe(404);
  expect((await settle(received(id, "crowd", 1))).status).toBe("accepted");
});
