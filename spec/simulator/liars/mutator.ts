/** Small changes to any field of what it says, signed anew (ByzzFuzz: one off, an older value, another of its kind), or not signed anew. */
import { groundsOf } from "../../../objects/clerk/consensus/messages.ts";
import type {
  Justification,
  Message,
  Prepared,
} from "../../../objects/clerk/consensus/messages.ts";
import { batchDigest, entryDigests } from "../../../objects/shared/digests.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Batch, Block, Certificate } from "../../../objects/shared/types.ts";
import {
  ahead,
  disjoint,
  estranged,
  otherChange,
  otherChunk,
  otherControl,
  otherOffer,
  otherReject,
  otherWrit,
} from "./alterations.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Of, Place, Told } from "./mouth.ts";

export class Mutator implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;
  readonly #share: number;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#share = place.dice.one([10, 30, 60]);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (!dice.percent(this.#share)) return [{ to, message }];
    // Besides what it says in time: the votes of its own view and epoch for the height above.
    if (dice.percent(5)) return [message, ahead(message)].map((one) => this.#signed(to, one));
    const changed = dice.percent(10) ? this.#envelope(message) : this.#content(message);
    if (dice.percent(8)) return [{ to, message: { ...changed, signature: message.signature } }];
    return [this.#signed(to, changed)];
  }

  #signed(to: number, message: Message): Told {
    return { to, message: this.#tongue.otherwise(message, {}) };
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    return [];
  }

  #envelope(message: Message): Message {
    const { dice } = this.#tongue.place;
    return dice.one([
      { ...message, court: message.court + 1 },
      { ...message, epoch: this.#off(message.epoch) },
      { ...message, incarnation: this.#off(message.incarnation) },
      { ...message, sequence: this.#off(message.sequence) },
    ]);
  }

  #content(message: Message): Message {
    if (message.kind === "proposal") return this.#proposal(message);
    if (message.kind === "prepare" || message.kind === "commit") return this.#vote(message);
    if (message.kind === "view-change") return this.#change(message);
    if (message.kind === "blocks") return this.#blocks(message);
    if (message.kind === "decided")
      return { ...message, certificate: this.#certificate(message.certificate) };
    if (message.kind === "sync") return { ...message, after: this.#off(message.after) };
    if (message.kind === "batch-request") return { ...message, batch: this.#digest(message.batch) };
    if (message.kind === "batch-answer") return { ...message, batch: this.#batch(message.batch) };
    return this.#other(message);
  }

  #other(message: Message): Message {
    const { dice } = this.#tongue.place;
    if (message.kind === "forward") return { ...message, writ: otherWrit(message.writ, dice) };
    if (message.kind === "reject") return otherReject(message, dice);
    if (message.kind === "endorse")
      return { ...message, control: otherControl(message.control, dice) };
    if (message.kind === "state-chunk") return otherChunk(message, dice);
    if (message.kind !== "state-offer") return message;
    return otherOffer(message, dice, (certificate) => this.#certificate(certificate));
  }

  #proposal(message: Of<"proposal">): Message {
    const { dice } = this.#tongue.place;
    const batch = dice.percent(60) ? this.#batch(message.batch) : message.batch;
    const justification = dice.percent(50)
      ? this.#grounds(message.justification)
      : message.justification;
    const view = dice.percent(20) ? this.#off(message.view) : message.view;
    const grounds = groundsOf(dice.percent(90) ? justification : message.justification);
    return { ...message, view, batch, justification, grounds };
  }

  #grounds(why: Justification): Justification {
    const { dice } = this.#tongue.place;
    if (why.by === "certificate") {
      if (why.certificate === null) return why;
      const certificate = dice.percent(90) ? this.#certificate(why.certificate) : null;
      return { by: "certificate", certificate };
    }
    const at = dice.below(why.changes.length);
    if (dice.percent(70))
      return { by: "changes", changes: why.changes.filter((_, other) => other !== at) };
    const changes = why.changes.map((change, other) =>
      other === at ? otherChange(change, dice) : change,
    );
    return { by: "changes", changes };
  }

  #vote(message: Of<"prepare"> | Of<"commit">): Message {
    const { dice } = this.#tongue.place;
    return dice.one<Message>([
      { ...message, view: this.#off(message.view) },
      { ...message, height: this.#off(message.height, 1) },
      { ...message, result: this.#digest(message.result) },
      { ...message, batch: this.#digest(message.batch) },
      message.kind === "commit" ? { ...message, block: this.#digest(message.block) } : message,
    ]);
  }

  #change(message: Of<"view-change">): Message {
    const { dice } = this.#tongue.place;
    const { prepared } = message;
    if (dice.percent(15)) return otherChange(message, dice);
    return dice.one<Message>([
      { ...message, view: this.#off(message.view) },
      { ...message, height: this.#off(message.height, 1) },
      { ...message, prepared: null },
      { ...message, prepared: this.#hearsay.preparedAt(message.height)[0] ?? prepared },
      { ...message, prepared: prepared === null ? null : this.#prepared(prepared) },
      {
        ...message,
        certificate: message.certificate === null ? null : this.#certificate(message.certificate),
      },
    ]);
  }

  #blocks(message: Of<"blocks">): Message {
    const { dice } = this.#tongue.place;
    if (dice.percent(25)) return { ...message, height: message.height + dice.one([1, 7, 2 ** 40]) };
    const at = dice.below(message.blocks.length);
    const blocks = message.blocks.map((block, index) =>
      index === at ? this.#block(block) : block,
    );
    return { ...message, blocks };
  }

  #block(block: Block): Block {
    const { dice } = this.#tongue.place;
    if (dice.percent(40)) return disjoint(block, dice);
    const [outcome = "", ...others] = block.outcomes;
    return dice.one([
      { ...block, outcomes: [`${outcome} `, ...others] },
      { ...block, outcomes: others },
      { ...block, result: { ...block.result, count: this.#off(block.result.count) } },
      { ...block, entries: block.entries.slice(1) },
      { ...block, header: { ...block.header, time: this.#off(block.header.time) } },
      { ...block, certificate: this.#certificate(block.certificate) },
    ]);
  }

  #batch(batch: Batch): Batch {
    const { dice } = this.#tongue.place;
    const { header, entries } = batch;
    const fewer = entries.slice(0, -1);
    const [first, ...others] = entries;
    const recut =
      first === undefined ? [] : [{ ...first, first: this.#off(first.first) }, ...others];
    const backwards = entries.toReversed();
    if (dice.percent(10)) return { header: estranged(header, dice), entries };
    return dice.one([
      { header: { ...header, time: this.#off(header.time) }, entries },
      { header: { ...header, time: header.time + 3_600_000 }, entries },
      { header: { ...header, time: Math.max(0, header.time - 3_600_000) }, entries },
      { header: { ...header, parent: this.#digest(header.parent) }, entries },
      { header: { ...header, height: this.#off(header.height, 1) }, entries },
      { header: { ...header, domainVersion: this.#off(header.domainVersion) }, entries },
      { header: { ...header, entries: entryDigests(fewer) }, entries: fewer },
      { header: { ...header, entries: entryDigests(recut) }, entries: recut },
      { header: { ...header, entries: entryDigests(backwards) }, entries: backwards },
      { header, entries: fewer },
    ]);
  }

  #certificate(certificate: Certificate): Certificate {
    const { dice } = this.#tongue.place;
    const { signatures } = certificate;
    const [one] = signatures;
    if (dice.percent(15)) return estranged(certificate, dice);
    return dice.one([
      { ...certificate, view: this.#off(certificate.view) },
      { ...certificate, height: this.#off(certificate.height, 1) },
      { ...certificate, result: this.#digest(certificate.result) },
      { ...certificate, block: this.#digest(certificate.block) },
      { ...certificate, signatures: signatures.slice(1) },
      { ...certificate, signatures: signatures.map((signature) => one ?? signature) },
      { ...certificate, signatures: one === undefined ? [] : [...signatures, one] },
    ]);
  }

  #prepared(prepared: Prepared): Prepared {
    const { dice } = this.#tongue.place;
    const [one] = prepared.signatures;
    return dice.one([
      { ...prepared, view: this.#off(prepared.view) },
      { ...prepared, batch: this.#digest(prepared.batch) },
      { ...prepared, signatures: prepared.signatures.slice(1) },
      { ...prepared, signatures: prepared.signatures.map((signature) => one ?? signature) },
    ]);
  }

  #digest(not: string): string {
    const { dice } = this.#tongue.place;
    const known = [...this.#hearsay.batches.values()].map(({ header }) => batchDigest(header));
    const [old] = known.filter((digested) => digested !== not);
    return dice.percent(50) && old !== undefined ? old : sha256(not);
  }

  #off(value: number, least = 0): number {
    return Math.max(least, value + this.#tongue.place.dice.one([-1, 1]));
  }
}
