/** A court at a glance. Each part has a name by which a live page exchanges it. */
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { CourtView, MemberView } from "../court.ts";
import { Charges } from "./charges.tsx";
import { Charts } from "./charts.tsx";
import { outvotedLately } from "./scene.ts";
import type { Inside, Mark, Scene, ShownBlock } from "./scene.ts";
import { count, isoOf, many, regionName, seatsListed, timeOfDay } from "./words.ts";

interface Seen {
  readonly scene: Scene;
}

type Mood = "good" | "care" | "bad";

/** How the court is, in a sentence and why. */
export function verdictOf(scene: Scene): { mood: Mood; saying: string; why: string } {
  const { court } = scene;
  const { members, quorum } = court;
  const ready = members.filter((member) => member.ready);
  const others = members.filter((member) => !member.ready);
  const outvoted = outvotedLately(scene);
  const enough = `${count(ready.length)} of ${count(members.length)} seats are ready, ${count(quorum)} are needed.`;
  if (ready.length < quorum)
    return {
      mood: "bad",
      saying: `Court ${court.court} cannot agree`,
      why: `${enough} Nothing is answered or published until enough are back: ${others.map(stateOf).join("; ")}.`,
    };
  if (outvoted.length > 0)
    return {
      mood: "bad",
      saying: `Court ${court.court} outvotes ${seatsListed(outvoted)}`,
      why: `It signs results that the others do not get. They go on: ${enough}`,
    };
  if (others.length > 0)
    return {
      mood: "care",
      saying: `Court ${court.court} agrees without ${seatsListed(others.map(({ seat }) => seat))}`,
      why: `${enough} ${sentence(others)}`,
    };
  return { mood: "good", saying: `Court ${court.court} is in agreement`, why: enough };
}

const sentence = (members: readonly MemberView[]): string =>
  `${members.map(stateOf).join("; ").replace("s", "S")}.`;

const stateOf = ({ seat, stage, reason }: MemberView): string =>
  `seat ${seat} is ${stage}${reason === undefined ? "" : ` (${reason})`}`;

function Verdict({ scene }: Seen) {
  const { mood, saying, why } = verdictOf(scene);
  const { height, published, view, leader } = scene.court;
  return (
    <section id="verdict" data-part class={`verdict ${mood}`} aria-label="The court">
      <div>
        <h1>{saying}</h1>
        <p class="why">{why}</p>
      </div>
      <dl class="figures">
        <Figure name="Height" value={count(height)} />
        <Figure name="Published" value={count(published)} />
        <Figure name="View" value={count(view)} />
        <Figure name="Leader" value={`seat ${leader}`} />
      </dl>
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function lagOf(member: MemberView, court: CourtView): string {
  if (member.height === null) return "unknown";
  const behind = court.height - member.height;
  return behind <= 0 ? "none" : many(behind, "block");
}

function progressOf({ progress }: MemberView): string {
  return progress === undefined
    ? ""
    : ` ${count(progress.done)} of ${count(progress.of)} ${progress.what}`;
}

function Seat({ member, scene }: Seen & { readonly member: MemberView }) {
  const { seat, region, role, stage, ready, view, height, lastSeen, dissents, reason } = member;
  const outvoted = outvotedLately(scene).includes(seat);
  const mood = outvoted ? "bad" : ready ? "good" : "care";
  return (
    <li id={`seat-${seat}`} data-part class={`seat ${mood}`}>
      <div class="top">
        <h3>Seat {seat}</h3>
        {role === "leader" ? <span class="leads">leads</span> : null}
      </div>
      <p class="region">
        {regionName(region)} <span class="hint">{region}</span>
      </p>
      <p class="state">
        <span class="dot" aria-hidden="true" />
        {outvoted ? "outvoted" : stage}
        {progressOf(member)}
      </p>
      <dl>
        <Figure name="Height" value={height === null ? "–" : count(height)} />
        <Figure name="Lag" value={lagOf(member, scene.court)} />
        <Figure name="View" value={view === null ? "–" : count(view)} />
        <Figure name="Dissents" value={count(dissents)} />
      </dl>
      {reason === undefined ? null : <p class="reason">{reason}</p>}
      {stage !== "unreachable" || lastSeen === null ? null : (
        <p class="reason">
          last heard <time dateTime={lastSeen}>{timeOfDay(lastSeen)}</time>
        </p>
      )}
    </li>
  );
}

const SAID: { readonly [mark in Mark]: string } = {
  signed: "signed",
  dissented: "signed another result",
  missing: "was not needed",
};

/** One square for each seat, in order. */
function Marks({ marks }: { readonly marks: readonly Mark[] }) {
  const said = marks.map((mark, seat) => `seat ${seat} ${SAID[mark]}`).join(", ");
  return (
    <span class="marks">
      {marks.map((mark, seat) => (
        <span class={mark} title={`seat ${seat} ${SAID[mark]}`} aria-hidden="true">
          {mark === "dissented" ? "✕" : seat}
        </span>
      ))}
      <span class="quiet">{said}</span>
    </span>
  );
}

function BlockRow({ block, scene }: Seen & { readonly block: ShownBlock }) {
  const { height, time, events, effects, control, view, tookMs, marks } = block;
  const { court, quorum } = scene.court;
  const signed = marks.filter((mark) => mark === "signed").length;
  return (
    <tr class={marks.includes("dissented") ? "dissent" : ""}>
      <th scope="row">
        <a id={`block-${height}`} href={`/console/courts/${court}/blocks/${height}`}>
          {count(height)}
        </a>
      </th>
      <td>
        <time dateTime={isoOf(time)}>{timeOfDay(time)}</time>
      </td>
      <td class="number">
        {control ? "control" : count(events)}
        {effects > 0 ? (
          <span class="effects" title="effects of the system, such as expiries">
            +{count(effects)}
          </span>
        ) : null}
      </td>
      <td>
        <Marks marks={marks} />
      </td>
      <td class="sealed">
        <span class="tick" aria-hidden="true">
          ✓
        </span>{" "}
        {signed} of {quorum}
      </td>
      <td class="number aside">{count(view)}</td>
      <td class="number aside">{tookMs === null ? "–" : `${count(tookMs)} ms`}</td>
    </tr>
  );
}

/** Votes as they come in, for the height that is not decided yet. */
function VotesRow({ scene, inside }: Seen & { readonly inside: Inside }) {
  const { votes } = inside;
  const { members, quorum, height } = scene.court;
  if (votes === null || votes.height !== height + 1) return null;
  const results = votes.prepares.map(({ result }) => result);
  const most = results.toSorted((a, b) => times(results, b) - times(results, a))[0];
  const states = members.map(({ seat }) => {
    const prepare = votes.prepares.find((each) => each.seat === seat);
    if (votes.commits.includes(seat)) return "signed" as const;
    if (prepare === undefined) return "missing" as const;
    return prepare.result === most ? ("prepared" as const) : ("dissented" as const);
  });
  const said = {
    signed: "committed",
    prepared: "prepared",
    dissented: "prepared another result",
    missing: "has not voted",
  };
  return (
    <tr class="deciding">
      <th scope="row">{count(votes.height)}</th>
      <td colSpan={2}>being decided</td>
      <td>
        <span class="marks">
          {states.map((state, seat) => (
            <span class={state} title={`seat ${seat} ${said[state]}`} aria-hidden="true">
              {state === "dissented" ? "✕" : seat}
            </span>
          ))}
          <span class="quiet">
            {states.map((state, seat) => `seat ${seat} ${said[state]}`).join(", ")}
          </span>
        </span>
      </td>
      <td class="sealed">
        {votes.commits.length} of {quorum}
      </td>
      <td class="number aside">{count(votes.view)}</td>
      <td class="number aside">…</td>
    </tr>
  );
}

const times = (all: readonly string[], one: string): number =>
  all.filter((each) => each === one).length;

function Blocks({ scene }: Seen) {
  const { inside } = scene;
  return (
    <section id="blocks" data-part class="panel blocks" aria-labelledby="blocks-title">
      <h2 id="blocks-title">Blocks as they are agreed</h2>
      {inside === null ? (
        <Lacking scope="operate" what="blocks, and who signed them" />
      ) : inside.blocks.length === 0 ? (
        <p class="empty">
          Nothing is decided yet. Submit an event, and its block will stand here with the signatures
          that certify it.
        </p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="blocks-title">
          <table>
            <thead>
              <tr>
                <th scope="col">Height</th>
                <th scope="col">Time (UTC)</th>
                <th scope="col" class="number">
                  Events
                </th>
                <th scope="col">Seats</th>
                <th scope="col">Certificate</th>
                <th scope="col" class="number aside">
                  View
                </th>
                <th scope="col" class="number aside">
                  Took
                </th>
              </tr>
            </thead>
            <tbody>
              <VotesRow scene={scene} inside={inside} />
              {inside.blocks.map((block) => (
                <BlockRow block={block} scene={scene} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {inside === null || inside.blocks.length === 0 ? null : (
        <Legend quorum={scene.court.quorum} />
      )}
    </section>
  );
}

function Legend({ quorum }: { readonly quorum: number }) {
  const meanings = [
    ["signed", "0", "signed"],
    ["missing", "0", `not needed: ${quorum} decide`],
    ["dissented", "✕", "signed another result"],
  ];
  return (
    <p class="legend" aria-hidden="true">
      {meanings.map(([mark, sign, meaning]) => (
        <span class="marks">
          <span class={mark}>{sign}</span> <em>{meaning}</em>
        </span>
      ))}
    </p>
  );
}

function Noted({ scene }: Seen) {
  return (
    <section id="noted" data-part class="panel noted" aria-labelledby="noted-title">
      <h2 id="noted-title">What the seats noted</h2>
      {scene.inside === null ? (
        <Lacking scope="operate" what="dissent, contradictions and repairs, with their evidence" />
      ) : (
        <Charges charges={scene.inside.charges} court={scene.court.court} />
      )}
    </section>
  );
}

function Pace({ scene }: Seen) {
  return (
    <section id="pace" data-part class="panel pace" aria-labelledby="pace-title">
      <h2 id="pace-title">Pace</h2>
      {scene.inside === null ? (
        <Lacking scope="operate" what="rates and latencies" />
      ) : (
        <Charts inside={scene.inside} />
      )}
    </section>
  );
}

/** In the place of what the token may not see. */
// Rule: WithholdPart.
export function Lacking({ scope, what }: { readonly scope: string; readonly what: string }) {
  return (
    <p class="lacking">
      Your token lacks the scope <code>{scope}</code>, which shows {what}.
    </p>
  );
}

/** Every part by its name, rendered. The page and the live stream have them from here alone. */
export function partsOf(scene: Scene): ReadonlyMap<string, JSX.Element> {
  return new Map<string, JSX.Element>([
    ["verdict", <Verdict scene={scene} />],
    ...scene.court.members.map(
      (member) => [`seat-${member.seat}`, <Seat member={member} scene={scene} />] as const,
    ),
    ["blocks", <Blocks scene={scene} />],
    ["noted", <Noted scene={scene} />],
    ["pace", <Pace scene={scene} />],
  ]);
}

export function CourtPage({ scene, aside }: Seen & { readonly aside: Child }) {
  const parts = partsOf(scene);
  return (
    <>
      {parts.get("verdict")}
      <section class="seats" aria-labelledby="seats-title">
        <h2 id="seats-title" class="quiet">
          Seats
        </h2>
        <ul>{scene.court.members.map(({ seat }) => parts.get(`seat-${seat}`))}</ul>
      </section>
      <div class="columns">
        <div class="main">
          {parts.get("blocks")}
          {parts.get("noted")}
        </div>
        <div class="side">
          {parts.get("pace")}
          {aside}
        </div>
      </div>
    </>
  );
}
