/** Each checker of what seats say and decide finds a history that breaks just its property, and is content with a sound one. */
import { describe, expect, it } from "vitest";
import type { Commit, Prepare, ViewChange } from "../objects/clerk/consensus/messages.ts";
import type { Durable, Incident } from "../objects/clerk/consensus/seat.ts";
import type { Block } from "../objects/shared/types.ts";
import { brokenBy, Film, optionsOf } from "./kit/film.ts";
import { chainCheckers } from "./simulator/checkers/checkers.ts";
import { Signatures } from "./simulator/checkers/statements.ts";
import { votes as votesChecker } from "./simulator/checkers/votes.ts";
import type { Fact, Noted } from "./simulator/history.ts";

const LIAR = 3;

/** Decisions, a leader that stops, a view change, a restart, and decisions again. */
function filmed(): Film {
  const film = new Film();
  const { court } = film;
  for (const number of [1, 2]) {
    court.giveAll(court.writ(number, [`event ${number}`]));
    film.pass(100);
  }
  film.crash(0);
  court.giveAll(court.writ(3, ["event 3"]));
  film.pass(5_000);
  film.restart(0);
  court.giveAll(court.writ(4, ["event 4"]));
  film.pass(5_000);
  film.restart(2);
  film.pass(5_000);
  return film;
}

const film = filmed();
const { court } = film;
const honest = optionsOf(court);
const withLiar = optionsOf(court, { liars: new Set([LIAR]) });

const only = votesChecker(honest, new Signatures(honest));

const broken = (noted: readonly Noted[], options = honest): string | null =>
  brokenBy(noted, chainCheckers(options), options.liars);

/** The film with more facts at its end. */
const then = (...facts: Fact[]): Noted[] => [
  ...film.noted,
  ...facts.map((fact) => ({ at: court.now + 1, fact })),
];
/** The film with one fact changed. */
const changed = (place: number, fact: Fact): Noted[] =>
  film.noted.map((noted, at) => (at === place ? { ...noted, fact } : noted));

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the film lacks it");
  return value;
}

const agreed = film.all("agreed");
const lastAgreed = (seat: number) => found(agreed.findLast(({ fact }) => fact.seat === seat));
const lastDurable = (seat: number): Durable =>
  found(film.all("stored").findLast(({ fact }) => fact.seat === seat)).fact.durable;
const say = (seat: number, message: Extract<Fact, { kind: "said" }>["message"]): Fact => {
  return { kind: "said", seat, to: (seat + 1) % 4, message, lie: false };
};
const prepareBy = (seat: number, changes: Partial<Prepare> = {}, sequence?: number): Prepare => {
  const { height, view } = { height: 9, view: 9 };
  const value = { kind: "prepare", height, view, batch: "b", result: "r", ...changes } as const;
  return court.said(seat, value, sequence);
};
const stores = (seat: number, changes: Partial<Durable>): Fact => {
  return { kind: "stored", seat, durable: { ...lastDurable(seat), ...changes } };
};
const votes = (seat: number, prepare: Prepare): Fact[] => {
  const { header } = found(agreed[0]).fact.block;
  return [
    stores(seat, { view: Math.max(prepare.view, 9), vote: { prepare, header } }),
    say(seat, prepare),
  ];
};

it("a court that crashes, changes its view and goes on breaks nothing", () => {
  expect(film.all("agreed").length).toBeGreaterThan(12);
  expect(film.all("accused").some(({ fact }) => fact.incident.kind === "view-change")).toBe(true);
  expect(broken(film.noted)).toBeNull();
});

describe("Agreement", () => {
  const { place, fact } = lastAgreed(1);
  const { block } = fact;
  const other = (changes: Partial<Block>): Noted[] =>
    changed(place, { ...fact, block: { ...block, ...changes } });

  it("Agreement: two blocks at one height", () => {
    const certificate = { ...block.certificate, block: "0".repeat(64) };
    expect(broken(other({ certificate }))).toBe("Agreement");
  });

  it("Agreement: another outcome kept under the same block", () => {
    const outcomes = block.outcomes.map(() => "another");
    expect(broken(other({ outcomes }))).toBe("Agreement");
  });

  it("Agreement: a block on another one", () => {
    const [first] = agreed;
    const { place: at, fact: of } = found(first);
    const header = { ...of.block.header, parent: "0".repeat(64) };
    expect(broken(changed(at, { ...of, block: { ...of.block, header } }))).toBe("Agreement");
  });

  it("Agreement: a height left out, or decided twice", () => {
    const first = found(agreed.find((one) => one.fact.seat === 1));
    expect(broken(film.noted.filter((_, at) => at !== first.place))).toBe("Agreement");
    expect(broken(then(fact))).toBe("Agreement");
  });

  it("Agreement: what a liar decides counts for nothing", () => {
    const mine = lastAgreed(LIAR);
    const certificate = { ...mine.fact.block.certificate, block: "0".repeat(64) };
    const lie = { ...mine.fact, block: { ...mine.fact.block, certificate } };
    expect(broken(changed(mine.place, lie), withLiar)).toBeNull();
    expect(broken(changed(mine.place, lie))).toBe("Agreement");
  });
});

describe("SameSeatSameValue", () => {
  const first = found(agreed[0]);
  const { certificate } = first.fact.block;
  const [one, two] = certificate.signatures.map((by) => by);
  const certified = (signatures: typeof certificate.signatures): Noted[] =>
    film.noted.map((noted) => {
      const { fact } = noted;
      if (fact.kind !== "agreed" || fact.block.header.height !== 1) return noted;
      const block = { ...fact.block, certificate: { ...certificate, signatures } };
      return { ...noted, fact: { ...fact, block } };
    });

  it("SameSeatSameValue: a block certified by one seat thrice, by too few, or by nobody's signature", () => {
    const [a, b] = [found(one), found(two)];
    expect(broken(certified([a, b, a]))).toBe("SameSeatSameValue");
    expect(broken(certified([a, b]))).toBe("SameSeatSameValue");
    const forged = certificate.signatures.map((by) => ({ ...by, sequence: by.sequence + 1 }));
    expect(broken(certified(forged))).toBe("SameSeatSameValue");
  });

  it("SameSeatSameValue: a certificate or a prepared certificate that an honest seat hands on is whole", () => {
    const short = { ...certificate, signatures: certificate.signatures.slice(1) };
    expect(broken(then(say(1, court.said(1, { kind: "decided", certificate: short }))))).toBe(
      "SameSeatSameValue",
    );
    const prepared = { height: 9, view: 8, batch: "b", result: "r", signatures: [] };
    const change = court.said(1, {
      kind: "view-change",
      view: 9,
      height: 9,
      certificate: null,
      prepared,
    });
    expect(broken(then(stores(1, { view: 9, change }), say(1, change)))).toBe("SameSeatSameValue");
  });

  it("SameSeatSameValue: a proposal bears the grounds it signed", () => {
    const said = found(film.all("said").find(({ fact }) => fact.message.kind === "proposal"));
    const { message } = said.fact;
    if (message.kind !== "proposal") throw new Error("a proposal");
    const swapped = { ...message, justification: { by: "changes", changes: [] } as const };
    expect(broken(changed(said.place, { ...said.fact, message: swapped }))).toBe(
      "SameSeatSameValue",
    );
  });
});

describe("PersistBeforeSend", () => {
  it("PersistBeforeSend: a vote said that was never stored", () => {
    expect(broken(then(...votes(1, prepareBy(1))))).toBeNull();
    expect(broken(then(say(1, prepareBy(1))))).toBe("PersistBeforeSend");
  });

  it("PersistBeforeSend: a view change or a proposal in a view that is not in storage", () => {
    const change = court.said(1, {
      kind: "view-change",
      view: 9,
      height: 9,
      certificate: null,
      prepared: null,
    });
    expect(broken(then(stores(1, { view: 9, change }), say(1, change)))).toBeNull();
    expect(broken(then(say(1, change)))).toBe("PersistBeforeSend");
    const { message } = found(
      film.all("said").find(({ fact }) => fact.message.kind === "proposal"),
    ).fact;
    if (message.kind !== "proposal") throw new Error("a proposal");
    const ahead = { ...message, view: 8, signature: "of view 8" };
    expect(broken(then(say(message.from, ahead)))).toBe("PersistBeforeSend");
  });

  it("PersistBeforeSend: a block decided on a commit of this seat that was not in storage", () => {
    const unstored = film.noted.map((noted) => {
      const { fact } = noted;
      if (fact.kind !== "stored") return noted;
      return { ...noted, fact: { ...fact, durable: { ...fact.durable, commit: null } } };
    });
    const silent = unstored.filter(
      ({ fact }) => fact.kind !== "said" || fact.message.kind !== "commit",
    );
    expect(broken(silent)).toBe("PersistBeforeSend");
  });

  it("NoProposalFromAnotherLife: a proposal in a view entered before the seat's present start", () => {
    const leader = found(
      film.all("said").findLast(({ fact }) => fact.message.kind === "proposal"),
    ).fact;
    const { message } = leader;
    if (message.kind !== "proposal") throw new Error("a proposal");
    const later = { ...message, incarnation: message.incarnation + 1 };
    const { seat } = leader;
    const started = { kind: "started", seat, incarnation: later.incarnation, voice: true } as const;
    expect(broken(then(started, say(seat, message)))).toBeNull();
    expect(broken(then(started, say(seat, later)))).toBe("NoProposalFromAnotherLife");
  });
});

describe("OneValue and NeverBack", () => {
  it("OneValue: two values for one height and view, over a restart too", () => {
    const restarted = { kind: "started", seat: 1, incarnation: 2, voice: true } as const;
    const second = prepareBy(1, { result: "other" });
    expect(broken(then(...votes(1, prepareBy(1)), restarted, ...votes(1, second)))).toBe(
      "OneValue",
    );
  });

  it("OneValue: a second value counts from when it is stored, said or not", () => {
    const [stored] = votes(1, prepareBy(1, { result: "other" }));
    expect(broken(then(...votes(1, prepareBy(1)), found(stored)))).toBe("OneValue");
  });

  it("KeepVoteOverRestart: the same value signed anew instead of the same bytes", () => {
    const again = votes(1, prepareBy(1, {}, 2_000_000));
    expect(broken(then(...votes(1, prepareBy(1)), ...votes(1, prepareBy(1))))).toBeNull();
    expect(broken(then(...votes(1, prepareBy(1)), ...again))).toBe("KeepVoteOverRestart");
  });

  it("NeverBack: a view that falls in storage", () => {
    expect(lastDurable(1).view).toBeGreaterThan(0);
    expect(broken(then(stores(1, { view: 0 })))).toBe("NeverBack");
  });

  it("NeverBack: a vote below a view that was left", () => {
    const change = court.said(
      1,
      { kind: "view-change", view: 9, height: 9, certificate: null, prepared: null },
      1_000_001,
    );
    const left = [stores(1, { view: 9, change }), say(1, change)];
    expect(broken(then(...left, ...votes(1, prepareBy(1, { view: 8 }, 1_000_002))))).toBe(
      "NeverBack",
    );
  });

  it("NeverBack: a view left again in the same step is stored as the one that followed", () => {
    const changes = [8, 9].map((view) =>
      court.said(
        1,
        { kind: "view-change", view, height: 9, certificate: null, prepared: null },
        1_000_000 + view,
      ),
    );
    const [first, second] = changes as [ViewChange, ViewChange];
    const stored = stores(1, { view: 9, change: second });
    expect(broken(then(stored, say(1, first), say(1, second)))).toBeNull();
  });

  it("NeverBack: of a view left again in the step that decides its height the change goes out, and nothing else of a decided height", () => {
    const { place, fact } = lastAgreed(1);
    const { height } = fact.block.header;
    const leaves = (view: number, at: number): ViewChange =>
      court.said(
        1,
        { kind: "view-change", view, height: at, certificate: null, prepared: null },
        1_000_000 + view,
      );
    /** Before the block is agreed it is stored that view 9 was gone to at its height. */
    const after = (...said: Fact[]): string | null => {
      const at = court.now;
      const facts = [...film.noted];
      facts.splice(place, 0, { at, fact: stores(1, { view: 9, change: leaves(9, height) }) });
      facts.push(...said.map((one) => ({ at, fact: one })));
      return brokenBy(facts, [only]);
    };
    expect(after(say(1, leaves(8, height)))).toBeNull();
    expect(after(say(1, leaves(8, height - 1)))).toBe("NeverBack");
    const vote = prepareBy(1, { height, view: 8 }, 1_000_008);
    expect(after(say(1, vote))).toBe("NeverBack");
  });

  it("NeverBack: a vote at a height it has decided", () => {
    const { header } = lastAgreed(1).fact.block;
    expect(broken(then(...votes(1, prepareBy(1, { height: header.height }))))).toBe("NeverBack");
  });

  it("OneValue: what a liar says binds nobody", () => {
    const two = [...votes(LIAR, prepareBy(LIAR)), ...votes(LIAR, prepareBy(LIAR, { batch: "c" }))];
    expect(broken(then(...two), withLiar)).toBeNull();
    expect(broken(then(...two))).toBe("OneValue");
  });
});

describe("NoVoiceBeforeReady", () => {
  const silent = { kind: "started", seat: 1, incarnation: 2, voice: false } as const;

  it("NoVoiceBeforeReady: a vote of a life without a voice", () => {
    const asks = court.said(1, { kind: "sync", after: 1 });
    expect(broken(then(silent, say(1, asks)))).toBeNull();
    expect(broken(then(silent, ...votes(1, prepareBy(1))))).toBe("NoVoiceBeforeReady");
  });

  it("NoVoiceBeforeReady: anything of a seat that is not there", () => {
    const unstarted = film.noted.filter(({ fact }) => fact.kind !== "started" || fact.seat !== 1);
    expect(broken(unstarted)).toBe("NoVoiceBeforeReady");
    const asks = say(1, court.said(1, { kind: "sync", after: 1 }));
    expect(broken(then({ kind: "stopped", seat: 1, how: "crash" }, asks))).toBe(
      "NoVoiceBeforeReady",
    );
  });

  it("NoVoiceBeforeReady: a voice for a seat whose storage went", () => {
    const wiped = { kind: "wiped", seat: 1 } as const;
    expect(broken(then(wiped, silent))).toBeNull();
    expect(broken(then(wiped, { ...silent, voice: true }))).toBe("NoVoiceBeforeReady");
  });

  it("NoVoiceBeforeReady: a word said after the seat was silenced, but for its last step's", () => {
    const detect = optionsOf(court, { mode: "detect", liars: new Set([LIAR]) });
    const silenced = { kind: "silenced", seat: 1, reason: "the seats differ" } as const;
    const noted = then(...votes(1, prepareBy(1)), silenced, say(1, prepareBy(1)));
    expect(broken(noted, detect)).toBeNull();
    const late = noted.map((one, at) => (at < noted.length - 1 ? one : { ...one, at: one.at + 1 }));
    expect(broken(late, detect)).toBe("NoVoiceBeforeReady");
  });
});

describe("NobodyFramed", () => {
  const accuse = (incident: Incident, seat = 1): Noted[] =>
    then({ kind: "accused", seat, incident });
  const pair = (first: Prepare | Commit, second: Prepare | ViewChange): Incident => {
    return { kind: "equivocation", seat: first.from, height: 9, first, second };
  };
  const two = pair(prepareBy(LIAR), prepareBy(LIAR, { result: "other" }));

  it("NobodyFramed: an honest seat accused, whatever the evidence", () => {
    expect(broken(accuse(two), withLiar)).toBeNull();
    expect(broken(accuse(two))).toBe("NobodyFramed");
    const { certificate } = found(agreed[0]).fact.block;
    const outvoted = { kind: "outvoted", height: 1, certificate, own: "r" } as const;
    // Who came to no result is not wrong.
    expect(broken(accuse({ ...outvoted, own: null }), withLiar)).toBeNull();
    expect(broken(accuse(outvoted), withLiar)).toBe("NobodyFramed");
    expect(broken(accuse(outvoted, LIAR), withLiar)).toBeNull();
  });

  it("NobodyFramed: an honest seat silenced", () => {
    const silenced = { kind: "silenced", seat: 1, reason: "outvoted" } as const;
    expect(broken(then(silenced), withLiar)).toBe("NobodyFramed");
    expect(broken(then({ ...silenced, seat: LIAR }), withLiar)).toBeNull();
  });

  it("NobodyFramed: statements that an honest seat may say both are no evidence", () => {
    const again = pair(prepareBy(LIAR), prepareBy(LIAR, {}, 2_000_000));
    expect(broken(accuse(again), withLiar)).toBe("NobodyFramed");
    const later = pair(prepareBy(LIAR), prepareBy(LIAR, { view: 10, result: "other" }));
    expect(broken(accuse(later), withLiar)).toBe("NobodyFramed");
    const forged = pair(prepareBy(LIAR), { ...prepareBy(1, { result: "other" }), from: LIAR });
    expect(broken(accuse(forged), withLiar)).toBe("NobodyFramed");
  });

  it("NobodyFramed: a commit forgotten and a vote dated back are evidence, a word kept is none", () => {
    const block = "k";
    const commit = court.said(
      LIAR,
      { kind: "commit", height: 9, view: 9, batch: "b", result: "r", block },
      10,
    );
    const change = (prepared: ViewChange["prepared"]): ViewChange =>
      court.said(
        LIAR,
        { kind: "view-change", view: 10, height: 9, certificate: null, prepared },
        11,
      );
    const kept = { height: 9, view: 9, batch: "b", result: "r", signatures: [] };
    expect(broken(accuse(pair(commit, change(null))), withLiar)).toBeNull();
    expect(broken(accuse(pair(commit, change(kept))), withLiar)).toBe("NobodyFramed");
    expect(broken(accuse(pair(prepareBy(LIAR, {}, 12), change(kept))), withLiar)).toBeNull();
    expect(broken(accuse(pair(prepareBy(LIAR, {}, 9), change(kept))), withLiar)).toBe(
      "NobodyFramed",
    );
  });

  it("NobodyFramed: a dissent is against the certificate of the same batch, and no majority of all seats", () => {
    const { certificate } = found(agreed[0]).fact.block;
    const { height, view, batch, result } = certificate;
    const against = (changes: Partial<Prepare>): Incident => {
      const prepare = prepareBy(LIAR, { height, view, batch, result: "other", ...changes });
      return { kind: "dissent", seat: LIAR, height, prepare, certificate };
    };
    expect(broken(accuse(against({})), withLiar)).toBeNull();
    expect(broken(accuse(against({ result })), withLiar)).toBe("NobodyFramed");
    expect(broken(accuse(against({ batch: "b" })), withLiar)).toBe("NobodyFramed");
    const all = (results: string[]): Incident => {
      const prepares = results.map((of, seat) => prepareBy(seat, { result: of }));
      return { kind: "no-majority", height: 9, view: 9, prepares };
    };
    expect(broken(accuse(all(["a", "a", "b", "b"])))).toBeNull();
    expect(broken(accuse(all(["a", "a", "a", "b"])))).toBe("NobodyFramed");
    expect(broken(accuse(all(["a", "a", "b"])))).toBe("NobodyFramed");
  });
});
