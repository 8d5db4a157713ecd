import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { leafDigest, resultDigest } from "../objects/shared/digests.ts";
import { attestDigest } from "../objects/ledger/attest.ts";
import type { Attestation } from "../objects/ledger/attest.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { genesisDigest, genesisSigned, seatKeys } from "../objects/shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../objects/shared/genesis.ts";
import { sha256Node, verifier } from "../objects/shared/node/crypto.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { Block, Receipt } from "../objects/shared/types.ts";
import { certificateFits, certificateValid } from "../objects/shared/verify.ts";
import type { CourtView } from "../worker/court.ts";
import type { Inclusion } from "../objects/ledger/proof.ts";
import { tamper } from "./kit/ledger.ts";
import { settled } from "./kit/outsider.ts";
import { get, migrate, post } from "./kit/worker.ts";
import type { TokenName } from "./kit/worker.ts";

const deployment = deploymentOf(env);
const wait = { timeout: 60_000, interval: 50 };

interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly receipt: Receipt;
  readonly changes: readonly { readonly version: number }[];
}
interface Found extends Outcome {
  readonly event: object;
  readonly published: boolean;
  readonly proof?: Inclusion & { readonly genesis: GenesisDocument };
}
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** RFC 9162, section 2.1.3.2. */
function rootOf(leaf: string, index: number, leaves: number, path: readonly string[]): string {
  let [at, last, hash] = [index, leaves - 1, leaf];
  for (const sibling of path) {
    if (at % 2 === 1 || at === last) {
      hash = sha256Node(1, sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else hash = sha256Node(1, hash, sibling);
    [at, last] = [at >> 1, last >> 1];
  }
  return hash;
}

let made = 0;
async function received(quantity: number, item: string, source = "/"): Promise<Outcome> {
  const event = {
    id: `r-${++made}`,
    source,
    type: "stock.received",
    data: { item, warehouse: "w1", quantity },
  };
  const response = await post("/v1/events", event);
  expect(response.status).toBe(200);
  return response.json<Outcome>();
}

async function read<T>(path: string, token: TokenName = "read"): Promise<T> {
  const response = await get(path, { token });
  expect([path, response.status]).toEqual([path, 200]);
  return response.json<T>();
}
const statusOf = async (path: string, token: TokenName = "all") =>
  (await get(path, { token })).status;
const published = (id: string) =>
  vi.waitUntil(async () => {
    const found = await read<Found>(`/v1/events/${id}`);
    return found.published ? found : null;
  }, wait);

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready")).status === 200, wait);
});

describe("one event", () => {
  it("TellLatestUse: outcome, event and whether it is published; another tenant's is not there", async () => {
    const outcome = await received(5, "sku-1");
    const found = await published(outcome.id);
    expect(found).toEqual({
      ...outcome,
      event: {
        specversion: "1.0",
        id: outcome.id,
        source: "/",
        type: "stock.received",
        data: { item: "sku-1", warehouse: "w1", quantity: 5 },
      },
      published: true,
    });
    expect(await statusOf(`/v1/events/${outcome.id}`, "other")).toBe(404);
    expect(await statusOf(`/v1/events/${outcome.id}?source=/b`)).toBe(404);
    expect(await statusOf("/v1/events/nobody?source=/")).toBe(404);
    expect(await statusOf(`/v1/events/${outcome.id}?proof=2`)).toBe(400);
  });

  it("TellLatestUse: an id is any text, once encoded", async () => {
    const event = {
      id: "a/b %25?é",
      type: "stock.received",
      data: { item: "sku-2", warehouse: "w1", quantity: 1 },
    };
    expect((await post("/v1/events", event)).status).toBe(200);
    expect(
      await read(`/v1/events/${encodeURIComponent(event.id)}?source=${encodeURIComponent("/")}`),
    ).toMatchObject({
      id: event.id,
      status: "accepted",
    });
  });

  it("ProveOutcome: published or not, the proof verifies with nothing but the genesis in it", async () => {
    const five = Array.from({ length: 5 }, (_, place) => ({
      id: `proven-${place}`,
      type: "stock.received",
      data: { item: "proven", warehouse: "w1", quantity: 1 },
    }));
    const outcomes = await (await post("/v1/events", five)).json<Outcome[]>();
    const outcome = outcomes[4] ?? expect.fail("no outcome");
    const young = await read<Found>(`/v1/events/${outcome.id}?proof=1`);
    await published(outcome.id);
    const old = await read<Found>(`/v1/events/${outcome.id}?proof=1`);
    for (const { proof, receipt } of [young, old]) {
      const { certificate, header, result, index, genesis } = proof ?? expect.fail("no proof");
      expect(index).toBe(receipt.index);
      expect(certificate.block).toBe(receipt.block);
      expect(certificateFits(certificate, header.parent)).toBe(true);
      expect(resultDigest(result)).toBe(certificate.result);
      expect(rootOf(receipt.outcome, index, result.count, proof?.path ?? [])).toBe(result.root);
      expect(certificateValid(certificate, seatKeys(genesis, 0), 3, verifier())).toBe(true);
      expect(leafDigest(proof?.outcome ?? "")).toBe(receipt.outcome);
    }
  });

  it("a Warden that is down keeps nobody from what is published, and nothing is called unknown", async () => {
    const outcome = await received(5, "sku-1", "/down");
    const path = `/v1/events/${outcome.id}?source=/down`;
    await vi.waitUntil(async () => (await read<Found>(path)).published, wait);
    for (const warden of [0, 1]) {
      expect(
        (await post(`/v1/wardens/${warden}/fault`, { kind: "crash", seconds: 60 })).status,
      ).toBe(200);
    }
    expect(await read<Found>(path)).toMatchObject({ ...outcome, published: true });
    expect(await statusOf("/v1/events/nobody?source=/down")).toBe(503);
    const refused = await post("/v1/events", {
      id: "x",
      type: "stock.received",
      data: { item: "a", warehouse: "b", quantity: 1 },
    });
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
    for (const warden of [0, 1]) {
      expect((await post(`/v1/wardens/${warden}/fault`, { kind: "heal" })).status).toBe(200);
    }
    expect((await received(1, "sku-1", "/down")).status).toBe("accepted");
  });
});

describe("pages", () => {
  it("published events in order, by type and entity, until there are no more", async () => {
    const outcomes = [
      await received(1, "paged"),
      await received(2, "paged"),
      await received(3, "paged"),
    ];
    await published(outcomes[2]?.id ?? "");
    const ids: string[] = [];
    let after = "";
    do {
      const page: Page<Found> = await read(
        `/v1/events?entity=stock/paged@w1&type=stock.received&court=&limit=2&after=${after}`,
      );
      ids.push(...page.items.map(({ id }) => id));
      after = page.next ?? "";
    } while (after !== "");
    expect(ids).toEqual(outcomes.map(({ id }) => id));
    const all = await read<Page<Found>>("/v1/events?limit=1000&court=0");
    const places = all.items.map(({ receipt }) => receipt.height * 10_000 + receipt.index);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(all.items.every((item) => item.published && item.receipt.block !== "")).toBe(true);
    expect(await read<Page<Found>>("/v1/events", "other")).toEqual({ items: [], next: null });

    const entities = await read<Page<object>>("/v1/entities?type=stock&prefix=paged");
    expect(entities.items).toMatchObject([
      { entity: "stock/paged@w1", version: 3, state: { onHand: 6, reserved: 0 } },
    ]);
    const history = await read<Page<object>>("/v1/entities/stock/paged@w1/history?limit=2");
    expect(history.items).toMatchObject([
      { version: 1, state: { onHand: 1 }, event: { id: ids[0], published: true } },
      { version: 2, state: { onHand: 3 }, event: { id: ids[1] } },
    ]);
    expect(history.next).toEqual(expect.any(String));
  });

  it.each([
    "/v1/events?limit=0",
    "/v1/events?limit=1001",
    "/v1/events?limit=ten",
    "/v1/events?after=!",
    "/v1/events?court=1",
    "/v1/events?court=-1",
    "/v1/entities?limit=1e2",
    "/v1/entities?after=e30",
    "/v1/entities/stock/a@b?consistency=strong",
    "/v1/entities/stock/a@b/history?after=e30",
    "/v1/courts/0/incidents?after=1",
    "/v1/courts/0/incidents?after=x",
  ])("RefuseQuery: %s is 400", async (path) => {
    expect(await statusOf(path)).toBe(400);
  });
});

describe("one entity", () => {
  it("ReadAgreed, ReadNearestCopy: as fresh as the last answer, with its version as ETag", async () => {
    const { receipt } = await received(5, "read");
    const response = await get("/v1/entities/stock/read@w1");
    expect(response.headers.get("ETag")).toBe('"1"');
    const entity = await response.json<{ height: number }>();
    expect(entity).toMatchObject({
      entity: "stock/read@w1",
      version: 1,
      state: { onHand: 5, reserved: 0 },
    });
    expect(entity.height).toBeGreaterThanOrEqual(receipt.height);
    await published("r-1");
    for (const consistency of ["local", "ledger"]) {
      const path = `/v1/entities/stock/read@w1?consistency=${consistency}`;
      const found = await vi.waitUntil(async () => {
        const each = await get(path);
        return each.status === 200 ? each.json() : null;
      }, wait);
      expect(found).toMatchObject({ version: 1, state: { onHand: 5 }, height: expect.any(Number) });
    }
    const known = await get("/v1/entities/stock/read@w1", {
      headers: { "If-None-Match": 'W/"0", "1"' },
    });
    expect([known.status, known.headers.get("ETag"), await known.text()]).toEqual([304, '"1"', ""]);
  });

  it("TenantsApart: what never existed, cannot exist, or is another tenant's is 404", async () => {
    await received(5, "mine");
    for (const path of [
      "stock/none@w1",
      "stock/none",
      "ghost/none@w1",
      "stock/a%2Fb@w1",
      "reservation/x@y",
    ]) {
      expect([path, await statusOf(`/v1/entities/${path}`)]).toEqual([path, 404]);
    }
    for (const consistency of ["agreed", "local", "ledger"]) {
      expect(await statusOf(`/v1/entities/stock/mine@w1?consistency=${consistency}`, "other")).toBe(
        404,
      );
    }
  });
});

describe("courts", () => {
  it("DescribeCourt: every member, and one that is down", async () => {
    const { receipt } = await received(5, "sku-1");
    const court = await read<CourtView>("/v1/courts/0");
    expect(court).toMatchObject({ court: 0, mode: "bft", quorum: 3 });
    expect(court.members.map(({ seat, ready, region }) => [seat, ready, region])).toEqual([
      [0, true, "weur"],
      [1, true, "eeur"],
      [2, true, "enam"],
      [3, true, "wnam"],
    ]);
    expect(court.members[0]?.publicKey).toBe(
      (await clerkStub(env, deployment, 0, 0).identity()).publicKey,
    );
    await vi.waitUntil(
      async () => (await read<CourtView>("/v1/courts/0")).height >= receipt.height,
      wait,
    );
    const down = (court.leader + 1) % 4;
    expect(
      (await post(`/v1/courts/0/members/${down}/fault`, { kind: "crash", seconds: 60 })).status,
    ).toBe(200);
    const { items } = await read<Page<CourtView>>("/v1/courts");
    expect(items[0]?.members[down]).toMatchObject({
      stage: "unreachable",
      ready: false,
      height: null,
    });
    expect((await get("/v1/ready")).status).toBe(200);
    expect((await get("/v1/entities/stock/sku-1@w1")).status).toBe(200);
    expect((await post(`/v1/courts/0/members/${down}/fault`, { kind: "heal" })).status).toBe(200);
    for (const path of ["1", "-1", "00", "x"])
      expect(await statusOf(`/v1/courts/${path}`)).toBe(404);
  });

  it("TellReadiness, RefuseMissingVouched: a published block that is gone is refused to readers, mended, and keeps no court from serving", async () => {
    await received(1, "sku-gone");
    await settled();
    // Nobody mends it for now.
    expect((await post("/v1/ledger/fault", { kind: "refuse" })).status).toBe(200);
    await tamper(
      "blocks_kept",
      "DELETE FROM blocks WHERE height = (SELECT max(height) FROM blocks) AND court = ?",
      0,
    );
    const asked = () => statusOf("/v1/entities/stock/sku-gone@w1?consistency=ledger");
    expect([await statusOf("/v1/ready"), await asked()]).toEqual([200, 500]);
    expect((await post("/v1/ledger/fault", { kind: "heal" })).status).toBe(200);
    await vi.waitUntil(async () => (await asked()) !== 500, wait);
    expect(await asked()).toBe(200);
  });

  it("ShowGenesis: the document with every seat's signature, to whoever may read", async () => {
    const shown = await get("/v1/genesis", { token: "read" }).then((response) =>
      response.json<Genesis & { readonly digest: string }>(),
    );
    const { digest, document, signatures } = shown;
    expect(digest).toBe(genesisDigest(document));
    const ready = await get("/v1/ready").then((response) => response.json<{ genesis: string }>());
    expect(digest).toBe(ready.genesis);
    expect(Object.keys(signatures)).toHaveLength(deployment.quorum.n);
    expect(genesisSigned({ document, signatures }, deployment, verifier())).toBe(true);
    expect((await get("/v1/genesis", { token: "submit" })).status).toBe(403);
    expect((await get("/v1/genesis", { token: null })).status).toBe(401);
  });

  it("ShowAttestations: the seats' own words on how far the ledger is published", async () => {
    const { id, receipt } = await received(5, "sku-1");
    await published(id);
    const { document } = await read<Genesis>("/v1/genesis");
    const { items } = await read<Page<Attestation>>("/v1/courts/0/attestations");
    const keys = seatKeys(document, 0);
    const valid = items.filter(({ seat, height, block, signature }) =>
      verifier()(keys[seat] ?? "", attestDigest(0, height, block), signature),
    );
    expect(valid).toHaveLength(items.length);
    const far = valid.filter(({ height }) => height >= receipt.height);
    expect(far.length).toBeGreaterThanOrEqual(deployment.quorum.r);
    expect(await statusOf("/v1/courts/1/attestations")).toBe(404);
  });

  it("ShowToken: as whom one reads, and nothing that the token could be told by", async () => {
    const shown = await get("/v1/token", { token: "other" });
    const scopes = ["submit", "read", "operate"];
    expect(await shown.json()).toEqual({ name: "other", tenant: "other", scopes });
    expect((await get("/v1/token", { token: null })).status).toBe(401);
  });

  it("ShowBlock: from a seat while it is young and from the ledger later, the same block", async () => {
    const { id, receipt } = await received(5, "sku-1");
    const path = `/v1/courts/0/blocks/${receipt.height}`;
    const young = await read<Block>(path, "all");
    expect(leafDigest(young.outcomes[receipt.index] ?? "")).toBe(receipt.outcome);
    await published(id);
    const old = await read<Block>(path, "all");
    expect(old.certificate.block).toBe(receipt.block);
    expect({ ...old, certificate: null }).toEqual({ ...young, certificate: null });
    for (const height of ["0", "999999", "x"])
      expect(await statusOf(`/v1/courts/0/blocks/${height}`)).toBe(404);
  });

  it("ShowIncidents: what each seat noted, page after page", async () => {
    const page = await read<Page<{ id: number; notedBy: number; kind: string }>>(
      "/v1/courts/0/incidents",
      "all",
    );
    for (const incident of page.items)
      expect(incident).toMatchObject({ id: expect.any(Number), kind: expect.any(String) });
    const rest = await read<Page<object>>(
      `/v1/courts/0/incidents?after=${page.next ?? "0.0.0.0"}`,
      "all",
    );
    expect(rest).toEqual({ items: [], next: null });
  });
});

describe("a ledger that refuses", () => {
  it("InjectFault: delays publishing and nothing else", async () => {
    expect((await post("/v1/ledger/fault", { kind: "refuse" })).status).toBe(200);
    const outcome = await received(5, "sku-1");
    expect(await read<Found>(`/v1/events/${outcome.id}`)).toMatchObject({
      status: "accepted",
      published: false,
    });
    expect((await post("/v1/ledger/fault", { kind: "heal" })).status).toBe(200);
    expect(await published(outcome.id)).toMatchObject({ published: true });
  });
});
