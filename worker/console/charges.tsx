/** What seats noted, as sentences. */
import type { Charge } from "./scene.ts";
import { count, isoOf, many, seatsListed, short, timeOfDay } from "./words.ts";

type Weight = "guilt" | "care" | "note";

const WEIGHTS: { readonly [kind: string]: Weight } = {
  dissent: "guilt",
  equivocation: "guilt",
  "false-state": "guilt",
  "ledger-conflict": "guilt",
  "no-majority": "care",
  "ledger-damaged": "care",
  outvoted: "care",
  quarantine: "care",
  "view-change": "care",
  poison: "care",
  unable: "care",
};

/** How it is shown: in red only what was proven. */
function weightOf({ kind, proven }: Charge): Weight {
  const weight = Object.hasOwn(WEIGHTS, kind) ? (WEIGHTS[kind] ?? "note") : "note";
  return weight === "guilt" && !proven ? "care" : weight;
}

/** What was noted again and again of the same, as one. */
export interface Run {
  readonly latest: Charge;
  /** Lowest first. */
  readonly heights: readonly number[];
}

/** Guilt first, and each newest first as `charges` are. */
export function runsOf(charges: readonly Charge[]): Run[] {
  const alike = Map.groupBy(charges, ({ kind, about, notedBy, proven }) =>
    JSON.stringify([kind, about, about === null ? notedBy : null, proven]),
  );
  const runs = [...alike.values()].flatMap((all) => {
    const [latest] = all;
    const heights = [...new Set(all.map(({ height }) => height))].toSorted((a, b) => a - b);
    return latest === undefined ? [] : [{ latest, heights }];
  });
  const isGuilt = ({ latest }: Run) => weightOf(latest) === "guilt";
  return [...runs.filter(isGuilt), ...runs.filter((run) => !isGuilt(run))];
}

function placeOf({ heights }: Run): string {
  const [first = 0] = heights;
  if (heights.length === 1) return `height ${count(first)}`;
  return `at ${count(heights.length)} heights, from ${count(first)} to ${count(heights.at(-1) ?? first)}`;
}

const SAYINGS: { readonly [kind: string]: (charge: Charge, by: string) => string } = {
  dissent: ({ about }) => `Seat ${about} signed another result than the court agreed on`,
  equivocation: ({ about }) => `Seat ${about} signed two statements that contradict each other`,
  "false-state": ({ about }) => `Seat ${about} gave rows that are not the agreed state`,
  "ledger-conflict": (_, by) => `The ledger holds another block than ${by} agreed on`,
  "ledger-damaged": (_, by) => `Damaged rows in the ledger, found by ${by}`,
  "no-majority": () => "No result had a majority",
  outvoted: (_, by) => `The court went on without the result of ${by}`,
  quarantine: (_, by) => `Without a voice until it is mended: ${by}`,
  "view-change": (_, by) => `Another leader was asked for by ${by}`,
  poison: () => "An event was rejected because the seats differ about it",
  unable: () => "An event was rejected because the seats cannot evaluate it",
  recovery: (_, by) => `Started again: ${by}`,
  repair: (_, by) => `Damage was put right by ${by}`,
};

function sayingOf(charge: Charge): string {
  const by = seatsListed(charge.notedBy);
  const saying = Object.hasOwn(SAYINGS, charge.kind) ? SAYINGS[charge.kind] : undefined;
  if (saying === undefined) return `${charge.kind}: noted by ${by}`;
  const accuses = charge.about !== null && WEIGHTS[charge.kind] === "guilt";
  return accuses && !charge.proven
    ? `Not proven, said by ${by}: ${saying(charge, by)}`
    : saying(charge, by);
}

function Results({ dissent }: Pick<Charge, "dissent">) {
  if (dissent === null) return null;
  return (
    <span class="results">
      <code class="bad" title={dissent.said}>
        {short(dissent.said)}
      </code>{" "}
      signed, <code title={dissent.agreed}>{short(dissent.agreed)}</code> agreed
    </span>
  );
}

function Line({ run, court }: { readonly run: Run; readonly court: number }) {
  const { latest } = run;
  const { at, about, notedBy, dissent, detail, proven, evidence } = latest;
  const { seat, id } = evidence;
  const saying = sayingOf(latest);
  return (
    <li class={weightOf(latest)}>
      <time dateTime={isoOf(at)}>{timeOfDay(at)}</time>
      <div>
        <p class="saying">{saying}</p>
        <p class="why">
          {placeOf(run)}
          {dissent === null ? null : ": "}
          <Results dissent={dissent} />
          {detail === null ? null : `; ${detail}`}
          {about === null ? null : `; noted by ${seatsListed(notedBy)}`}
          {proven && dissent !== null ? ", verified here" : null} ·{" "}
          <a
            id={`evidence-${seat}-${id}`}
            href={`/console/courts/${court}/incidents/${seat}/${id}`}
          >
            evidence<span class="quiet"> of: {saying}</span>
          </a>
        </p>
      </div>
    </li>
  );
}

const SHOWN = 12;

export function Charges({
  charges,
  court,
}: {
  readonly charges: readonly Charge[];
  readonly court: number;
}) {
  if (charges.length === 0)
    return (
      <p class="empty">
        Nothing. Dissent, contradictions, repairs and changes of the leader would stand here, each
        with its evidence.
      </p>
    );
  const runs = runsOf(charges);
  return (
    <>
      <ul class="charges">
        {runs.slice(0, SHOWN).map((run) => (
          <Line run={run} court={court} />
        ))}
      </ul>
      {runs.length > SHOWN ? (
        <p class="more">and {many(runs.length - SHOWN, "older note")}</p>
      ) : null}
    </>
  );
}
