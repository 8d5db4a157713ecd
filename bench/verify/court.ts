// One court's chain from the genesis up, block by block. What is wrong is noted and gone on from, so far as it can be.
import { canonical, utf8Length } from "../../objects/shared/canonical.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { leafOf, tagged, treeRoot } from "./bytes.ts";
import { DOMAIN_VERSION, Domains } from "./domains.ts";
import { evaluated } from "./evaluate.ts";
import type { Came, Rules } from "./evaluate.ts";
import type { Flaw, Flaws, Kind } from "./flaws.ts";
import { courtOf, genesisDigest, quorumOf } from "./genesis.ts";
import type { Quorum } from "./genesis.ts";
import { batchDigest, poisonDigest, poisonFlaw, signersOf, writDigest } from "./proofs.ts";
import { Roots } from "./roots.ts";
import type { Block, GenesisDocument, Header, Word } from "./shapes.ts";
import type { Signatures } from "./signatures.ts";
import { State } from "./state.ts";
import { newTally } from "./tally.ts";
import type { Tally } from "./tally.ts";
import { Terms } from "./terms.ts";
import { Writs } from "./writs.ts";

/** What is said of a court before its blocks come. */
export interface Announced {
  readonly court: number;
  /** Its blocks come up to here at least. */
  readonly height: number;
  readonly words: readonly Word[];
}

export class Court {
  readonly tally: Tally;
  readonly state = new State();
  /** Nothing above its height can be checked. */
  stopped = false;
  readonly #number: number;
  readonly #document: GenesisDocument;
  readonly #quorum: Quorum;
  readonly #rules: Rules;
  readonly #flaws: Flaws;
  readonly #signatures: Signatures;
  readonly #terms: Terms;
  readonly #writs = new Writs();
  readonly #roots: Roots;
  /** As of the last height that is a multiple of K. */
  #root: string;
  readonly #words: readonly Word[];
  /** By height that a word is about: its block, once it has come. */
  readonly #vouched: Map<number, string | null>;
  #tip: { readonly block: string; readonly result: string; readonly time: number };

  constructor(
    { court: number, height: published, words }: Announced,
    document: GenesisDocument,
    { flaws, signatures }: { readonly flaws: Flaws; readonly signatures: Signatures },
  ) {
    this.tally = newTally(number, published);
    this.#words = words;
    this.#vouched = new Map(words.map(({ height }) => [height, null]));
    this.#number = number;
    this.#document = document;
    this.#quorum = quorumOf(document);
    this.#flaws = flaws;
    this.#signatures = signatures;
    this.#terms = new Terms(document, number);
    this.#rules = {
      domains: new Domains(document),
      retentionMs: document.windowMs + LIMITS.clockBoundMs,
      courtOf: (tenant, partition) => courtOf(document, tenant, partition),
    };
    const digest = genesisDigest(document);
    const below = tagged("result", [digest, 0, "", null]);
    this.#tip = { block: digest, result: below, time: document.time };
    this.#roots = new Roots(document.rootEvery);
    this.#root = this.#rootNow(0, document.time);
  }

  get height(): number {
    return this.tally.height;
  }

  /** The next block; what it came to, or null where that cannot be told. */
  // Rules: FindBrokenChain, TakeBlock.
  take(block: Block): readonly Came[] | null {
    const { header } = block;
    const { height } = header;
    if (header.court !== this.#number || height !== this.height + 1)
      return this.stop(
        "chain",
        `court ${header.court} height ${height} where ${this.height + 1} of court ${this.#number} follows`,
      );
    this.#chain(block);
    this.#digests(block);
    this.#certificate(block);
    this.#entries(block);
    if (header.control !== null) this.#control(block);
    if (header.domainVersion !== DOMAIN_VERSION)
      return this.stop(
        "outcome",
        `version ${header.domainVersion} of the domain is not of this build, which has ${DOMAIN_VERSION}`,
      );
    const { came, uses } = evaluated(block, this.state, this.#rules);
    for (const use of uses) this.#roots.use(use);
    this.#outcomes(block, came);
    this.#follow(block);
    this.#stateRoot(block);
    this.state.forget(header.time);
    this.#count(came);
    return came;
  }

  /** Whether the seats' words are their own and true, and vouch for just what was announced. To be asked at the end. */
  // Rule: FindOtherWord.
  vouched(): void {
    const heights: number[] = [];
    for (const { seat, height, block, signature } of this.#words) {
      const digest = tagged("attest", [this.#number, height, block]);
      const keys = this.#terms.seatKeysSince(height, seat);
      const own = keys.some((key) => this.#signatures.isBy(key, digest, signature));
      const there = this.#vouched.get(height) ?? block;
      const what = own ? "vouches for another block" : "did not give the word that is shown as its";
      if (own && there === block) heights.push(height);
      else this.#add(height, { kind: "attestation", what: `seat ${seat} ${what}` });
    }
    // A word on a height is one on all below it.
    const far = heights.toSorted((a, b) => b - a)[this.#quorum.r - 1] ?? 0;
    const { published } = this.tally;
    const what = "the seats vouch for another height than was announced";
    this.#same("attestation", what, { height: published }, { expected: far, found: published });
  }

  /** Notes why nothing above can be checked. */
  stop(kind: Kind, what: string): null {
    this.stopped = true;
    this.#add(this.height + 1, {
      kind,
      what: `${what}: nothing of the court is checked from here on`,
    });
    return null;
  }

  #add(height: number, flaw: Flaw): void {
    this.#flaws.add({ ...flaw, court: this.#number, height });
  }

  #same(
    kind: Kind,
    what: string,
    { height }: Pick<Header, "height">,
    pair: { expected: unknown; found: unknown },
  ): boolean {
    const place = { court: this.#number, height };
    const texts = { expected: String(pair.expected), found: String(pair.found) };
    return this.#flaws.compare(kind, what, place, texts);
  }

  // Rule: FindBrokenChain.
  #chain({ header, result }: Block): void {
    const { block, result: prior, time } = this.#tip;
    this.#same("chain", "the parent is not the block below", header, {
      expected: block,
      found: header.parent,
    });
    this.#same("chain", "the result below is another", header, {
      expected: prior,
      found: result.prior,
    });
    if (header.time <= time)
      this.#add(header.height, {
        kind: "time",
        what: `block time ${header.time} is not after ${time}`,
      });
  }

  // Rule: FindUnsigned.
  #digests({ header, entries, result, outcomes, certificate }: Block): void {
    const digested = entries.map(({ writ, first, count, poison }) => [
      writDigest(writ),
      first,
      count,
      poison === undefined ? null : poisonDigest(poison),
    ]);
    const same = (what: string, expected: unknown, found: unknown): boolean =>
      this.#same("digest", what, header, { expected, found });
    same("the header is of other writs", canonical(digested), canonical(header.entries));
    same("the certificate is of another batch", batchDigest(header), certificate.batch);
    same("the result counts other outcomes", outcomes.length, result.count);
    same(
      "the result has another root of its outcomes",
      treeRoot(outcomes.map(leafOf)),
      result.root,
    );
    const { prior, count, root, state } = result;
    same(
      "the certificate is of another result",
      tagged("result", [prior, count, root, state]),
      certificate.result,
    );
    const { batch, result: resulting, block } = certificate;
    const own = tagged("block", [header.height, header.parent, batch, resulting]);
    same("the certificate is of another block", own, block);
  }

  // Rule: FindUnsigned.
  #certificate({ header, certificate }: Block): void {
    const { court, epoch, height } = header;
    const { keys, epoch: current, domainVersion } = this.#terms.now;
    this.#same("control", "the epoch is another", header, { expected: current, found: epoch });
    this.#same("control", "the version of the domain is another", header, {
      expected: domainVersion,
      found: header.domainVersion,
    });
    const place = canonical([court, epoch, height]);
    this.#same("certificate", "the certificate is of another place", header, {
      expected: place,
      found: canonical([certificate.court, certificate.epoch, certificate.height]),
    });
    const { q } = this.#quorum;
    const { size } = signersOf(certificate, { ...this.#quorum, keys }, this.#signatures);
    if (size >= q) this.tally.certificates += 1;
    else
      this.#add(height, {
        kind: "certificate",
        what: "too few seats signed the block",
        expected: `${q} valid signatures of distinct seats`,
        found: `${size} of ${certificate.signatures.length}`,
      });
  }

  // Rule: FindUnsigned.
  #entries({ header, entries, outcomes }: Block): void {
    const { keys, wardenKeys } = this.#terms.now;
    const add = (kind: Kind, what: string): void => this.#add(header.height, { kind, what });
    for (const entry of entries) {
      const { writ, poison } = entry;
      const name = `writ ${writ.number} of Warden ${writ.warden}`;
      if (writ.court !== this.#number) add("writ", `${name} is for court ${writ.court}`);
      if (this.#signatures.isBy(wardenKeys[writ.warden], writDigest(writ), writ.seal))
        this.tally.seals += 1;
      else add("seal", `${name} is not sealed by it`);
      const disorder = this.#writs.take(entry);
      if (disorder !== null) add("writ", disorder);
      if (poison === undefined) continue;
      const flaw = poisonFlaw(poison, header, { ...this.#quorum, keys }, this.#signatures);
      if (flaw === null) this.tally.poison += 1;
      else add("poison", `the event is not proven undecidable: ${flaw}`);
    }
    const events = entries.flatMap(({ writ, first, count }) =>
      writ.events.slice(first, first + count),
    );
    const bounds = [
      ["events", events.length, LIMITS.blockEvents],
      ["bytes of events", bytesOf(events), LIMITS.blockBytes],
    ] as const;
    for (const [what, found, most] of bounds)
      if (found > most) add("writ", `${found} ${what}, where a block has ${most} at most`);
    if (events.length > 0 && bytesOf(outcomes) > LIMITS.outcomesBytes)
      add(
        "writ",
        `${bytesOf(outcomes)} bytes of outcomes, where a block has ${LIMITS.outcomesBytes} at most`,
      );
  }

  #control({ header, entries }: Block): void {
    const { control, height } = header;
    if (control === null) return;
    const objection = this.#terms.objection(control);
    if (objection !== null)
      this.#add(height, { kind: "control", what: `the control cannot be decided: ${objection}` });
    if (entries.length > 0)
      this.#add(height, { kind: "control", what: "a control stands beside events" });
  }

  // Rule: FindOtherOutcome.
  #outcomes({ header, outcomes }: Block, came: readonly Came[]): void {
    const { height } = header;
    const most = Math.max(came.length, outcomes.length);
    for (let index = 0; index < most; index++) {
      const [own, found] = [came[index], outcomes[index]];
      if (own !== undefined && own.text === found) continue;
      this.#add(height, { kind: "outcome", index, ...outcomeFlaw(own, found) });
      // One missing or too many moves all that follow.
      if (came.length !== outcomes.length) return;
    }
  }

  /** Takes the block as decided. */
  #follow({ header, certificate }: Block): void {
    const { control, height, time } = header;
    this.#tip = { block: certificate.block, result: certificate.result, time };
    this.tally.height = height;
    if (this.#vouched.has(height)) this.#vouched.set(height, certificate.block);
    if (control === null) return;
    this.#terms.follow(control, height);
    this.tally.controls += 1;
    if (control.kind === "key" && control.officer.kind === "warden")
      this.#writs.restart(control.officer.warden);
  }

  /** Every K-th result carries the root as of K heights before. */
  // Rule: FindOtherRoot.
  #stateRoot({ header, result }: Block): void {
    const { height, time } = header;
    const carries = height % this.#document.rootEvery === 0;
    const expected = carries ? this.#root : null;
    const same = this.#same(
      "state-root",
      carries ? "the root of the state is another" : "a root of the state where none belongs",
      header,
      { expected, found: result.state },
    );
    if (!carries) return;
    if (same) this.tally.roots += 1;
    this.#root = this.#rootNow(height, time);
  }

  #rootNow(height: number, time: number): string {
    const standing = { height, time, term: this.#terms.now, writs: this.#writs.progress };
    return this.#roots.root(this.state, standing);
  }

  #count(came: readonly Came[]): void {
    const { tally } = this;
    for (const { verdict, event, of } of came) {
      if (event === null) {
        if (of.type === "assize.expired") tally.expiries += 1;
        continue;
      }
      tally.events += 1;
      if (verdict.status === "accepted") tally.accepted += 1;
      if (verdict.status === "rejected") tally.rejected += 1;
      if (verdict.status === "duplicate") tally.duplicates += 1;
    }
    tally.entities = this.state.entities.size;
  }
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + utf8Length(text), 0);
}

function outcomeFlaw(own: Came | undefined, found: string | undefined): Omit<Flaw, "kind"> {
  if (own === undefined)
    return {
      what: "an outcome of nothing that was to be decided",
      expected: "nothing",
      found: found ?? "",
    };
  const effect = own.event === null ? "an effect of the system" : "the outcome of an event";
  const what = found === undefined ? `${effect} is missing` : `${effect} is not what it comes to`;
  const { verdict } = own;
  const entity = verdict.status === "accepted" ? verdict.changes[0]?.entity : undefined;
  const named = entity === undefined ? {} : { entity };
  return { what, ...named, expected: own.text, found: found ?? "nothing" };
}
