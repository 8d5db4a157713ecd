/** What the code and the specification call the same thing. Both sides must know every line of it. */
import { BOUNDS, STREAM } from "../../client/options.ts";
import { SHIPPED } from "../../objects/arbiter/domains/shipped.ts";
import { deploymentOf } from "../../objects/shared/config.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { bucketWidth } from "../../objects/warden/core/expiry.ts";
import type { Mapping, Numbers } from "../reader/drift.ts";
import { CLIENT } from "./drift-client.ts";
import { LIMITS_IN_SPEC, OWN } from "./drift-limits.ts";

/** Whether a domain takes an event's data. */
const takes = (type: string, data: object): boolean =>
  SHIPPED.some(({ events }) => events[type]?.schema.safeParse(data).success === true);
/** The longest `ttlSeconds` that a domain takes with such data, in milliseconds, found by trying. */
function longest(type: string, data: object): number {
  let seconds = 1;
  for (let step = 2 ** 24; step >= 1; step /= 2) {
    if (takes(type, { ...data, ttlSeconds: seconds + step })) seconds += step;
  }
  return seconds * 1000;
}
const reserved = { item: "i", warehouse: "w", quantity: 1, reservation: "r" };
const pending = { book: "b", transfer: "t", debit: "d", credit: "c", amount: 1 };

/** What holds of a client where its user says nothing else. */
function clientNumbers(): Numbers {
  const { lanes, lingerMs, batchEvents, queueEvents, waitingEvents, backoffMs, backoffCapMs } =
    BOUNDS;
  return {
    "BOUNDS.lanes": { is: lanes, spec: "client.lanes" },
    "BOUNDS.lingerMs": { is: lingerMs, spec: "client.linger" },
    "BOUNDS.batchEvents": { is: batchEvents, spec: "client.batch_events" },
    "BOUNDS.queueEvents": { is: queueEvents, spec: "client.queue_events" },
    "BOUNDS.waitingEvents": { is: waitingEvents, spec: "client.waiting_events" },
    "BOUNDS.backoffMs": { is: backoffMs, spec: "client.backoff" },
    "BOUNDS.backoffCapMs": { is: backoffCapMs, spec: "client.backoff_cap" },
    "STREAM.deadlineMs": { is: STREAM.deadlineMs, spec: "client.stream_deadline" },
  };
}

/** Every number of the code that is a promise, and every limit; `limits` and `env` as the code has them, unless a test says otherwise. */
export function numbersOfCode(limits: Readonly<Record<string, number>> = LIMITS): Numbers {
  const { quorum, windowMs, deadlineMs, queueMs, rootEvery } = deploymentOf({ GENERATION: "1" });
  const limit = (name: string): number => limits[name] ?? Number.NaN;
  const capped = (name: string, factor: string, spec: string): Numbers => ({
    [`LIMITS.${name} * ${factor}`]: { is: limit(name) * limit(factor), spec },
  });
  const own = new Set<string>(OWN);
  const mapped = Object.entries(limits)
    .filter(([name]) => !own.has(name) && name !== "dissentsToQuarantine")
    .map(([name, is]) => [
      `LIMITS.${name}`,
      {
        is,
        spec: LIMITS_IN_SPEC[name as keyof typeof LIMITS] ?? `of its own: list ${name} in OWN, or`,
      },
    ]);
  return {
    ...(Object.fromEntries(mapped) as Numbers),
    "LIMITS.dissentsToQuarantine - 1": {
      is: limit("dissentsToQuarantine") - 1,
      spec: "clerk.dissents_allowed",
    },
    ...capped("suspicionMs", "suspicionCapFactor", "clerk.patience_cap"),
    ...capped("clockBehindMs", "clockBehindCapFactor", "clerk.behind_cap"),
    "quorum.n": { is: quorum.n, spec: "core.seats" },
    "quorum.f": { is: quorum.f, spec: "core.faulty" },
    "quorum.q": { is: quorum.q, spec: "core.quorum" },
    "quorum.r": { is: quorum.r, spec: "core.believable" },
    "quorum.r of readers": { is: quorum.r, spec: "ledger.believable" },
    WINDOW_SECONDS: { is: windowMs, spec: "core.window" },
    "windowMs + clockBoundMs": { is: windowMs + limit("clockBoundMs"), spec: "core.key_retention" },
    QUEUE_MS: { is: queueMs, spec: "warden.queue" },
    DEADLINE_MS: { is: deadlineMs, spec: "core.deadline" },
    ROOT_HEIGHTS: { is: rootEvery, spec: "core.root_heights" },
    "bucketWidth(windowMs)": { is: bucketWidth(windowMs), spec: "warden.bucket_width" },
    "Number.MAX_SAFE_INTEGER": { is: Number.MAX_SAFE_INTEGER, spec: "inventory.most" },
    "Number.MAX_SAFE_INTEGER of accounts": { is: Number.MAX_SAFE_INTEGER, spec: "accounts.most" },
    "MAX_TTL_SECONDS of a reservation": {
      is: longest("stock.reserved", reserved),
      spec: "inventory.longest_hold",
    },
    "MAX_TTL_SECONDS of a transfer": {
      is: longest("transfer.pending", pending),
      spec: "accounts.longest_timeout",
    },
    ...clientNumbers(),
  };
}

/** Ways into the code, and the triggers that surfaces offer for them. None: told where it says. */
export const COMMANDS: Mapping = {
  // Peers, and the consensus core behind them.
  "ClerkApi.deliver": ["clerk/Arrived", "seat/Asked"],
  "Input message": [
    "clerk/Heard",
    "clerk/StatementHeard",
    "clerk/ProposalHeard",
    "clerk/ProposalHeardAgain",
    "clerk/PrepareHeard",
    "clerk/PrepareCounted",
    "clerk/RejectCounted",
    "clerk/CommitCounted",
    "clerk/ChangeHeard",
    "clerk/SyncHeard",
    "clerk/BlocksHeard",
    "clerk/BlockCertified",
    "clerk/JustificationChosen",
    "clerk/ForcedBatchSought",
    "clerk/ProposalsWait",
    "clerk/MayPropose",
    "clerk/StepEnds",
    "clerk/StateRequestHeard",
    "clerk/OfferHeard",
    "clerk/ChunkHeard",
    "clerk/CourtPartVerified",
    "clerk/EveryPartVerified",
    "clerk/Evaluated",
    "clerk/RootAsked",
    "clerk/RootCertified",
    "seat/IncidentKept",
  ],
  "Input start": ["clerk/SeatStarted", "clerk/VoiceGiven", "seat/LifeEnded", "seat/MendedWhole"],
  "Input writs": ["clerk/WritHeard"],
  "Input control": ["control/ControlAsked"],
  "Input applied": ["seat/StepDone"],
  "Input blocks-found": [
    "seat/NothingGiven",
    "seat/NothingFound",
    "seat/RowFound",
    "seat/BlockFound",
  ],
  "Input rebuild": ["seat/RebuildAsked"],
  "Input attempted": ["clerk/EvaluationDue"],
  "Input backlog": ["clerk/BacklogTold"],
  "Input tick": [
    "seat/PieceEnds",
    "ledger/SeatAwake",
    "ledger/LedgerBack",
    "ledger/RowFoundWrong",
    "ledger/SeatPublishes",
  ],
  "ClerkApi.submit": ["warden/SeatAnswered"],
  "ClerkApi.writs": ["warden/SeatsSaidWhatTheyHold"],
  "ClerkApi.status": ["seat/StatusAsked"],
  "ClerkApi.entity": ["usher/SeatsAnswered"],
  "ClerkApi.rows": ["registrar/SeatAnswered"],
  "ClerkApi.block": [
    "ledger/Publish",
    "ledger/Audit",
    "ledger/SeatAttests",
    "ledger/PublishGenesis",
  ],
  "ClerkApi.incidents": ["seat/DamageRead"],
  "ClerkApi.glimpse": ["console/GlimpseAsked", "console/BlockSeen", "console/ChargeSeen"],
  "ClerkApi.identity": [
    "wiring/ObjectAddressed",
    "wiring/CallMade",
    "wiring/ObjectStarts",
    "wiring/VoiceOrSealAsked",
  ],
  "ClerkApi.genesis": ["wiring/GenesisWanted", "wiring/AllSeatsAsked", "wiring/GenesisSeen"],
  "ClerkApi.signGenesis": ["wiring/SignatureAsked"],
  // usher: OrderReadmission; what it leads to is Input control.
  "ClerkApi.control": [],
  "ClerkApi.terms": ["control/TermsShown"],
  "ClerkApi.fault": ["faults/FaultInjected", "seat/HealAsked"],
  // ledger: LookWhereReadingFailed.
  "ClerkApi.reread": [],
  "ClerkApi.rebuild": [],
  "WardenApi.identity": ["warden/ObjectStarted", "warden/ObjectResumed", "warden/GenesisRead"],
  "WardenApi.admit": ["warden/Submit", "warden/CallArrived", "warden/WritRead"],
  "WardenApi.lookup": [], // usher: TellLatestUse
  "WardenApi.status": [], // edge: ShowMetrics
  "WardenApi.fault": [],
  "RegistrarApi.read": ["registrar/Reach", "registrar/Read"],
  "RegistrarApi.push": ["registrar/Push"],
  // The domains, block by block.
  "event account.opened": ["accounts/AccountOpened"],
  "event transfer.posted": ["accounts/TransferPosted"],
  "event transfer.pending": ["accounts/TransferPending"],
  "event pending.posted": ["accounts/PendingPosted"],
  "event pending.voided": ["accounts/PendingVoided"],
  "event stock.received": ["inventory/StockReceived"],
  "event stock.adjusted": ["inventory/StockAdjusted"],
  "event stock.moved": ["inventory/StockMoved"],
  "event stock.counted": ["inventory/StockCounted"],
  "event stock.reserved": ["inventory/StockReserved"],
  "event reservation.fulfilled": ["inventory/ReservationFulfilled"],
  "event reservation.released": ["inventory/ReservationReleased"],
  "export evaluateBlock": [
    "arbiter/Evaluate",
    "arbiter/Decided",
    "arbiter/ReachLapsing",
    "arbiter/EvaluationEnds",
  ],
  "export rowsOf": ["arbiter/Adopt"],
  // arbiter: DomainCode.
  "Registry.eventType": [],
  "Registry.entity": [],
  "Registry.validate": ["arbiter/Validate"],
  // HTTP.
  "POST /v1/events": [
    "usher/RequestComes",
    "usher/Arrive",
    "usher/Serve",
    "usher/Submit",
    "usher/Decided",
    "usher/AllDecided",
  ],
  "GET /v1/events": ["usher/Ask", "ledger/ReadPage"],
  "GET /v1/events/stream": [
    "stream/Follow",
    "stream/PageRead",
    "stream/ClientLeft",
    "stream/ReadFailed",
  ],
  "GET /v1/events/:id": ["usher/LookUp", "usher/LookUpProof", "ledger/ReadKey", "ledger/AskProof"],
  "GET /v1/entities": ["ledger/Read"],
  "GET /v1/entities/:type/:id": ["usher/ReadLocal"],
  "GET /v1/entities/:type/:id/history": [],
  "GET /v1/courts": ["usher/AskCourt"],
  "GET /v1/courts/:court": ["ledger/AskAttestedHeight"],
  "GET /v1/courts/:court/attestations": ["usher/AskAttestations"],
  "GET /v1/courts/:court/blocks/:height": ["usher/AskBlock"],
  "GET /v1/courts/:court/incidents": ["usher/AskIncidents"],
  "POST /v1/courts/:court/members/:seat/fault": ["usher/OrderFault"],
  "POST /v1/wardens/:warden/fault": [],
  "POST /v1/ledger/fault": ["faults/LedgerFaultInjected"],
  "POST /v1/courts/:court/members/:seat/readmit": ["usher/OrderReadmit"],
  "POST /v1/wardens/:warden/readmit": [],
  "POST /v1/courts/:court/members/:seat/rebuild": ["usher/AskRebuild"],
  "GET /v1/genesis": ["usher/AskGenesis"],
  "GET /v1/token": ["usher/AskToken"],
  "export queueHandler": ["queue/MessageRead", "queue/MessageAnswered", "queue/Redelivered"],
  // Around every route.
  "edge requestId": [],
  "edge loggedCalls": ["edge/CallAnswered"],
  "edge otherOrigins": ["edge/OriginAsks"],
  "edge rated": ["edge/CallCounted"],
  "GET /metrics": ["edge/AskMetrics"],
  "GET /openapi.json": ["edge/AskContract"],
  "GET /docs": [],
  "GET /v1/live": [],
  "GET /v1/ready": ["usher/AskReady"],
  // Browsers.
  "GET /console": ["console/BrowserAsks", "console/PageAsked", "console/PartWanted"],
  "GET /console/courts/:court": [],
  "GET /console/courts/:court/live": [
    "console/WatchAsked",
    "console/SeatsSeen",
    "console/StreamLeft",
    "console/StreamSilent",
  ],
  "GET /console/courts/:court/blocks/:height": [],
  "GET /console/courts/:court/incidents/:seat/:id": [],
  "POST /console/courts/:court/fault": ["console/FaultButtonPressed"],
  "GET /console/search": ["console/SearchAsked"],
  "GET /console/submit": [],
  "POST /console/submit": ["console/FormSent", "console/EventSent"],
  "POST /console/sign-in": ["console/TokenGiven"],
  "POST /console/sign-out": ["console/SignOutSent"],
  "GET /console/style.css": [],
  "GET /console/script.js": [],
  "GET /console/icon.svg": [],
  // What is no page.
  "GET /console/*": [],
  // Whoever holds the binding.
  "table triggers": [
    "ledger/InsertRow",
    "ledger/ChangeRow",
    "ledger/InsertRepair",
    "ledger/ChangeRepair",
  ],
  // Whoever walks a ledger.
  "record ledger": ["verify/AskWalk", "verify/ShowUnknown", "verify/ShowGenesis"],
  "record block": ["verify/ShowBlock"],
  "record event": ["verify/ShowServed"],
  "record entity": [],
  "record version": [],
  "record end": ["verify/EndOfBlocks", "verify/EndOfRecords"],
  ...CLIENT,
};

/** Where code waits for a time, and the rules that time fires. None: told where it says. */
export const TIMERS: Mapping = {
  // warden: how long a seat may take to say how it is, what it holds, and who holds which key (RefuseWithoutQuorum,
  // HoldDamagedWrit, RefuseUnrecognisedWarden).
  "objects/warden/watch.ts LIMITS.statusMs": [],
  "objects/warden/recovery.ts LIMITS.statusMs": [],
  "objects/warden/desk.ts LIMITS.statusMs": [],
  "objects/warden/drive.ts LIMITS.statusMs": [],
  "objects/clerk/feed.ts LIMITS.callLostMs": ["wiring/TakeSilentCallForLost"],
  "objects/clerk/post.ts LIMITS.callLostMs": ["wiring/TakeSilentCallForLost"],
  "objects/warden/drive.ts LIMITS.callLostMs": ["wiring/TakeSilentCallForLost"],
  "objects/clerk/consensus/timers.ts seat.suspectAt": ["clerk/SuspectSilence"],
  "objects/clerk/consensus/timers.ts seat.resendAt": ["clerk/SendAgain", "clerk/ResignWhenBehind"],
  // clerk: ProposeForExpiry.
  "objects/clerk/consensus/timers.ts expiry": [],
  "objects/clerk/consensus/proposals.ts due": [],
  "objects/clerk/consensus/proposals.ts time": [],
  "objects/clerk/gather.ts this.": [], // seat: GatherWrits, WaitForThoseAnswered
  // clerk: AskOnePeerForState.
  "objects/clerk/consensus/transfer.ts transfer.partBy": [],
  "objects/clerk/consensus/transfer.ts transfer.turnBy": [],
  "objects/clerk/consensus/controls.ts until": [], // control: EndorseControl (given_up_at)
  "objects/clerk/state.ts expires": ["accounts/ExpireTransfer", "inventory/ExpireReservation"],
  "objects/warden/core/expiry.ts bucket.ends": ["warden/ExpireSettledEntry"],
  "objects/warden/drive.ts LIMITS.writSilenceMs": ["warden/GiveSilentWritToEverySeat"],
  // warden: RefuseWithoutQuorum, what tells that a court is open.
  "objects/warden/core/openness.ts LIMITS.writSilenceMs": [],
  "objects/warden/core/openness.ts LIMITS.courtKnownMs": [],
  "objects/warden/core/crowd.ts LIMITS.calmMs": [], // warden: NoteSlowAnswer
  "objects/warden/alarm.ts this.": [], // warden: AlarmNeverLost
  "objects/warden/core/admission.ts state.windowMs": [], // warden: RefuseLateRetry
  "worker/letters.ts windowMs": [], // queue: DiscardLate
  "worker/console/live.ts LIMITS.consoleLeaseMs": [], // console: LeaveSilentStream
  "worker/follow.ts beatsAt": ["stream/Beat"],
  "worker/follow.ts readsAt": [], // stream: WaitLonger
  "objects/registrar/core/cache.ts dueAt(period)": ["registrar/DropIdleBucket"],
  "client/core/step.ts deadline": ["client/GiveUpAtDeadline"],
};
