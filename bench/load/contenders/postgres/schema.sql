CREATE TABLE stock (
  item text PRIMARY KEY,
  on_hand bigint NOT NULL CHECK (on_hand >= 0)
) WITH (fillfactor = 70);

CREATE TABLE movement (
  id text PRIMARY KEY,
  item text NOT NULL,
  delta bigint NOT NULL,
  note text NOT NULL,
  status text NOT NULL
);

CREATE TYPE answer AS (status text, replayed boolean);

-- One movement: its row first, so that whoever sends the same id waits for it, then the item's.
CREATE FUNCTION apply_one(m_id text, m_item text, m_delta bigint, m_note text) RETURNS answer
LANGUAGE plpgsql AS $$
DECLARE
  kept movement;
BEGIN
  INSERT INTO movement VALUES (m_id, m_item, m_delta, m_note, 'rejected') ON CONFLICT (id) DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO kept FROM movement WHERE id = m_id;
    IF (kept.item, kept.delta, kept.note) = (m_item, m_delta, m_note) THEN
      RETURN ROW(kept.status, true)::answer;
    END IF;
    RETURN ROW('conflict'::text, true)::answer;
  END IF;
  IF m_delta >= 0 THEN
    INSERT INTO stock AS s VALUES (m_item, m_delta)
    ON CONFLICT (item) DO UPDATE SET on_hand = s.on_hand + m_delta;
  ELSE
    UPDATE stock SET on_hand = on_hand + m_delta WHERE item = m_item AND on_hand + m_delta >= 0;
    IF NOT FOUND THEN
      RETURN ROW('rejected'::text, false)::answer;
    END IF;
  END IF;
  UPDATE movement SET status = 'accepted' WHERE id = m_id;
  RETURN ROW('accepted'::text, false)::answer;
END $$;

-- Many: the items are locked in one order, so that nobody deadlocks, and each is written once.
CREATE FUNCTION apply_batch(sent jsonb) RETURNS SETOF answer
LANGUAGE plpgsql AS $$
DECLARE
  e record;
  last_item text;
  balance bigint;
  statuses text[] := array_fill(NULL::text, ARRAY[jsonb_array_length(sent)]);
  replays boolean[] := array_fill(true, ARRAY[jsonb_array_length(sent)]);
  ids text[] := '{}';
  items text[] := '{}';
  deltas bigint[] := '{}';
  notes text[] := '{}';
  decided text[] := '{}';
  changed text[] := '{}';
  balances bigint[] := '{}';
BEGIN
  INSERT INTO stock
  SELECT DISTINCT value ->> 'item', 0 FROM jsonb_array_elements(sent) ORDER BY 1
  ON CONFLICT (item) DO NOTHING;
  PERFORM 1 FROM stock
  WHERE item IN (SELECT value ->> 'item' FROM jsonb_array_elements(sent)) ORDER BY item FOR UPDATE;
  FOR e IN
    SELECT s.*, m.status AS known, m.item AS known_item, m.delta AS known_delta, m.note AS known_note, k.on_hand,
      first_value(s.ord) OVER same AS first, first_value(s.item) OVER same AS first_item,
      first_value(s.delta) OVER same AS first_delta, first_value(s.note) OVER same AS first_note
    FROM (
      SELECT ord::int AS ord, value ->> 'id' AS id, value ->> 'item' AS item,
        (value ->> 'delta')::bigint AS delta, value ->> 'note' AS note
      FROM jsonb_array_elements(sent) WITH ORDINALITY AS each (value, ord)
    ) AS s
    LEFT JOIN movement AS m ON m.id = s.id
    JOIN stock AS k ON k.item = s.item
    WINDOW same AS (PARTITION BY s.id ORDER BY s.ord)
    ORDER BY s.item, s.ord
  LOOP
    IF e.item IS DISTINCT FROM last_item THEN
      last_item := e.item;
      balance := e.on_hand;
    END IF;
    IF e.known IS NOT NULL THEN
      statuses[e.ord] := CASE WHEN (e.known_item, e.known_delta, e.known_note) = (e.item, e.delta, e.note)
        THEN e.known ELSE 'conflict' END;
    ELSIF e.first <> e.ord THEN
      statuses[e.ord] := CASE WHEN (e.first_item, e.first_delta, e.first_note) = (e.item, e.delta, e.note)
        THEN statuses[e.first] ELSE 'conflict' END;
    ELSE
      replays[e.ord] := false;
      IF balance + e.delta >= 0 THEN
        statuses[e.ord] := 'accepted';
        balance := balance + e.delta;
        IF changed[cardinality(changed)] IS DISTINCT FROM e.item THEN
          changed := changed || e.item;
          balances := balances || balance;
        ELSE
          balances[cardinality(balances)] := balance;
        END IF;
      ELSE
        statuses[e.ord] := 'rejected';
      END IF;
      ids := ids || e.id;
      items := items || e.item;
      deltas := deltas || e.delta;
      notes := notes || e.note;
      decided := decided || statuses[e.ord];
    END IF;
  END LOOP;
  INSERT INTO movement SELECT * FROM unnest(ids, items, deltas, notes, decided);
  UPDATE stock SET on_hand = t.on_hand FROM unnest(changed, balances) AS t (item, on_hand) WHERE stock.item = t.item;
  RETURN QUERY SELECT * FROM unnest(statuses, replays);
END $$;
