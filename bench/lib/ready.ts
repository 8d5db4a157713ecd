import { within } from "./ports.ts";

/** Why it has not answered yet, or nothing once this very boot is ready. An older server on the port has another id. */
async function obstacle(url: string, boot: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/v1/ready`, { signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    if (response.status !== 200) return `${response.status} ${text}`;
    const body = JSON.parse(text) as { boot?: unknown };
    return body.boot === boot ? undefined : `boot ${String(body.boot)} instead of ${boot}`;
  } catch (error) {
    return String(error);
  }
}

/** Waits until the server answers as ready with its own boot id; `whyDead` says if there is nothing left to wait for. */
export async function waitUntilReady(
  url: string,
  boot: string,
  whyDead: () => string | undefined,
): Promise<void> {
  let last: string | undefined;
  const ready = await within(60_000, async () => {
    last = await obstacle(url, boot);
    return last === undefined || whyDead() !== undefined;
  });
  const dead = whyDead();
  if (dead !== undefined) throw new Error(dead);
  if (!ready) throw new Error(`not ready after 60 seconds: GET ${url}/v1/ready says ${last}`);
}
