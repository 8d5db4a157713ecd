// The deployment under fire: its server, started, killed and started again on one folder, and the operator's hand on it.
import { setTimeout as sleep } from "node:timers/promises";

import type { Court } from "../lib/contract.ts";
import { exchange } from "../lib/exchange.ts";
import type { Access } from "../lib/exchange.ts";
import { startServer } from "../lib/server.ts";
import type { Server } from "../lib/server.ts";
import { freshVars } from "../lib/vars.ts";
import type { Vars } from "../lib/vars.ts";
import { Unmet } from "./unmet.ts";

const POLL_MS = 150;
const DEMAND_MS = 60_000;

export interface ArenaOptions {
  readonly persist: string;
  /** A built bundle, so that a restart need not build. */
  readonly bundle: string;
  /** On top of the deployment's. */
  readonly vars: Vars;
  readonly signal: AbortSignal;
}

/** How the court was at a moment; null where nobody answered. */
export interface Sample {
  readonly at: number;
  readonly court: Court | null;
}

export class Arena {
  readonly access: Access;
  readonly samples: Sample[] = [];
  readonly #options: ArenaOptions;
  readonly #vars: Vars;
  #server: Server;
  #watching = true;

  static async open(options: ArenaOptions): Promise<Arena> {
    const vars = { ...freshVars(), ...options.vars };
    const { persist, bundle, signal } = options;
    return new Arena(options, vars, await startServer({ persist, bundle, signal, vars }));
  }

  private constructor(options: ArenaOptions, vars: Vars, server: Server) {
    this.#options = options;
    this.#vars = vars;
    this.#server = server;
    this.access = { url: server.url, token: server.token, signal: options.signal };
    // Ends with `close`, or with the signal that gives everything up.
    this.#watch().catch(() => undefined);
  }

  /** Ends the server as a power cut would. */
  kill(): Promise<void> {
    return this.#server.kill();
  }

  /** Ends it as a deployment does. */
  stop(): Promise<void> {
    return this.#server.stop();
  }

  /** A new process on the same folder and port; with `build` of a bundle that is built anew. */
  async restart(build = false): Promise<void> {
    const { persist, bundle, signal } = this.#options;
    const same = { persist, signal, vars: this.#vars, port: this.#server.port };
    const started = startServer(build ? same : { ...same, bundle, migrated: true });
    this.#server = await started;
  }

  async close(): Promise<void> {
    this.#watching = false;
    await this.#server.stop();
  }

  /** The body of an answer with the status 2xx; asks again where nobody answers or is ready to. Throws {@link Unmet}. */
  async demand(method: "GET" | "POST", path: string, sent?: object): Promise<unknown> {
    const end = performance.now() + DEMAND_MS;
    for (;;) {
      const reply = await exchange(this.access, method, path, sent);
      const { status = 0, body } = reply ?? {};
      if (status >= 200 && status < 300) return body;
      if ((status !== 0 && status !== 503) || performance.now() > end)
        throw new Unmet(`${method} ${path}: ${status} ${JSON.stringify(body)?.slice(0, 300)}`);
      await sleep(POLL_MS, undefined, { signal: this.access.signal });
    }
  }

  /** Its digest. */
  async genesis(): Promise<string> {
    return ((await this.demand("GET", "/v1/ready")) as { readonly genesis: string }).genesis;
  }

  async court(): Promise<Court> {
    return (await this.demand("GET", "/v1/courts/0")) as Court;
  }

  async fault(seat: number, fault: object): Promise<void> {
    await this.demand("POST", `/v1/courts/0/members/${seat}/fault`, fault);
  }

  /** The first sight of the court, from now on, that is as wanted. Throws {@link Unmet}. */
  async until(what: string, wanted: (court: Court) => boolean, ms: number): Promise<Court> {
    const end = performance.now() + ms;
    for (let seen = this.samples.length; ;) {
      const court = this.samples.slice(seen).find((sample) => sample.court && wanted(sample.court));
      if (court?.court) return court.court;
      seen = this.samples.length;
      const last = this.samples.findLast((sample) => sample.court)?.court;
      if (performance.now() > end)
        throw new Unmet(`not within ${ms / 1000} s: ${what}; last seen ${stateOf(last)}`);
      await sleep(POLL_MS / 3, undefined, { signal: this.access.signal });
    }
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      const at = performance.now();
      const leave = AbortSignal.timeout(5_000);
      const reply = await exchange(this.access, "GET", "/v1/courts/0", undefined, leave);
      if (!this.#watching) return;
      this.samples.push({ at, court: reply?.status === 200 ? (reply.body as Court) : null });
      await sleep(POLL_MS, undefined, { signal: this.access.signal });
    }
  }
}

/** For people. */
export function stateOf(court: Court | null | undefined): string {
  if (!court) return "nothing";
  const members = court.members.map(
    ({ seat, stage, height }) => `seat ${seat} ${stage} at ${height}`,
  );
  return `view ${court.view}, height ${court.height}, published ${court.published}; ${members.join(", ")}`;
}

/** Everybody votes, and nobody is behind by more than what is just under way. */
export function isLevel({ members, height }: Court): boolean {
  return members.every((member) => member.ready && (member.height ?? 0) >= height - 2);
}

/** Everybody votes and is at one height, and all of it is published. */
export function isAtRest({ members, height, published }: Court): boolean {
  return published === height && members.every((one) => one.ready && one.height === height);
}
