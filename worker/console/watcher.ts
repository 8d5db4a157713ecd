/** Looking at a court, again and again: what was proven once is not looked at twice. */
import { certificateFits, statedDigest } from "../../objects/shared/verify.ts";
import { certified, seatsOf } from "../../objects/ledger/trust.ts";
import type { Ledger } from "../../objects/ledger/ledger.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { DecidedOfLate, Glimpse, IncidentOfLate } from "../../objects/shared/rpc.ts";
import { clerkStub } from "../../objects/shared/shell/stubs.ts";
import { lastTerm } from "../../objects/shared/terms.ts";
import { unlessSilent } from "../calls.ts";
import type { Context } from "../context.ts";
import { describeCourt } from "../seats.ts";
import { chargesOf, glimpseIn, shownBlock } from "./scene.ts";
import type { Inside, Noted, Scene } from "./scene.ts";

export class Watcher {
  readonly #context: Context;
  readonly #court: number;
  /** Whether blocks, votes and incidents may be shown. */
  readonly #operates: boolean;
  /** Proven, by height. */
  readonly #blocks = new Map<number, DecidedOfLate>();
  readonly #noted: Noted[] = [];
  readonly #lastIncident: number[];

  constructor(context: Context, court: number, operates: boolean) {
    this.#context = context;
    this.#court = court;
    this.#operates = operates;
    this.#lastIncident = context.seats.map(() => 0);
  }

  /** Throws `no-quorum` where not even the genesis can be had. */
  async look(): Promise<Scene> {
    const [court, glimpses] = await Promise.all([
      describeCourt(this.#context, this.#court),
      this.#operates ? this.#glimpses() : null,
    ]);
    if (glimpses === null) return { court, inside: null };
    const ledger = await this.#context.ledger();
    for (const [seat, glimpse] of glimpses.entries()) await this.#take(ledger, seat, glimpse);
    return { court, inside: this.#inside(glimpses, court.leader) };
  }

  #glimpses(): Promise<(Glimpse | null)[]> {
    const { env, deployment, seats } = this.#context;
    const known = Math.max(0, ...this.#blocks.keys());
    return Promise.all(
      seats.map(async (seat) => {
        const clerk = clerkStub(env, deployment, this.#court, seat);
        const asked = clerk.glimpse(known, this.#lastIncident[seat] ?? 0);
        return glimpseIn(await unlessSilent(asked, LIMITS.statusMs));
      }),
    );
  }

  async #take(ledger: Ledger, seat: number, glimpse: Glimpse | null): Promise<void> {
    const { blocks, incidents } = glimpse ?? { blocks: [], incidents: [] };
    const known = lastTerm(ledger.terms.of(this.#court)).epoch;
    // Keys may have changed since this isolate last looked.
    if (blocks.some(({ certificate }) => certificate.epoch > known))
      await this.#context.learnTerms(this.#court, seat);
    for (const block of blocks)
      if (!this.#blocks.has(block.height) && this.#isProven(ledger, block))
        this.#blocks.set(block.height, block);
    for (const incident of incidents) {
      const proven = incident.dissent !== null && this.#isDissent(ledger, incident);
      this.#noted.push({ ...incident, by: seat, proven });
      this.#lastIncident[seat] = Math.max(this.#lastIncident[seat] ?? 0, incident.id);
    }
    this.#forget();
  }

  /** What is older than what is shown. */
  #forget(): void {
    const heights = [...this.#blocks.keys()].toSorted((a, b) => b - a);
    for (const height of heights.slice(LIMITS.glimpseBlocks)) this.#blocks.delete(height);
    const most = LIMITS.glimpseIncidents * this.#lastIncident.length;
    this.#noted.sort((a, b) => a.at.localeCompare(b.at));
    this.#noted.splice(0, this.#noted.length - most);
  }

  // Rule: HideUnprovenBlock.
  #isProven(ledger: Ledger, { height, parent, certificate }: DecidedOfLate): boolean {
    return (
      certificate.court === this.#court &&
      certificate.height === height &&
      certificateFits(certificate, parent) &&
      certified(ledger, certificate)
    );
  }

  /** Whether the accused did sign another result of the batch that the court agreed on. */
  #isDissent(ledger: Ledger, { height, seat, dissent }: IncidentOfLate): boolean {
    if (dissent === null || dissent.vote.seat !== seat) return false;
    const { vote, certificate } = dissent;
    const { court, epoch, batch, result } = certificate;
    if (court !== this.#court || certificate.height !== height) return false;
    if (vote.batch !== batch || vote.result === result) return false;
    const key = seatsOf(ledger, certificate).keys[vote.seat];
    const stated = [court, epoch, height, vote.view, vote.batch, vote.result];
    return (
      key !== undefined &&
      ledger.verify(key, statedDigest("prepare", stated, vote), vote.signature) &&
      certified(ledger, certificate)
    );
  }

  #inside(glimpses: readonly (Glimpse | null)[], leader: number): Inside {
    const { length: seats } = glimpses;
    const charges = chargesOf(this.#noted, this.#context.deployment.quorum.f);
    const blocks = [...this.#blocks.values()].toSorted((a, b) => b.height - a.height);
    const said = glimpses[leader] ?? glimpses.find((glimpse) => glimpse !== null) ?? null;
    return {
      votes: said?.votes ?? null,
      blocks: blocks.map((block) => shownBlock(block, charges, seats)),
      charges,
      // One clock says both when a block was proposed and when it was decided: the leader's.
      seconds: said?.seconds ?? [],
      upTo: Math.floor(Date.now() / 1000),
    };
  }
}
