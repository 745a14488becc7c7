-- Order: rows come in the order of the key's bytes, so no sort is needed where
-- the order asked for is that one. Descending order is in reverse.sql.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int);
INSERT INTO local.t SELECT word, 20 - i FROM unnest('{b,a,B,A,ab,äa,z,Z,éa,日,😀,a b,a-b,ab1,ab10,ab2}'::text[]) WITH ORDINALITY AS w(word, i);
\! $CREATE t f
SELECT cell(id, 'f:n', n::text) FROM local.t
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;

SELECT id FROM t ORDER BY id;
SELECT check_query($$SELECT * FROM t ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id NULLS LAST$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id NULLS FIRST$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id USING <$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id USING ~<~$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id, n$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id, n DESC, n + 1$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY n$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY n, id$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id || 'x'$$, true);
SELECT check_query($$SELECT * FROM t WHERE id > 'a' AND n > 5 ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM t WHERE id IN ('z', 'a', 'b') ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM t WHERE id = 'a' ORDER BY id$$, true);
SELECT check_query($$SELECT id FROM t ORDER BY 1$$, true);
SELECT compare($$SELECT DISTINCT id FROM t ORDER BY id$$, true);
SELECT check_query($$SELECT DISTINCT ON (id) id, n FROM t ORDER BY id, n$$, true);

-- collations: judged where the sort is, not where the column is
SELECT check_query($$SELECT * FROM t ORDER BY id COLLATE "POSIX"$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id COLLATE "und-x-icu"$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id COLLATE "en-US-x-icu" LIMIT 3$$, true);
SELECT check_query($$SELECT * FROM t ORDER BY id COLLATE "und-x-icu" USING ~<~$$, true);
CREATE TABLE local.i (id text COLLATE "und-x-icu" PRIMARY KEY, n int);
INSERT INTO local.i SELECT * FROM local.t;
CREATE FOREIGN TABLE i (id text OPTIONS (row_key 'true') COLLATE "und-x-icu", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt OPTIONS (table_name 't');
SELECT check_query($$SELECT * FROM i ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM i ORDER BY id COLLATE "C"$$, true);
SELECT check_query($$SELECT * FROM i ORDER BY id USING ~<~$$, true);
SELECT check_query($$SELECT min(id) FROM i$$);
SELECT p FROM plan($$SELECT min(id COLLATE "C") FROM i$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT min(id COLLATE "C") FROM i$$);

-- min
SELECT p FROM plan($$SELECT min(id) FROM t WHERE id >= 'b'$$) p WHERE p !~ 'Result|InitPlan';
SELECT compare($$SELECT min(id) FROM t$$);
SELECT compare($$SELECT min(id) FROM t WHERE id >= 'b'$$);
SELECT compare($$SELECT min(id) FROM t WHERE id > '😀'$$);
SELECT compare($$SELECT min(id) FROM t WHERE n < 10$$);
SELECT compare($$SELECT min(n), min(id) FROM t$$);

-- varchar and bytea
CREATE TABLE local.v (id varchar(10) COLLATE "C" PRIMARY KEY);
INSERT INTO local.v SELECT id FROM local.t;
CREATE FOREIGN TABLE v (id varchar(10) OPTIONS (row_key 'true') COLLATE "C") SERVER bt OPTIONS (table_name 't');
SELECT check_query($$SELECT * FROM v ORDER BY id$$, true);
SELECT check_query($$SELECT * FROM v WHERE id >= 'a' ORDER BY id LIMIT 2$$, true);
CREATE TABLE local.b (id bytea PRIMARY KEY);
INSERT INTO local.b SELECT convert_to(id, 'UTF8') FROM local.t;
CREATE FOREIGN TABLE b (id bytea OPTIONS (row_key 'true')) SERVER bt OPTIONS (table_name 't');
SELECT check_query($$SELECT * FROM b ORDER BY id$$, true);

-- merge joins, groups and windows profit as well
SET enable_hashjoin = off;
SET enable_nestloop = off;
SET bigtable_fdw.enable_lookup_join = off;
SELECT check_query($$SELECT x.id, y.n FROM t x JOIN t y ON x.id = y.id$$);
SELECT compare($$SELECT x.id, y.n FROM t x FULL JOIN (SELECT * FROM t WHERE id > 'a') y ON x.id = y.id$$);
SELECT check_query($$SELECT x.id, y.n FROM i x JOIN t y ON x.id COLLATE "C" = y.id$$);
SELECT check_query($$SELECT x.id, y.id FROM i x JOIN i y ON x.id = y.id$$);
RESET enable_hashjoin;
RESET enable_nestloop;
RESET bigtable_fdw.enable_lookup_join;
SET enable_hashagg = off;
SELECT check_query($$SELECT id, count(*) FROM t GROUP BY id$$);
RESET enable_hashagg;
SELECT check_query($$SELECT id FROM t WHERE id < 'b' UNION ALL SELECT id FROM t WHERE id > 'z' ORDER BY id$$, true);
SELECT compare($$SELECT id, row_number() OVER (ORDER BY id), lag(id) OVER (ORDER BY id) FROM t$$);

