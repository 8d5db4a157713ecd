/** A whole deployment in the real runtime, driven over HTTP: what the end-to-end specs share. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { deploymentOf } from "../../objects/shared/config.ts";
import { nameOf, wardenOf } from "../../objects/shared/names.ts";
import type { SeatStatus } from "../../objects/shared/rpc.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import type { Receipt } from "../../objects/shared/types.ts";
import { ask, post } from "./worker.ts";

export const deployment = deploymentOf(env);

export interface Answer {
  readonly id: string;
  readonly status: string;
  readonly reason?: { readonly code: string };
  readonly changes?: readonly {
    readonly entity: string;
    readonly version: number;
    readonly state: Stock;
  }[];
  readonly receipt: Receipt;
  readonly replayed?: boolean;
  readonly published?: boolean;
  readonly problem?: { readonly type: string };
}
export interface Stock {
  readonly onHand: number;
  readonly reserved: number;
}
export interface CourtAnswer {
  readonly view: number;
  readonly leader: number;
  readonly quorum: number;
  readonly height: number;
  readonly published: number;
  readonly members: readonly {
    readonly seat: number;
    readonly dissents: number;
    readonly ready: boolean;
    readonly stage: string;
  }[];
}

export async function get<T>(path: string): Promise<T> {
  const response = await ask("GET", path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json<T>();
}

export function submit(event: object): Promise<Response> {
  return post("/v1/events", event);
}

/** Submits until it is settled, with the same key, as a client does. */
export async function settle(event: object): Promise<Answer> {
  return vi.waitUntil(
    async () => {
      const response = await submit(event);
      const answer = await response.json<Answer>();
      return response.status === 200 ? answer : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}

export function received(id: string, item: string, quantity: number, source = "/"): object {
  return { id, source, type: "stock.received", data: { item, warehouse: "w1", quantity } };
}

export function moved(id: string, item: string, quantity: number, source = "/"): object {
  return { id, source, type: "stock.moved", data: { item, from: "w1", to: "w2", quantity } };
}

export async function onHand(item: string, warehouse = "w1"): Promise<number> {
  const { state } = await get<{ state: Stock }>(`/v1/entities/stock/${item}@${warehouse}`);
  return state.onHand;
}

export function court(index = 0): Promise<CourtAnswer> {
  return get<CourtAnswer>(`/v1/courts/${index}`);
}

export async function seatStatus(seat: number, of = 0): Promise<SeatStatus> {
  return JSON.parse(await clerkStub(env, deployment, of, seat).status()) as SeatStatus;
}

export function fault(seat: number, kind: string, more: object = {}): Promise<Response> {
  return post(`/v1/courts/0/members/${seat}/fault`, { kind, ...more });
}

/** The object itself, for what only the runtime's test tools can do to it. */
export function clerkObject(seat: number, of = 0): DurableObjectStub {
  return env.CLERK.getByName(nameOf(deployment.generation, { kind: "clerk", court: of, seat }));
}

export function wardenObject(source: string, tenant = "dev"): DurableObjectStub {
  const warden = wardenOf(deployment, tenant, source);
  return env.WARDEN.getByName(nameOf(deployment.generation, { kind: "warden", warden }));
}

/** Waits for a condition of the running system, not for time; an object that is just restarting is asked again. */
export function eventually<T>(condition: () => Promise<T | undefined | false>): Promise<T> {
  const asked = () => condition().catch(() => undefined);
  return vi.waitUntil(asked, { timeout: 60_000, interval: 50 }) as Promise<T>;
}
