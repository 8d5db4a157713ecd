/** One answer, proven from the digest of the genesis: the steps of objects/ledger/README.md, each of which says what is wrong. */
import { NotCanonical, canonical } from "../../objects/shared/canonical.ts";
import type { Certificate, Header } from "../../objects/shared/types.ts";
import { isSignedBy, leafOf, rootFrom, tagged } from "./bytes.ts";
import { Misshapen, controlIn, outcomeIn, provenIn } from "./shapes.ts";
import type { GenesisDocument, Proven } from "./shapes.ts";

/** Which of the steps does not hold. */
export type Step =
  | "shape"
  | "genesis"
  | "event"
  | "outcome"
  | "place"
  | "result"
  | "batch"
  | "block"
  | "control"
  | "quorum";

export interface Flaw {
  readonly step: Step;
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
}

export interface Verification {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  readonly flaws: readonly Flaw[];
  /** Distinct seats whose signature under the certificate is valid, and how many it takes; 0 where it came to no such count. */
  readonly signers: number;
  readonly quorum: number;
}

/** What the reader knows besides the answer. */
export interface Known {
  /** Digest of the genesis. */
  readonly genesis: string;
  readonly id: string;
  readonly source: string;
  /** Whose event it must be, if the reader knows. */
  readonly tenant?: string | undefined;
  /** What was answered to the submission, if it is to be the same. */
  readonly answered?: object | undefined;
}

const PROTOCOL = 1;
const SEATS: Readonly<Record<string, readonly number[]>> = { bft: [4, 7], detect: [2], solo: [1] };

interface Seats {
  readonly epoch: number;
  readonly keys: readonly string[];
}

class Findings {
  readonly flaws: Flaw[] = [];
  same(step: Step, what: string, expected: unknown, found: unknown): boolean {
    const pair = { expected: String(expected), found: String(found) };
    if (pair.expected === pair.found) return true;
    this.flaws.push({ step, what, ...pair });
    return false;
  }
  add(step: Step, what: string): void {
    this.flaws.push({ step, what });
  }
}

// Rules: ConfirmReceipt, FindFlawInReceipt.
export async function verified(answer: unknown, known: Known): Promise<Verification> {
  const findings = new Findings();
  let count = { signers: 0, quorum: 0 };
  try {
    const proven = provenIn(answer);
    await genesisHolds(proven, known, findings);
    await eventHolds(proven, known, findings);
    await placeHolds(proven, findings);
    await blockHolds(proven, findings);
    count = await quorumHolds(proven, findings);
  } catch (error) {
    if (!(error instanceof Misshapen || error instanceof NotCanonical)) throw error;
    findings.add("shape", error.message);
  }
  return { ok: findings.flaws.length === 0, flaws: findings.flaws, ...count };
}

async function genesisHolds({ proof }: Proven, known: Known, findings: Findings): Promise<void> {
  const { genesis } = proof;
  const digest = await tagged("genesis", [genesis]);
  findings.same("genesis", "the genesis is not the pinned one", known.genesis, digest);
  const { mode, seats, protocol } = genesis;
  if (protocol !== PROTOCOL || !(SEATS[mode] ?? []).includes(seats))
    findings.add(
      "genesis",
      `protocol ${protocol} with ${seats} seats in mode ${mode} is none there is`,
    );
}

/** The event that was asked about, its outcome, and what is shown of it. */
async function eventHolds(proven: Proven, known: Known, findings: Findings): Promise<void> {
  const { event, proof, receipt } = proven;
  const outcome = outcomeIn(proof.outcome);
  const { tenant, fingerprint, status, reason, changes, first } = outcome;
  findings.same(
    "event",
    "it is another event",
    `${known.id} of ${known.source}`,
    `${outcome.id} of ${outcome.source}`,
  );
  if (known.tenant !== undefined)
    findings.same("event", "it is another tenant's event", known.tenant, tenant);
  if (event !== null) {
    const { source, id, type, subject = null, time = null, data } = event;
    const own = await tagged("event", [tenant, source, id, type, subject, time, data]);
    findings.same("event", "the outcome is of other content", fingerprint, own);
  } else if (fingerprint !== undefined) findings.add("event", "the event is not shown");
  const leaf = await leafOf(proof.outcome);
  findings.same("outcome", "the receipt is of another outcome", leaf, receipt.outcome);
  const came = status === "accepted" ? { changes } : { reason };
  const own = {
    id: outcome.id,
    source: outcome.source,
    type: outcome.type,
    status,
    ...came,
    first,
  };
  const { id, source, type } = proven;
  const told =
    proven.status === "accepted" ? { changes: proven.changes } : { reason: proven.reason };
  const shown = { id, source, type, status: proven.status, ...told, first: proven.first };
  findings.same(
    "outcome",
    "the answer shows something else than was agreed",
    canonical(own),
    canonical(shown),
  );
  if (known.answered !== undefined)
    findings.same(
      "outcome",
      "it is not what the submission was answered",
      canonical(known.answered),
      canonical({ ...own, receipt }),
    );
}

/** The outcome's place among those of the block, and the receipt that names it. */
async function placeHolds({ proof, receipt }: Proven, findings: Findings): Promise<void> {
  const { index, path, result, header, certificate } = proof;
  const leaf = await leafOf(proof.outcome);
  const root = await rootFrom(leaf, { index, count: result.count, path });
  findings.same(
    "place",
    "the path does not lead to the root of the outcomes",
    result.root,
    root ?? "a path of another length",
  );
  const stands = canonical([header.court, header.height, index, header.domainVersion]);
  const told = canonical([receipt.court, receipt.height, receipt.index, receipt.domainVersion]);
  findings.same("place", "the receipt names another place", stands, told);
  const time = new Date(header.time);
  const streamTime = Number.isNaN(time.valueOf()) ? String(header.time) : time.toISOString();
  findings.same("place", "the receipt names another time", streamTime, receipt.streamTime);
  const { prior, count, state } = result;
  const own = await tagged("result", [prior, count, result.root, state]);
  findings.same("result", "the certificate is of another result", own, certificate.result);
}

async function blockHolds({ proof, receipt }: Proven, findings: Findings): Promise<void> {
  const { header, certificate } = proof;
  await certifies(header, certificate, findings, "block");
  findings.same("block", "the receipt is of another block", certificate.block, receipt.block);
}

/** Whether a certificate is of just this header's block; of whoever signed it nothing is said. */
async function certifies(
  header: Header,
  certificate: Certificate,
  findings: Findings,
  step: "block" | "control",
): Promise<void> {
  const { court, epoch, height, parent, time, domainVersion, control, entries } = header;
  const fields = [court, epoch, height, parent, time, domainVersion, control, entries];
  const batch = await tagged("batch", fields);
  const which = step === "control" ? `the control at height ${height}: ` : "";
  findings.same(
    step === "block" ? "batch" : step,
    `${which}the certificate is of another batch`,
    batch,
    certificate.batch,
  );
  const place = canonical([court, epoch, height]);
  const certified = canonical([certificate.court, certificate.epoch, certificate.height]);
  findings.same(step, `${which}the certificate is of another place`, place, certified);
  const block = await tagged("block", [height, parent, certificate.batch, certificate.result]);
  findings.same(step, `${which}the certificate is of another block`, block, certificate.block);
}

async function quorumHolds(
  { proof }: Proven,
  findings: Findings,
): Promise<{ readonly signers: number; readonly quorum: number }> {
  const { header, certificate, genesis } = proof;
  const quorum = quorumIn(genesis);
  const seats = await seatsAt(proof, quorum, findings);
  findings.same("quorum", "the certificate is of another epoch", seats.epoch, header.epoch);
  const signers = await signersOf(certificate, seats.keys);
  const what = "too few seats of the court signed the block";
  if (signers < quorum) {
    const found = `${signers} of the ${certificate.signatures.length} shown`;
    findings.flaws.push({
      step: "quorum",
      what,
      expected: `${quorum} valid signatures of distinct seats`,
      found,
    });
  }
  return { signers, quorum };
}

function quorumIn({ mode, seats }: GenesisDocument): number {
  return mode === "bft" ? seats - Math.floor((seats - 1) / 3) : seats;
}

/** Who holds which key at the height, by the genesis and the control events below it, each proven under the keys before it. */
async function seatsAt(
  { genesis, controls, header }: Proven["proof"],
  quorum: number,
  findings: Findings,
): Promise<Seats> {
  const { court } = header;
  const seat = (number: number): string =>
    genesis.keys[`${genesis.generation}/clerk/${court}/${number}`] ?? "";
  let seats = {
    epoch: 1,
    keys: Array.from({ length: genesis.seats }, (_, number) => seat(number)),
  };
  let below = 0;
  for (const { header: changing, certificate } of controls) {
    const { height } = changing;
    const add = (what: string): void =>
      findings.add("control", `the control at height ${height} ${what}`);
    if (changing.court !== court || height <= below || height >= header.height)
      add("is out of order");
    below = height;
    await certifies(changing, certificate, findings, "control");
    findings.same(
      "control",
      `the control at height ${height} is of another epoch`,
      seats.epoch,
      changing.epoch,
    );
    if ((await signersOf(certificate, seats.keys)) < quorum) add("is not signed by a quorum");
    const control = controlIn(changing.control);
    if (control.kind !== "key") continue;
    const { officer, key } = control;
    const keys =
      officer.kind === "clerk"
        ? seats.keys.map((held, at) => (at === officer.seat ? key : held))
        : seats.keys;
    seats = { epoch: seats.epoch + 1, keys };
  }
  return seats;
}

/** How many distinct seats validly signed a commit for exactly this. */
async function signersOf(certificate: Certificate, keys: readonly string[]): Promise<number> {
  const { court, epoch, height, view, batch, result, block } = certificate;
  const said = [court, epoch, height, view, batch, result, block];
  const signers = new Set<number>();
  for (const { seat, incarnation, sequence, signature } of certificate.signatures) {
    const key = keys[seat];
    if (key === undefined || key === "" || signers.has(seat)) continue;
    const digest = await tagged("commit", [...said, seat, incarnation, sequence, PROTOCOL]);
    if (await isSignedBy(key, digest, signature)) signers.add(seat);
  }
  return signers.size;
}
