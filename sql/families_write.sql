-- Whole families and rows as jsonb: writing. What is written is compared with a
-- local copy, and the cells with what btload reads.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t tag n
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", tag jsonb OPTIONS (family 'tag'), n jsonb OPTIONS (family 'n', encoding 'binary')) SERVER bt;
CREATE TABLE local.t (id text COLLATE "C", tag jsonb, n jsonb);
SELECT change($$INSERT INTO t VALUES ('a', '{"color": "red", "size": "", "größe": "üß"}', '{"visits": 7, "low": -9223372036854775808}'), ('b', '{"\\x00ff": "key", "bin": {"$bin": "/wA="}, "\\x5c783431": "backslash"}', NULL),
  ('c', NULL, '{"text": "abc", "bin": {"$bin": "//8="}}'), ('d', '{"": "empty"}', NULL)$$);
\set cells `$READ t`
SELECT * FROM written(:'cells');
-- UPDATE writes what has changed, and deletes what is gone
SELECT change($$UPDATE t SET tag = tag - 'size' || '{"color": "blue", "new": "1"}' WHERE id = 'a'$$);
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'a tag:%';
SELECT change($$UPDATE t SET n = jsonb_set(n, '{visits}', to_jsonb((n->>'visits')::bigint + 1)) WHERE id = 'a'$$);
SELECT change($$UPDATE t SET tag = '{"only": "x"}' WHERE id IN ('b', 'c')$$);
SELECT change($$UPDATE t SET tag = NULL WHERE id = 'a'$$);
SELECT change($$UPDATE t SET tag = tag WHERE id = 'b'$$);
SELECT change($$UPDATE t SET tag['k'] = '"v"' WHERE tag ? 'only'$$);
SELECT change($$UPDATE t SET tag = '{}', n = '{"x": 1}' WHERE id = 'd'$$, $$UPDATE t SET tag = NULL, n = '{"x": 1}' WHERE id = 'd'$$);
SELECT change($$DELETE FROM t WHERE n ? 'x'$$);
SELECT change($$INSERT INTO t VALUES ('e', '{"r": "1"}', NULL) RETURNING id, tag, n$$);
SELECT failure($$UPDATE t SET tag = NULL WHERE id = 'e'$$);
SELECT failure($$INSERT INTO t VALUES ('f', '{}', NULL)$$);
-- an empty object has no cells, and is read as NULL
INSERT INTO t VALUES ('g', '{}', '{"x": 1}');
SELECT * FROM t WHERE id = 'g';
-- COPY
COPY t FROM stdin;
h	{"a": "1", "b": "2"}	{"c": 3}
i	\N	{"d": 4}
\.
SELECT * FROM t WHERE id IN ('h', 'i') ORDER BY id;
-- INSERT adds cells to a row that is there, UPDATE makes it what it says; with
-- write_mode replace older versions go
INSERT INTO t VALUES ('h', '{"b": "3", "z": "4"}', NULL);
SELECT tag FROM t WHERE id = 'h';
ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'replace');
INSERT INTO t VALUES ('h', '{"b": "5"}', NULL);
UPDATE t SET tag = tag || '{"a": "6"}' WHERE id = 'h';
\set cells `$READ t`
SELECT * FROM written(:'cells') w WHERE w LIKE 'h tag:%';
ALTER FOREIGN TABLE t OPTIONS (DROP write_mode);

-- what would not be read back as it is
SELECT value, f.* FROM unnest('{"\"text\"",[1],"{\"k\": null}","{\"k\": 1}","{\"k\": true}","{\"k\": [1]}","{\"k\": {}}","{\"k\": {\"$bin\": 1}}","{\"k\": {\"$bin\": \"?\"}}","{\"k\": {\"$bin\": \"YQ==\", \"x\": \"\"}}","{\"\\\\x41\": \"a\"}","{\"\\\\xgg\": \"a\"}"}'::text[]) value,
  LATERAL (SELECT failure(format('INSERT INTO t (id, tag) VALUES (%L, %L)', 'x', value))) f;
SELECT value, f.* FROM unnest('{"{\"k\": \"eight by\"}","{\"k\": 1.5}","{\"k\": 9223372036854775808}","{\"k\": 1e30}"}'::text[]) value,
  LATERAL (SELECT failure(format('INSERT INTO t (id, n) VALUES (%L, %L)', 'x', value))) f;
INSERT INTO t (id, n) VALUES ('num', '{"k": 1.0, "b": {"$bin": "AAAAAAAAAAU="}}');
SELECT n FROM t WHERE id = 'num';
SELECT failure(format('INSERT INTO t (id, tag) VALUES (%L, %L)', 'x', jsonb_build_object(repeat('k', 16385), 'v')));

-- ---- whole rows ----
CREATE FOREIGN TABLE r (id text OPTIONS (row_key 'true') COLLATE "C", doc jsonb OPTIONS (row_json 'true')) SERVER bt;
CREATE TABLE local.r (id text COLLATE "C", doc jsonb);
\! $CREATE r a b
SELECT change($$INSERT INTO r VALUES ('x', '{"a": {"q": "1", "r": "2"}, "b": {"s": {"$bin": "/w=="}}}'), ('y', '{"b": {"t": "3"}}')$$, query => 'SELECT * FROM r');
SELECT change($$UPDATE r SET doc = '{"a": {"r": "2", "u": "4"}}' WHERE id = 'x'$$, query => 'SELECT * FROM r');
SELECT change($$UPDATE r SET doc = jsonb_set(doc, '{b,t}', '"5"') WHERE id = 'y'$$, query => 'SELECT * FROM r');
\set cells `$READ r`
SELECT * FROM written(:'cells');
SELECT value, f.* FROM unnest('{"{\"a\": 1}",[],"{\"a\": {\"q\": 1}}","{\"a b\": {\"q\": \"1\"}}","{\"\": {\"q\": \"1\"}}","{}","{\"a\": {}}","{\"no\": {\"q\": \"1\"}}"}'::text[]) value,
  LATERAL (SELECT failure(format('INSERT INTO r VALUES (%L, %L)', 'z', value))) f;
SELECT failure($$UPDATE r SET doc = NULL WHERE id = 'x'$$);
SELECT failure($$UPDATE r SET doc = '{"a": {}}' WHERE id = 'x'$$);
SELECT change($$DELETE FROM r WHERE doc->'a' ? 'u'$$, query => 'SELECT * FROM r');
