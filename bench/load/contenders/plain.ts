// The contract of the contenders that are written for the bench: an array of movements in, an array of answers out.
import type { Answer, Movement } from "../movement.ts";
import type { Posted } from "./contender.ts";
import { unexpected } from "./contender.ts";

const JSON_HEADERS = { "content-type": "application/json" };

export function plainPosted(path: string, movements: readonly Movement[]): Posted {
  return { path, headers: JSON_HEADERS, body: JSON.stringify(movements) };
}

export function plainAnswers(status: number, text: string): Answer[] {
  if (status !== 200) unexpected(status, text);
  return JSON.parse(text) as Answer[];
}

export async function plainStock(
  url: string,
  items: readonly string[],
): Promise<Map<string, number>> {
  const reply = await fetch(url, {
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify(items),
  });
  const text = await reply.text();
  if (reply.status !== 200) unexpected(reply.status, text);
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
}
