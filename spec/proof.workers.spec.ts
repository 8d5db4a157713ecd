/** An outsider's verification of one answer: code of its own, nothing of the project's. */
import { beforeAll, expect, it } from "vitest";
import { eventually, get, settle, submit } from "./kit/deployment.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

interface Answer {
  readonly event: Record<string, unknown>;
  readonly receipt: {
    readonly outcome: string;
    readonly block: string;
    readonly streamTime: string;
  };
  readonly published: boolean;
  readonly proof: {
    readonly header: Record<string, unknown> & { readonly time: number; readonly parent: string };
    readonly result: { prior: string; count: number; root: string; state: string | null };
    readonly certificate: Record<string, unknown> & { readonly signatures: Vote[] };
    readonly index: number;
    readonly outcome: string;
    readonly path: readonly string[];
    readonly genesis: { readonly keys: Record<string, string>; readonly generation: string };
  };
}
interface Vote {
  readonly seat: number;
  readonly incarnation: number;
  readonly sequence: number;
  readonly signature: string;
}

const bytesOf = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hexOf = (bytes: ArrayBuffer) =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sha = async (...parts: Uint8Array[]) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return hexOf(await crypto.subtle.digest("SHA-256", all));
};
const text = (value: string) => new TextEncoder().encode(value);

/** RFC 8785 for what occurs here: texts, integers, arrays, objects. */
function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jcs(member)}`).join(",")}}`;
}
const H = (tag: string, ...fields: unknown[]) => sha(text(jcs([`assize/1/${tag}`, ...fields])));

async function rootFrom(leaf: string, index: number, count: number, path: readonly string[]) {
  const left = [...path];
  let [hash, at, last] = [leaf, index, count - 1];
  for (; last > 0; at >>= 1, last >>= 1) {
    if (at === last && at % 2 === 0) continue;
    const sibling = bytesOf(left.shift() ?? "");
    const own = bytesOf(hash);
    hash = await (at % 2 === 1
      ? sha(Uint8Array.of(1), sibling, own)
      : sha(Uint8Array.of(1), own, sibling));
  }
  expect(left).toEqual([]);
  return hash;
}

async function verifies({ event, receipt, proof }: Answer, genesisDigest: string): Promise<number> {
  const { header, result, certificate, genesis } = proof;
  expect(await H("genesis", genesis)).toBe(genesisDigest);
  const outcome = JSON.parse(proof.outcome) as { tenant: string; fingerprint: string };
  const { source, id, type, subject = null, time = null, data } = event;
  expect(await H("event", outcome.tenant, source, id, type, subject, time, data)).toBe(
    outcome.fingerprint,
  );
  const leaf = await sha(Uint8Array.of(0), text(proof.outcome));
  expect(leaf).toBe(receipt.outcome);
  expect(await rootFrom(leaf, proof.index, result.count, proof.path)).toBe(result.root);
  expect(await H("result", result.prior, result.count, result.root, result.state)).toBe(
    certificate["result"],
  );
  const { court, epoch, height, parent, domainVersion, control, entries } = header;
  const fields = [court, epoch, height, parent, header.time, domainVersion, control, entries];
  expect(await H("batch", ...fields)).toBe(certificate["batch"]);
  expect(new Date(header.time).toISOString()).toBe(receipt.streamTime);
  expect(await H("block", height, parent, certificate["batch"], certificate["result"])).toBe(
    receipt.block,
  );
  const signers = new Set<number>();
  for (const { seat, incarnation, sequence, signature } of certificate.signatures) {
    const key = bytesOf(genesis.keys[`${genesis.generation}/clerk/${String(court)}/${seat}`] ?? "");
    const { view, batch, result: voted, block } = certificate;
    const digest = await H(
      "commit",
      court,
      epoch,
      height,
      view,
      batch,
      voted,
      block,
      seat,
      incarnation,
      sequence,
      1,
    );
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, [
      "verify",
    ]);
    const valid = await crypto.subtle.verify(
      { name: "Ed25519" },
      imported,
      bytesOf(signature),
      bytesOf(digest),
    );
    if (valid) signers.add(seat);
  }
  return signers.size;
}

it("VerifyOffline: an answer with its proof verifies by what the documentation says, before and after publishing", async () => {
  const events = ["a", "b", "c", "d", "e"].map((id) => ({
    id,
    type: "stock.received",
    subject: `of ${id}`,
    time: "2026-11-22T10:00:00Z",
    data: { item: "proof", warehouse: "w1", quantity: 2 },
  }));
  expect((await submit(events)).status).toBe(200);
  await settle({
    id: "f",
    type: "stock.moved",
    data: { item: "proof", from: "w1", to: "w2", quantity: 1 },
  });
  const { proof } = await get<Answer>("/v1/events/a?proof=1");
  const pinned = await H("genesis", proof.genesis);
  for (const id of ["a", "c", "e", "f"]) {
    expect(
      await verifies(await get<Answer>(`/v1/events/${id}?proof=1`), pinned),
    ).toBeGreaterThanOrEqual(3);
  }
  await eventually(async () => (await get<Answer>("/v1/events/f")).published);
  const old = await get<Answer>("/v1/events/e?proof=1");
  expect(await verifies(old, pinned)).toBeGreaterThanOrEqual(3);
  const tampered = {
    ...old,
    event: { ...old.event, data: { item: "proof", warehouse: "w1", quantity: 3 } },
  };
  await expect(verifies(tampered, pinned)).rejects.toThrow("to be");
});
