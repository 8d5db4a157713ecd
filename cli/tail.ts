// assize tail: what a court publishes, as it comes.
import { stopSignal } from "../bench/lib/command.ts";
import { AssizeError } from "../client/index.ts";
import type { AssizeClient, Streamed } from "../client/index.ts";
import { clientOf, readerGone, say, sayJson, tell } from "./context.ts";
import type { Common } from "./context.ts";
import { Usage } from "./exit.ts";

export interface TailOptions extends Common {
  readonly court: string;
  readonly after?: string;
  readonly fromStart?: boolean;
  readonly type?: string;
  readonly count?: string;
}

export async function tail(options: TailOptions): Promise<void> {
  const court = naturalIn(options.court, "--court");
  const most = options.count === undefined ? Infinity : naturalIn(options.count, "--count");
  const { after: given, fromStart, type } = options;
  if (given !== undefined && !/^\d{1,15}\.\d{1,15}$/.test(given))
    throw new Usage(`--after wants <height>.<index>, as tail shows it, not ${given}`);
  const client = clientOf(options);
  const signal = AbortSignal.any([stopSignal(), readerGone]);
  const latest = await latestOf(client, court);
  const after = given ?? (fromStart === true ? undefined : latest);
  let shown = 0;
  try {
    if (most === 0) return;
    for await (const item of client.stream({ court, after, signal, onCut })) {
      if (type !== undefined && item.event.type !== type) continue;
      if (options.json === true) sayJson({ place: item.id, ...item.event });
      else say(lineOf(item));
      shown += 1;
      if (shown >= most) return;
    }
  } catch (error) {
    // Whoever stops it has seen enough.
    if (!signal.aborted) throw error;
  }
}

/** Behind everything that is published by now. Throws `not-found`. */
async function latestOf(client: AssizeClient, court: number): Promise<string> {
  // Of what there is not the answer is the problem.
  const found = (await client.get(`/v1/courts/${court}`)) as { readonly published?: unknown };
  if (typeof found.published === "number") return `${found.published}.999999999999999`;
  const message = `there is no court ${court}: npx assize status shows which there are`;
  throw new AssizeError("not-found", message, { status: 404 });
}

function onCut(why: string): void {
  tell(`connecting again: ${why}`);
}

function lineOf({ id, event }: Streamed): string {
  const { type, status, reason, changes = [] } = event;
  const came = changes.map(
    ({ entity, version, state }) => `${entity} v${version} ${JSON.stringify(state)}`,
  );
  const why = reason === undefined ? [] : [`${reason.code}: ${reason.detail}`];
  return [id.padEnd(10), type, `${event.id} of ${event.source}`, status, ...why, ...came].join(
    "  ",
  );
}

export function naturalIn(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Usage(`${option} wants a whole number, not ${text}`);
  return Number(text);
}
