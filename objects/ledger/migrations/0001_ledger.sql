-- The published record. Append-only by schema, whoever holds the binding: what is there can be neither changed nor
-- removed, the same again is a no-op even under INSERT OR REPLACE, anything else in its place is refused. What a signed
-- text says is a column generated from it, so that no column can contradict it.
--
-- Every table is WITHOUT ROWID: a primary key beside a rowid is a second row written for each row.

CREATE TABLE genesis (
  generation TEXT NOT NULL,
  digest TEXT NOT NULL,
  -- GenesisDocument, canonical.
  document TEXT NOT NULL,
  -- Object name to signature.
  signatures TEXT NOT NULL,
  PRIMARY KEY (generation)
) STRICT, WITHOUT ROWID;

-- Rule: RefuseUncertified.
CREATE TABLE blocks (
  generation TEXT NOT NULL,
  court INTEGER NOT NULL,
  height INTEGER NOT NULL CHECK (height >= 1),
  -- Number of outcomes. It stands before the long texts: every event row asks for it.
  outcomes INTEGER NOT NULL CHECK (outcomes >= 0),
  prior TEXT NOT NULL,
  root TEXT NOT NULL,
  state TEXT,
  header TEXT NOT NULL,
  certificate TEXT NOT NULL,
  -- Leaf hashes of the outcomes, concatenated hex: one event is proven without reading the others.
  leaves TEXT NOT NULL CHECK (length(leaves) = 64 * outcomes),
  parent TEXT NOT NULL GENERATED ALWAYS AS (header ->> 'parent') VIRTUAL,
  time INTEGER NOT NULL GENERATED ALWAYS AS (header ->> 'time') VIRTUAL,
  domain_version INTEGER NOT NULL GENERATED ALWAYS AS (header ->> 'domainVersion') VIRTUAL,
  batch TEXT NOT NULL GENERATED ALWAYS AS (certificate ->> 'batch') VIRTUAL,
  result TEXT NOT NULL GENERATED ALWAYS AS (certificate ->> 'result') VIRTUAL,
  block TEXT NOT NULL GENERATED ALWAYS AS (certificate ->> 'block') VIRTUAL,
  CHECK (header ->> 'court' = court AND header ->> 'height' = height),
  CHECK (certificate ->> 'court' = court AND certificate ->> 'height' = height),
  CONSTRAINT certified CHECK (json_array_length(certificate, '$.signatures') >= 1),
  PRIMARY KEY (generation, court, height)
) STRICT, WITHOUT ROWID;

-- The writs of a block in order; their digest and range stand in the block's header.
CREATE TABLE writs (
  generation TEXT NOT NULL,
  court INTEGER NOT NULL,
  height INTEGER NOT NULL,
  position INTEGER NOT NULL,
  warden INTEGER NOT NULL,
  number INTEGER NOT NULL,
  -- Index of its first outcome in the block, how many are here, and the bytes of their events.
  start INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  seal TEXT NOT NULL,
  -- JSON array of the writ's events that other blocks decide: without them its digest could not be checked here.
  rest TEXT NOT NULL,
  PRIMARY KEY (generation, court, height, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  generation TEXT NOT NULL,
  court INTEGER NOT NULL,
  height INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  -- Position of its writ in the block; null, as is the event, for an effect of the system.
  writ INTEGER,
  event TEXT,
  outcome TEXT NOT NULL,
  tenant TEXT NOT NULL GENERATED ALWAYS AS (outcome ->> 'tenant') VIRTUAL,
  source TEXT NOT NULL GENERATED ALWAYS AS (outcome ->> 'source') VIRTUAL,
  id TEXT NOT NULL GENERATED ALWAYS AS (outcome ->> 'id') VIRTUAL,
  type TEXT NOT NULL GENERATED ALWAYS AS (outcome ->> 'type') VIRTUAL,
  -- Whether it took its key up, rather than met one that was taken.
  first_use INTEGER NOT NULL GENERATED ALWAYS AS (
    outcome ->> 'status' IS NOT 'duplicate' AND outcome ->> '$.reason.code' IS NOT 'key_reused'
  ) VIRTUAL,
  CHECK ((writ IS NULL) = (event IS NULL)),
  PRIMARY KEY (generation, court, height, idx)
) STRICT, WITHOUT ROWID;

-- Both end in (court, height, idx), where it is not written out. Not unique: a key may return after its window.
CREATE INDEX events_by_key ON events (generation, tenant, source, id) WHERE first_use = 1;
CREATE INDEX events_by_tenant ON events (generation, tenant);

-- Where each version was made. Its state stands in the outcome there, and is served from it only.
CREATE TABLE entity_versions (
  generation TEXT NOT NULL,
  tenant TEXT NOT NULL,
  entity TEXT NOT NULL,
  version INTEGER NOT NULL,
  court INTEGER NOT NULL,
  height INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  PRIMARY KEY (generation, tenant, entity, version)
) STRICT, WITHOUT ROWID;

-- The latest word of each seat on how far it has audited. Not history: it is replaced by a later one.
CREATE TABLE attestations (
  generation TEXT NOT NULL,
  court INTEGER NOT NULL,
  seat INTEGER NOT NULL,
  height INTEGER NOT NULL,
  block TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (generation, court, seat)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER genesis_append BEFORE INSERT ON genesis BEGIN
  SELECT RAISE(IGNORE) FROM genesis WHERE generation = NEW.generation AND digest = NEW.digest;
  SELECT RAISE(ABORT, 'ledger: another genesis of this generation') FROM genesis WHERE generation = NEW.generation;
END;

-- A predecessor that is there while its successor is not: so a height is always the highest plus one.
CREATE TRIGGER blocks_append BEFORE INSERT ON blocks BEGIN
  SELECT RAISE(IGNORE) FROM blocks
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND block = NEW.block;
  SELECT RAISE(ABORT, 'ledger: another block at this height') FROM blocks
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height;
  SELECT RAISE(ABORT, 'ledger: the block does not continue the chain') WHERE NEW.parent IS NOT iif(
    NEW.height = 1,
    (SELECT digest FROM genesis WHERE generation = NEW.generation),
    (SELECT block FROM blocks
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height - 1));
END;

-- A block's rows are a function of its hash: what is there stays, and whether it is right is the audit's to say.
-- Rule: RefuseOrphan.
CREATE TRIGGER writs_append BEFORE INSERT ON writs BEGIN
  SELECT RAISE(IGNORE) FROM writs
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND position = NEW.position;
  SELECT RAISE(ABORT, 'ledger: a writ without its block') WHERE NOT EXISTS (
    SELECT 1 FROM blocks
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height
        AND NEW.start + NEW.count <= outcomes);
END;

-- Rule: RefuseOrphan.
CREATE TRIGGER events_append BEFORE INSERT ON events BEGIN
  SELECT RAISE(IGNORE) FROM events
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND idx = NEW.idx;
  SELECT RAISE(ABORT, 'ledger: an event without its block') WHERE NOT EXISTS (
    SELECT 1 FROM blocks
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND NEW.idx < outcomes);
END;

-- Rule: RefuseOrphan.
CREATE TRIGGER entity_versions_append BEFORE INSERT ON entity_versions BEGIN
  SELECT RAISE(IGNORE) FROM entity_versions
    WHERE generation = NEW.generation AND tenant = NEW.tenant AND entity = NEW.entity AND version = NEW.version
      AND court = NEW.court AND height = NEW.height AND idx = NEW.idx;
  SELECT RAISE(ABORT, 'ledger: another origin of this version') FROM entity_versions
    WHERE generation = NEW.generation AND tenant = NEW.tenant AND entity = NEW.entity AND version = NEW.version;
  SELECT RAISE(ABORT, 'ledger: a version that no outcome made') WHERE NOT EXISTS (
    SELECT 1 FROM events, json_each(events.outcome, '$.changes') AS change
      WHERE events.generation = NEW.generation AND events.court = NEW.court AND events.height = NEW.height
        AND events.idx = NEW.idx AND events.tenant = NEW.tenant
        AND change.value ->> 'entity' = NEW.entity AND change.value ->> 'version' = NEW.version);
END;

-- Rule: RefuseAttestationOfNoBlock.
CREATE TRIGGER attestations_insert BEFORE INSERT ON attestations BEGIN
  SELECT RAISE(ABORT, 'ledger: an attestation of no block') WHERE NOT EXISTS (
    SELECT 1 FROM blocks
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND block = NEW.block);
END;

CREATE TRIGGER genesis_stays BEFORE UPDATE ON genesis BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER genesis_kept BEFORE DELETE ON genesis BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER blocks_stay BEFORE UPDATE ON blocks BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER blocks_kept BEFORE DELETE ON blocks BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER writs_stay BEFORE UPDATE ON writs BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER writs_kept BEFORE DELETE ON writs BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
-- Rule: RefuseRewrite.
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER events_kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER entity_versions_stay BEFORE UPDATE ON entity_versions
  BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER entity_versions_kept BEFORE DELETE ON entity_versions
  BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
CREATE TRIGGER attestations_kept BEFORE DELETE ON attestations
  BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;
