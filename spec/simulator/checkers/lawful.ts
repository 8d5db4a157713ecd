/**
 * OnlyWhatIsJustified: a seat that keeps the rules prepares what a proposal asked for that the rules of acceptance allow, commits on a quorum
 * of equal prepares, hands over in a view change what it committed to, and objects to the time of a fresh proposal only. Judged when the
 * statement is first stored or said, from all that was said; by the same rules for a seat that computes wrongly.
 */
import type {
  Commit,
  Message,
  Prepare,
  Prepared,
  Proposal,
  Reject,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import type { Block, WritProgress } from "../../../objects/shared/types.ts";
import { digestOfBatch, digestOfBlock, digestOfWrit } from "./bytes.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { digestOfGrounds } from "./statements.ts";
import type { Signatures } from "./statements.ts";
import { rekeyedWarden } from "./terms.ts";

const LAWFUL = "OnlyWhatIsJustified";
/** Of protocol.md: a fresh proposal's time against the voter's clock; behind it, doubled for each failed view up to sixteenfold. */
const AHEAD_MS = 2_000;
const BEHIND_MS = 16 * 10_000;

/** What a height stands on. */
interface Ground {
  readonly block: string;
  readonly time: number;
  /** How far each Warden's writs are decided. */
  readonly progress: ReadonlyMap<number, WritProgress>;
}

interface Record {
  readonly options: Options;
  readonly signatures: Signatures;
  /** By height of the last block they hold. */
  readonly grounds: Ground[];
  /** By height, view and batch. */
  readonly proposals: Map<string, Proposal[]>;
  /** Seats that prepared a value. */
  readonly prepared: Map<string, Set<number>>;
  /** By seat, its prepare of each height and view. */
  readonly own: Map<number, Map<string, Prepare>>;
  /** By seat, its last commit. */
  readonly committed: Map<number, Commit>;
}

export function lawful(options: Options, signatures: Signatures): Part {
  const { block, time } = options.genesis;
  const record: Record = {
    options,
    signatures,
    grounds: [{ block, time, progress: new Map() }],
    proposals: new Map(),
    prepared: new Map(),
    own: new Map(),
    committed: new Map(),
  };
  const noted = new WeakSet<Message>();
  /** Said by who was first to decide a control event: whose key it is under is told by the block. */
  let early: Message[] = [];
  const noteInTime = (message: Message): void => {
    if (message.epoch > signatures.terms.epoch) early.push(message);
    else note(record, message);
  };
  const judged = new Set<string>();
  const keepsRules = (seat: number): boolean =>
    !options.liars.has(seat) || options.wrong?.has(seat) === true;
  const judge = (seat: number, said: Message | null | undefined, at: number): void => {
    if (said === null || said === undefined || judged.has(said.signature)) return;
    judged.add(said.signature);
    if (said.kind === "prepare") prepares(record, seat, said, at);
    if (said.kind === "commit") commits(record, seat, said);
    if (said.kind === "view-change") moves(record, seat, said);
    if (said.kind === "reject") objects(record, seat, said);
  };
  return {
    on: {
      wiped({ seat }) {
        record.own.delete(seat);
        record.committed.delete(seat);
      },
      stored({ seat, durable }, at) {
        if (!keepsRules(seat)) return;
        judge(seat, durable.vote?.prepare, at);
        judge(seat, durable.commit, at);
        judge(seat, durable.change, at);
      },
      said({ seat, message }, at) {
        if (!noted.has(message)) {
          noted.add(message);
          noteInTime(message);
        }
        if (keepsRules(seat) && message.from === seat) judge(seat, message, at);
      },
    },
    block({ block: next }) {
      record.grounds.push(groundAfter(record.grounds.at(-1), next));
      const before = early;
      early = [];
      for (const message of before) noteInTime(message);
    },
  };
}

function groundAfter(before: Ground | undefined, { header, entries, certificate }: Block): Ground {
  const progress = new Map(before?.progress);
  for (const { writ, first, count } of entries) advance(progress, writ, first + count);
  const rekeyed = rekeyedWarden(header);
  if (rekeyed !== null) progress.delete(rekeyed);
  return { block: certificate.block, time: header.time, progress };
}

function advance(
  progress: Map<number, WritProgress>,
  { warden, number, events }: { warden: number; number: number; events: readonly string[] },
  next: number,
): void {
  progress.set(warden, { warden, number, next, complete: next === events.length });
}

function note(record: Record, message: Message): void {
  if (message.kind === "prepare" && record.signatures.ofSender(message)) keep(record, message);
  if (message.kind !== "proposal") return;
  const { header } = message.batch;
  const asked = `${header.height}/${message.view}/${digestOfBatch(header)}`;
  record.proposals.set(asked, [...(record.proposals.get(asked) ?? []), message]);
}

function keep({ prepared }: Record, { from, height, view, batch, result }: Prepare): void {
  const value = `${height}/${view}/${batch}/${result}`;
  const seats = prepared.get(value) ?? new Set();
  prepared.set(value, seats.add(from));
}

function prepares(record: Record, seat: number, said: Prepare, at: number): void {
  keep(record, said);
  const own = record.own.get(seat) ?? new Map<string, Prepare>();
  record.own.set(seat, own.set(`${said.height}/${said.view}`, said));
  const asked = record.proposals.get(`${said.height}/${said.view}/${said.batch}`) ?? [];
  // A leader may have stopped between writing its vote and sending what the vote is for.
  const leads = seat === said.view % record.options.n;
  if (leads && !asked.some(({ from }) => from === seat)) return;
  const flaws = asked.map((proposal) => flawOf(record, proposal, said, at));
  must(
    flaws.includes(null),
    LAWFUL,
    () =>
      `seat ${seat} prepared at height ${said.height} in view ${said.view} ` +
      `what must not be accepted: ${flaws[0] ?? "nobody proposed it"}`,
  );
}

/** Why the proposal must not be prepared so, or null. */
function flawOf(record: Record, proposal: Proposal, said: Prepare, at: number): string | null {
  const { options, signatures, grounds } = record;
  const { header } = proposal.batch;
  const ground = grounds[header.height - 1];
  if (proposal.from !== proposal.view % options.n) return "its sender does not lead the view";
  if (!signatures.ofSender(proposal)) return "its signature is not its sender's";
  if (ground === undefined) return "nothing is decided that it could stand on";
  if (header.parent !== ground.block) return "it stands on another block";
  if (header.time <= ground.time) return "its time is not after the block below";
  if (header.court !== options.court || header.epoch !== proposal.epoch)
    return "it is of another court or epoch";
  return (
    flawOfEntries(ground, proposal, record) ??
    (digestOfGrounds(proposal.justification) === proposal.grounds
      ? null
      : "its grounds are not those it signed") ??
    flawOfGrounds(record, proposal, said, at)
  );
}

function flawOfEntries(
  ground: Ground,
  { batch }: Proposal,
  { options: { court, verify }, signatures: { terms } }: Record,
): string | null {
  const progress = new Map(ground.progress);
  const { entries, header } = batch;
  if (entries.length !== header.entries.length) return "its header is of other entries";
  for (const [at, { writ, first, count: taken }] of entries.entries()) {
    const [digested, from, events] = header.entries[at] ?? [];
    if (digested !== digestOfWrit(writ) || from !== first || events !== taken)
      return "its header is of other entries";
    const key = terms.wardenKey(header.epoch, writ.warden);
    if (writ.court !== court || key === undefined || !verify(key, digested, writ.seal))
      return `writ ${writ.number} is not sealed by Warden ${writ.warden}`;
    const done = progress.get(writ.warden) ?? { number: 0, next: 0, complete: true };
    const next = done.complete ? [done.number + 1, 0] : [done.number, done.next];
    if (writ.number !== next[0] || first !== next[1] || taken < 1)
      return `writ ${writ.number} from ${first} of Warden ${writ.warden} is not the next`;
    if (first + taken > writ.events.length) return `writ ${writ.number} has no such events`;
    advance(progress, writ, first + taken);
  }
  return null;
}

function flawOfGrounds(record: Record, asked: Proposal, said: Prepare, at: number): string | null {
  const { height, time } = asked.batch.header;
  const why = asked.justification;
  const { genesis } = record.options;
  const skewMs = record.options.skewMs[said.from] ?? 0;
  const untimely =
    at - time > BEHIND_MS + skewMs || time - at > AHEAD_MS + skewMs
      ? `its time is ${time} at ${at}`
      : null;
  if (why.by === "changes") {
    const flaw = flawOfChanges(record, asked, why.changes);
    if (flaw !== null) return flaw;
    const forced = highest(why.changes, height);
    if (forced === null) return untimely;
    if (forced.batch !== said.batch) return `view ${forced.view} prepared another batch`;
    return forced.result === said.result ? null : `view ${forced.view} prepared another result`;
  }
  const { certificate } = why;
  if (certificate === null)
    return height === 1 && asked.view === 0 ? untimely : "it goes on from no certificate";
  if (certificate.height !== height - 1 || certificate.view !== asked.view)
    return `it goes on from height ${certificate.height}, view ${certificate.view}`;
  const below = record.grounds[height - 1]?.block ?? genesis.block;
  if (certificate.block !== below) return "it goes on from another block";
  return record.signatures.flawOf(certificate) ?? untimely;
}

function flawOfChanges(
  { options, signatures }: Record,
  { view, epoch, batch }: Proposal,
  changes: readonly ViewChange[],
): string | null {
  const movers = new Set(changes.map(({ from }) => from));
  if (movers.size < options.q || movers.size !== changes.length)
    return `only ${movers.size} seats moved to the view, by ${changes.length} view changes`;
  for (const change of changes) {
    if (change.view !== view || change.epoch !== epoch || change.court !== options.court)
      return `the view change of seat ${change.from} is for another view`;
    if (!signatures.ofSender(change))
      return `the view change of seat ${change.from} is not its own`;
    const { certificate, prepared } = change;
    if ((certificate?.height ?? 0) !== change.height - 1)
      return `the view change of seat ${change.from} lacks its certificate`;
    const flaw =
      (certificate === null ? null : signatures.flawOf(certificate)) ??
      (prepared === null ? null : flawOfPrepared(change, prepared, signatures));
    if (flaw !== null) return `the view change of seat ${change.from}: ${flaw}`;
  }
  const most = Math.max(...changes.map((change) => change.height));
  return most === batch.header.height ? null : `the view changes reach height ${most}`;
}

function flawOfPrepared(
  change: ViewChange,
  prepared: Prepared,
  signatures: Signatures,
): string | null {
  if (prepared.height !== change.height || prepared.view >= change.view)
    return "its prepared certificate cannot be";
  return signatures.flawOfPrepared(prepared, change);
}

function highest(changes: readonly ViewChange[], height: number): Prepared | null {
  const certificates = changes.flatMap((change) =>
    change.height === height && change.prepared !== null ? [change.prepared] : [],
  );
  return certificates.toSorted((a, b) => b.view - a.view)[0] ?? null;
}

function commits(record: Record, seat: number, said: Commit): void {
  const { height, view, batch, result, block } = said;
  record.committed.set(seat, said);
  const place = `height ${height} in view ${view}`;
  const own = record.own.get(seat)?.get(`${height}/${view}`);
  must(
    own?.batch === batch && own.result === result,
    LAWFUL,
    () => `seat ${seat} committed at ${place} what it had not prepared`,
  );
  const seats = record.prepared.get(`${height}/${view}/${batch}/${result}`)?.size ?? 0;
  must(
    seats >= record.options.q,
    LAWFUL,
    () => `seat ${seat} committed at ${place} on the prepares of ${seats} seats`,
  );
  const parent = record.grounds[height - 1]?.block;
  must(
    parent !== undefined && block === digestOfBlock(height, parent, batch, result),
    LAWFUL,
    () => `seat ${seat} committed at ${place} to a block that is not of what it says`,
  );
}

/** What it committed to in a view below, or something later, goes along. */
function moves({ committed }: Record, seat: number, said: ViewChange): void {
  const last = committed.get(seat);
  if (last === undefined || last.height !== said.height || last.view >= said.view) return;
  must(
    said.prepared !== null && said.prepared.view >= last.view,
    LAWFUL,
    () => `seat ${seat} moved to view ${said.view} without what it committed to in ${last.view}`,
  );
}

/** What was prepared before may be of any time. */
function objects({ proposals }: Record, seat: number, said: Reject): void {
  if (said.reason !== "time") return;
  const asked = proposals.get(`${said.height}/${said.view}/${said.batch}`) ?? [];
  must(
    asked.length === 0 ||
      asked.some(
        ({ justification: why }) =>
          why.by === "certificate" || highest(why.changes, said.height) === null,
      ),
    LAWFUL,
    () => `seat ${seat} objects in view ${said.view} to the time of what was prepared before`,
  );
}
