-- Why an event was rejected without being evaluated: the seats' signed proof, canonical. Its digest stands in the block's header.
ALTER TABLE writs ADD COLUMN poison TEXT;
