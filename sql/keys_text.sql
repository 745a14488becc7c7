-- Text keys: conditions on them become row sets, which return the same rows.
-- What depends on the collation is in collation.sql.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.words (id text COLLATE "C" PRIMARY KEY, n int NOT NULL);
INSERT INTO local.words SELECT word, i FROM unnest('{A,B,a,a#1,a#2,a%,aa,ab,abc,abd,ac,a_,a\\b,b,ba,bb,c,ca,z,zz,~,ä,äb,ß,é,日,日本,日本語,日曜,😀}'::text[])
WITH ORDINALITY AS w(word, i);
\! $CREATE words f
SELECT cell(id, 'f:n', n::text) FROM local.words
\g |$LOAD words
CREATE FOREIGN TABLE words (
  id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
  n int OPTIONS (family 'f', qualifier 'n') NOT NULL)
SERVER bt;

-- comparisons, either way round
SELECT check_query($$SELECT * FROM words$$);
SELECT check_query($$SELECT * FROM words WHERE id = 'abc'$$);
SELECT check_query($$SELECT * FROM words WHERE 'abc' = id$$);
SELECT check_query($$SELECT * FROM words WHERE id < 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id <= 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id > 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id >= 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE 'ab' < id$$);
SELECT check_query($$SELECT * FROM words WHERE id <> 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id BETWEEN 'ab' AND 'b'$$);
SELECT check_query($$SELECT * FROM words WHERE id NOT BETWEEN 'ab' AND 'b'$$);
SELECT check_query($$SELECT * FROM words WHERE id BETWEEN SYMMETRIC 'b' AND 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id >= 'ab' AND id < 'b' AND id > 'abc'$$);
SELECT check_query($$SELECT * FROM words WHERE id = 'not there'$$);
SELECT check_query($$SELECT * FROM words WHERE id > 'ä' AND id <= '日本'$$);

-- lists
SELECT check_query($$SELECT * FROM words WHERE id IN ('z', 'b', 'b', 'x', 'a#1')$$);
SELECT check_query($$SELECT * FROM words WHERE id NOT IN ('z', 'b', 'x')$$);
SELECT check_query($$SELECT * FROM words WHERE id = ANY ('{z,NULL,b}')$$);
SELECT check_query($$SELECT * FROM words WHERE id = ANY ('{{z,b},{a,c}}')$$);
SELECT check_query($$SELECT * FROM words WHERE id <> ALL ('{z,b}')$$);
SELECT check_query($$SELECT * FROM words WHERE id = ALL ('{z,z}')$$);
SELECT check_query($$SELECT * FROM words WHERE id < ANY ('{ab,b}')$$);
SELECT check_query($$SELECT * FROM words WHERE id IN ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')$$);
SELECT check_query($$SELECT * FROM words WHERE id IN ('a', 'z') AND id < 'b'$$);

-- prefixes
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'ab%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE '日%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE '%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE '%b'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a_'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a\_%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a\%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a\\b'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a%b%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a%%'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a#%' ESCAPE '#'$$);
SELECT check_query($$SELECT * FROM words WHERE id NOT LIKE 'a%'$$);
SELECT check_query($$SELECT * FROM words WHERE id ILIKE 'A%'$$);
SELECT check_query($$SELECT * FROM words WHERE id ^@ 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE starts_with(id, 'a#')$$);
SELECT check_query($$SELECT * FROM words WHERE id ^@ ''$$);
SELECT check_query($$SELECT * FROM words WHERE 'abc' ^@ id$$);
SELECT check_query($$SELECT * FROM words WHERE id ~ '^ab'$$);
SELECT failure($$SELECT * FROM words WHERE id LIKE 'a\'$$);

-- the pattern operators compare bytes under any collation
SELECT check_query($$SELECT * FROM words WHERE id ~<~ 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id ~<=~ 'ab' COLLATE "und-x-icu"$$);
SELECT check_query($$SELECT * FROM words WHERE id ~>~ 'ß' AND id ~<=~ '日本' COLLATE "en-US-x-icu"$$);
SELECT check_query($$SELECT * FROM words WHERE 'ab' ~>=~ id$$);

-- AND, OR and NOT of these
SELECT check_query($$SELECT * FROM words WHERE id = 'a' OR id > 'ß' OR id BETWEEN 'b' AND 'bb'$$);
SELECT check_query($$SELECT * FROM words WHERE (id > 'a' AND id < 'b') OR (id > 'aa' AND id < 'c')$$);
SELECT check_query($$SELECT * FROM words WHERE (id LIKE 'a%' OR id LIKE 'b%') AND id >= 'ab'$$);
SELECT check_query($$SELECT * FROM words WHERE id LIKE 'a%' AND id <> 'ab' AND id NOT IN ('ac', 'aa')$$);
SELECT check_query($$SELECT * FROM words WHERE NOT (id < 'b' OR id > 'c')$$);
SELECT check_query($$SELECT * FROM words WHERE NOT (id LIKE 'a%' AND id > 'ab')$$);
SELECT check_query($$SELECT * FROM words WHERE id = 'a' OR n = 5$$);
SELECT check_query($$SELECT * FROM words WHERE (id = 'a' OR id = 'ab') AND (n = 3 OR n = 7)$$);
SELECT check_query($$SELECT * FROM words WHERE (id = 'a' AND n = 3) OR (id = 'b' AND n = 0)$$);
SELECT check_query($$SELECT * FROM words WHERE (id LIKE 'a%b' OR id = 'c') AND id <> 'zz'$$);

-- rows as values
SELECT check_query($$SELECT * FROM words WHERE (id, n) > ('ab', 8)$$);
SELECT check_query($$SELECT * FROM words WHERE (id, n) = ('ab', 8)$$);
SELECT check_query($$SELECT * FROM words WHERE (id, n) IN (('ab', 8), ('b', 0))$$);

-- expressions that are constant during the scan, and such that are not
SELECT check_query($$SELECT * FROM words WHERE id = lower('AB')$$);
SELECT compare($$SELECT * FROM words WHERE id = 'a' || (SELECT max(x) FROM (VALUES ('a'), ('b')) v(x))$$);
SELECT check_query($$SELECT * FROM words WHERE id > id$$);
SELECT check_query($$SELECT * FROM words WHERE lower(id) = 'a'$$);
SELECT check_query($$SELECT * FROM words WHERE id = CASE WHEN random() >= 0 THEN 'a' END$$);
SELECT check_query($$SELECT * FROM words WHERE id = 'a' || n$$);

-- varchar
CREATE TABLE local.words_v (id varchar(10) COLLATE "C" PRIMARY KEY);
INSERT INTO local.words_v SELECT id FROM local.words;
CREATE FOREIGN TABLE words_v (id varchar(10) OPTIONS (row_key 'true') COLLATE "C") SERVER bt OPTIONS (table_name 'words');
SELECT check_query($$SELECT * FROM words_v WHERE id = 'abc'$$);
SELECT check_query($$SELECT * FROM words_v WHERE id >= 'b'::varchar AND id < 'c'::text$$);
SELECT check_query($$SELECT * FROM words_v WHERE id IN ('a', 'b')$$);
SELECT check_query($$SELECT * FROM words_v WHERE id = ANY ('{a,b}'::varchar[])$$);
SELECT check_query($$SELECT * FROM words_v WHERE id LIKE 'ab%'$$);
SELECT check_query($$SELECT * FROM words_v WHERE id <> 'a'$$);
SELECT check_query($$SELECT * FROM words_v WHERE id = 'a '::char(3)$$);
-- tests for NULL, which no key is (the planner knows that of a column that is NOT NULL)
SELECT check_query($$SELECT * FROM words_v WHERE id IS NOT NULL$$);
SELECT check_query($$SELECT * FROM words_v WHERE id IS NOT NULL AND id < 'a'$$);
SELECT check_query($$SELECT * FROM words_v WHERE id IS NULL$$);
SELECT check_query($$SELECT * FROM words_v WHERE id IS NULL OR id < 'a'$$);
SELECT check_query($$SELECT * FROM words WHERE id IS DISTINCT FROM 'a'$$);
SELECT check_query($$SELECT * FROM words WHERE id IS NOT DISTINCT FROM 'a'$$);

-- string types that are not compared as bytes
CREATE TABLE local.words_c (id char(4) COLLATE "C" PRIMARY KEY);
INSERT INTO local.words_c SELECT id FROM local.words;
CREATE FOREIGN TABLE words_c (id char(4) OPTIONS (row_key 'true') COLLATE "C") SERVER bt OPTIONS (table_name 'words');
SELECT check_query($$SELECT * FROM words_c WHERE id = 'ab  '$$);
SELECT check_query($$SELECT * FROM words_c WHERE id::text = 'ab'$$);
SELECT check_query($$SELECT * FROM words_c WHERE id LIKE 'ab%'$$);
CREATE TABLE local.words_n (id name COLLATE "C" PRIMARY KEY);
INSERT INTO local.words_n SELECT id FROM local.words;
CREATE FOREIGN TABLE words_n (id name OPTIONS (row_key 'true') COLLATE "C") SERVER bt OPTIONS (table_name 'words');
SELECT check_query($$SELECT * FROM words_n WHERE id = 'ab'$$);
SELECT check_query($$SELECT * FROM words_n WHERE id > 'b'::text$$);
SELECT check_query($$SELECT * FROM words WHERE id = 'ab'::name$$);
