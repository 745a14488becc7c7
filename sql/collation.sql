-- Collations: ranges and order only under one that sorts as bytes do, equality
-- and prefixes under any deterministic one. The operator's collation decides,
-- not the column's.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE COLLATION test.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION test.ignore_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION test.numeric (provider = icu, locale = 'und-u-kn-true');
CREATE TABLE local.c (id text COLLATE "C" PRIMARY KEY, v text COLLATE "C");
INSERT INTO local.c SELECT word, reverse(word) FROM unnest('{a,A,ä,Ä,b,B,ab,AB,aB,abc,ABC,z,Z,é,e,E,n1,n2,n10,a-b,a b,ß,ss,e01,E1}'::text[]) word;
\! $CREATE c f
SELECT cell(id, 'f:v', v) FROM local.c
\g |$LOAD c
CREATE FOREIGN TABLE c (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v') COLLATE "C") SERVER bt;
CREATE TABLE local.i (id text COLLATE "und-x-icu" PRIMARY KEY, v text COLLATE "und-x-icu");
INSERT INTO local.i SELECT * FROM local.c;
CREATE FOREIGN TABLE i (id text OPTIONS (row_key 'true') COLLATE "und-x-icu", v text OPTIONS (family 'f', qualifier 'v') COLLATE "und-x-icu") SERVER bt OPTIONS (table_name 'c');
CREATE TABLE local.n (id text COLLATE test.ignore_case, v text COLLATE test.ignore_case);
INSERT INTO local.n SELECT * FROM local.c;
CREATE FOREIGN TABLE n (id text OPTIONS (row_key 'true') COLLATE test.ignore_case, v text OPTIONS (family 'f', qualifier 'v') COLLATE test.ignore_case) SERVER bt OPTIONS (table_name 'c');

-- a C column
SELECT check_query($$SELECT id FROM c WHERE id > 'a'$$);
SELECT check_query($$SELECT id FROM c WHERE id > 'a' COLLATE "POSIX"$$);
SELECT check_query($$SELECT id FROM c WHERE id > 'a' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id BETWEEN 'a' AND 'b' COLLATE "en-US-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id = 'ab' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id <> 'ab' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id IN ('a', 'ab' COLLATE "und-x-icu")$$);
SELECT check_query($$SELECT id FROM c WHERE id LIKE 'a%' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id ^@ ('a' COLLATE "und-x-icu")$$);
SELECT check_query($$SELECT id FROM c WHERE id ~>~ ('a' COLLATE "und-x-icu")$$);
SELECT check_query($$SELECT id FROM c WHERE id > 'a' AND id < 'b' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id < 'b' OR id > 'z' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE id > 'n1' COLLATE test.numeric$$);

-- collations under which different strings are equal
SELECT check_query($$SELECT id FROM c WHERE id = 'ab' COLLATE test.ignore_case$$);
SELECT check_query($$SELECT id FROM c WHERE id <> 'ab' COLLATE test.ignore_case$$);
SELECT check_query($$SELECT id FROM c WHERE id IN ('ab' COLLATE test.ignore_case, 'z')$$);
SELECT check_query($$SELECT id FROM c WHERE id = ANY ('{ab,z}'::text[] COLLATE test.ignore_case)$$);
SELECT check_query($$SELECT id FROM c WHERE id > 'b' COLLATE test.ignore_case$$);
SELECT check_query($$SELECT id FROM c WHERE id = 'a' COLLATE test.ignore_accents$$);
SELECT check_query($$SELECT id FROM c WHERE id ~<~ 'b' COLLATE test.ignore_case$$);
SELECT compare($$SELECT id FROM c WHERE id = 'ab' OR id = 'Z' COLLATE test.ignore_case$$);
SELECT compare($$SELECT DISTINCT lower(id COLLATE test.ignore_case) FROM c$$);

-- a column of another collation
SELECT check_query($$SELECT id FROM i WHERE id > 'b'$$);
SELECT check_query($$SELECT id FROM i WHERE id > 'b' COLLATE "C"$$);
SELECT check_query($$SELECT id FROM i WHERE id = 'b'$$);
SELECT check_query($$SELECT id FROM i WHERE id LIKE 'a%'$$);
SELECT check_query($$SELECT id FROM i WHERE id IN ('a', 'b', 'x')$$);
SELECT check_query($$SELECT id FROM i WHERE id ~>=~ 'b'$$);
SELECT check_query($$SELECT id FROM i WHERE id BETWEEN 'a' AND 'b'$$);
SELECT check_query($$SELECT id FROM i WHERE (id COLLATE "C") BETWEEN 'a' AND 'b'$$);
SELECT check_query($$SELECT id FROM n WHERE id = 'ab'$$);
SELECT check_query($$SELECT id FROM n WHERE id = 'ab' COLLATE "C"$$);
SELECT check_query($$SELECT id FROM n WHERE id <> 'ab'$$);
SELECT check_query($$SELECT id FROM n WHERE id IN ('ab', 'z')$$);
SELECT check_query($$SELECT id FROM n WHERE id LIKE 'a%' COLLATE "C"$$);

-- values follow the same rules
SELECT check_query($$SELECT id FROM c WHERE v > 'b'$$);
SELECT check_query($$SELECT id FROM c WHERE v > 'b' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE v = 'b' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT id FROM c WHERE v = 'ba' COLLATE test.ignore_case$$);
SELECT check_query($$SELECT id FROM i WHERE v > 'b'$$);
SELECT check_query($$SELECT id FROM i WHERE v = 'b'$$);
SELECT check_query($$SELECT id FROM n WHERE v = 'ba'$$);
SELECT check_query($$SELECT id FROM n WHERE v = 'ba' COLLATE "C"$$);

-- joins
SET bigtable_fdw.enable_lookup_join = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
CREATE TABLE test.keys (k text COLLATE "und-x-icu");
INSERT INTO test.keys VALUES ('a'), ('AB'), ('é'), ('none');
ANALYZE test.keys;
SELECT check_query($$SELECT k, c.id FROM keys JOIN c ON c.id = k COLLATE "C"$$);
SELECT check_query($$SELECT k, c.id FROM keys JOIN c ON c.id = k COLLATE "und-x-icu"$$);
SELECT compare($$SELECT k, c.id FROM keys JOIN c ON c.id = k COLLATE test.ignore_case$$);
SELECT compare($$SELECT k, c.id FROM keys JOIN c ON c.id > k COLLATE "und-x-icu"$$);
SELECT compare($$SELECT k, n.id FROM keys JOIN n ON n.id = k COLLATE test.ignore_case$$);
SELECT compare($$SELECT c.id, n.id FROM c JOIN n ON n.id = c.id COLLATE test.ignore_case$$);
SELECT compare($$SELECT c.id, n.id FROM c JOIN n ON n.id COLLATE "C" = c.id$$);
RESET enable_hashjoin;
SELECT compare($$SELECT c.id, n.id FROM c JOIN n ON n.id = c.id COLLATE test.ignore_case$$);
SET enable_hashjoin = off;
RESET enable_mergejoin;
SET enable_nestloop = off;
SELECT compare($$SELECT c.id, n.id FROM c JOIN n ON n.id = c.id COLLATE test.ignore_case$$);
SELECT compare($$SELECT c.id, i.id FROM c JOIN i ON i.id = c.id COLLATE "und-x-icu"$$);
SELECT compare($$SELECT c.id, i.id FROM c JOIN i ON i.id = c.id COLLATE "C"$$);
RESET enable_hashjoin;
RESET enable_nestloop;

-- prepared, the collation stays with the operator
PREPARE above(text) AS SELECT count(*) FROM c WHERE id > $1 COLLATE "und-x-icu";
PREPARE equal(text) AS SELECT count(*) FROM c WHERE id = $1 COLLATE test.ignore_case;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE above('b');
EXECUTE above('b');
SELECT count(*) FROM local.c WHERE id > 'b' COLLATE "und-x-icu";
EXPLAIN (COSTS OFF) EXECUTE equal('ab');
EXECUTE equal('ab');
RESET plan_cache_mode;
