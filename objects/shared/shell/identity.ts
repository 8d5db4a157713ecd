/** Who an object is: its stored name, checked against its id, and the key it drew at its first start. */
import type { Deployment } from "../config.ts";
import { genesisIn, genesisMismatch, genesisSigned } from "../genesis.ts";
import type { Genesis } from "../genesis.ts";
import { officerOf } from "../names.ts";
import type { Officer } from "../names.ts";
import { drawKeyPair, keyPairIn } from "../node/crypto.ts";
import type { KeyPair, Verify } from "../node/crypto.ts";
import { Refused } from "../rpc.ts";

/** A small durable map of texts, one row a key. */
export class Notes {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS notes (k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT, WITHOUT ROWID",
    );
  }
  get(key: string): string | undefined {
    return this.#sql.exec<{ v: string }>("SELECT v FROM notes WHERE k = ?", key).toArray()[0]?.v;
  }
  put(key: string, value: string): void {
    this.#sql.exec(
      "INSERT INTO notes (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
      key,
      value,
    );
  }
  delete(key: string): void {
    this.#sql.exec("DELETE FROM notes WHERE k = ?", key);
  }
  keysAfter(key: string, rows: number): string[] {
    return this.#sql
      .exec<{ k: string }>("SELECT k FROM notes WHERE k > ? ORDER BY k LIMIT ?", key, rows)
      .toArray()
      .map(({ k }) => k);
  }
  forget(prefix: string): void {
    this.#sql.exec("DELETE FROM notes WHERE substr(k, 1, ?) = ?", prefix.length, prefix);
  }
}

/**
 * The officer this object is. Throws {@link Refused} `wrong-name`, having stored nothing, when its name is unknown, is not
 * that of its id, or names no object of this deployment.
 */
// Rules: TakeOwnName, RefuseStrangeObject.
export function officerHere<Kind extends Officer["kind"]>(
  ctx: DurableObjectState,
  namespace: DurableObjectNamespace,
  deployment: Deployment,
  kind: Kind,
): { readonly name: string; readonly officer: Extract<Officer, { kind: Kind }> } {
  const given = ctx.id.name;
  const stored = storedName(ctx);
  const name = stored ?? given;
  // `id.name` is missing when the call came over the development registry, hence the stored one.
  if (
    name === undefined ||
    (given !== undefined && given !== name) ||
    !namespace.idFromName(name).equals(ctx.id)
  ) {
    throw new Refused("wrong-name", `this object is not ${String(name)}`);
  }
  const officer = officerOf(name, deployment);
  if (officer === null || officer.kind !== kind)
    throw new Refused("wrong-name", `${name} is no ${kind} of this deployment`);
  return { name, officer: officer as Extract<Officer, { kind: Kind }> };
}

function storedName(ctx: DurableObjectState): string | undefined {
  const tables = ctx.storage.sql
    .exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'notes'")
    .toArray();
  return tables.length === 0 ? undefined : new Notes(ctx.storage.sql).get("name");
}

/**
 * The object's key pair, drawn at its first start and kept nowhere else. Throws {@link Refused} `not-ready` where what is stored
 * is no pair: nobody can have it again.
 */
export function keyHere(notes: Notes, name: string): KeyPair {
  const stored = notes.get("key");
  if (stored !== undefined) {
    const pair = keyPairIn(stored);
    if (pair === null) throw new Refused("not-ready", `damaged storage: the key of ${name}`);
    return pair;
  }
  const pair = drawKeyPair();
  notes.put("name", name);
  notes.put("key", JSON.stringify(pair));
  return pair;
}

/** Checks a genesis before an object serves by it; throws {@link Refused} `misconfigured` or `no-genesis`. */
// Rules: ServeByGenesis, RefuseConfigMismatch.
export function checkedGenesis(text: string, deployment: Deployment, verify: Verify): Genesis {
  const genesis = genesisIn(text);
  if (genesis === null) throw new Refused("no-genesis", "that is no genesis");
  const mismatch = genesisMismatch(genesis.document, deployment);
  if (mismatch !== null) throw new Refused("misconfigured", mismatch);
  if (!genesisSigned(genesis, deployment, verify))
    throw new Refused("no-genesis", "the genesis lacks a valid signature");
  return genesis;
}
