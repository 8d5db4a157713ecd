/** Every bound of the system, in one place. Bytes are UTF-8 bytes, times milliseconds of the clock named. */
export const LIMITS = {
  /** A request as the client sends it. */
  requestBytes: 1024 * 1024,
  requestEvents: 1000,
  eventBytes: 16 * 1024,
  nameBytes: 128,
  /** Depth of a value, sent or canonical: the stack ends at no fixed depth, so that replicas would differ there. */
  nesting: 64,
  /** Unacceptable numbers, names and texts told apart in one request; beyond it the request is malformed as a whole. */
  jsonFlaws: 20_000,

  /** One sealed batch of a Warden. Well under the platform's 2 MB a row, so that escaping cannot push it over. */
  writBytes: 256 * 1024,
  writEvents: 1000,
  /** Sealed and undecided, per Warden and court: one being agreed, one ready when it is. */
  writsInFlight: 2,
  /** Kept and undecided, per Warden; beyond it `overloaded`. */
  pendingEvents: 20_000,
  pendingBytes: 32 * 1024 * 1024,
  /** Callers that wait too long (`QUEUE_MS`) for so long are no burst: then fewer may be kept, but always so many … */
  standingMs: 5_000,
  pendingLeast: 16,
  /** … until nobody has waited too long for so long. */
  calmMs: 10_000,
  /** Submissions that one turn of a Warden decides and stores together. */
  eventsPerTurn: 4_000,
  /** A leader gathers writs for so long at most, well below the silence of the next line. */
  gatherMs: 200,
  gatherWrits: 64,
  /** A seat given a writ is passed over once it has been silent for so long; what waits longer is told to every seat. */
  writSilenceMs: 700,
  /** Between two rounds over every seat; doubles up to the second. */
  redriveMs: 100,
  redriveCapMs: 2_000,
  /** A call between objects that has not returned by then is taken for lost: it counts no more. */
  callLostMs: 30_000,
  /** Calls of one Warden to one seat that have not returned; beyond it the seat is passed over. */
  callsPerSeat: 8,
  /** How long a decision or a status tells that a court is open … */
  courtKnownMs: 1_000,
  /** … how long a seat may take to say its status, and how long seats that are starting are waited for. */
  statusMs: 1_000,
  courtWaitMs: 3_000,
  courtPollMs: 50,
  /** How long the seat that composes the genesis may take. */
  genesisMs: 3_000,
  /** Tables that the window of a Warden is cut into, each dropped whole. */
  windowBuckets: 8,

  /** Submitted events of one block, its writs counted whole for every entry, and the outcomes they may come to. */
  blockBytes: 1024 * 1024,
  blockEvents: 4000,
  outcomesBytes: 1024 * 1024,
  /** System events (`assize.expired`) of one block; the rest wait for the next. */
  expiriesPerBlock: 256,
  entityBytes: 64 * 1024,
  entitiesPerEvent: 16,
  /** All changes of one event. A quarter of `outcomesBytes`: half of it for expiries, and one event always fits. */
  changesBytes: 256 * 1024 - 4 * 1024,
  /** A domain's explanation of a rejection. */
  reasonBytes: 512,
  /** Faults of one event's data that are told to the client. */
  validationErrors: 16,
  /** Any stored row or bound parameter; the platform ends at 2 MB. */
  rowBytes: 1024 * 1024,

  /** Changes of keys and versions of one court, the genesis among them; each is an operator's act. */
  terms: 256,
  /** Controls a seat keeps until they are decided, how long it does, and the failed views after which it gives one up. */
  controlsKept: 8,
  controlMs: 60_000,
  controlTries: 3,

  /** Waiting writs a seat keeps per Warden, and those of one that it shows, above what it can hold. */
  writsKeptPerWarden: 4,
  writsShown: 16,
  /** How far above its own height and view a seat keeps what peers say. */
  heightsAhead: 2,
  viewsAhead: 16,
  /** Rules that one step of the agreement may fire, well above what it can need. */
  rulesPerStep: 64,
  /** Batches of one undecided height that a seat keeps for others. */
  batchesKept: 8,
  /** Blocks and bytes of one catch-up answer. */
  syncBlocks: 64,
  syncBytes: 8 * 1024 * 1024,
  /** A seat that lacks blocks reads them from the Ledger when nobody gave any for so long; doubles up to the alarm … */
  catchUpPatienceMs: 2_000,
  /** … and one that hears nobody, and cannot know whether it lacks any, gives up after so many tries. */
  catchUpTries: 4,
  /** Rows of one answer to who takes the state anew, their bytes, how long one is waited for, and one peer's turn to give. */
  stateRows: 4_096,
  stateBytes: 1024 * 1024,
  stateAnswerMs: 2_000,
  stateTurnMs: 8_000,
  /** Eras of used keys that a state may have. */
  stateEras: 8_192,
  /** Outgoing calls of one seat to one peer that have not returned, and the UTF-16 units of their texts. */
  callsPerPeer: 64,
  sizePerPeer: 16 * 1024 * 1024,
  /** Calls that wait at a seat for a decision. */
  waitersPerSeat: 1024,
  /** How long a seat holds a call that waits for a decision. */
  answerWaitMs: 4_000,
  /** Messages of one call between seats, and the UTF-16 units of their texts; one message alone may be larger. */
  messagesPerCall: 64,
  callSize: 8 * 1024 * 1024,
  /** A call's text: blocks of one answer, whose events are escaped twice, and the one that may exceed it. */
  deliveredSize: 24 * 1024 * 1024,
  /** Incidents kept by a seat, oldest dropped first; those of one page, and the UTF-16 units of their evidence. */
  incidents: 1000,
  /** … of them about any one seat: one that signs contradictions without end buries none of the others'. */
  incidentsAboutOne: 140,
  incidentsPage: 100,
  incidentsPageSize: 8 * 1024 * 1024,

  /** A seat accepts a fresh proposal whose time is at most so far ahead of its clock … */
  clockAheadMs: 2_000,
  /** … and at most so far behind; doubles with each failed view, up to the cap, so that a slow network cannot end liveness. */
  clockBehindMs: 10_000,
  clockBehindCapFactor: 16,
  /** Added to the window where two clocks meet (Warden's and block time). */
  clockBoundMs: 30_000,

  /** First suspicion: nothing decided for so long while a writ waits; doubles per failed view, up to the cap. */
  suspicionMs: 1_200,
  suspicionCapFactor: 16,
  /** Second suspicion: a known writ left out for so many heights; above the writs that can be in flight. */
  censoredHeights: 8,
  /** Consecutive heights at which a seat may be outvoted before it loses its voice. */
  dissentsToQuarantine: 2,
  /** K: the result of every so manyth height carries the root of the state as of K heights before. */
  rootHeights: 256,
  /** Rows of the state that are read towards the next root with each block. */
  rootRowsPerBlock: 1_000,
  /** A seat that differs again within so many roots after it took its state anew is left to an operator. */
  relapseRoots: 4,
  /** Damaged rows of one bucket that are repaired; more is no flipped bit, and the state is taken anew … */
  repairRows: 4,
  /** … and the heights that are searched for the block that made a row. */
  repairHeights: 1_024,
  /** Rows repaired in one life of a seat; then the state is taken anew. */
  repairs: 64,
  /** Damaged rows of the chain that a seat remembers while their blocks are fetched; the rest is found again. */
  wounds: 64,
  /** Between two rounds over everybody who may have such a block; doubles up to the alarm. */
  mendPauseMs: 250,
  /** Before a seat whose rows are damaged soon after its state was taken anew takes it once more; doubles up to the cap. */
  rebuildPauseMs: 1_000,
  rebuildPauseCapMs: 60_000,
  /** Rows, and bytes unless one row or block alone has more, that are read again with each block and alarm. */
  scrubRows: 256,
  scrubBytes: 256 * 1024,
  /** Lives that may end in the evaluation of one batch before the seat is unable to evaluate it … */
  attempts: 2,
  /** … and batches of one height that it remembers so. */
  attemptsKept: 8,
  /** Own votes are sent again after so long without a decision. */
  resendMs: 400,
  /** Times a view change is sent again while nothing is to be decided. */
  idleResends: 8,
  /** An expiry alone wakes a quiet court no more often than this, in block time. */
  emptyBlockMs: 1_000,
  /** The one alarm of an object is never further away while something is pending. */
  alarmMs: 5_000,

  /** Agreed and not yet published; beyond it the court is overloaded, never suspected. */
  publishBacklogBlocks: 2_000,
  /** Between two looks at the Ledger; doubles with failures up to the alarm. */
  publishPauseMs: 200,
  /** … at least so many times as long as the last look took, up to the second: the decisions come first. */
  publishRest: 2,
  publishRestCapMs: 1_000,
  /** A seat that does not lead publishes when the Ledger has stood still for so long. */
  publishPatienceMs: 2_000,
  publishRunBlocks: 64,
  publishRunBytes: 768 * 1024,

  /** Registrar: copies kept, and their bytes; beyond either the oldest bucket goes. */
  registrarEntries: 50_000,
  registrarBytes: 128 * 1024 * 1024,
  /** A copy nobody reads or changes is dropped after so long, at most one bucket's width later. */
  registrarTtlMs: 60_000,
  registrarBucketMs: 15_000,
  /** Rows of one push and their bytes; a larger one counts as a gap. */
  registrarPushKeys: 2_000,
  registrarPushPauseMs: 50,
  registrarPushBytes: 4 * 1024 * 1024,
  /** Misses being filled at once. */
  registrarFills: 256,

  /** Reads. */
  pageItems: 1000,
  /** Rows of the ledger that one page looks at, for a filter that few of them pass. */
  pageScan: 20_000,
  /** Rows of the ledger that one page or one step of an audit takes in, in bytes; one event or block it always takes. */
  ledgerBytes: 8 * 1024 * 1024,
  auditBlocks: 64,
  /** The audit that never ends: between two steps of it … */
  patrolPauseMs: 2_000,
  /** … and what one step reads again: blocks, their bytes, or rows of the entity versions. */
  patrolBlocks: 16,
  patrolBytes: 1024 * 1024,
  patrolVersions: 200,
  /** Rows of one height that one transaction repairs, transactions in a row, and rows taken away from where none can stand. */
  ledgerRepairRows: 64,
  repairPasses: 128,
  repairStrays: 16,
  /** Damaged heights that a seat looks at again, and how long one keeps it awake, for another seat may be mending it. */
  damagesKept: 64,
  damageAwakeMs: 30_000,
  /** Event streams that one isolate holds open, and those of one token. One whose client is gone counts until its next beat. */
  streams: 128,
  streamsPerToken: 32,
  /** Events of one page of a stream, and the pages that one reads: at eight statements each they stay below the platform's 1,000. */
  streamPage: 64,
  streamReads: 100,
  /** Between two reads of a stream; doubles up to the second while nothing comes. */
  streamPauseMs: 250,
  streamPauseCapMs: 2_000,
  streamBeatMs: 15_000,
  /** A client that has not taken what was sent by then is gone. */
  streamTakeMs: 60_000,
  /** How long a client is asked to wait before it comes back to a stream that ended. */
  streamRetryMs: 1_000,
  readRounds: 8,
  /** Between two rounds of a read, for seats that are starting or behind. */
  readPauseMs: 100,
  /** How long an object may take to answer a read. */
  readMs: 3_000,
  /** What the Usher allows a Warden beyond the deadline it gave it. */
  deadlineSlackMs: 1_000,
  /** Calls to a Warden for one submission: it may be replaced under the call. */
  wardenAttempts: 3,
  /** Seconds after which a message that was not decided is delivered again; doubles with each time up to the second … */
  queueDelayS: 2,
  queueDelayCapS: 1_800,
  /** … or to this part of the window, if that is more: so any window is over before the last delivery, `max_retries` and one. */
  queueWindowParts: 64,
  queueDeliveries: 101,
  /** UTF-16 units of a message that its dead letter quotes: in JSON and UTF-8 it then still fits into the platform's 128 KB. */
  deadLetterSize: 20_000,
  /** What a seat shows of late to who watches: blocks, incidents, and seconds that it counts by. */
  glimpseBlocks: 16,
  glimpseIncidents: 32,
  glimpseSeconds: 120,
  /** The console: between two looks at the seats of one watcher, how long one stream lives, and streams of one isolate. */
  consolePollMs: 500,
  consoleStreamMs: 300_000,
  consoleStreams: 32,
  /** … one that has not looked for so long has left, though nobody said so. */
  consoleLeaseMs: 10_000,
  /** … without a change for so long a comment tells that the stream lives. */
  consoleHeartbeatMs: 15_000,
  /** … copies of one event that the form sends, rows of one list, and how long its cookie is kept. */
  consoleCopies: 100,
  consoleRows: 50,
  consoleCookieSeconds: 30 * 24 * 3600,
  /** How long a fault may be told to last; how long a crash does, and what `slow` adds to a message, where nobody says. */
  faultMaxMs: 600_000,
  /** Calls that tell an object of a fault: it may go down under them. */
  faultAttempts: 3,
  faultCrashMs: 10_000,
  faultSlowMs: 100,
} as const;
