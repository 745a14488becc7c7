-- Constraints, generated columns and defaults: a foreign table's are enforced as
-- a local table's, before anything of the row is sent.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

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
CREATE SEQUENCE test.numbers;
CREATE SEQUENCE test.local_numbers;
CREATE FUNCTION test.quiet(x int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT x * 10';

CREATE TABLE local.t (
  id text COLLATE "C" PRIMARY KEY, n int NOT NULL, v text COLLATE "C" DEFAULT 'default ' || 1 CHECK (v <> 'bad'), m int CHECK (m > 0),
  g int GENERATED ALWAYS AS (quiet(n) + 1) STORED, s int NOT NULL DEFAULT nextval('test.local_numbers'), CONSTRAINT both_columns CHECK (n < m));
\! $CREATE t f
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL, n int OPTIONS (family 'f', qualifier 'n', encoding 'binary') NOT NULL,
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C" DEFAULT 'default ' || 1 CHECK (v <> 'bad'), m int OPTIONS (family 'f', qualifier 'm') CHECK (m > 0),
  g int OPTIONS (family 'f', qualifier 'g', encoding 'binary') GENERATED ALWAYS AS (quiet(n) + 1) STORED, s int OPTIONS (family 'f', qualifier 's') NOT NULL DEFAULT nextval('test.numbers'),
  CONSTRAINT both_columns CHECK (n < m)) SERVER bt;

-- defaults and generated columns
SELECT change($$INSERT INTO t (id, n) VALUES ('a', 1), ('b', 2)$$);
SELECT change($$INSERT INTO t (id, n, v, m) VALUES ('c', 3, DEFAULT, 4), ('d', 5, NULL, 6) RETURNING *$$);
SELECT change($$INSERT INTO t (id, n, g, s) VALUES ('e', 7, DEFAULT, 100)$$);
COPY t (id, n) FROM stdin;
f	8
\.
COPY local.t (id, n) FROM stdin;
f	8
\.
SELECT change($$UPDATE t SET n = n + 10, m = NULL RETURNING *$$);
SELECT change($$UPDATE t SET v = DEFAULT, g = DEFAULT WHERE id = 'd'$$);
SELECT change($$UPDATE t SET s = 0 WHERE id = 'd'$$);
\set cells `$READ t`
SELECT compare_cells(lines, $$SELECT line FROM local.t, LATERAL (VALUES
  (cell(id, 'f:n', int4send(n))), (cell(id, 'f:v', v)), (cell(id, 'f:m', m::text)), (cell(id, 'f:g', int4send(g))), (cell(id, 'f:s', s::text))) c(line)$$)
FROM (SELECT string_agg(line, e'\n') AS lines FROM (SELECT DISTINCT ON (key, col) cell(key, col, value) AS line FROM cells(:'cells') ORDER BY key, col, ts DESC) c) l;
SELECT fail_both($$INSERT INTO t (id, n, g) VALUES ('x', 1, 2)$$);
SELECT fail_both($$UPDATE t SET g = 2$$);

-- constraints; the table of a row that fails is left as it is
SELECT fail_both($$INSERT INTO t (id, n, s) VALUES ('x', NULL, 1)$$);
SELECT fail_both($$INSERT INTO t (id, n, s, v) VALUES ('x', 1, 1, 'bad')$$);
SELECT fail_both($$INSERT INTO t (id, n, s, m) VALUES ('x', -5, 1, 0)$$);
SELECT fail_both($$INSERT INTO t (id, n, s, m) VALUES ('x', 5, 1, 5)$$);
SELECT fail_both($$INSERT INTO t (id, n, s) VALUES ('x', 1, NULL)$$);
SELECT fail_both($$INSERT INTO t (id, n, s, m) VALUES ('y', 1, 1, 2), ('x', 2, 2, 2)$$);
SELECT fail_both($$INSERT INTO t (id, n, s, m) VALUES ('y', 1, 1, 2), ('x', 2, 2, 2) RETURNING *$$);
SELECT fail_both($$UPDATE t SET n = NULL$$);
SELECT fail_both($$UPDATE t SET v = 'bad' WHERE id = 'a'$$);
SELECT fail_both($$UPDATE t SET m = n WHERE id = 'a'$$);
SELECT fail_both($$UPDATE t SET m = 1 WHERE id = 'b' RETURNING *$$);
SELECT fail_both($$INSERT INTO t (id, n, s) VALUES (NULL, 1, 1)$$);
SELECT failure($$COPY t (id, n, s) FROM PROGRAM 'printf "y\\t1\\t1\\nx\\t\\\\N\\t1\\n"'$$);
SELECT compare('SELECT * FROM t');
ALTER FOREIGN TABLE t OPTIONS (ADD insert_mode 'strict');
SELECT failure($$INSERT INTO t (id, n, s) VALUES ('x', NULL, 1)$$);
SELECT failure($$INSERT INTO t (id, n, s, v) VALUES ('x', 1, 1, 'bad') ON CONFLICT DO NOTHING$$);
ALTER FOREIGN TABLE t OPTIONS (DROP insert_mode);
SELECT compare('SELECT * FROM t');

-- NOT NULL that rows do not keep: a row that is read without the cell is not changed silently
SELECT cell('incomplete', 'f:v', 'no n')
\g |$LOAD t
SELECT failure($$UPDATE t SET v = 'x' WHERE id = 'incomplete'$$);
UPDATE t SET n = 1, s = 1 WHERE id = 'incomplete';
SELECT * FROM t WHERE id = 'incomplete';
DELETE FROM t WHERE id = 'incomplete';

-- constraints that are added or not valid
ALTER FOREIGN TABLE t ADD CONSTRAINT late CHECK (length(id) < 3) NOT VALID;
ALTER TABLE local.t ADD CONSTRAINT late CHECK (length(id) < 3) NOT VALID;
SELECT fail_both($$INSERT INTO t (id, n, s) VALUES ('long', 1, 1)$$);
SELECT change($$INSERT INTO t (id, n, s) VALUES ('ok', 1, 1)$$);

-- what a foreign table cannot have
SELECT failure($$ALTER FOREIGN TABLE t ADD PRIMARY KEY (id)$$);
SELECT failure($$ALTER FOREIGN TABLE t ADD UNIQUE (v)$$);
SELECT failure($$CREATE INDEX ON t (v)$$);

-- a generated column as the key
\! $CREATE generated f
CREATE FOREIGN TABLE generated (a int OPTIONS (family 'f', qualifier 'a'), b text OPTIONS (family 'f', qualifier 'b') COLLATE "C", k text OPTIONS (row_key 'true') GENERATED ALWAYS AS (lpad(a::text, 3, '0') || '#' || b) STORED) SERVER bt;
INSERT INTO generated (a, b) VALUES (1, 'x'), (20, 'y');
SELECT * FROM generated ORDER BY k;
SELECT failure($$UPDATE generated SET a = 2 WHERE k = '001#x'$$);
UPDATE generated SET a = a WHERE k = '001#x';
SELECT failure($$INSERT INTO generated (a) VALUES (1)$$);
DELETE FROM generated WHERE a = 20;
SELECT * FROM generated;

-- identity
CREATE FOREIGN TABLE serials (id bigserial OPTIONS (row_key 'true', encoding 'binary'), v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 'serials');
\! $CREATE serials f
INSERT INTO serials (v) VALUES ('one'), ('two') RETURNING *;
SELECT * FROM serials ORDER BY id;
