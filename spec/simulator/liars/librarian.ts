/** Lies to those who catch up: blocks altered, without certificates, above a gap; batches nobody asked for; poisoned certificates. */
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import {
  batchDigest,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../../objects/shared/digests.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { StateRow } from "../../../objects/shared/state-root.ts";
import type { Block, Certificate } from "../../../objects/shared/types.ts";
import { blockOf, Forge, padded } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Of, Place, Told } from "./mouth.ts";

export class Librarian implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;
  readonly #forge: Forge;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (dice.percent(25)) return [{ to, message }];
    if (message.kind === "blocks") return [{ to, message: this.#falsified(message) }];
    if (message.kind === "state-chunk") return [{ to, message: this.#otherRows(message) }];
    if (message.kind === "state-offer") return [{ to, message: this.#otherOffer(message) }];
    if (message.kind === "batch-answer" && dice.percent(30))
      return [{ to, message: this.#strange(message) }];
    if (message.kind === "batch-answer") {
      const batch = this.#forge.retimed(message.batch);
      return [{ to, message: this.#tongue.otherwise(message, { batch }) }];
    }
    if (message.kind !== "decided") return [{ to, message }];
    const certificate = this.#poisoned(message.certificate);
    return [{ to, message: this.#tongue.otherwise(message, { certificate }) }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (message.kind === "sync") return this.#answer(message);
    if (message.kind === "batch-request") return this.#batches(message);
    if (message.kind === "commit" && dice.percent(10)) return this.#early();
    return dice.percent(2) ? this.#nonsense() : [];
  }

  #answer({ from, after }: Of<"sync">): Told[] {
    const { dice } = this.#tongue.place;
    const above = this.#tongue.place.core().world.blocksAbove(after);
    const [first] = above;
    if (first === undefined) {
      // It asks for more and gets the promise of it only.
      const known = this.#hearsay.blocks.get(after) ?? this.#hearsay.blocks.get(1);
      const blocks = known === undefined ? [] : [known];
      const promise = this.#tongue.say({
        kind: "blocks",
        blocks,
        height: after + 1_000,
        lowest: 1,
      });
      return dice.percent(50) ? [{ to: from, message: promise }] : [];
    }
    const answer = this.#tongue.say({
      kind: "blocks",
      blocks: above,
      height: after + above.length,
      lowest: 1,
    });
    return [{ to: from, message: this.#falsified(answer) }];
  }

  #falsified(answer: Of<"blocks">): Of<"blocks"> {
    const { dice } = this.#tongue.place;
    const { blocks } = answer;
    const at = dice.below(Math.max(1, blocks.length));
    const one = blocks[at];
    if (one === undefined) return answer;
    const changed = dice.one<readonly Block[]>([
      blocks.filter((_, index) => index !== at),
      blocks.toReversed(),
      blocks.map((block) => (block === one ? this.#altered(block, false) : block)),
      blocks.map((block) => (block === one ? this.#altered(block, true) : block)),
      blocks.map((block) =>
        block === one ? { ...block, certificate: this.#poisoned(block.certificate) } : block,
      ),
      blocks.flatMap((block) => [block, block]),
      [],
    ]);
    const height = dice.percent(30) ? answer.height + dice.one([1, 100, 2 ** 40]) : answer.height;
    // Or it has dropped what it is asked for, as it says.
    const lowest = dice.percent(20) ? height + 1 : answer.lowest;
    return this.#tongue.otherwise(answer, { blocks: changed, height, lowest });
  }

  /** Rows that are not under their root: one altered, left out, twice, or of another place; or the same without end. */
  #otherRows(chunk: Of<"state-chunk">): Of<"state-chunk"> {
    const { dice } = this.#tongue.place;
    const { rows } = chunk;
    const at = dice.below(Math.max(1, rows.length));
    const rot = (row: StateRow): StateRow =>
      row[0] === "entity"
        ? [row[0], row[1], row[2], row[3].replace(/\d+/, "1000000"), row[4], row[5]]
        : row;
    return dice.one<() => Of<"state-chunk">>([
      () => this.#tongue.otherwise(chunk, { rows: rows.map(rot) }),
      () => this.#tongue.otherwise(chunk, { rows: rows.map(rot) }),
      () => this.#tongue.otherwise(chunk, { rows: rows.filter((_, index) => index !== at) }),
      () => this.#tongue.otherwise(chunk, { rows: [...rows, ...rows] }),
      () => this.#tongue.otherwise(chunk, { part: chunk.part + 1 }),
      () => this.#tongue.otherwise(chunk, { base: chunk.base + 1 }),
      () => this.#tongue.otherwise(chunk, { last: !chunk.last }),
      // As little as it may, or less.
      () => this.#tongue.otherwise(chunk, { rows: rows.slice(0, 1), last: false }),
      () => this.#tongue.otherwise(chunk, { rows: [], last: false }),
      () => this.#strange(chunk),
    ])();
  }

  #otherOffer(said: Of<"state-offer">): Of<"state-offer"> {
    const { dice } = this.#tongue.place;
    // Mostly it is believed so far: what comes under an offer can be false too.
    if (dice.percent(60)) return said;
    if (dice.percent(30)) return this.#strange(said);
    const { anchor, rooted, parts } = said;
    const poisoned = (head: typeof anchor) => {
      return { ...head, certificate: this.#poisoned(head.certificate) };
    };
    const changes = dice.one<Partial<Of<"state-offer">>>([
      { anchor: poisoned(anchor) },
      { rooted: poisoned(rooted) },
      { rooted: anchor },
      { parts: parts.toReversed() },
      { parts: parts.slice(1) },
      { controls: [] },
    ]);
    return this.#tongue.otherwise(said, changes);
  }

  /** As if from an epoch that its receiver does not know yet. */
  #strange<M extends Of<"state-offer"> | Of<"state-chunk"> | Of<"batch-answer">>(said: M): M {
    const { dice } = this.#tongue.place;
    return this.#tongue.otherwise<M>(said, { epoch: dice.one([0, said.epoch + 1]) } as Partial<M>);
  }

  /** Another outcome; consistent in itself if asked, but for the signatures that nobody gave. */
  #altered(block: Block, consistent: boolean): Block {
    const outcomes = block.outcomes.map((outcome, index) =>
      index === 0 ? outcome.replace(/accepted|outcome/, "rejected") : outcome,
    );
    if (!consistent) return { ...block, outcomes };
    const result = { ...block.result, root: merkleRoot(outcomes.map(leafDigest)) };
    const digested = resultDigest(result);
    const batch = { header: block.header, entries: block.entries };
    const certificate = {
      ...block.certificate,
      result: digested,
      block: blockOf(batch, digested),
    };
    return { ...block, outcomes, result, certificate: this.#selfSigned(certificate) };
  }

  #selfSigned(certificate: Certificate): Certificate {
    const { dice, liars, setup } = this.#tongue.place;
    const own = liars.map((from) => {
      const { incarnation, sequence, signature } = this.#tongue.say(
        { kind: "commit", ...certificate },
        from,
      );
      return { seat: from, incarnation, sequence, signature };
    });
    const others = dice.percent(50)
      ? certificate.signatures.filter(({ seat }) => !liars.includes(seat))
      : [];
    return { ...certificate, signatures: padded([...own, ...others], setup.quorum.q) };
  }

  #poisoned(certificate: Certificate): Certificate {
    const { dice } = this.#tongue.place;
    const { signatures } = certificate;
    const [one] = signatures;
    if (one === undefined) return certificate;
    const other = sha256(certificate.block);
    return dice.one<Certificate>([
      { ...certificate, signatures: [...signatures, { ...one, seat: 63 }] },
      { ...certificate, signatures: [...signatures, one] },
      { ...certificate, signatures: signatures.map(() => one) },
      { ...certificate, signatures: signatures.slice(1) },
      { ...certificate, view: certificate.view + 1 },
      { ...certificate, height: certificate.height + 1 },
      this.#selfSigned({ ...certificate, height: certificate.height + 1, block: other }),
      this.#selfSigned({ ...certificate, block: other }),
    ]);
  }

  /** A certificate before there is one. */
  #early(): Told[] {
    const [last] = [...this.#hearsay.commits.values()].slice(-1);
    const [one] = last?.values() ?? [];
    if (one === undefined) return [];
    const { court, epoch, height, view, batch, result, block } = one;
    const certificate = { court, epoch, height, view, batch, result, block, signatures: [] };
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "decided", certificate: this.#selfSigned(certificate) }),
    );
  }

  #batches({ from, batch }: Of<"batch-request">): Told[] {
    const known = this.#hearsay.batches.get(batch);
    if (known === undefined) return [];
    const others = [this.#forge.retimed(known), ...this.#hearsay.batches.values()].slice(0, 4);
    return others
      .filter(({ header }) => batchDigest(header) !== batch)
      .map((other) => ({
        to: from,
        message: this.#tongue.say({ kind: "batch-answer", batch: other }),
      }));
  }

  #nonsense(): Told[] {
    const { dice } = this.#tongue.place;
    const after = dice.one([0, 1, 2 ** 40]);
    return this.#tongue.toAll(
      dice.percent(50)
        ? this.#tongue.say({ kind: "sync", after })
        : this.#tongue.say({ kind: "batch-request", batch: sha256(String(after)) }),
    );
  }
}
