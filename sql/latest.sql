-- Only the newest cell of each column counts: older versions are never shown,
-- and never match a condition.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- the versions, and what they come to
CREATE TABLE local.versions (id text, col text, ms int, value bytea);
INSERT INTO local.versions VALUES
  ('a', 't', 1, 'old'), ('a', 't', 2, 'new'), ('a', 'i', 1, int8send(1)), ('a', 'i', 3, int8send(3)), ('a', 'i', 2, int8send(2)),
  ('b', 't', 3, 'old'), ('b', 't', 1, 'new'), ('b', 'i', 5, int4send(-1)),
  ('c', 't', 2, ''), ('c', 't', 1, 'old'), ('c', 'i', 1, int8send(7)), ('c', 'i', 9, ''),
  ('d', 'i', 1, 'cannot be decoded'), ('d', 'i', 2, int2send(2::int2)),
  ('e', 'x', 4, 'old'), ('e', 'x', 2, 'new'),
  ('f', 't', 1, 'old'), ('f', 't', 2, '\xff');
CREATE TABLE local.newest (id text COLLATE "C" PRIMARY KEY, t text, i bigint, t_at timestamptz, i_at timestamptz);
INSERT INTO local.newest VALUES
  ('a', 'new', 3, '1970-01-01 00:00:00.002+00', '1970-01-01 00:00:00.003+00'), ('b', 'old', -1, '1970-01-01 00:00:00.003+00', '1970-01-01 00:00:00.005+00'),
  ('c', '', NULL, '1970-01-01 00:00:00.002+00', '1970-01-01 00:00:00.009+00'), ('d', NULL, 2, NULL, '1970-01-01 00:00:00.002+00'), ('e', NULL, NULL, NULL, NULL);
\! $CREATE versions f
SELECT cell(id, 'f:' || col, value, ms * 1000) FROM local.versions
\g |$LOAD versions
CREATE FOREIGN TABLE newest (
  id text OPTIONS (row_key 'true') COLLATE "C",
  t text OPTIONS (family 'f', qualifier 't'),
  i bigint OPTIONS (family 'f', qualifier 'i', encoding 'binary'),
  t_at timestamptz OPTIONS (family 'f', qualifier 't', cell 'timestamp'),
  i_at timestamptz OPTIONS (family 'f', qualifier 'i', cell 'timestamp'))
SERVER bt OPTIONS (table_name 'versions');

SELECT * FROM newest WHERE id < 'f';
SELECT plan('SELECT * FROM newest', 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT * FROM newest WHERE id < 'f'$$);
SELECT compare($$SELECT t FROM newest WHERE id < 'f'$$);
SELECT compare($$SELECT i FROM newest WHERE id < 'f'$$);
SELECT compare($$SELECT t_at FROM newest WHERE id < 'f'$$);
SELECT compare($$SELECT id FROM newest WHERE id < 'f'$$);
SELECT count(*) FROM newest;

-- values: the test comes after the choice of the newest cell
SELECT plan($$SELECT * FROM newest WHERE t = 'old'$$, 'COSTS OFF, VERBOSE');
SELECT plan($$SELECT t FROM newest WHERE t = 'old'$$, 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT * FROM newest WHERE t = 'old'$$);
SELECT compare($$SELECT t FROM newest WHERE t = 'old'$$);
SELECT compare($$SELECT id FROM newest WHERE t = 'old'$$);
SELECT compare($$SELECT count(*) FROM newest WHERE t = 'old'$$);
SELECT compare($$SELECT t FROM newest WHERE t = 'new'$$);
SELECT compare($$SELECT t FROM newest WHERE t IN ('new', 'old')$$);
SELECT compare($$SELECT t FROM newest WHERE t = ''$$);
SELECT compare($$SELECT t FROM newest WHERE t < 'o' COLLATE "C"$$);
SELECT compare($$SELECT id, t FROM newest WHERE t LIKE 'o%'$$);
SELECT compare($$SELECT i FROM newest WHERE i = 1$$);
SELECT compare($$SELECT i FROM newest WHERE i < 3$$);
SELECT compare($$SELECT i FROM newest WHERE i = 7$$);
SELECT compare($$SELECT * FROM newest WHERE i > 0$$);
SELECT compare($$SELECT * FROM newest WHERE i BETWEEN -5 AND 2 AND t = 'old'$$);
SELECT compare($$SELECT t FROM newest WHERE i = 3 AND t = 'old'$$);
SELECT compare($$SELECT id FROM newest WHERE i IS NOT NULL AND id < 'f'$$);
SELECT compare($$SELECT id FROM newest WHERE t IS NOT NULL AND id < 'f'$$);

-- timestamps, too
SELECT plan($$SELECT * FROM newest WHERE t_at = '1970-01-01 00:00:00.001+00'$$, 'COSTS OFF, VERBOSE');
SELECT compare($$SELECT id FROM newest WHERE t_at = '1970-01-01 00:00:00.001+00'$$);
SELECT compare($$SELECT id, t_at FROM newest WHERE t_at = '1970-01-01 00:00:00.002+00' AND id < 'f'$$);
SELECT compare($$SELECT id, t_at FROM newest WHERE t_at < '1970-01-01 00:00:00.003+00' AND id < 'f'$$);
SELECT compare($$SELECT t_at FROM newest WHERE t_at < '1970-01-01 00:00:00.002+00' AND id < 'f'$$);
SELECT compare($$SELECT t FROM newest WHERE t_at > '1970-01-01 00:00:00.002+00' AND id < 'f'$$);
SELECT compare($$SELECT i FROM newest WHERE i_at <= '1970-01-01 00:00:00.003+00'$$);

-- what is too old to count need not be decodable; what counts must be
SELECT i FROM newest WHERE id = 'd';
SELECT failure($$SELECT t FROM newest$$);
SELECT failure($$SELECT t FROM newest WHERE t >= 'x' COLLATE "C"$$);
SELECT count(*) FROM newest WHERE t = 'old';
