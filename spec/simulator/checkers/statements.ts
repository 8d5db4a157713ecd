/** What a seat's signature is over, by the table of messages, and whether it is that seat's. */
import type {
  Commit,
  Justification,
  Message,
  Prepare,
  Prepared,
  Proposal,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import type { Certificate, VoteSignature } from "../../../objects/shared/types.ts";
import { digestOfBatch, digestOfBlock, digestOfCommit, tagged } from "./bytes.ts";
import type { Options } from "./part.ts";
import { Terms } from "./terms.ts";

/** What of a seat's statements binds it. */
export type Binding = Proposal | Prepare | Commit | ViewChange;

export function isBinding(message: Message): message is Binding {
  const { kind } = message;
  return kind === "proposal" || kind === "prepare" || kind === "commit" || kind === "view-change";
}

export function isVote(message: Message): message is Prepare | Commit {
  return message.kind === "prepare" || message.kind === "commit";
}

export function heightOf(said: Binding): number {
  return said.kind === "proposal" ? said.batch.header.height : said.height;
}

/** All of a statement's own content, as it stands under its signature. */
export function contentOf(said: Binding): readonly unknown[] {
  switch (said.kind) {
    case "proposal":
      return [heightOf(said), said.view, digestOfBatch(said.batch.header), said.grounds];
    case "prepare":
      return [said.height, said.view, said.batch, said.result];
    case "commit":
      return [said.height, said.view, said.batch, said.result, said.block];
    case "view-change": {
      const { prepared } = said;
      const certified = said.certificate?.block ?? null;
      return [said.view, said.height, certified, prepared === null ? null : valueOf(prepared)];
    }
  }
}

function valueOf({ height, view, batch, result }: Prepared): readonly unknown[] {
  return [height, view, batch, result];
}

export function digestOfGrounds(why: Justification): string {
  if (why.by === "changes")
    return tagged("grounds", ["changes", ...why.changes.map(({ signature }) => signature)]);
  const { certificate } = why;
  return tagged("grounds", ["certificate", certificate?.view ?? 0, certificate?.block ?? null]);
}

export class Signatures {
  readonly terms: Terms;
  readonly #options: Options;
  readonly #sound = new WeakSet();

  constructor(options: Options) {
    this.#options = options;
    this.terms = new Terms(options);
  }

  /** Whether the statement bears the signature of who it says it is from. */
  ofSender(said: Binding): boolean {
    const { court, epoch, from, incarnation, sequence, signature } = said;
    const digested = tagged(said.kind, [
      court,
      epoch,
      ...contentOf(said),
      from,
      incarnation,
      sequence,
      1,
    ]);
    return this.#by(this.terms.seatKey(epoch, from), digested, signature);
  }

  /** Why the certificate proves nothing, or null. */
  flawOf(certificate: Certificate, parent: string | null = null): string | null {
    const { height, batch, result, block } = certificate;
    if (parent !== null && digestOfBlock(height, parent, batch, result) !== block)
      return "its block is not made of its batch and result";
    if (this.#sound.has(certificate)) return null;
    const flaw = this.#quorumFlaw(certificate.signatures, certificate.epoch, (by) =>
      digestOfCommit(certificate, by),
    );
    if (flaw === null) this.#sound.add(certificate);
    return flaw;
  }

  /** Why the prepared certificate proves nothing, or null. */
  flawOfPrepared(prepared: Prepared, { court, epoch }: ViewChange): string | null {
    if (this.#sound.has(prepared)) return null;
    const value = valueOf(prepared);
    const flaw = this.#quorumFlaw(prepared.signatures, epoch, ({ seat, incarnation, sequence }) =>
      tagged("prepare", [court, epoch, ...value, seat, incarnation, sequence, 1]),
    );
    if (flaw === null) this.#sound.add(prepared);
    return flaw;
  }

  #quorumFlaw(
    signatures: readonly VoteSignature[],
    epoch: number,
    digestBy: (by: VoteSignature) => string,
  ): string | null {
    const signers = new Set(signatures.map(({ seat }) => seat));
    if (signers.size !== signatures.length) return "one seat signed it twice";
    if (signers.size < this.#options.q) return `only ${signers.size} seats signed it`;
    const forged = signatures.find(
      (by) => !this.#by(this.terms.seatKey(epoch, by.seat), digestBy(by), by.signature),
    );
    return forged === undefined ? null : `the signature of seat ${forged.seat} is not over it`;
  }

  #by(key: string | undefined, digested: string, signature: string): boolean {
    return key !== undefined && this.#options.verify(key, digested, signature);
  }
}
