// assize get: an entity, its history, or an event with what it came to.
import type { EventDocument, VersionDocument } from "../client/index.ts";
import { table } from "../bench/lib/table.ts";
import { clientOf, readerGone, say, sayJson, tell } from "./context.ts";
import type { Common } from "./context.ts";
import { EXIT, Told, Usage } from "./exit.ts";

const CONSISTENCIES = ["agreed", "local", "ledger"] as const;

export interface EntityOptions extends Common {
  readonly consistency: string;
  readonly history?: boolean;
}

/** `name` is `type/id`. */
export async function getEntity(name: string, options: EntityOptions): Promise<void> {
  const consistency = CONSISTENCIES.find((each) => each === options.consistency);
  if (consistency === undefined)
    throw new Usage(`--consistency is agreed, local or ledger, not ${options.consistency}`);
  if (!/^[^/]+\/./.test(name))
    throw new Usage(`an entity is named type/id, like stock/sku-1@w1, not ${name}`);
  const client = clientOf(options);
  if (options.history === true) {
    let versions = 0;
    for await (const version of client.history(name)) {
      versions += 1;
      if (options.json === true) sayJson(version);
      else say(versionLine(version));
      if (readerGone.aborted) return;
    }
    if (versions === 0) notThere(`there is no entity ${name} in the ledger`, options);
    return;
  }
  const found = await client.read(name, { consistency });
  if (found === null) return notThere(`there has never been an entity ${name}`, options);
  if (options.json === true) return sayJson(found);
  const { entity, version, state, height } = found;
  say(
    table([
      ["entity", entity],
      ["version", String(version)],
      ["state", JSON.stringify(state)],
      ["as of height", String(height)],
    ]),
  );
}

function versionLine({ version, state, height, event }: VersionDocument): string {
  return `v${version}  height ${height}  ${JSON.stringify(state)}  by ${event.type} ${event.id} of ${event.source}`;
}

export interface EventOptions extends Common {
  readonly source: string;
}

export async function getEvent(id: string, options: EventOptions): Promise<void> {
  const { source } = options;
  const found = await clientOf(options).event({ id, source });
  if (found === null) return notThere(`there is no event ${id} of source ${source}`, options);
  if (options.json === true) return sayJson(found);
  say(table(rowsOf(found)));
}

function rowsOf(found: EventDocument): [string, string][] {
  const { id, source, type, status, reason, receipt, event, published, changes = [] } = found;
  const rows: [string, string][] = [
    ["event", id],
    ["source", source],
    ["type", type],
    ["data", JSON.stringify(event?.data ?? null)],
    ["status", status],
  ];
  if (reason !== undefined) rows.push(["reason", `${reason.code}: ${reason.detail}`]);
  for (const { entity, version, state } of changes)
    rows.push(["change", `${entity} v${version} ${JSON.stringify(state)}`]);
  if (receipt === undefined) return rows;
  const { court, height, index, streamTime, block, outcome } = receipt;
  return [
    ...rows,
    ["place", `court ${court}, height ${height}, index ${index}`],
    ["stream time", streamTime],
    ["block", block],
    ["outcome", outcome],
    ["published", published ? "yes" : "not yet"],
  ];
}

function notThere(what: string, { json }: Common): void {
  if (json === true)
    sayJson({ ok: false, exit: EXIT.wrong, error: { code: "not-found", message: what } });
  tell(what);
  throw new Told(EXIT.wrong);
}
