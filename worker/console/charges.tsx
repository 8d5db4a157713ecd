/** What seats noted, as sentences. */
import type { Charge } from "./scene.ts";
import { isoOf, many, seatsListed, short, timeOfDay } from "./words.ts";

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

/** How it is shown: in red only what was proven here, or what several seats say alike. */
export function weightOf({ kind, proven, notedBy }: Charge): Weight {
  const weight = WEIGHTS[kind] ?? "note";
  return weight === "guilt" && !proven && notedBy.length < 2 ? "care" : weight;
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

export function sayingOf(charge: Charge): string {
  const by = seatsListed(charge.notedBy);
  const saying = Object.hasOwn(SAYINGS, charge.kind) ? SAYINGS[charge.kind] : undefined;
  return saying === undefined ? `${charge.kind}: noted by ${by}` : saying(charge, by);
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

function Line({ charge, court }: { readonly charge: Charge; readonly court: number }) {
  const { seat, id } = charge.evidence;
  const name = `evidence-${seat}-${id}`;
  return (
    <li class={weightOf(charge)}>
      <time dateTime={isoOf(charge.at)}>{timeOfDay(charge.at)}</time>
      <div>
        <p class="saying">{sayingOf(charge)}</p>
        <p class="why">
          height {charge.height}
          {charge.dissent === null ? null : ", "}
          <Results dissent={charge.dissent} />
          {charge.detail === null ? null : `, ${charge.detail}`}
          {charge.about === null ? null : `; noted by ${seatsListed(charge.notedBy)}`}
          {charge.proven ? "; verified here" : null} ·{" "}
          <a id={name} href={`/console/courts/${court}/incidents/${seat}/${id}`}>
            evidence
            <span class="quiet">
              {" "}
              of {sayingOf(charge)}, height {charge.height}
            </span>
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
  return (
    <>
      <ul class="charges">
        {charges.slice(0, SHOWN).map((charge) => (
          <Line charge={charge} court={court} />
        ))}
      </ul>
      {charges.length > SHOWN ? (
        <p class="more">and {many(charges.length - SHOWN, "older note")}</p>
      ) : null}
    </>
  );
}
