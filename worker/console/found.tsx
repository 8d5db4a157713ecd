/** Pages of what was looked for: events, entities and their histories, blocks, evidence. */
import type { Child } from "hono/jsx";
import type { Json } from "../../objects/shared/canonical.ts";
import type { Block, Outcome } from "../../objects/shared/types.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { entityHref, eventHref, OutcomeBody, StatusOf } from "./outcome.tsx";
import type { OutcomeDocument } from "./outcome.tsx";
import { count, isoOf, many, short } from "./words.ts";

export interface EntityDocument {
  readonly entity: string;
  readonly version: number;
  readonly state: Json;
  readonly height: number;
}
export interface VersionDocument extends EntityDocument {
  readonly event: OutcomeDocument;
}
export interface Paged<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

interface Column {
  readonly name: string;
  readonly number?: boolean;
}

function Table({
  label,
  columns,
  children,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly children?: Child;
}) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, number }) => (
              <th scope="col" class={number === true ? "number" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

const VERSION_COLUMNS: readonly Column[] = [
  { name: "Version", number: true },
  { name: "State" },
  { name: "Event" },
  { name: "Height", number: true },
  { name: "Time (UTC)" },
];

const OUTCOME_COLUMNS: readonly Column[] = [
  { name: "Index", number: true },
  { name: "Outcome" },
  { name: "Event" },
  { name: "Type" },
  { name: "Tenant" },
  { name: "Changes, or why not" },
];

export function EventPanel({ event }: { readonly event: OutcomeDocument }) {
  const { id, source, type, published } = event;
  return (
    <section class="panel" aria-labelledby="event-title">
      <h2 id="event-title" class="title">
        Event <code>{id}</code>
      </h2>
      <p>
        <StatusOf outcome={event} /> {type} from <code>{source}</code>,{" "}
        {published === true ? "published in the ledger" : "not published yet"}
      </p>
      <OutcomeBody outcome={event} />
      <h3>As it was sent</h3>
      <pre tabIndex={0}>{JSON.stringify(event.event, null, 2)}</pre>
    </section>
  );
}

function State({ state }: { readonly state: Json }) {
  return <code>{JSON.stringify(state)}</code>;
}

export function EntityPanel({
  entity,
  history,
}: {
  readonly entity: EntityDocument;
  readonly history: Paged<VersionDocument>;
}) {
  return (
    <section class="panel" aria-labelledby="entity-title">
      <h2 id="entity-title" class="title">
        Entity <code>{entity.entity}</code>
      </h2>
      <p>
        Version {count(entity.version)}, agreed as of height {count(entity.height)}:{" "}
        <State state={entity.state} />
      </p>
      <h3>Every version, with the event that made it</h3>
      {history.items.length === 0 ? (
        <p class="empty">Nothing is published of it yet. Look again in a moment.</p>
      ) : (
        <Table label="Versions" columns={VERSION_COLUMNS}>
          {history.items.map(({ version, state, height, event }) => (
            <tr>
              <th scope="row" class="number">
                {count(version)}
              </th>
              <td>
                <State state={state} />
              </td>
              <td>
                <a href={eventHref(event.id, event.source)}>{event.id}</a> {event.type}
              </td>
              <td class="number">{count(height)}</td>
              <td>
                <time dateTime={isoOf(event.receipt?.streamTime ?? "")}>
                  {event.receipt?.streamTime ?? "–"}
                </time>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {history.next === null ? null : (
        <p class="more">
          <a
            href={`${entityHref(entity.entity)}&${new URLSearchParams({ after: history.next }).toString()}`}
          >
            Later versions
          </a>
        </p>
      )}
    </section>
  );
}

export function EntityList({
  entities,
  words,
}: {
  readonly entities: readonly EntityDocument[];
  readonly words: string;
}) {
  return (
    <section class="panel" aria-labelledby="entities-title">
      <h2 id="entities-title" class="title">
        Entities whose name begins with <code>{words}</code>
      </h2>
      <ul class="changes">
        {entities.map(({ entity, version, state }) => (
          <li>
            <a href={entityHref(entity)}>{entity}</a> version {count(version)}{" "}
            <State state={state} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function NothingFound({ words }: { readonly words: string }) {
  return (
    <section class="panel lone">
      <h1>Nothing is called so</h1>
      <p>
        No event of this tenant has the id <code>{words}</code> under the source <code>/</code>, and
        no published entity's name begins so.
      </p>
      <p>
        An entity is looked for as <code>type/id</code>, such as <code>stock/sku-1@w1</code>. What
        was decided just now may take a moment to be published.
      </p>
    </section>
  );
}

function Row({ text, place }: { readonly text: string; readonly place: number }) {
  const outcome = JSON.parse(text) as Outcome;
  const { tenant, id, source, type, changes, reason } = outcome;
  return (
    <tr>
      <th scope="row" class="number">
        {place}
      </th>
      <td>
        <StatusOf outcome={outcome} />
      </td>
      <td>
        <a href={eventHref(id, source)}>{id}</a>
      </td>
      <td>{type}</td>
      <td>{tenant}</td>
      <td>{reason === undefined ? changes.map(({ entity }) => entity).join(", ") : reason.code}</td>
    </tr>
  );
}

export function BlockPanel({ block, quorum }: { readonly block: Block; readonly quorum: number }) {
  const { header, certificate, result, outcomes } = block;
  const shown = outcomes.slice(0, LIMITS.consoleRows);
  return (
    <section class="panel" aria-labelledby="block-title">
      <h1 id="block-title">
        Block {count(header.height)} of court {header.court}
      </h1>
      <dl class="facts">
        <dt>Block time</dt>
        <dd>{isoOf(header.time)}</dd>
        <dt>Digest</dt>
        <dd>
          <code>{certificate.block}</code>
        </dd>
        <dt>Parent</dt>
        <dd>
          <code>{header.parent}</code>
        </dd>
        <dt>Result</dt>
        <dd>
          <code>{certificate.result}</code>
        </dd>
        {result.state === null ? null : (
          <>
            <dt>State root</dt>
            <dd>
              <code>{result.state}</code>
            </dd>
          </>
        )}
        <dt>Certificate</dt>
        <dd>
          {many(certificate.signatures.length, "signature")} in view {certificate.view}, {quorum}{" "}
          needed; verified here:
          <ul>
            {certificate.signatures.map(({ seat, signature }) => (
              <li>
                seat {seat} <code title={signature}>{short(signature)}…</code>
              </li>
            ))}
          </ul>
        </dd>
      </dl>
      <h2>{many(outcomes.length, "outcome")}</h2>
      <Table label="Outcomes" columns={OUTCOME_COLUMNS}>
        {shown.map((text, place) => (
          <Row text={text} place={place} />
        ))}
      </Table>
      {outcomes.length > shown.length ? (
        <p class="more">and {many(outcomes.length - shown.length, "more outcome")}</p>
      ) : null}
    </section>
  );
}

export interface Recorded {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly height: number;
  readonly evidence: unknown;
}

export function EvidencePanel({
  incident,
  seat,
  court,
}: {
  readonly incident: Recorded;
  readonly seat: number;
  readonly court: number;
}) {
  const { id, at, kind, height, evidence } = incident;
  return (
    <section class="panel" aria-labelledby="evidence-title">
      <h1 id="evidence-title">Evidence of {kind}</h1>
      <p>
        Noted by seat {seat} of court {court} as its number {count(id)}, at height {count(height)},{" "}
        <time dateTime={isoOf(at)}>{at}</time>.
      </p>
      {kind === "dissent" ? (
        <p>
          The statement below <code>prepare</code> is signed by the seat that dissented; the{" "}
          <code>certificate</code> by a quorum of the others. Both name the same batch, and other
          results. Each signature can be checked offline.
        </p>
      ) : null}
      <pre tabIndex={0}>{JSON.stringify(evidence, null, 2)}</pre>
    </section>
  );
}
