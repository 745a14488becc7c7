-- layout 'cells': INSERT sets a cell, UPDATE and DELETE concern exactly the
-- cells that they name. Compared with the same on local tables.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (row_key text COLLATE "C", family text COLLATE "C", qualifier bytea, "timestamp" timestamptz, value bytea);
\! $CREATE t f g
CREATE FOREIGN TABLE t (row_key text COLLATE "C", family text COLLATE "C", qualifier bytea, "timestamp" timestamptz, value bytea) SERVER bt OPTIONS (layout 'cells');
CREATE FUNCTION fill() RETURNS text LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t;
  INSERT INTO local.t SELECT 'k' || i / 8, CASE i % 2 WHEN 0 THEN 'f' ELSE 'g' END, convert_to('q' || (i / 2) % 2, 'UTF8'),
    '2024-01-01'::timestamptz + (i / 4) % 2 * interval '1 hour', convert_to('v' || i, 'UTF8') FROM generate_series(0, 79) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  SELECT compare('SELECT * FROM t');
$$;
SELECT fill();
\set cells `$READ t`
SELECT compare_cells(:'cells', $$SELECT cell(convert_to(row_key, 'UTF8'), convert_to(family || ':', 'UTF8') || qualifier, value) FROM local.t$$);

-- DELETE: exactly those cells
SELECT change($$DELETE FROM t WHERE row_key = 'k1' AND family = 'f' AND qualifier = 'q0' AND "timestamp" = '2024-01-01 01:00'$$);
SELECT change($$DELETE FROM t WHERE row_key = 'k1' AND family = 'f'$$);
SELECT change($$DELETE FROM t WHERE value = 'v20'$$);
SELECT change($$DELETE FROM t WHERE "timestamp" > '2024-01-01' AND row_key < 'k3'$$);
SELECT change($$DELETE FROM t WHERE row_key = 'k4'$$);
SELECT change($$DELETE FROM t WHERE qualifier = 'q1' RETURNING row_key, family, "timestamp", value$$);
SELECT change($$DELETE FROM t WHERE false$$);
SELECT change($$DELETE FROM t USING generate_series(1, 3) i WHERE row_key = 'k5'$$);
SELECT change($$DELETE FROM t WHERE (row_key, family) IN (SELECT row_key, family FROM t WHERE value = 'v48')$$);
SELECT change($$DELETE FROM t$$);
SELECT plan($$DELETE FROM t WHERE row_key = 'k1'$$);
SELECT plan_json($$DELETE FROM t WHERE row_key = 'k1'$$, 'COSTS OFF, VERBOSE')->'Plans'->0->>'Row Filter';

-- milliseconds apart
SELECT change($$INSERT INTO t SELECT 'ms', 'f', 'q', '2024-01-01'::timestamptz + i * interval '1 ms', convert_to(i::text, 'UTF8') FROM generate_series(0, 5) i$$);
SELECT change($$DELETE FROM t WHERE "timestamp" = '2024-01-01 00:00:00.003'$$);
SELECT change($$DELETE FROM t WHERE "timestamp" < '2024-01-01 00:00:00.002'$$);
SELECT change($$DELETE FROM t WHERE "timestamp" < '2024-01-01 00:00:00.0045'$$);

-- UPDATE: values
SELECT fill();
SELECT change($$UPDATE t SET value = value || '!' WHERE row_key = 'k1'$$);
SELECT change($$UPDATE t SET value = '' WHERE row_key = 'k2' AND family = 'f' AND "timestamp" > '2024-01-01'$$);
SELECT change($$UPDATE t SET value = value || '+' WHERE qualifier = 'q1' RETURNING *$$);
SELECT change($$UPDATE t SET value = convert_to(k.n::text, 'UTF8') FROM (SELECT row_key AS k, count(*) AS n FROM t GROUP BY 1) k WHERE k = row_key AND family = 'g'$$);
SELECT change($$UPDATE t SET value = 'once' FROM generate_series(1, 3) i WHERE row_key = 'k3'$$);

-- timestamps, families, qualifiers: the cell moves
SELECT change($$UPDATE t SET "timestamp" = "timestamp" + interval '1 day' WHERE row_key = 'k1' AND family = 'f'$$);
SELECT change($$UPDATE t SET "timestamp" = "timestamp" + interval '1 hour' WHERE row_key = 'k2'$$);
SELECT change($$UPDATE t SET "timestamp" = "timestamp" - interval '1 hour' WHERE row_key = 'k3'$$);
SELECT change($$UPDATE t SET "timestamp" = "timestamp" - interval '1 hour'$$);
SELECT change($$UPDATE t SET qualifier = CASE qualifier WHEN 'q0' THEN 'q1'::bytea ELSE 'q0' END WHERE row_key = 'k4'$$);
SELECT change($$UPDATE t SET family = CASE family WHEN 'f' THEN 'g' ELSE 'f' END, value = value || '?' WHERE row_key = 'k5' RETURNING *$$);
SELECT change($$UPDATE t SET qualifier = 'new', "timestamp" = "timestamp" + interval '1 ms' WHERE value = 'v8!'$$);
SELECT change($$UPDATE t SET value = value$$);
SELECT failure($$UPDATE t SET row_key = 'other' WHERE row_key = 'k5'$$);
SELECT failure($$UPDATE t SET value = NULL WHERE row_key = 'k5'$$);
SELECT failure($$UPDATE t SET "timestamp" = '2024-01-01 00:00:00.0005' WHERE row_key = 'k5'$$);
SELECT failure($$UPDATE t SET "timestamp" = '1960-01-01' WHERE row_key = 'k5'$$);
SELECT compare('SELECT * FROM t');

-- INSERT without a timestamp: it is now, and RETURNING says so
INSERT INTO t (row_key, family, qualifier, value) VALUES ('now', 'f', 'q', 'v') RETURNING row_key, "timestamp" BETWEEN now() - interval '1 s' AND clock_timestamp() AS is_now;
SELECT "timestamp" BETWEEN now() - interval '1 min' AND now() + interval '1 s' FROM t WHERE row_key = 'now';
WITH i AS (INSERT INTO t (row_key, family, qualifier, value) VALUES ('now', 'f', 'r', 'v') RETURNING *) SELECT 'returned' AS what, "timestamp" FROM i \gset
SELECT "timestamp" = :'timestamp' FROM t WHERE row_key = 'now' AND qualifier = 'r';
UPDATE t SET "timestamp" = NULL WHERE row_key = 'now' AND qualifier = 'q' RETURNING "timestamp" > '2024-01-02', value;
SELECT count(*) FROM t WHERE row_key = 'now';
DELETE FROM t WHERE row_key = 'now';

-- the same cell twice: the later value
INSERT INTO t VALUES ('twice', 'f', 'q', '2024-01-01', 'a'), ('other', 'f', 'q', '2024-01-01', 'b'), ('twice', 'f', 'q', '2024-01-01', 'c');
SELECT row_key, value FROM t WHERE row_key IN ('twice', 'other');
DELETE FROM t WHERE row_key IN ('twice', 'other');

-- COPY: cells of a row that follow each other are one entry
\copy t FROM PROGRAM 'for row in 1 2 3; do for i in $(seq 1000); do printf "c%s\tf\t\\\\\\\\x%04x\t2024-01-01\t\\\\\\\\x%04x\n" $row $i $i; done; done'
SELECT row_key, count(*), count(DISTINCT qualifier), count(*) FILTER (WHERE qualifier = value) FROM t WHERE row_key LIKE 'c%' GROUP BY 1 ORDER BY 1;
SELECT plan_json($$INSERT INTO t SELECT 'c' || i / 1000, 'g', convert_to(i::text, 'UTF8'), NULL, '' FROM generate_series(0, 2999) i$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF')->>'Rows Written' AS rows_written;
SELECT plan_json($$DELETE FROM t WHERE row_key LIKE 'c%'$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF')->>'Rows Written' AS rows_written;
SELECT count(*) FROM t WHERE row_key LIKE 'c%';

-- more of one row than an entry takes
INSERT INTO t SELECT 'big', 'f', convert_to(i::text, 'UTF8'), '2024-01-01', repeat('x', 100000)::bytea FROM generate_series(1, 25) i;
SELECT count(*), sum(length(value)) FROM t WHERE row_key = 'big';
UPDATE t SET "timestamp" = "timestamp" - interval '1 s', value = substr(value, 1, 10) WHERE row_key = 'big';
SELECT count(*), sum(length(value)), min("timestamp") FROM t WHERE row_key = 'big';
DELETE FROM t WHERE row_key = 'big';
SELECT compare('SELECT * FROM t');

-- batches of any size, self-references
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '1');
SELECT fill();
SELECT change($$UPDATE t SET value = value || '!' WHERE family = 'f'$$);
SELECT change($$DELETE FROM t WHERE qualifier = 'q1'$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);
SELECT change($$INSERT INTO t SELECT row_key || '.copy', family, qualifier, "timestamp", value FROM t$$);
SELECT change($$INSERT INTO t SELECT row_key, family, 'n', max("timestamp"), convert_to(count(*)::text, 'UTF8') FROM t GROUP BY 1, 2$$);
SELECT change($$DELETE FROM t a USING t b WHERE a.row_key = b.row_key || '.copy' AND b.family = 'g'$$);
SELECT change($$TRUNCATE t$$);

-- triggers, constraints, partitions
SELECT fill();
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING '% % %, % cells', tg_when, tg_op, convert_from(CASE tg_op WHEN 'DELETE' THEN OLD.qualifier ELSE NEW.qualifier END, 'UTF8'), (SELECT count(*) FROM remote.t);
  IF tg_op = 'INSERT' AND tg_when = 'BEFORE' THEN NEW.value := NEW.value || ' changed'; END IF;
  RETURN coalesce(NEW, OLD);
END $$;
\set SHOW_CONTEXT never
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO t VALUES ('tr', 'f', 'a', NULL, '1'), ('tr', 'f', 'b', '2024-01-01', '2') RETURNING qualifier, value, "timestamp" IS NULL;
UPDATE t SET value = '3' WHERE row_key = 'tr' AND qualifier = 'b' RETURNING qualifier, value;
DELETE FROM t WHERE row_key = 'tr' RETURNING qualifier, value;
DROP TRIGGER before_row ON t;
DROP TRIGGER after_row ON t;
\set SHOW_CONTEXT errors
ALTER FOREIGN TABLE t ADD CHECK (length(value) < 10);
SELECT failure($$INSERT INTO t VALUES ('k', 'f', 'q', '2024-01-01', 'much too long')$$);
CREATE TABLE parts (row_key text COLLATE "C", family text, qualifier bytea, "timestamp" timestamptz, value bytea) PARTITION BY LIST (family);
\! $CREATE p f g
CREATE FOREIGN TABLE parts_f PARTITION OF parts FOR VALUES IN ('f') SERVER bt OPTIONS (table_name 'p', layout 'cells');
CREATE TABLE parts_g PARTITION OF parts FOR VALUES IN ('g');
INSERT INTO parts VALUES ('a', 'f', 'q', '2024-01-01', 'v'), ('a', 'g', 'q', '2024-01-01', 'v'), ('b', 'f', 'q', '2024-01-01', 'v');
SELECT tableoid::regclass, row_key, family FROM parts ORDER BY row_key, family;
UPDATE parts SET value = 'w' WHERE row_key = 'a';
DELETE FROM parts WHERE row_key = 'b';
SELECT tableoid::regclass, row_key, family, value FROM parts ORDER BY row_key, family;
SELECT failure($$UPDATE parts_f SET family = 'g'$$);

-- bytes of all kinds
\! $CREATE b f
CREATE FOREIGN TABLE b (row_key bytea, family text, qualifier bytea, "timestamp" timestamptz, value bytea, labels text[]) SERVER bt OPTIONS (layout 'cells');
INSERT INTO b SELECT set_byte('\x00', 0, i), 'f', set_byte('\x0000', 1, i), '2024-01-01', set_byte('\x00', 0, 255 - i) FROM generate_series(0, 255) i;
INSERT INTO b VALUES ('\x00', 'f', '', '1970-01-01', '', '{}'), ('\x00', 'f', 'q', '2300-01-01', '', NULL);
SELECT count(*), count(*) FILTER (WHERE get_byte(qualifier, 1) = get_byte(row_key, 0)) FROM b WHERE length(qualifier) = 2;
DELETE FROM b WHERE qualifier > '\x0005' AND row_key < '\xf0';
SELECT row_key, qualifier, "timestamp", value FROM b WHERE row_key < '\xf2';

-- text
CREATE FOREIGN TABLE texts (value text, "timestamp" timestamptz, qualifier text, family text, row_key text) SERVER bt OPTIONS (table_name 'b', layout 'cells');
INSERT INTO texts (row_key, family, qualifier, value) VALUES ('ключ', 'f', 'größe', 'ü');
SELECT row_key, qualifier, value FROM texts WHERE row_key = 'ключ';
UPDATE texts SET value = 'ö' WHERE qualifier = 'größe' AND row_key LIKE 'кл%';
SELECT row_key, convert_from(qualifier, 'UTF8'), value FROM b WHERE row_key = convert_to('ключ', 'UTF8');
DELETE FROM texts WHERE row_key = 'ключ';

-- what cannot be written
SELECT failure($$INSERT INTO b VALUES (NULL, 'f', 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', NULL, 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', NULL, NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', 'q', NULL, NULL)$$);
SELECT failure($$INSERT INTO b VALUES ('', 'f', 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES (repeat('k', 5000)::bytea, 'f', 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'nosuch', 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', '', 'q', NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', repeat('q', 20000)::bytea, NULL, 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', 'q', '2024-01-01 00:00:00.000001', 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', 'q', 'infinity', 'v')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', 'q', NULL, 'v', '{label}')$$);
SELECT failure($$INSERT INTO b VALUES ('k', 'f', 'q', NULL, 'v') ON CONFLICT DO NOTHING$$);
CREATE FOREIGN TABLE lacking (row_key text, family text, qualifier text, value text) SERVER bt OPTIONS (table_name 'b', layout 'cells');
SELECT failure($$INSERT INTO lacking VALUES ('k', 'f', 'q', 'v')$$);
SELECT failure($$DELETE FROM lacking$$);
SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_name IN ('lacking', 'b') ORDER BY 1;
ALTER SERVER bt OPTIONS (ADD insert_mode 'strict', ADD write_mode 'replace');
INSERT INTO b VALUES ('k', 'f', 'q', '2024-01-01', 'v'), ('k', 'f', 'q', '2024-01-02', 'w');
SELECT count(*) FROM b WHERE row_key = 'k';
