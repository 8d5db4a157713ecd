-- The one door in an append-only history: a row that is not what was agreed is taken away by recording that it is, and only so. The
-- seats find such rows by reading the ledger again and again; what was agreed is then put back like any other row.

CREATE TABLE repairs (
  generation TEXT NOT NULL,
  court INTEGER NOT NULL,
  -- Of the block that the row is of; 0 for the genesis.
  height INTEGER NOT NULL,
  part TEXT NOT NULL CHECK (part IN ('genesis', 'blocks', 'writs', 'events', 'entity_versions')),
  -- What is left of the row's primary key, a JSON array.
  place TEXT NOT NULL,
  -- How often the row has been repaired, this time included.
  number INTEGER NOT NULL,
  -- Digests of the row as it was found and as it is put there; null for none.
  old TEXT,
  new TEXT,
  -- Who found it, and that seat's signature over all of the above.
  seat INTEGER NOT NULL,
  signature TEXT NOT NULL,
  -- 1 within the statement that makes the record, while its row may go; null ever after.
  door INTEGER,
  PRIMARY KEY (generation, court, height, part, place, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX repairs_open ON repairs (generation, part, place) WHERE door = 1;

-- Numbered one after another, so that of two who found the same damage only one can repair it, and neither twice.
-- Rules: RepairOnce, RefuseFalseRepair.
CREATE TRIGGER repairs_append BEFORE INSERT ON repairs BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair out of turn') WHERE NEW.door IS NOT 1 OR NEW.number IS NOT 1 + (
    SELECT count(*) FROM repairs
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
        AND place = NEW.place);
END;
-- Rule: KeepRepairRecord.
CREATE TRIGGER repairs_stay BEFORE UPDATE ON repairs BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE OLD.door IS NOT 1 OR NEW.door IS NOT NULL
    OR (NEW.generation, NEW.court, NEW.height, NEW.part, NEW.place, NEW.number, NEW.old, NEW.new, NEW.seat, NEW.signature)
    IS NOT (OLD.generation, OLD.court, OLD.height, OLD.part, OLD.place, OLD.number, OLD.old, OLD.new, OLD.seat, OLD.signature);
END;
-- Rule: KeepRepairRecord.
CREATE TRIGGER repairs_kept BEFORE DELETE ON repairs BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END;

CREATE TRIGGER repairs_of_genesis AFTER INSERT ON repairs WHEN NEW.part = 'genesis' BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair of another row than was found') WHERE (NEW.old IS NULL) = EXISTS (
    SELECT 1 FROM genesis WHERE generation = NEW.generation AND NEW.place = '[]');
  DELETE FROM genesis WHERE generation = NEW.generation AND NEW.place = '[]';
  UPDATE repairs SET door = NULL
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
      AND place = NEW.place AND number = NEW.number;
END;
CREATE TRIGGER repairs_of_blocks AFTER INSERT ON repairs WHEN NEW.part = 'blocks' BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair of another row than was found') WHERE (NEW.old IS NULL) = EXISTS (
    SELECT 1 FROM blocks WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND NEW.place = '[]');
  DELETE FROM blocks WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND NEW.place = '[]';
  UPDATE repairs SET door = NULL
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
      AND place = NEW.place AND number = NEW.number;
END;
CREATE TRIGGER repairs_of_writs AFTER INSERT ON repairs WHEN NEW.part = 'writs' BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair of another row than was found') WHERE (NEW.old IS NULL) = EXISTS (
    SELECT 1 FROM writs WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND position = NEW.place ->> 0);
  DELETE FROM writs WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND position = NEW.place ->> 0;
  UPDATE repairs SET door = NULL
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
      AND place = NEW.place AND number = NEW.number;
END;
-- Rule: RefuseFalseRepair.
CREATE TRIGGER repairs_of_events AFTER INSERT ON repairs WHEN NEW.part = 'events' BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair of another row than was found') WHERE (NEW.old IS NULL) = EXISTS (
    SELECT 1 FROM events WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND idx = NEW.place ->> 0);
  DELETE FROM events WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND idx = NEW.place ->> 0;
  UPDATE repairs SET door = NULL
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
      AND place = NEW.place AND number = NEW.number;
END;
CREATE TRIGGER repairs_of_entity_versions AFTER INSERT ON repairs WHEN NEW.part = 'entity_versions' BEGIN
  SELECT RAISE(ABORT, 'ledger: a repair of another row than was found') WHERE (NEW.old IS NULL) = EXISTS (
    SELECT 1 FROM entity_versions WHERE generation = NEW.generation AND (tenant, entity, version) =
      (NEW.place ->> 0, NEW.place ->> 1, NEW.place ->> 2));
  DELETE FROM entity_versions WHERE generation = NEW.generation AND (tenant, entity, version) =
      (NEW.place ->> 0, NEW.place ->> 1, NEW.place ->> 2);
  UPDATE repairs SET door = NULL
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = NEW.part
      AND place = NEW.place AND number = NEW.number;
END;

-- A row goes only as its record says; nothing is ever changed in place.
DROP TRIGGER genesis_kept;
CREATE TRIGGER genesis_kept BEFORE DELETE ON genesis BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE NOT EXISTS (
    SELECT 1 FROM repairs WHERE generation = OLD.generation AND part = 'genesis'
      AND place = '[]' AND door = 1);
END;
DROP TRIGGER blocks_kept;
CREATE TRIGGER blocks_kept BEFORE DELETE ON blocks BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE NOT EXISTS (
    SELECT 1 FROM repairs WHERE generation = OLD.generation AND part = 'blocks'
      AND place = '[]'
      AND court = OLD.court AND height = OLD.height AND door = 1);
END;
DROP TRIGGER writs_kept;
CREATE TRIGGER writs_kept BEFORE DELETE ON writs BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE NOT EXISTS (
    SELECT 1 FROM repairs WHERE generation = OLD.generation AND part = 'writs'
      AND place = json_array(OLD.position)
      AND court = OLD.court AND height = OLD.height AND door = 1);
END;
DROP TRIGGER events_kept;
-- Rule: RefuseRewrite.
CREATE TRIGGER events_kept BEFORE DELETE ON events BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE NOT EXISTS (
    SELECT 1 FROM repairs WHERE generation = OLD.generation AND part = 'events'
      AND place = json_array(OLD.idx)
      AND court = OLD.court AND height = OLD.height AND door = 1);
END;
DROP TRIGGER entity_versions_kept;
CREATE TRIGGER entity_versions_kept BEFORE DELETE ON entity_versions BEGIN
  SELECT RAISE(ABORT, 'ledger: append-only') WHERE NOT EXISTS (
    SELECT 1 FROM repairs WHERE generation = OLD.generation AND part = 'entity_versions'
      AND place = json_array(OLD.tenant, OLD.entity, OLD.version) AND door = 1);
END;

-- As before; but where blocks are, their genesis was published, and comes back by repair only.
DROP TRIGGER genesis_append;
-- Rules: KeepGenesisAgain, RefuseOtherGenesis.
CREATE TRIGGER genesis_append BEFORE INSERT ON genesis BEGIN
  SELECT RAISE(IGNORE) FROM genesis WHERE generation = NEW.generation AND digest = NEW.digest;
  SELECT RAISE(ABORT, 'ledger: another genesis of this generation') FROM genesis WHERE generation = NEW.generation;
  SELECT RAISE(ABORT, 'ledger: blocks without their genesis')
    WHERE EXISTS (SELECT 1 FROM blocks WHERE generation = NEW.generation) AND NOT EXISTS (
      SELECT 1 FROM repairs
        WHERE generation = NEW.generation AND court = 0 AND height = 0 AND part = 'genesis' AND place = '[]');
END;

-- As before; but a block that is put back may lie above one that is yet to be.
DROP TRIGGER blocks_append;
-- Rules: AppendAgainIsNoop, RefuseConflict, RefuseGap.
CREATE TRIGGER blocks_append BEFORE INSERT ON blocks BEGIN
  SELECT RAISE(IGNORE) FROM blocks
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND block = NEW.block;
  SELECT RAISE(ABORT, 'ledger: another block at this height') FROM blocks
    WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height;
  SELECT RAISE(ABORT, 'ledger: the block does not continue the chain') WHERE NEW.parent IS NOT iif(
    NEW.height = 1,
    (SELECT digest FROM genesis WHERE generation = NEW.generation),
    (SELECT block FROM blocks
      WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height - 1))
    AND NOT EXISTS (
      SELECT 1 FROM repairs
        WHERE generation = NEW.generation AND court = NEW.court AND height = NEW.height AND part = 'blocks'
          AND place = '[]');
END;
