/** Looking for an event by its id, an entity by its name, or entities whose name begins so. */
import type { Child } from "hono/jsx";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { Api } from "./api.ts";
import { EntityList, EntityPanel, EventPanel, NothingFound } from "./found.tsx";
import type { EntityDocument, Paged, VersionDocument } from "./found.tsx";
import type { OutcomeDocument } from "./outcome.tsx";

/** What was asked for: `q` may be either; `event` with its `source`, and `entity` with a cursor, are certain. */
export type Asked = { readonly [name in "q" | "event" | "source" | "entity" | "after"]?: string };

export const wordsOf = ({ q, event, entity }: Asked): string => (q ?? event ?? entity ?? "").trim();

// Rule: FindByName.
export async function searched(api: Api, asked: Asked): Promise<{ found: Child; any: boolean }> {
  const words = wordsOf(asked);
  const { event: eventId, source = "/", entity, after } = asked;
  const [event, named, like] = await Promise.all([
    entity === undefined ? eventNamed(api, words, source) : null,
    eventId === undefined ? entityNamed(api, words, after) : null,
    eventId === undefined && entity === undefined ? entitiesLike(api, words) : [],
  ]);
  const others = like.filter((each) => each.entity !== named?.entity.entity);
  const any = event !== null || named !== null || others.length > 0;
  if (!any) return { found: <NothingFound words={words} />, any };
  const found = (
    <>
      <h1 class="quiet">Found</h1>
      {event === null ? null : <EventPanel event={event} />}
      {named === null ? null : <EntityPanel entity={named.entity} history={named.history} />}
      {others.length === 0 ? null : <EntityList entities={others} words={words} />}
    </>
  );
  return { found, any };
}

async function eventNamed(api: Api, id: string, source: string): Promise<OutcomeDocument | null> {
  if (id === "") return null;
  const query = new URLSearchParams({ source });
  return api.found<OutcomeDocument>(`/v1/events/${encodeURIComponent(id)}?${query.toString()}`);
}

async function entityNamed(api: Api, name: string, after: string | undefined) {
  const located = api.registry.entity(name);
  if (located === undefined) return null;
  const { id } = located;
  const path = `/v1/entities/${encodeURIComponent(name.slice(0, -id.length - 1))}/${encodeURIComponent(id)}`;
  const page = new URLSearchParams({
    limit: String(LIMITS.consoleRows),
    ...(after === undefined ? {} : { after }),
  });
  const [entity, history] = await Promise.all([
    api.found<EntityDocument>(path),
    api.found<Paged<VersionDocument>>(`${path}/history?${page.toString()}`),
  ]);
  return entity === null ? null : { entity, history: history ?? { items: [], next: null } };
}

/** By the whole name, or the part after the type. */
async function entitiesLike(api: Api, words: string): Promise<readonly EntityDocument[]> {
  if (words === "") return [];
  const pages = await Promise.all(
    api.registry.entityTypes.map((type) => {
      const prefix = words.startsWith(`${type}/`) ? words.slice(type.length + 1) : words;
      const query = new URLSearchParams({ type, prefix, limit: "10" });
      return api.found<Paged<EntityDocument>>(`/v1/entities?${query.toString()}`);
    }),
  );
  return pages.flatMap((page) => page?.items ?? []);
}
