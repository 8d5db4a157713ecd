/** A seat in session: the agreement and what hangs on its decisions, from the genesis on until the object goes. */
import { genesisDigest } from "../shared/genesis.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { registrarOf } from "../shared/names.ts";
import { clerkStub, registrarStub } from "../shared/shell/stubs.ts";
import { Agreement } from "./agreement.ts";
import { Waiters } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Chain } from "./chain.ts";
import { Feed } from "./feed.ts";
import { Post } from "./post.ts";
import { Publisher } from "./publisher.ts";
import type { AgreedState } from "./state.ts";

/** Runs a synchronous piece under the object's watch for broken invariants. */
type Guard = <T>(work: () => T) => T;

export class Session {
  readonly agreement: Agreement;
  readonly publisher: Publisher;
  readonly waiters = new Waiters();
  readonly chain: Chain;
  readonly state: AgreedState;
  readonly genesisDigest: string;
  readonly #feed: Feed;
  readonly #alarmBy: (at: number) => void;
  readonly #guard: Guard;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armedAt: number | null = null;

  constructor(bench: Bench, genesis: Genesis, alarmBy: (at: number) => void, guard: Guard) {
    const { env, deployment, court, seat, sign, verify, chain, state, incidents } = bench;
    this.chain = chain;
    this.state = state;
    this.#alarmBy = alarmBy;
    this.#guard = guard;
    this.genesisDigest = genesisDigest(genesis.document);
    const post = new Post(
      (peer) => clerkStub(env, deployment, court, peer),
      (answer) => this.#guard(() => this.agreement.deliver(answer, Date.now())),
    );
    this.agreement = new Agreement(
      { bench, genesis, post },
      { armed: (at) => this.#arm(at), agreed: (height, rows) => this.#agreed(height, rows) },
    );
    const shards = deployment.registrars;
    this.#feed = new Feed(shards, chain.height(), {
      registrar: (shard) => registrarStub(env, deployment, { court, seat, shard }),
      shardOf: (key) => registrarOf(deployment, key),
    });
    const { quorum } = deployment;
    this.publisher = new Publisher({
      ledger: { db: env.LEDGER, genesis: genesis.document, quorum, verify },
      genesis,
      court,
      seat,
      sign,
      chain,
      incidents,
      leads: () => this.agreement.seat.view % quorum.n === seat,
      backlog: (blocks) => this.#backlog(blocks),
    });
  }

  start(now: number): void {
    this.agreement.prompt({ kind: "start", now });
    this.publisher.wake();
  }

  tick(now: number): void {
    this.agreement.prompt({ kind: "tick", now });
    this.waiters.check();
    this.publisher.wake();
  }

  /** Whether the object must be woken again even if nobody calls. */
  pending(): boolean {
    return this.#armedAt !== null || this.publisher.behind();
  }

  #agreed(height: number, rows: Parameters<Feed["changed"]>[1]): void {
    this.#feed.changed(height, rows);
    // After this synchronous piece: the tip moves with it.
    queueMicrotask(() => {
      this.waiters.check();
      this.publisher.wake();
    });
    this.#alarmBy(Date.now() + LIMITS.alarmMs);
  }

  #backlog(blocks: number): void {
    const full = blocks > LIMITS.publishBacklogBlocks;
    if (full === this.agreement.seat.backlogFull) return;
    this.#guard(() => this.agreement.prompt({ kind: "backlog", full, now: Date.now() }));
  }

  /** The in-memory twin of the alarm: faster, and gone when the object sleeps. */
  #arm(at: number | null): void {
    if (at === this.#armedAt) return;
    this.#armedAt = at;
    clearTimeout(this.#timer);
    if (at === null) return;
    const now = Date.now();
    this.#timer = setTimeout(
      () => {
        this.#armedAt = null;
        this.#guard(() => this.tick(Date.now()));
      },
      Math.max(0, at - now),
    );
    this.#alarmBy(Math.max(at, now) + LIMITS.alarmMs);
  }
}
