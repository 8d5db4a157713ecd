/** What an event came to, as the API answers it. */
import type { Change } from "../../objects/shared/types.ts";
import { count, isoOf, short } from "./words.ts";

/** The members used of an outcome's document. */
export interface OutcomeDocument {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: { readonly code: string; readonly detail: string };
  readonly changes?: readonly Change[];
  readonly receipt?: {
    readonly court: number;
    readonly height: number;
    readonly index: number;
    readonly streamTime: string;
    readonly block: string;
    readonly outcome: string;
  };
  readonly event?: unknown;
  readonly published?: boolean;
}

export const eventHref = (id: string, source: string): string =>
  `/console/search?${new URLSearchParams(source === "/" ? { event: id } : { event: id, source }).toString()}`;
export const entityHref = (entity: string): string =>
  `/console/search?${new URLSearchParams({ entity }).toString()}`;

export function StatusOf({ outcome }: { readonly outcome: Pick<OutcomeDocument, "status"> }) {
  return (
    <span class={`status ${/^[a-z]+$/.test(outcome.status) ? outcome.status : ""}`}>
      {outcome.status}
    </span>
  );
}

export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  return (
    <ul class="changes">
      {changes.map(({ entity, version, state }) => (
        <li>
          <a href={entityHref(entity)}>{entity}</a> version {count(version)}{" "}
          <code>{JSON.stringify(state)}</code>
        </li>
      ))}
    </ul>
  );
}

export function OutcomeBody({ outcome }: { readonly outcome: OutcomeDocument }) {
  const { id, source, reason, changes = [], receipt } = outcome;
  return (
    <>
      {reason === undefined ? null : (
        <p>
          <code>{reason.code}</code> {reason.detail}
        </p>
      )}
      <Changes changes={changes} />
      {receipt === undefined ? null : (
        <p class="receipt">
          <a href={eventHref(id, source)}>{id}</a> at height {count(receipt.height)}, index{" "}
          {count(receipt.index)}, in block <code title={receipt.block}>{short(receipt.block)}</code>
          , <time dateTime={isoOf(receipt.streamTime)}>{receipt.streamTime}</time>
        </p>
      )}
    </>
  );
}
