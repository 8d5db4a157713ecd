/** A seat in session: the agreement and what hangs on its decisions, from the genesis on until the object goes. */
import type { Ledger } from "../ledger/ledger.ts";
import { storedRun } from "../ledger/stored.ts";
import { genesisDigest } from "../shared/genesis.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { regionOf, registrarOf } from "../shared/names.ts";
import { wallClock } from "../shared/shell/clock.ts";
import { clerkStub, registrarStub } from "../shared/shell/stubs.ts";
import type { Header, Writ } from "../shared/types.ts";
import { Agreement } from "./agreement.ts";
import { Answers, Waiters } from "./answers.ts";
import type { Bench } from "./bench.ts";
import { CatchUp } from "./catch-up.ts";
import { holdsKey, mayVote } from "./consensus/office.ts";
import { blockIn } from "./consensus/check.ts";
import { leaderNow } from "./consensus/step.ts";
import { Feed } from "./feed.ts";
import { Gather } from "./gather.ts";
import { Lately } from "./lately.ts";
import { Mending } from "./mending.ts";
import { Post } from "./post.ts";
import { Publisher } from "./publisher.ts";
import { RowDamaged } from "./rows.ts";
import { whereabouts } from "./stage.ts";
import type { Whereabouts } from "./stage.ts";

/** What a session asks of its object. */
export interface Keeper {
  /** Wakes the object at that time or earlier (Unix milliseconds), should it sleep. */
  readonly alarmBy: (at: number) => void;
  /** Runs a synchronous piece for which nobody waits; what it throws stops the object. */
  readonly tend: (work: () => void) => void;
  /** Ends this life, once what it wrote is durable: the next one begins from storage. */
  readonly restart: (reason: string) => void;
}

export class Session {
  readonly agreement: Agreement;
  readonly publisher: Publisher;
  readonly waiters = new Waiters();
  readonly answers: Answers;
  readonly lately = new Lately();
  readonly #gather = new Gather();
  readonly genesisDigest: string;
  readonly #feed: Feed;
  readonly #catchUp: CatchUp;
  readonly #mending: Mending;
  readonly #keeper: Keeper;
  readonly #bench: Bench;
  #verifying = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #armedAt: number | null = null;

  constructor(bench: Bench, genesis: Genesis, keeper: Keeper) {
    const { env, deployment, court, seat, chain } = bench;
    this.answers = new Answers(chain);
    this.#keeper = keeper;
    this.#bench = bench;
    this.genesisDigest = genesisDigest(genesis.document);
    const post = new Post(
      (peer) => clerkStub(env, deployment, court, peer, regionOf(deployment, seat)),
      (answer, by) => keeper.tend(() => this.agreement.answered(answer, by, Date.now())),
      wallClock,
    );
    this.agreement = new Agreement(
      { bench, genesis, post },
      {
        armed: (at) => this.#arm(at),
        agreed: (header, rows, now) => this.#agreed(header, rows, now),
        attempt: (what) => void this.#attempt(bench, what),
        hurt: () => keeper.alarmBy(Date.now() + LIMITS.alarmMs),
        over: () => keeper.restart("its state was replaced"),
      },
    );
    this.#feed = new Feed(deployment.registrars, chain.height(), {
      registrar: (shard) => registrarStub(env, deployment, { court, seat, shard }),
      shardOf: (key) => registrarOf(deployment, key),
      clock: wallClock,
    });
    const ledger = this.#ledger(bench, genesis);
    this.publisher = this.#publisher(bench, genesis, ledger);
    this.#catchUp = this.#search(bench, ledger);
    this.#mending = this.#ward(bench, ledger);
  }

  /** Why it has no voice or does not publish, for people; null when nothing is the matter. */
  get reason(): string | null {
    const { seat } = this.agreement;
    if (!holdsKey(seat))
      return "it has lost its storage, and its key with it: have it re-admitted, or raise GENERATION";
    if (!mayVote(seat)) return "its build does not carry the active version of the domain";
    return this.publisher.trouble;
  }

  get whereabouts(): Whereabouts {
    const { scrubber, standing } = this.#bench;
    const { done, of } = scrubber.progress;
    return whereabouts(this.agreement.seat, standing.now, { done, of, what: "tables" });
  }

  /** Takes a Warden's writ to be decided; false if its seal or form is wrong. */
  submit(writ: Writ, now: number): boolean {
    const { agreement } = this;
    if (!agreement.sound(writ)) return false;
    const writs = this.#gather.add(writ, now, agreement.agreeing());
    if (writs.length > 0) agreement.prompt({ kind: "writs", writs, now });
    this.#armGather(now);
    return true;
  }

  #armGather(now: number): void {
    clearTimeout(this.#gathering);
    const at = this.#gather.dueAt(this.agreement.agreeing());
    if (at === null) return;
    this.#gathering = setTimeout(
      () =>
        this.#keeper.tend(() => {
          const writs = this.#gather.take();
          this.agreement.prompt({ kind: "writs", writs, now: Date.now() });
        }),
      Math.max(0, at - now),
    );
  }

  start(now: number): void {
    this.agreement.prompt({ kind: "start", now });
    this.#work(now);
    const by = this.wakeBy(now);
    if (by !== null) this.#keeper.alarmBy(by);
  }

  tick(now: number): void {
    this.agreement.prompt({ kind: "tick", now });
    this.waiters.check();
    this.agreement.survey();
    this.#work(now);
  }

  /** What a reader met in the Ledger; the seat stays awake until somebody has mended it, for a while. */
  reread(height: number, now: number): void {
    void this.publisher.reread(height).finally(() => {
      const by = this.wakeBy(now);
      if (by !== null) this.#keeper.alarmBy(by);
    });
  }

  /** Whatever is to be done beside the agreement; harmless where it is already. */
  #work(now: number): void {
    this.#rebuildIfDue(now);
    this.#replayOwn(now);
    this.publisher.wake();
    this.#catchUp.wake();
    this.#mending.wake();
    if (this.#bench.standing.now.verify) void this.#verify();
  }

  /** An order that was found in storage, or came in this life, is carried out when its time has come. */
  #rebuildIfDue(now: number): void {
    const { rebuild, replaying, retryAt } = this.#bench.standing.now;
    const { seat } = this.agreement;
    if (!rebuild || replaying !== null || now < retryAt || seat.rebuilding || seat.voice) return;
    this.agreement.prompt({ kind: "rebuild", now });
  }

  /** Own blocks above a state that was taken need no peer. */
  #replayOwn(now: number): void {
    const { chain, standing } = this.#bench;
    const { seat } = this.agreement;
    if (standing.now.replaying === null || seat.blocks.size > 0 || seat.ended) return;
    try {
      const blocks = chain.above(seat.tip.height, LIMITS.syncBlocks, LIMITS.syncBytes);
      if (blocks.length > 0) this.agreement.found(blocks, now);
    } catch (error) {
      // A peer has the block that is damaged here.
      if (!(error instanceof RowDamaged)) throw error;
    }
  }

  /** Reads the whole state once more before the voice comes back, slice by slice. */
  async #verify(): Promise<void> {
    if (this.#verifying || !this.#due()) return;
    this.#verifying = true;
    const { scrubber, repairs } = this.#bench;
    scrubber.restart();
    const mark = { read: false };
    while (!mark.read && this.#due()) {
      this.#keeper.tend(() => {
        repairs.mending(() => scrubber.slice());
        const { done, of } = scrubber.progress;
        mark.read = done === of;
        if (mark.read) this.#verified();
      });
      await scheduler.wait(0);
    }
    this.#verifying = false;
  }

  /** Whether what was taken is all there, and nothing of it is known to be damaged. */
  #due(): boolean {
    const { verify, rebuild, replaying, wounds } = this.#bench.standing.now;
    return verify && !rebuild && replaying === null && wounds.length === 0;
  }

  #verified(): void {
    const bench = this.#bench;
    bench.atomic(() => {
      bench.standing.change({ verify: false });
      bench.lift();
    });
    this.#keeper.restart("its state is verified");
  }

  /** By when the object must be woken though nobody calls (Unix milliseconds); null if it may sleep until somebody does. */
  wakeBy(now: number): number | null {
    const soon = now + LIMITS.alarmMs;
    const { rebuild, retryAt, wounds, verify } = this.#bench.standing.now;
    if (this.publisher.behind() || this.publisher.waits() || wounds.length > 0 || verify)
      return soon;
    if (rebuild) return Math.max(retryAt, soon);
    return this.#armedAt === null ? null : Math.max(this.#armedAt, soon);
  }

  #ledger({ env, deployment, verify, faults }: Bench, genesis: Genesis): Ledger {
    const { agreement } = this;
    return {
      db: faults.ledger(env.LEDGER),
      genesis: genesis.document,
      quorum: deployment.quorum,
      verify,
      // What it reads back must be what its own chain says.
      terms: { of: () => agreement.seat.setup.terms, learn: () => true, proofs: () => [] },
    };
  }

  #search({ court, incidents }: Bench, ledger: Ledger): CatchUp {
    const { agreement } = this;
    const { tend } = this.#keeper;
    return new CatchUp({
      height: () => agreement.seat.tip.height,
      lacking: () => agreement.lacking(),
      alone: () => agreement.alone(),
      above: (height) => storedRun(ledger, court, height),
      found: (blocks) => tend(() => agreement.found(blocks, Date.now())),
      damaged: ({ height, what: detail }) =>
        tend(() => incidents.recordOnce({ kind: "ledger-damaged", height, detail }, Date.now())),
      clock: { wait: (ms) => scheduler.wait(ms) },
    });
  }

  #ward({ env, deployment, court, seat, chain, standing }: Bench, ledger: Ledger): Mending {
    const { tend } = this.#keeper;
    const peers = Array.from({ length: deployment.quorum.n }, (_, peer) => peer).filter(
      (peer) => peer !== seat,
    );
    return new Mending({
      wounds: () => standing.now.wounds.map(({ height }) => height).toSorted((a, b) => a - b),
      own: (height) => {
        try {
          return chain.block(height) ?? null;
        } catch (error) {
          if (error instanceof RowDamaged) return null;
          throw error;
        }
      },
      others: [
        ...peers.map(
          (peer) => async (height: number) =>
            blockIn(await clerkStub(env, deployment, court, peer).block(height)),
        ),
        async (height) => (await storedRun(ledger, court, height - 1)).blocks[0] ?? null,
      ],
      mend: (block) => tend(() => this.agreement.mend(block, Date.now())),
      clock: { wait: (ms) => scheduler.wait(ms) },
    });
  }

  #publisher(bench: Bench, genesis: Genesis, ledger: Ledger): Publisher {
    const { court, seat, pair, sign, chain, state, notes, incidents } = bench;
    const { agreement } = this;
    return new Publisher({
      ledger,
      genesis,
      court,
      seat,
      key: pair.publicKey,
      sign,
      chain,
      incidents,
      clock: { now: () => Date.now(), wait: (ms) => scheduler.wait(ms) },
      voice: () => agreement.seat.voice,
      leads: () => leaderNow(agreement.seat) === seat,
      backlog: (blocks) => this.#backlog(blocks),
      damaged: (error) =>
        this.#keeper.tend(() => {
          throw error;
        }),
      versionOf: (key) => state.entity(key)?.version ?? 0,
      place: {
        get: () => notes.lookedUp("patrol"),
        put: (text) => notes.put("patrol", text),
      },
    });
  }

  /** What may kill the seat is evaluated in a turn of its own, when it is known in storage. */
  async #attempt(bench: Bench, what: string): Promise<void> {
    try {
      await bench.synced();
    } catch {
      // What cannot be written ends this life, and the attempt with it.
      return;
    }
    this.#keeper.tend(() => this.agreement.prompt({ kind: "attempted", what, now: Date.now() }));
  }

  #agreed(header: Header, rows: Parameters<Feed["changed"]>[1], now: number): void {
    this.lately.decided(header, now);
    // Others hand in what they are given, and wait for nobody.
    if (leaderNow(this.agreement.seat) === this.#bench.seat)
      this.#gather.decided(now, now - header.time, header.entries.length);
    this.#feed.changed(header.height, rows);
    // After this synchronous piece: the tip moves with it.
    queueMicrotask(() =>
      this.#keeper.tend(() => {
        this.#armGather(Date.now());
        this.waiters.check();
        this.publisher.wake();
        this.agreement.survey();
        this.#replayOwn(Date.now());
      }),
    );
    this.#keeper.alarmBy(Date.now() + LIMITS.alarmMs);
  }

  #backlog(blocks: number): void {
    const full = blocks > LIMITS.publishBacklogBlocks;
    if (full === this.agreement.seat.backlogFull) return;
    this.#keeper.tend(() => this.agreement.prompt({ kind: "backlog", full, now: Date.now() }));
  }

  /** The in-memory twin of the alarm: faster, and gone when the object sleeps; for what is far off the alarm alone does. */
  #arm(at: number | null): void {
    if (at === this.#armedAt) return;
    this.#armedAt = at;
    clearTimeout(this.#timer);
    if (at === null) return;
    const now = Date.now();
    const soon = now + LIMITS.alarmMs;
    this.#keeper.alarmBy(Math.max(at, soon));
    if (at > soon) return;
    this.#timer = setTimeout(
      () => {
        this.#armedAt = null;
        this.#keeper.tend(() => this.tick(Date.now()));
      },
      Math.max(0, at - now),
    );
  }
}
