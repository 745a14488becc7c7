-- Views over foreign tables: writes go through them, and WITH CHECK OPTION is
-- checked before a row is sent.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C");
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
CREATE VIEW remote.small AS SELECT id AS key, n AS number FROM remote.t WHERE n < 10;
CREATE VIEW local.small AS SELECT id AS key, n AS number FROM local.t WHERE n < 10;
CREATE VIEW remote.checked AS SELECT * FROM remote.t WHERE n < 10 AND v IS NOT NULL WITH CHECK OPTION;
CREATE VIEW local.checked AS SELECT * FROM local.t WHERE n < 10 AND v IS NOT NULL WITH CHECK OPTION;
CREATE VIEW remote.nested AS SELECT * FROM remote.checked WHERE n > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW local.nested AS SELECT * FROM local.checked WHERE n > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW remote.cascaded AS SELECT * FROM remote.small WHERE number > 0 WITH CASCADED CHECK OPTION;
CREATE VIEW local.cascaded AS SELECT * FROM local.small WHERE number > 0 WITH CASCADED CHECK OPTION;

-- without a check
SELECT change($$INSERT INTO small VALUES ('a', 1), ('b', 20)$$);
SELECT change($$UPDATE small SET number = 30 WHERE key = 'a' RETURNING *$$);
SELECT change($$UPDATE small SET number = 40$$);
SELECT change($$INSERT INTO small (key, number) VALUES ('c', 3), ('d', 4) RETURNING key, number$$);
SELECT change($$DELETE FROM small WHERE number = 3$$);
SELECT change($$DELETE FROM small WHERE key = 'b'$$);

-- with one; nothing of a row that fails is sent
CREATE FUNCTION test.fail_both(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('search_path');
  remote text[];
  local text[];
BEGIN
  PERFORM set_config('search_path', 'remote, test, public', false);
  remote := ARRAY(SELECT failure(command));
  PERFORM set_config('search_path', 'local, test, public', false);
  local := ARRAY(SELECT failure(command));
  PERFORM set_config('search_path', path, false);
  RETURN QUERY SELECT unnest(remote);
  RETURN NEXT CASE WHEN remote = local THEN '  the same in the local copy' ELSE '  DIFFERENT in the local copy: ' || array_to_string(local, e'\n  ') END;
END $$;
SELECT change($$INSERT INTO checked VALUES ('e', 5, 'five')$$);
SELECT fail_both($$INSERT INTO checked VALUES ('f', 60, 'sixty')$$);
SELECT fail_both($$INSERT INTO checked VALUES ('f', 6, NULL)$$);
SELECT fail_both($$INSERT INTO checked VALUES ('f', NULL, 'null')$$);
SELECT fail_both($$INSERT INTO checked VALUES ('g', 7, 'seven'), ('h', 80, 'eighty')$$);
SELECT fail_both($$INSERT INTO checked VALUES ('h', 80, 'eighty') RETURNING *$$);
SELECT fail_both($$UPDATE checked SET n = 50 WHERE id = 'e'$$);
SELECT fail_both($$UPDATE checked SET v = NULL$$);
SELECT fail_both($$UPDATE checked SET v = NULL WHERE n > 3 RETURNING *$$);
SELECT compare('SELECT * FROM t');
SELECT change($$UPDATE checked SET n = 9, v = v || '!' WHERE id = 'e' RETURNING *$$);
SELECT change($$INSERT INTO checked SELECT 'i' || i, i, 'v' FROM generate_series(1, 9) i$$);
SELECT fail_both($$INSERT INTO nested VALUES ('j', 0, 'zero')$$);
SELECT fail_both($$INSERT INTO nested VALUES ('j', 10, 'ten')$$);
SELECT change($$INSERT INTO nested VALUES ('j', 5, 'five') RETURNING *$$);
SELECT fail_both($$UPDATE nested SET n = -n$$);
SELECT fail_both($$INSERT INTO cascaded VALUES ('k', 11)$$);
SELECT fail_both($$INSERT INTO cascaded VALUES ('k', 0)$$);
SELECT change($$INSERT INTO cascaded VALUES ('k', 1)$$);
SELECT change($$DELETE FROM checked WHERE n = 5 RETURNING id$$);
SELECT change($$DELETE FROM nested WHERE id = 'i1'$$);

-- strict, and with a conflict to skip
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO checked VALUES ('e', 5, 'exists')$$);
SELECT failure($$INSERT INTO checked VALUES ('e', 50, 'exists and fails')$$);
INSERT INTO checked VALUES ('e', 5, 'exists'), ('l', 5, 'new') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO checked VALUES ('e', 5, 'exists'), ('m', 5, 'new') ON CONFLICT DO NOTHING;
\echo :ROW_COUNT
SELECT failure($$INSERT INTO checked VALUES ('e', 5, 'exists'), ('n', 50, 'too large') ON CONFLICT DO NOTHING$$);
SELECT * FROM t WHERE id IN ('e', 'l', 'm', 'n') ORDER BY id;
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode);

-- COPY
COPY small FROM stdin;
a	1
\.

-- the view's owner writes, not who uses it
CREATE ROLE regress_bigtable_view;
GRANT USAGE ON SCHEMA remote TO regress_bigtable_view;
GRANT SELECT, INSERT, UPDATE, DELETE ON checked TO regress_bigtable_view;
SET ROLE regress_bigtable_view;
INSERT INTO remote.checked VALUES ('o', 5, 'by another role');
UPDATE remote.checked SET n = 6 WHERE id = 'o';
SELECT * FROM remote.checked WHERE id = 'o';
DELETE FROM remote.checked WHERE id = 'o';
INSERT INTO remote.t VALUES ('p', 5, 'directly');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP OWNED BY regress_bigtable_view;
DROP ROLE regress_bigtable_view;
