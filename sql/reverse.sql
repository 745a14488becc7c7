-- Descending order: a reversed scan. An emulator without reversed scans says
-- so in the environment; then there is nothing to see here.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
\getenv reverse EMULATOR_REVERSE
\if :{?reverse}
\else
\set reverse yes
\endif
\if :reverse
\else
\echo skipped: this emulator has no reversed scans
\quit
\endif

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int);
INSERT INTO local.t SELECT word, 20 - i FROM unnest('{b,a,B,A,ab,äa,z,Z,éa,日,😀,a b,a-b,ab1,ab10,ab2}'::text[]) WITH ORDINALITY AS w(word, i);
\! $CREATE t f
SELECT cell(id, 'f:n', n::text) FROM local.t
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;

SELECT id FROM t ORDER BY id DESC;
SELECT check_query($$SELECT * FROM t ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id DESC NULLS LAST$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id DESC NULLS FIRST$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id USING >$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id USING ~>~$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id DESC, n$$, true);
SELECT check_query($$SELECT * FROM t WHERE id BETWEEN 'a' AND 'b' ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE id > 'a' AND id < 'b' ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE id LIKE 'ab%' OR id > 'z' ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE id IN ('z', 'a', 'b', 'x') ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE id = 'ab' ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE id < 'A' ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM t WHERE n > 10 ORDER BY id DESC$$, true);

-- with a limit
SELECT check_query($$SELECT * FROM t ORDER BY id DESC LIMIT 3$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id DESC LIMIT 3 OFFSET 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE id < 'b' ORDER BY id DESC LIMIT 1$$, true);
SELECT check_query($$SELECT * FROM t WHERE id IN ('z', 'a', 'b', 'x') ORDER BY id DESC LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t WHERE n > 10 ORDER BY id DESC LIMIT 2$$, true);
SELECT counters($$SELECT * FROM t ORDER BY id DESC LIMIT 3$$);

-- max, and both ends
SELECT p FROM plan($$SELECT max(id) FROM t WHERE id < 'b'$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT max(id) FROM t WHERE id < 'b'$$);
SELECT compare($$SELECT max(id) FROM t$$);
SELECT compare($$SELECT max(id) FROM t WHERE id < 'A'$$);
SELECT compare($$SELECT max(id) FROM t WHERE n = 10$$);
SELECT compare($$SELECT min(id), max(id) FROM t$$);

-- other types, and collations
CREATE TABLE local.b (id bytea PRIMARY KEY);
INSERT INTO local.b SELECT convert_to(id, 'UTF8') FROM local.t;
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 't');
SELECT check_query($$SELECT * FROM b ORDER BY id DESC$$, true);
SELECT check_query($$SELECT * FROM b WHERE id > '\x7a' ORDER BY id DESC LIMIT 2$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id COLLATE "und-x-icu" DESC$$, true);

-- joins of two descending scans, and again in one query
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT check_query($$SELECT x.id, y.n FROM t x JOIN t y ON x.id = y.id ORDER BY x.id DESC$$, true);
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT compare($$SELECT p, (SELECT id FROM t WHERE id < p COLLATE "C" ORDER BY id DESC LIMIT 1) FROM unnest('{A,a,b,c,日,~}'::text[]) p$$);
