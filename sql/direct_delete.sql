-- DELETE by conditions on the key alone: no value is read. Each form has its
-- plan, and its rows compared with a local copy.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n bigint, m bigint, v text COLLATE "C", i int);
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n bigint OPTIONS (family 'f', qualifier 'n', encoding 'binary'), m bigint OPTIONS (family 'g', qualifier 'm', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", i int OPTIONS (family 'f', qualifier 'i', encoding 'binary')) SERVER bt;
CREATE FUNCTION test.fill() RETURNS text LANGUAGE sql AS $$
  TRUNCATE remote.t, local.t;
  INSERT INTO local.t SELECT 'k' || i, i, i * 10, 'v' || i, i FROM generate_series(10, 40) i;
  INSERT INTO remote.t SELECT * FROM local.t;
  SELECT compare('SELECT * FROM t');
$$;
-- The plan, then what the command does.
CREATE FUNCTION test.check_change(command text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT plan(command) UNION ALL SELECT change(command)
$$;
-- Does the plan read rows?
CREATE FUNCTION test.kind(command text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT CASE WHEN bool_or(p ~ 'Foreign (Update|Delete)') THEN 'direct' ELSE 'reads first' END FROM plan(command) p
$$;
SELECT fill();

-- DELETE by keys: no row is read, and the number is that of the keys
SELECT fill();
SELECT check_change($$DELETE FROM t WHERE id = 'k10'$$);
SELECT check_change($$DELETE FROM t WHERE id IN ('k11', 'k12', 'k12')$$);
SELECT check_change($$DELETE FROM t WHERE id = 'k13' OR id = 'k14'$$);
SELECT change($$DELETE FROM t WHERE id = ANY (ARRAY(SELECT 'k' || i FROM generate_series(15, 17) i))$$);
SELECT change($$DELETE FROM t WHERE id = (SELECT 'k18')$$);
SELECT check_change($$DELETE FROM t WHERE id IN ('')$$);
SELECT check_change($$DELETE FROM t WHERE id IS NULL$$);
SELECT check_change($$DELETE FROM t WHERE false$$);
DELETE FROM t WHERE id IN ('k19', 'none');
\echo :ROW_COUNT
DELETE FROM local.t WHERE id IN ('k19', 'none');
SELECT compare('SELECT * FROM t');
SELECT failure($$DELETE FROM t WHERE id = repeat('k', 4097)$$);

-- DELETE by ranges: reads but the keys
SELECT check_change($$DELETE FROM t WHERE id < 'k22'$$);
SELECT check_change($$DELETE FROM t WHERE id BETWEEN 'k22' AND 'k24' OR id = 'k26'$$);
SELECT check_change($$DELETE FROM t WHERE id LIKE 'k3%'$$);
SELECT check_change($$DELETE FROM t WHERE id > 'k3' AND id < 'k3'$$);
SELECT check_change($$DELETE FROM t$$);
SELECT fill();
ALTER FOREIGN TABLE t OPTIONS (ADD batch_size '2');
SELECT change($$DELETE FROM t WHERE id >= 'k30'$$);
SELECT change($$DELETE FROM t$$);
ALTER FOREIGN TABLE t OPTIONS (DROP batch_size);
-- rows of cells that no column maps, too
SELECT cell('unmapped', 'g:u', 'u')
\g |$LOAD t
DELETE FROM t WHERE id > 'u';
\echo :ROW_COUNT

-- not direct
SELECT fill();
SELECT command, kind(command) FROM unnest(ARRAY[
  $$DELETE FROM t WHERE id = 'k10' RETURNING id$$,
  $$DELETE FROM t WHERE id > 'k10' AND n > 5$$,
  $$DELETE FROM t WHERE n = 5$$,
  $$DELETE FROM t WHERE id = 'k10' AND length(v) > 1$$,
  $$DELETE FROM t WHERE id LIKE 'k_1'$$,
  $$DELETE FROM t WHERE upper(id) = 'K10'$$,
  $$DELETE FROM t USING (VALUES ('k10')) s(k) WHERE k = id$$,
  $$DELETE FROM t WHERE id IN (SELECT v FROM t)$$
]) command;
SELECT count(*) AS changes, bool_and(result !~ 'DIFFERENT') AS "as in the local copy" FROM unnest(ARRAY[
  $$DELETE FROM t WHERE id = 'k10' RETURNING id$$,
  $$DELETE FROM t WHERE id > 'k10' AND n < 15$$,
  $$DELETE FROM t WHERE id LIKE 'k_1'$$,
  $$DELETE FROM t WHERE upper(id) = 'K20'$$,
  $$DELETE FROM t USING (VALUES ('k22')) s(k) WHERE k = id$$
]) command, change(command) result;
CREATE FUNCTION test.nothing_old() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER r BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION nothing_old();
SELECT kind($$DELETE FROM t WHERE id = 'k30'$$);
DROP TRIGGER r ON t;
SELECT kind($$DELETE FROM t WHERE id = 'k30'$$);

