import { describe, expect, it } from "vitest";
import { NotCanonical, canonical, utf8Length } from "../objects/shared/canonical.ts";
import type { Deployment } from "../objects/shared/config.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import {
  batchDigest,
  blockDigest,
  commitFields,
  digest,
  entryDigests,
  fingerprintOf,
  keyDigest,
  leafDigest,
  merklePath,
  merkleRoot,
  resultDigest,
  writDigest,
} from "../objects/shared/digests.ts";
import { genesisDigest, genesisMismatch, genesisSigned } from "../objects/shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../objects/shared/genesis.ts";
import { keyHolders, nameOf } from "../objects/shared/names.ts";
import {
  drawKeyPair,
  sha256,
  sha256Node,
  signer,
  verifier,
} from "../objects/shared/node/crypto.ts";
import {
  certificateFits,
  certificateValid,
  commitDigest,
  sealValid,
} from "../objects/shared/verify.ts";

describe("canonical text (RFC 8785)", () => {
  it("sorts members by UTF-16 code units, as section 3.2.3 has it", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    const order = [...canonical(value).matchAll(/":"([^"]+)"/g)].map(([, text]) => text);
    expect(order).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  it("writes strings as section 3.2.2 has it", () => {
    expect(canonical('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    expect(canonical([null, true, false, 0, -0, -7, 2 ** 53 - 1])).toBe(
      "[null,true,false,0,0,-7,9007199254740991]",
    );
  });

  it("OneValueOneText: one value has one text, whatever the order it was made in; parsing gives it back", () => {
    const one = { b: [{ z: 1, a: "x" }], a: null };
    const two = { a: null, b: [{ a: "x", z: 1 }] };
    expect(canonical(one)).toBe(canonical(two));
    expect(JSON.parse(canonical(one))).toEqual(one);
    expect(canonical({ here: 1, gone: undefined })).toBe('{"here":1}');
    expect(canonical(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
  });

  it.each<[string, unknown, string]>([
    ["a fraction", { a: [1, 0.5] }, "/a/1"],
    ["a number that was rounded", { a: 2 ** 53 }, "/a"],
    ["no number", [Number.NaN], "/0"],
    ["infinity", { b: { c: Number.POSITIVE_INFINITY } }, "/b/c"],
    ["half a character", { a: "\ud83d" }, "/a"],
    ["the other half", ["\ude00x"], "/0"],
    ["half a character in a name", { "\udc00": 1 }, ""],
    ["a function", { a: () => 1 }, "/a"],
    ["a bigint", [1n], "/0"],
  ])("refuses %s and says where", (_, value, pointer) => {
    try {
      canonical(value);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NotCanonical);
      expect(error).toMatchObject({ pointer });
    }
  });

  it("counts UTF-8 bytes as an encoder does", () => {
    for (const text of ["", "a", "é", "€", "😀", "a😀é€\u0000", "\u07ff\u0800\uffff"])
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  });
});

describe("digests", () => {
  const writ = { court: 0, warden: 1, number: 2, events: ["a", "b"], seal: "" };
  const header = {
    court: 0,
    epoch: 1,
    height: 1,
    parent: "00".repeat(32),
    time: 5,
    domainVersion: 1,
    control: null,
    entries: entryDigests([{ writ, first: 0, count: 2 }]),
  };

  it("SHA-256 is that of FIPS 180-4", () => {
    expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256("é")).toBe("4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
  });

  it("DomainSeparated: no two kinds of thing have one digest, and every field counts", () => {
    const kinds = ["batch", "result", "block", "key", "event", "commit", "prepare"];
    expect(new Set(kinds.map((kind) => digest(kind, 1, "a"))).size).toBe(kinds.length);
    const headers = [
      header,
      { ...header, court: 1 },
      { ...header, epoch: 2 },
      { ...header, height: 2 },
      { ...header, parent: "11".repeat(32) },
      { ...header, time: 6 },
      { ...header, domainVersion: 2 },
      { ...header, control: { kind: "version", domainVersion: 2 } as const },
      { ...header, entries: [] },
    ];
    expect(new Set(headers.map(batchDigest)).size).toBe(headers.length);
    const writs = [
      writ,
      { ...writ, court: 1 },
      { ...writ, warden: 2 },
      { ...writ, number: 3 },
      { ...writ, events: ["b", "a"] },
      { ...writ, events: ["ab"] },
      { ...writ, events: ["a", "b", ""] },
    ];
    expect(new Set(writs.map(writDigest)).size).toBe(writs.length);
    const resealed = { ...writ, seal: "x" };
    expect(writDigest(resealed)).toBe(writDigest(writ));
    const parts = { prior: "a", count: 1, root: "b", state: null };
    const results = [
      parts,
      { ...parts, prior: "c" },
      { ...parts, count: 2 },
      { ...parts, root: "c" },
      { ...parts, state: "d" },
    ];
    expect(new Set(results.map(resultDigest)).size).toBe(results.length);
    const blocks = [
      blockDigest(1, "a", "b", "c"),
      blockDigest(2, "a", "b", "c"),
      blockDigest(1, "b", "a", "c"),
      blockDigest(1, "a", "c", "b"),
    ];
    expect(new Set(blocks).size).toBe(blocks.length);
  });

  it("an event's fingerprint leaves out when it was sent, its key everything but tenant, source and id", () => {
    const event = { tenant: "t", source: "s", id: "1", type: "x", data: { a: 1 } };
    expect(fingerprintOf({ ...event, sentat: "2026-01-01T00:00:00Z" })).toBe(fingerprintOf(event));
    expect(fingerprintOf({ ...event, data: { a: 2 } })).not.toBe(fingerprintOf(event));
    expect(fingerprintOf({ ...event, subject: "x" })).not.toBe(fingerprintOf(event));
    expect(keyDigest({ ...event, id: "2" })).not.toBe(keyDigest(event));
    expect(keyDigest(event)).toBe(keyDigest({ tenant: "t", source: "s", id: "1" }));
  });
});

describe("Merkle trees (RFC 6962)", () => {
  /** The definition of section 2.1, word by word. */
  function rootByDefinition(leaves: readonly string[]): string {
    const [only] = leaves;
    if (only === undefined) return sha256("");
    if (leaves.length === 1) return only;
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return sha256Node(
      1,
      rootByDefinition(leaves.slice(0, split)),
      rootByDefinition(leaves.slice(split)),
    );
  }

  /** Audit path of section 2.1.1, from the leaf upward. */
  function pathByDefinition(index: number, leaves: readonly string[]): string[] {
    if (leaves.length <= 1) return [];
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
    return index < split
      ? [...pathByDefinition(index, left), rootByDefinition(right)]
      : [...pathByDefinition(index - split, right), rootByDefinition(left)];
  }

  it("gives the roots of the reference implementation for its seven first leaves", () => {
    const leaves = ["", "\u0000", "\u0010", " !", "01", "@ABC", "PQRSTUVW"].map(leafDigest);
    const roots = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    ];
    roots.forEach((root, at) => expect(merkleRoot(leaves.slice(0, at + 1))).toBe(root));
    expect(merkleRoot([])).toBe(sha256(""));
  });

  it("roots and audit paths are those of the definition, for every size to 40", () => {
    for (let size = 0; size <= 40; size++) {
      const leaves = Array.from({ length: size }, (_, at) => leafDigest(`${at}`));
      expect(merkleRoot(leaves)).toBe(rootByDefinition(leaves));
      for (let at = 0; at < size; at++)
        expect(merklePath(at, leaves)).toEqual(pathByDefinition(at, leaves));
    }
  });
});

describe("signatures (Ed25519, RFC 8032)", () => {
  it("verifies the vectors of section 7.1, and nothing near them", () => {
    const verify = verifier();
    const vectors: [key: string, message: string, signature: string][] = [
      [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      ],
      [
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
      ],
      [
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      ],
    ];
    for (const [key, message, signature] of vectors) {
      expect(verify(key, message, signature)).toBe(true);
      expect(verify(key, `${message}00`, signature)).toBe(false);
      expect(verify(key, message, signature.replace(/.$/, "1"))).toBe(false);
    }
  });

  it("what one key signs another does not verify; nothing a peer may send makes it throw", () => {
    const verify = verifier();
    const [one, two] = [drawKeyPair(), drawKeyPair()];
    const digested = sha256("said");
    const signature = signer(one)(digested);
    expect(signature).toMatch(/^[0-9a-f]{128}$/);
    expect(verify(one.publicKey, digested, signature)).toBe(true);
    expect(verify(one.publicKey, digested, signature)).toBe(true);
    expect(verify(two.publicKey, digested, signature)).toBe(false);
    expect(verify(one.publicKey, sha256("other"), signature)).toBe(false);
    for (const odd of ["", "zz", "00", "AB".repeat(32), "\ud800".repeat(64), "00".repeat(5000)]) {
      expect(verify(odd, digested, signature)).toBe(false);
      expect(verify(one.publicKey, digested, odd)).toBe(false);
    }
  });

  it("a seal is over a writ, a certificate over q distinct seats of one block", () => {
    const verify = verifier();
    const pairs = Array.from({ length: 4 }, () => drawKeyPair());
    const keys = pairs.map(({ publicKey }) => publicKey);
    const bare = { court: 0, warden: 0, number: 1, events: ["a"] };
    const [first, second] = pairs;
    if (first === undefined || second === undefined) throw new Error("four were drawn");
    const writ = { ...bare, seal: signer(first)(writDigest(bare)) };
    expect(sealValid(writ, first.publicKey, verify)).toBe(true);
    expect(sealValid(writ, second.publicKey, verify)).toBe(false);
    expect(sealValid({ ...writ, number: 2 }, first.publicKey, verify)).toBe(false);

    const fields = {
      court: 0,
      epoch: 1,
      height: 1,
      view: 0,
      batch: "ab".repeat(32),
      result: "cd".repeat(32),
    };
    const block = blockDigest(1, "00".repeat(32), fields.batch, fields.result);
    const votes = [0, 1, 3].map((seat) => {
      const vote = { seat, incarnation: 1, sequence: seat + 5 };
      const pair = pairs[seat] ?? first;
      return { ...vote, signature: signer(pair)(commitDigest({ ...fields, block }, vote)) };
    });
    const certificate = { ...fields, block, signatures: votes };
    expect(commitFields(certificate)).toEqual([0, 1, 1, 0, fields.batch, fields.result, block]);
    expect(certificateFits(certificate, "00".repeat(32))).toBe(true);
    expect(certificateFits(certificate, "11".repeat(32))).toBe(false);
    expect(certificateValid(certificate, keys, 3, verify)).toBe(true);
    expect(certificateValid(certificate, keys, 4, verify)).toBe(false);
    const [one, two, three] = votes;
    if (one === undefined || two === undefined || three === undefined)
      throw new Error("three voted");
    for (const signatures of [
      [one, two],
      [one, two, two],
      [one, two, { ...three, seat: 2 }],
      [one, two, { ...three, sequence: 9 }],
      [one, two, { ...three, seat: 9 }],
    ])
      expect(certificateValid({ ...certificate, signatures }, keys, 3, verify)).toBe(false);
    expect(certificateValid({ ...certificate, view: 1 }, keys, 3, verify)).toBe(false);
  });
});

describe("genesis", () => {
  const deployment = deploymentOf({ GENERATION: "g1", COURTS: "2" });
  const holders = keyHolders(deployment).map((officer) => nameOf("g1", officer));
  const pairs = new Map(holders.map((name) => [name, drawKeyPair()]));
  const document: GenesisDocument = {
    protocol: 1,
    generation: "g1",
    mode: "bft",
    seats: 4,
    courts: 2,
    wardens: 2,
    windowMs: 300_000,
    rootEvery: 256,
    domains: ["inventory"],
    domainVersion: 1,
    time: 1_750_000_000_000,
    keys: Object.fromEntries([...pairs].map(([name, { publicKey }]) => [name, publicKey])),
  };
  const signatures = Object.fromEntries(
    [...pairs].map(([name, pair]) => [name, signer(pair)(genesisDigest(document))]),
  );
  const genesis: Genesis = { document, signatures };

  it("fits the configuration it was made for, and says what differs from any other", () => {
    expect(genesisMismatch(document, deployment)).toBeNull();
    const differing: [Partial<Deployment>, RegExp][] = [
      [{ generation: "g2" }, /generation/],
      [{ courts: 1 }, /courts/],
      [{ wardens: 5 }, /wardens/],
      [{ windowMs: 1 }, /window/],
      [{ rootEvery: 2 }, /root interval/],
      [{ domains: ["accounts", "inventory"] }, /domains is inventory in the genesis/],
      [{ quorum: { ...deployment.quorum, n: 7 } }, /seats/],
      [{ quorum: { ...deployment.quorum, mode: "detect" } }, /mode/],
      [{ genesisDigest: "ab".repeat(32) }, /pinned/],
    ];
    for (const [otherwise, why] of differing)
      expect(genesisMismatch(document, { ...deployment, ...otherwise })).toMatch(why);
    const pinned = { ...deployment, genesisDigest: genesisDigest(document) };
    expect(genesisMismatch(document, pinned)).toBeNull();
    const { "g1/warden/1": _, ...keys } = document.keys;
    expect(genesisMismatch({ ...document, keys }, deployment)).toMatch(/g1\/warden\/1/);
  });

  it("is signed when every seat of every court signed exactly it", () => {
    const verify = verifier();
    expect(genesisSigned(genesis, deployment, verify)).toBe(true);
    const other = { ...document, time: document.time + 1 };
    expect(genesisSigned({ document: other, signatures }, deployment, verify)).toBe(false);
    const { "g1/clerk/1/3": _, ...fewer } = signatures;
    expect(genesisSigned({ document, signatures: fewer }, deployment, verify)).toBe(false);
    const { "g1/warden/0": __, ...withoutWarden } = signatures;
    expect(genesisSigned({ document, signatures: withoutWarden }, deployment, verify)).toBe(true);
  });
});
