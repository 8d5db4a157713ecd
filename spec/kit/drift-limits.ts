/** Where each bound of the code stands in the specification. */
import type { LIMITS } from "../../objects/shared/limits.ts";

/** Bounds of this implementation: whatever they are, the rules are the same. */
export const OWN: readonly string[] = `
  eventBytes nameBytes jsonFlaws writsShown writBytes writEvents pendingBytes eventsPerTurn redriveMs
  redriveCapMs callsPerSeat courtKnownMs statusMs courtWaitMs courtPollMs genesisMs
  windowBuckets blockBytes entityBytes reasonBytes rowBytes controlsKept writsKeptPerWarden
  heightsAhead viewsAhead rulesPerStep batchesKept syncBlocks syncBytes catchUpPatienceMs
  catchUpTries stateRows stateBytes stateAnswerMs stateTurnMs stateEras callsPerPeer sizePerPeer
  waitersPerSeat answerWaitMs messagesPerCall callSize deliveredSize incidents incidentsAboutOne incidentsPage
  incidentsPageSize suspicionCapFactor clockBehindCapFactor rootRowsPerBlock attemptsKept idleResends
  publishBacklogBlocks publishPauseMs publishRest publishRestCapMs publishRunBlocks publishRunBytes
  repairRows repairHeights repairs wounds mendPauseMs rebuildPauseMs rebuildPauseCapMs scrubRows scrubBytes
  patrolBlocks patrolBytes patrolVersions ledgerRepairRows repairPasses repairStrays damagesKept damageAwakeMs
  registrarBytes registrarPushPauseMs registrarPushBytes pageItems pageScan ledgerBytes
  auditBlocks readPauseMs readMs deadlineSlackMs wardenAttempts faultMaxMs faultAttempts faultCrashMs
  faultSlowMs streamPage streamTakeMs streamRetryMs queueDelayS queueDelayCapS queueWindowParts deadLetterSize
  glimpseBlocks glimpseIncidents glimpseSeconds consolePollMs consoleStreamMs consoleHeartbeatMs consoleRows consoleCookieSeconds
`
  .trim()
  .split(/\s+/);

/** The others, as the specification has them. */
export const LIMITS_IN_SPEC: Partial<Record<keyof typeof LIMITS, string>> = {
  requestBytes: "usher.request_bytes",
  requestEvents: "usher.request_events",
  readRounds: "usher.read_rounds",
  nesting: "arbiter.nesting",
  outcomesBytes: "arbiter.outcomes_bytes",
  expiriesPerBlock: "arbiter.expiries_per_block",
  entitiesPerEvent: "arbiter.entities_per_event",
  changesBytes: "arbiter.changes_bytes",
  validationErrors: "arbiter.validation_errors",
  writsInFlight: "core.writs_in_flight",
  censoredHeights: "core.censored_heights",
  rootHeights: "core.root_heights",
  alarmMs: "core.alarm_bound",
  clockBoundMs: "core.clock_bound",
  pendingEvents: "warden.pending_events",
  standingMs: "warden.standing",
  pendingLeast: "warden.pending_least",
  calmMs: "warden.calm",
  gatherMs: "seat.gather",
  gatherWrits: "seat.most_gathered",
  writSilenceMs: "warden.silence",
  suspicionMs: "clerk.patience",
  resendMs: "clerk.send_again",
  clockAheadMs: "clerk.ahead",
  clockBehindMs: "clerk.behind",
  emptyBlockMs: "clerk.empty_block",
  relapseRoots: "clerk.relapse_roots",
  callLostMs: "wiring.call_lost",
  attempts: "clerk.deaths",
  blockEvents: "clerk.block_events",
  controlMs: "control.kept_for",
  controlTries: "control.tries_allowed",
  terms: "control.most_terms",
  patrolPauseMs: "ledger.patrol_pause",
  publishPatienceMs: "ledger.patience",
  streams: "stream.most_streams",
  streamsPerToken: "stream.most_of_a_token",
  streamReads: "stream.most_reads",
  streamPauseMs: "stream.first_pause",
  streamPauseCapMs: "stream.last_pause",
  streamBeatMs: "stream.heartbeat",
  consoleStreams: "console.most_streams",
  consoleLeaseMs: "console.lease",
  consoleCopies: "console.most_copies",
  registrarTtlMs: "registrar.idle_time",
  registrarBucketMs: "registrar.bucket_width",
  registrarEntries: "registrar.most_copies",
  registrarPushKeys: "registrar.most_rows_a_push",
  registrarFills: "registrar.most_fills",
  queueDeliveries: "queue.deliveries",
};
