-- Bytea keys: any bytes, compared as bytes.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.blobs (k bytea PRIMARY KEY, n int NOT NULL);
INSERT INTO local.blobs SELECT k, row_number() OVER () FROM (VALUES
  ('\x00'::bytea), ('\x0000'), ('\x0001'), ('\x00ff'), ('\x01'), ('\x0100'), ('\x20'), ('\x25'), ('\x2525'), ('\x5c'), ('\x5f'),
  ('a'), ('a\000'), ('a\000\000'), ('a\000b'), ('a\001'), ('a%'), ('a\\b'), ('ab'), ('a\377'), ('a\377\377'), ('b'), ('\x7f'), ('\x80'),
  ('\xfe'), ('\xfeff'), ('\xff'), ('\xff00'), ('\xffff'), ('\xffff00'), ('\xffffff'), ('line\012feed'), ('"quoted"')) v(k);
\! $CREATE blobs f
SELECT cell(k, 'f:n', n::text) FROM local.blobs
\g |$LOAD blobs
CREATE FOREIGN TABLE blobs (k bytea OPTIONS (row_key 'true') NOT NULL, n int OPTIONS (family 'f', qualifier 'n') NOT NULL) SERVER bt;

SELECT check_query($$SELECT * FROM blobs$$);
SELECT k FROM blobs;
SELECT count(*) FROM local.blobs;

-- comparisons
SELECT check_query($$SELECT * FROM blobs WHERE k = '\x00'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k = 'a\000\000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k = ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k >= ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k < ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k <= ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k <> ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k < '\x00'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k <= '\x00'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > '\x00'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k < '\x0000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > 'a' AND k < 'a\000\000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > 'a' AND k <= 'a\000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > 'a' AND k < 'a\000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k >= 'a' AND k < 'a\000'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k >= '\xff'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > '\xffff'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k > '\xffffffff'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k < '\xffff'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k <> '\xff'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k BETWEEN '\x80' AND '\xfe'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k BETWEEN '\xfe' AND '\x80'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k IN ('\x00', '', '\xff', 'a\000b', 'line\012feed', '"quoted"')$$);
SELECT check_query($$SELECT * FROM blobs WHERE k = ANY (ARRAY['\xff'::bytea, NULL, '\x0000'])$$);
SELECT check_query($$SELECT * FROM blobs WHERE k NOT IN ('\x00', '\xff')$$);

-- LIKE works byte by byte
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE 'a%'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE 'a\\000%'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\xff25'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\xffff25'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\x0025'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\x00'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '%'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE ''$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\xff5f'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE 'a\\\\%'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\\%'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE '\\%%'$$);

-- combined
SELECT check_query($$SELECT * FROM blobs WHERE k LIKE 'a%' AND k > 'a\001' OR k = '\xff' OR k < '\x0001'$$);
SELECT check_query($$SELECT * FROM blobs WHERE (k < 'a' OR k > 'b') AND (k < '\x01' OR k > '\xfe')$$);
SELECT check_query($$SELECT * FROM blobs WHERE k < '\x01' AND k > '\xfe'$$);
SELECT check_query($$SELECT * FROM blobs WHERE k <> 'a' AND k <> 'b' AND k <> '\x80'$$);

-- not comparable byte by byte
SELECT check_query($$SELECT * FROM blobs WHERE substring(k, 1, 1) = 'a'$$);
SELECT check_query($$SELECT * FROM blobs WHERE length(k) = 3$$);

-- ordered by key
SELECT check_query($$SELECT * FROM blobs ORDER BY k$$, true);
SELECT check_query($$SELECT * FROM blobs WHERE k > 'a' ORDER BY k LIMIT 3$$, true);

-- the setting is about output
SET bytea_output = 'escape';
SELECT k FROM blobs WHERE k >= '\xff';
RESET bytea_output;
