import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { authorise, tokensOf } from "../worker/http/access.ts";
import { readBody } from "../worker/http/body.ts";
import { contentModeOf } from "../worker/http/events.ts";
import { prefersAsync } from "../worker/http/preferences.ts";
import { Problem, problemResponse } from "../worker/http/problems.ts";
import {
  batch,
  cloudEvent,
  event,
  json,
  only,
  problemOf,
  read,
  received,
  refusalOf,
  slugOf,
} from "./kit/requests.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("access", () => {
  const token = (name: string, scopes: string[]) => ({
    name,
    tenant: "dev",
    scopes,
    sha256: sha256(name),
  });
  const known = tokensOf(
    JSON.stringify([token("reader", ["read"]), token("clerk", ["submit", "read"])]),
  );

  it("RefuseUnknown: no token, an unknown one or another scheme is 401", () => {
    for (const header of [
      null,
      "",
      "Bearer",
      "Bearer ",
      "Bearer nobody",
      "Basic cmVhZGVy",
      "reader",
    ]) {
      expect(slugOf(() => authorise(header, known, "read"))).toBe("unauthorized");
    }
    expect(slugOf(() => authorise("Bearer reader", tokensOf(undefined), "read"))).toBe(
      "unauthorized",
    );
    const response = problemResponse(new Problem("unauthorized", ""), "/v1/events");
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  it("RefuseForbidden: a known token without the scope is 403", () => {
    expect(slugOf(() => authorise("Bearer reader", known, "submit"))).toBe("forbidden");
    expect(slugOf(() => authorise("Bearer clerk", known, "operate"))).toBe("forbidden");
  });

  it("TakeRequest: a known token is its tenant's, whatever the case of the scheme", () => {
    expect(authorise("bearer clerk", known, "submit")).toMatchObject({
      name: "clerk",
      tenant: "dev",
    });
    expect(authorise("Bearer reader", known, "read").name).toBe("reader");
  });

  it("the Worker refuses a configuration that holds a raw token, a tenant with a slash, or that of the courts", () => {
    const own = { ...token("a", []), tenant: "assize" };
    expect(() => tokensOf(JSON.stringify([own]))).toThrow("tenant");
    expect(() => tokensOf(JSON.stringify([{ ...token("a", []), sha256: "a" }]))).toThrow("sha256");
    expect(() => tokensOf(JSON.stringify([{ ...token("a", []), tenant: "dev/x" }]))).toThrow(
      "tenant",
    );
  });
});

describe("media types", () => {
  it.each([
    ["application/json", "plain"],
    ["Application/JSON; charset=UTF-8", "plain"],
    ['application/json;charset="utf-8"', "plain"],
    ["application/cloudevents+json; charset=utf-8", "structured"],
    ["application/cloudevents-batch+json", "batched"],
  ])("%s is %s", (type, mode) => {
    expect(contentModeOf(new Headers({ "Content-Type": type }))).toBe(mode);
  });

  it.each(["application/json", "application/vnd.shop+json", "text/json"])(
    "%s with ce- headers is binary",
    (type) => {
      expect(contentModeOf(new Headers({ "Content-Type": type, "ce-id": "1" }))).toBe("binary");
    },
  );

  it("the structured mode wins over ce- headers, as the binding says", () => {
    expect(contentModeOf(new Headers({ ...cloudEvent, "ce-id": "1" }))).toBe("structured");
  });

  it.each([
    {},
    { "Content-Type": "text/plain" },
    { "Content-Type": "text/json" },
    { "Content-Type": "application/vnd.shop+json" },
    { "Content-Type": "application/json; charset=latin1" },
    { "Content-Type": "application/cloudevents+xml" },
    { "Content-Type": "application/xml", "ce-id": "1" },
    { "Content-Type": "application/json", "Content-Encoding": "gzip" },
  ])("RefuseMediaType: %o is 415", (headers) => {
    const problem = problemOf(() => contentModeOf(new Headers(headers as Record<string, string>)));
    expect([problem.slug, problem.status]).toEqual(["unsupported-media-type", 415]);
  });
});

describe("reading events", () => {
  it("OpenRequest, AdmitEvent: plain JSON gets its defaults, and only what is kept is kept", () => {
    const sent = {
      ...event,
      traceparent: "00-1",
      colour: 1.5,
      subject: null,
      time: "2026-01-01T00:00:00Z",
    };
    expect(only(sent)).toEqual({
      tenant: "dev",
      source: "/",
      time: "2026-01-01T00:00:00Z",
      ...event,
    });
    expect(read([event, { ...event, id: "m-2", source: "/b" }])).toMatchObject([
      { id: "m-1", source: "/" },
      { id: "m-2", source: "/b" },
    ]);
    expect(read([])).toEqual([]);
  });

  it("AdmitEvent: structured and batched modes have no defaults", () => {
    const full = { ...event, specversion: "1.0", source: "/a" };
    expect(only(full, cloudEvent)).toMatchObject({ source: "/a" });
    expect(read([full], batch)).toMatchObject([{ source: "/a" }]);
    expect(refusalOf({ ...full, source: undefined }, cloudEvent).slug).toBe("malformed");
    expect(refusalOf({ ...full, specversion: undefined }, cloudEvent).slug).toBe("malformed");
    expect(read([event], batch)).toMatchObject([{ slug: "malformed" }]);
  });

  it("AdmitEvent: in binary mode headers are attributes, percent-decoded once, and the body is the data", () => {
    const headers = {
      "Content-Type": "application/vnd.stock+json",
      "ce-specversion": "1.0",
      "ce-id": "100%25%20%C3%A9",
      "ce-source": '"/a b"',
      "ce-type": "stock.received",
      "ce-sentat": "2026-01-01T00:00:00Z",
      "ce-colour": "%zz",
    };
    expect(only(received, headers)).toEqual({
      tenant: "dev",
      id: "100% é",
      source: "/a b",
      type: "stock.received",
      sentat: "2026-01-01T00:00:00Z",
      data: received,
    });
    expect(only([1], { ...headers, "ce-specversion": "1.0" }).data).toEqual([1]);
    expect(slugOf(() => read(received, { ...headers, "ce-subject": "%zz" }))).toBe("malformed");
    expect(refusalOf(received, { ...headers, "ce-specversion": "0.3" }).slug).toBe("malformed");
    expect(refusalOf(received, { ...json, "ce-id": "1", "ce-type": "t" }).slug).toBe("malformed");
    expect(slugOf(() => read("", headers))).toBe("malformed");
  });

  it("RefuseMalformed: what is no JSON, or no event, is 400", () => {
    for (const body of ["", "{", "nul", "[1,]", "{} {}", "\u00a0{}"]) {
      expect([body, slugOf(() => read(body))]).toEqual([body, "malformed"]);
    }
    for (const body of ["null", "1", '"a"', "true"]) expect(refusalOf(body).slug).toBe("malformed");
    expect(slugOf(() => read(event, batch))).toBe("malformed");
    expect(refusalOf([event], cloudEvent).slug).toBe("malformed");
  });

  it.each([
    ["id", undefined],
    ["id", null],
    ["id", ""],
    ["id", 1],
    ["id", "a\u0000b"],
    ["source", ""],
    ["source", 5],
    ["type", undefined],
    ["type", ["stock.received"]],
    ["subject", ""],
    ["subject", {}],
    ["time", "yesterday"],
    ["time", "2026-02-30T00:00:00Z"],
    ["time", 1_700_000_000],
    ["sentat", "2026-01-01"],
    ["specversion", "0.3"],
    ["specversion", 1],
    ["data", undefined],
    ["datacontenttype", 5],
  ])("RefuseMalformedEvent: %s %j is 400 and named", (member, value) => {
    const problem = refusalOf({ ...event, [member]: value });
    expect([problem.slug, problem.status]).toEqual(["malformed", 400]);
    expect(problem.errors).toMatchObject([{ pointer: `/${member}` }]);
  });

  it("RefuseMalformedEvent, NothingIsGuessed: the same name twice is not the last of them", () => {
    const twice = `{"id":"m-1","type":"stock.received","data":{"item":"a","\\u0069tem":"b"}}`;
    const problem = refusalOf(twice);
    expect([problem.slug, problem.errors[0]?.pointer]).toEqual(["malformed", "/data/item"]);
    expect(refusalOf(`{"id":"m-1","id":"m-1","type":"t","data":1}`).slug).toBe("malformed");
    expect(read(`[${JSON.stringify(event)},${twice}]`)).toMatchObject([
      { id: "m-1" },
      { slug: "malformed" },
    ]);
  });

  it("RefuseMalformedEvent: nesting is bounded", () => {
    const nested = (levels: number) =>
      `{"id":"m-1","type":"t","data":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    expect(only(nested(LIMITS.nesting - 1)).id).toBe("m-1");
    expect(refusalOf(nested(LIMITS.nesting)).slug).toBe("malformed");
    expect(refusalOf(nested(100_000)).slug).toBe("malformed");
  });

  it("RefuseInvalidEvent, NothingIsGuessed: a number that JSON.parse would round, or that is no integer, is 422 in data", () => {
    for (const literal of [
      "9007199254740993",
      "9007199254740991.5",
      "1.5",
      "1e400",
      "1e-400",
      "-0",
      "1.0000000000000000001",
    ]) {
      const problem = refusalOf(`{"id":"m-1","type":"t","data":{"a":[0,${literal}]}}`);
      expect([literal, problem.slug, problem.errors[0]?.pointer]).toEqual([
        literal,
        "invalid-event",
        "/data/a/1",
      ]);
    }
    for (const literal of [
      "0",
      "-1",
      "9007199254740991",
      "-9007199254740991",
      "1.0",
      "12e2",
      "0.5e1",
      "0e999",
    ]) {
      const { data } = only(`{"id":"m-1","type":"t","data":${literal}}`);
      expect(data).toBe(Number(literal));
    }
  });

  it("RefuseInvalidEvent, NothingIsGuessed: lone surrogates are 422 in data and 400 in the envelope", () => {
    const problem = refusalOf(String.raw`{"id":"m-1","type":"t","data":{"a":"\ud800"}}`);
    expect([problem.slug, problem.errors[0]?.pointer]).toEqual(["invalid-event", "/data/a"]);
    expect(refusalOf(String.raw`{"id":"m-1","type":"t","data":{"\udc00":1}}`).slug).toBe(
      "invalid-event",
    );
    expect(refusalOf(String.raw`{"id":"\ud800","type":"t","data":1}`).slug).toBe("malformed");
    expect(only(String.raw`{"id":"\ud83d\ude00","type":"t","data":1}`).id).toBe("😀");
  });

  it("RefuseInvalidEvent: data_base64 and data that is no JSON are 422", () => {
    expect(refusalOf({ ...event, data: undefined, data_base64: "AA==" }).slug).toBe(
      "invalid-event",
    );
    expect(refusalOf({ ...event, datacontenttype: "text/plain" }).slug).toBe("invalid-event");
    expect(only({ ...event, datacontenttype: "application/vnd.a+json; charset=utf-8" }).id).toBe(
      "m-1",
    );
  });

  it("RefuseTooLarge, RefuseLargeEvent: names, events and requests end at their limits, counted in bytes of UTF-8", () => {
    const name = "é".repeat(LIMITS.nameBytes / 2);
    expect(only({ ...event, id: name, source: name })).toMatchObject({ id: name, source: name });
    for (const member of ["id", "source"]) {
      const problem = refusalOf({ ...event, [member]: `${name}.` });
      expect([problem.slug, problem.status]).toEqual(["too-large", 413]);
    }
    const padded = (bytes: number) => {
      const room = bytes - JSON.stringify({ ...event, subject: "" }).length;
      return { ...event, subject: "x".repeat(room) };
    };
    expect(only(JSON.stringify(padded(LIMITS.eventBytes), null, 2)).id).toBe("m-1");
    expect(refusalOf(padded(LIMITS.eventBytes + 1)).slug).toBe("too-large");
    expect(refusalOf({ ...event, padding: "x".repeat(LIMITS.eventBytes) }).slug).toBe("too-large");
    const many = Array.from({ length: LIMITS.requestEvents + 1 }, () => 1);
    expect(slugOf(() => read(many))).toBe("too-large");
    expect(read(many.slice(1))).toHaveLength(LIMITS.requestEvents);
  });

  it("RefuseTooLarge: a body is counted while it is read, and no more of it is taken", async () => {
    let pulled = 0;
    const chunk = new Uint8Array(64 * 1024).fill(32);
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++;
        controller.enqueue(chunk);
      },
    });
    const init = { method: "POST", body: stream, duplex: "half" } as const;
    await expect(readBody(new Request("http://usher.test/", init))).rejects.toMatchObject({
      slug: "too-large",
    });
    expect(pulled * chunk.byteLength).toBeLessThan(LIMITS.requestBytes + 3 * chunk.byteLength);
    const post = (body: string | Uint8Array<ArrayBuffer>) =>
      readBody(new Request("http://usher.test/", { method: "POST", body }));
    expect(await post(" ".repeat(LIMITS.requestBytes))).toHaveLength(LIMITS.requestBytes);
    await expect(post(Uint8Array.of(0x22, 0xff, 0x22))).rejects.toMatchObject({
      slug: "malformed",
    });
  });
});

describe("idempotency key", () => {
  const keyed = (key: string) => ({ ...json, "Idempotency-Key": key });

  it("AdmitEvent: the header supplies the id of a single event without one", () => {
    const { id: _, ...nameless } = event;
    expect(only(nameless, keyed('"a \\"b\\""')).id).toBe('a "b"');
    expect(only(nameless, keyed("8e03978e-40d5")).id).toBe("8e03978e-40d5");
    expect(only(event, keyed('"m-1"')).id).toBe("m-1");
    expect(only(nameless, keyed('"m-2"; retry=1')).id).toBe("m-2");
    const structured = { ...cloudEvent, "Idempotency-Key": '"m-3"' };
    expect(slugOf(() => only({ specversion: "1.0", ...nameless }, structured))).toBe("malformed");
    expect(read([nameless, event], keyed('"k"'))).toMatchObject([
      { slug: "malformed" },
      { id: "m-1" },
    ]);
  });

  it("RefuseMalformedEvent: a key beside another id, or that is none, is 400", () => {
    expect(refusalOf(event, keyed('"m-2"')).slug).toBe("malformed");
    for (const key of ['"open', '"a"b', '""', '"\\x"']) {
      expect([key, slugOf(() => read(event, keyed(key)))]).toEqual([key, "malformed"]);
    }
    expect(refusalOf({ type: "t", data: 1 }, keyed("x".repeat(LIMITS.nameBytes + 1))).slug).toBe(
      "too-large",
    );
  });

  it("TakeRequest: Prefer is a list of preferences with parameters", () => {
    const prefers = (value: string) => prefersAsync(new Headers({ Prefer: value }));
    expect([prefers("respond-async"), prefers("wait=5, Respond-Async ; x=1")]).toEqual([
      true,
      true,
    ]);
    expect([
      prefers("respond-asynchronously"),
      prefers("wait=5"),
      prefersAsync(new Headers()),
    ]).toEqual([false, false, false]);
  });
});
