-- Control events are few, and every reader begins by them.
CREATE INDEX blocks_by_control ON blocks (generation, court, height)
  WHERE CASE WHEN json_valid(header) THEN header ->> '$.control' END IS NOT NULL;
