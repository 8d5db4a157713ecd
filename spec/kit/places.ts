/** Where a rule's code is, of the two files that are read side by side with it: by file, function → rules. Both sides are checked. */

type Places = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const CORE: Places = {
  "check.ts": {
    parseMessages: ["RefuseMalformedMessage"],
    statedObjection: ["CertifyUnderTermOfHeight"],
    signatureObjection: ["RefuseForgedMessage"],
    certificateObjection: ["RefuseFalseCertificate"],
    justificationObjection: ["RefuseSwappedJustification"],
    blockObjection: ["RefuseAlteredBlock"],
    batchObjection: ["RefuseAlteredBatch", "RefuseFalseProof"],
    writObjection: ["RefuseUnsealedWrit"],
    headObjection: ["RefuseMisplacedRoot"],
    offerObjection: ["RefuseFalseOffer"],
  },
  "waiting.ts": {
    keepWrit: ["KeepWaitingWrit"],
    wantsWrit: ["DropDecidedWrit"],
    forwardWaiting: ["ForwardWaitingWrit"],
    byTurn: ["ServeLongestWaiting"],
    continues: ["RefuseGapInWrits"],
    censored: ["SuspectCensorship"],
  },
  "proposals.ts": {
    freshBatch: ["ProposeInOrder", "RejectCondemned"],
    emptyAllowed: ["ProposeForExpiry"],
    batchToPropose: ["StopWhileBacklogFull", "ReproposePrepared"],
    askForBatch: ["AskForBatch"],
    changesHere: ["LeaveOutUnshownBatch"],
    highestPrepared: ["CountLowerAsNone"],
    keepProposal: ["RefuseForeignLeader", "KeepEarlyProposal", "RetryRefusedProposal"],
    proposalsToTry: ["TryEveryProposal"],
    unacceptable: ["RefuseForeignBatch", "RefuseOversizedBatch"],
    faultOf: ["RefuseUnjustifiedProposal", "RefuseEmptyProposal", "RefuseOtherBatch"],
    timely: ["RefuseUntimelyProposal"],
    resignStranded: ["ResignAfterRestart"],
    tryPropose: ["CarryCertificate"],
  },
  "votes.ts": {
    prepare: ["PrepareOwnResult"],
    tryCommit: ["CommitOnQuorum"],
    tryCertify: ["CertifyBlock"],
  },
  "sync.ts": {
    tryApply: ["ApplyCertified"],
    adopt: [
      "AdoptCertified",
      "AdoptUnable",
      "ResignWhenOutvoted",
      "QuarantineUnadoptable",
      "OutvoteOtherState",
    ],
    retake: ["QuarantineRepeatedDissent", "StopRelapsedSeat"],
    forget: ["GrowAfterDecision"],
    askForBlocks: ["AskForBlocks", "AskEveryPeerAfterStart"],
    lacksBlocks: ["FollowWithoutVoice"],
    answerSync: ["AnswerSync", "TellStanding", "CatchUpOverEpochs"],
    keepBlocks: ["RefuseBrokenRun"],
  },
  "step.ts": {
    tell: ["HandOverCertificate"],
    hearJustification: ["LearnFromLeftViews"],
    take: ["ResignWhenBacklogFull"],
  },
  "timers.ts": {
    tick: ["SuspectSilence"],
    resend: ["SendAgain", "ResignWhenBehind"],
  },
  "views.ts": {
    changeView: ["SayViewChange"],
    viewToJoin: ["JoinHigherView", "FollowResignation"],
    viewOpen: ["WaitForThoseBeyond"],
    reissue: ["ReissueAfterCatchUp"],
  },
  "majority.ts": {
    sayReject: ["SayReject"],
    tryRejected: ["LeaveRejectedView"],
    learn: ["HalveUnable", "CondemnUnable"],
    tryNoMajority: [
      "LeaveWithoutMajority",
      "CondemnWithoutMajority",
      "RecordNoMajority",
      "StopOnMismatch",
    ],
    halve: ["HalveWithoutMajority"],
    tryControlRefused: ["RefuseUnseenControl"],
  },
  "attempts.ts": { begin: ["NoteBeforeEvaluating"], ability: ["RejectUnable"] },
  "evidence.ts": {
    noteLateDissent: ["RecordDissent"],
    noteEquivocation: ["RecordEquivocation"],
    noteBrokenWord: ["RecordBrokenWord"],
    noteCondemned: ["RecordCondemned"],
  },
  "seat.ts": { votesFrom: ["RefuseShortChain"] },
  "evaluate.ts": { stateRootAt: ["CarryStateRoot"] },
  "transfer.ts": {
    wantsState: ["TakeStateWhenBlocksAreGone"],
    seekState: ["TakeStateAnew", "AskOnePeerForState"],
    answerState: ["OfferState"],
    hearOffer: ["TakeNewerState"],
    provenTerm: ["LeaveFalseOffer"],
    refuse: ["RefuseFalseChunk"],
    install: ["InstallWholeState"],
  },
  "controls.ts": {
    keepControl: ["EndorseControl"],
    decidable: ["RefuseInvalidControl"],
    endorsedControl: ["DecideControl"],
    mayPrepare: ["AcceptPreparedControl"],
    noteTried: ["GiveUpControl"],
    votedForGivenUp: ["RestWithGivenUpControl"],
    beginTerm: ["ReadmitSeat", "LoseVoiceWithKey", "RestartNumbers", "ActivateVersion"],
    forgetEpoch: ["ForgetOldWords"],
  },
  "office.ts": { holdsKey: ["FollowWithoutKey"], mayVote: ["SilentWithoutVersion", "RegainVoice"] },
  "strangers.ts": { hearStranger: ["AskStranger"] },
};

const WARDEN: Places = {
  "warden.ts": {
    postOf: ["RefuseWrongName", "KeepIdentity"],
    checked: ["RefuseMisconfigured"],
    "#serving": ["StayDown"],
  },
  "core/admission.ts": {
    admission: [
      "ReplaySettledOutcome",
      "JoinPendingKey",
      "RefuseReusedKey",
      "AnswerPendingInDoubt",
      "RefuseLateRetry",
      "RefuseWithoutQuorum",
      "RefuseOverload",
      "ReserveFreshKey",
      "AskAgainForDamagedAnswer",
    ],
  },
  "core/book.ts": {
    seal: ["SealNextWrit"],
    restoreWrit: ["HoldDamagedWrit"],
    recover: ["RecoverEventFromWrit"],
    settleAs: ["AdoptDecidedWrit"],
    settle: ["ReleaseKeyTheSeatsRefuse"],
  },
  "core/held.ts": { findingOf: ["AskWritBack", "SealAgainUnderSameNumber"] },
  "core/rounds.ts": { roundOf: ["GiveSilentWritToEverySeat"] },
  "core/settlement.ts": { judge: ["SettleByCertificate", "DropUnprovenAnswer"] },
  "core/expiry.ts": { bucketOver: ["ExpireSettledEntry"] },
  "desk.ts": { "#holdsKey": ["RefuseUnrecognisedWarden"] },
  "drive.ts": { drive: ["RedriveSameWrit"] },
};

/** A rule → its file and function. */
export const PLACES: ReadonlyMap<string, { readonly file: string; readonly name: string }> =
  new Map(
    (
      [
        ["objects/clerk/consensus/", CORE],
        ["objects/warden/", WARDEN],
        ["objects/shared/", { "terms.ts": { termsProven: ["ProveTerms"] } }],
        [
          "objects/clerk/",
          {
            "roots.ts": {
              "#toRead": ["RootAsOfBase", "ReadAgainWhatRests"],
              "#settle": ["ServeCertifiedParts"],
            },
            "restore.ts": { keepVotes: ["KeepVotesOverInstall"], setupAt: ["RestartAtBoundary"] },
            "state-desk.ts": { clean: ["StageUntilWhole"] },
          },
        ],
      ] as const
    ).flatMap(([folder, files]: readonly [string, Places]) =>
      Object.entries(files).flatMap(([file, functions]) =>
        Object.entries(functions).flatMap(([name, rules]) =>
          rules.map((rule) => [rule, { file: `${folder}${file}`, name }] as const),
        ),
      ),
    ),
  );
