-- Cursors and subtransactions: scans that stand still, end early, go back, or
-- die in an error, several at once.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE t f
SELECT cell(to_char(i, 'FM0000'), 'f:n', i::text) FROM generate_series(1, 3000) i
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n')) SERVER bt;

-- in pieces, two at once, closed early
BEGIN;
DECLARE one CURSOR FOR SELECT * FROM t ORDER BY id;
DECLARE two CURSOR FOR SELECT * FROM t WHERE id > '1000' ORDER BY id;
FETCH 2 FROM one;
FETCH 2 FROM two;
SELECT count(*) FROM t;
FETCH 1 FROM one;
MOVE 500 FROM one;
FETCH 1 FROM one;
CLOSE one;
FETCH 1 FROM two;
MOVE 1990 FROM two;
FETCH ALL FROM two;
FETCH ALL FROM two;
COMMIT;

-- back and forth
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT id FROM t WHERE id <= '0005' ORDER BY id;
FETCH 3 FROM s;
FETCH PRIOR FROM s;
FETCH FIRST FROM s;
FETCH LAST FROM s;
FETCH ABSOLUTE 2 FROM s;
FETCH RELATIVE -1 FROM s;
FETCH BACKWARD ALL FROM s;
FETCH FORWARD ALL FROM s;
MOVE ABSOLUTE 0 FROM s;
FETCH 1 FROM s;
DECLARE n NO SCROLL CURSOR FOR SELECT id FROM t WHERE id <= '0005' ORDER BY id;
FETCH 1 FROM n;
FETCH PRIOR FROM n;
ROLLBACK;

-- a scan cannot go back by itself; after the error the cursor is dead
BEGIN;
DECLARE d CURSOR FOR SELECT id FROM t;
FETCH 1 FROM d;
SAVEPOINT s;
FETCH PRIOR FROM d;
ROLLBACK TO s;
FETCH 1 FROM d;
ROLLBACK;

-- WITH HOLD outlives its transaction
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM t WHERE id > '2990' ORDER BY id;
FETCH 2 FROM h;
COMMIT;
FETCH 2 FROM h;
MOVE ALL FROM h;
FETCH 1 FROM h;
CLOSE h;
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM t WHERE id > '2990' ORDER BY id;
ROLLBACK;
FETCH 1 FROM h;

-- savepoints: what a cursor is doing goes on, unless it was opened inside
BEGIN;
DECLARE outer_one CURSOR FOR SELECT id FROM t ORDER BY id;
FETCH 1 FROM outer_one;
SAVEPOINT s;
DECLARE inner_one CURSOR FOR SELECT id FROM t WHERE id > '2000' ORDER BY id;
FETCH 1 FROM inner_one;
FETCH 1 FROM outer_one;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH 1 FROM outer_one;
FETCH 1 FROM inner_one;
ROLLBACK TO s;
FETCH 1 FROM outer_one;
COMMIT;

-- exceptions in mid-scan
CREATE FUNCTION test.fails_at(m int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r record;
  seen int := 0;
BEGIN
  FOR r IN SELECT * FROM remote.t ORDER BY id LOOP
    seen := seen + 1;
    IF r.n = m THEN
      RAISE EXCEPTION 'at row %', r.id;
    END IF;
  END LOOP;
  RETURN 'all ' || seen;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM || ' after ' || seen;
END $$;
SELECT test.fails_at(1), test.fails_at(1500), test.fails_at(3000), test.fails_at(0);
SELECT string_agg(DISTINCT test.fails_at(i % 7 + 1), ', ') FROM generate_series(1, 50) i;

-- ... inside another scan, whose own scan goes on
CREATE FUNCTION test.nested() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r record;
  good int := 0;
  bad int := 0;
  x int;
BEGIN
  FOR r IN SELECT * FROM remote.t WHERE id <= '0100' ORDER BY id LOOP
    BEGIN
      SELECT sum(10 / (n % 10)) INTO x FROM remote.t WHERE id BETWEEN r.id AND r.id || 'z';
      good := good + 1;
    EXCEPTION WHEN division_by_zero THEN
      bad := bad + 1;
    END;
  END LOOP;
  RETURN format('%s good, %s bad', good, bad);
END $$;
SELECT test.nested();

-- a loop that is left, and functions that stop early
DO $$
DECLARE
  r record;
BEGIN
  FOR i IN 1..30 LOOP
    FOR r IN SELECT * FROM remote.t ORDER BY id LOOP
      EXIT WHEN r.n = i;
    END LOOP;
    IF r.n IS DISTINCT FROM i THEN
      RAISE EXCEPTION 'wrong row %', r;
    END IF;
  END LOOP;
END $$;
CREATE FUNCTION test.some_rows() RETURNS SETOF remote.t LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM remote.t ORDER BY id; END $$;
SELECT id FROM test.some_rows() LIMIT 1;
SELECT id, (SELECT b.n FROM t b WHERE b.id > a.id LIMIT 1) FROM t a WHERE id < '0004' ORDER BY id;

-- a cursor as a function's result, and many of them
CREATE FUNCTION test.open_one(name refcursor, key text) RETURNS refcursor LANGUAGE plpgsql AS $$
BEGIN
  OPEN name FOR SELECT n FROM remote.t WHERE id >= key ORDER BY id;
  RETURN name;
END $$;
BEGIN;
SELECT count(test.open_one(('c' || i)::refcursor, to_char(i * 50, 'FM0000'))) FROM generate_series(1, 40) i;
FETCH 1 FROM c1;
FETCH 1 FROM c40;
FETCH 1 FROM c20;
FETCH 1 FROM c1;
FETCH 1 FROM c40;
CLOSE ALL;
COMMIT;
SELECT count(*) FROM t;
