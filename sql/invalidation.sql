-- Changed options: plans are made anew, and the next scan follows them. One
-- that has begun goes on with what it had.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

\! $CREATE one f g
\! $CREATE two f g
SELECT cell('k' || i, 'f:v', 'one f ' || i) FROM generate_series(1, 3) i UNION ALL SELECT cell('k' || i, 'g:v', 'one g ' || i) FROM generate_series(1, 3) i
\g |$LOAD one
SELECT cell('k' || i, 'f:v', 'two f ' || i) FROM generate_series(1, 4) i
\g |$LOAD two
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS (table_name 'one');
PREPARE all_rows AS SELECT * FROM t ORDER BY id;
PREPARE one_row(text) AS SELECT v FROM t WHERE id = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE all_rows;
EXECUTE one_row('k2');

-- the table's options
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'two');
EXECUTE all_rows;
EXECUTE one_row('k2');
EXECUTE one_row('k4');
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'three');
SELECT failure($$EXECUTE one_row('k2')$$);
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'one');
EXECUTE one_row('k2');

-- a column's
ALTER FOREIGN TABLE t ALTER v OPTIONS (SET family 'g');
EXECUTE one_row('k2');
ALTER FOREIGN TABLE t ALTER v OPTIONS (SET family 'f', SET qualifier 'nothing');
EXECUTE one_row('k2');
ALTER FOREIGN TABLE t ALTER v OPTIONS (SET qualifier 'v');
EXECUTE one_row('k2');
ALTER FOREIGN TABLE t ALTER id OPTIONS (DROP row_key, ADD family 'f', ADD qualifier 'v');
EXECUTE one_row('k2');
EXECUTE one_row('one f 2');
ALTER FOREIGN TABLE t ALTER id OPTIONS (DROP family, DROP qualifier, ADD row_key 'true');
ALTER FOREIGN TABLE t ALTER v TYPE bytea;
SELECT failure($$EXECUTE one_row('k2')$$);
DEALLOCATE one_row;
PREPARE one_row(text) AS SELECT v FROM t WHERE id = $1;
EXECUTE one_row('k2');
ALTER FOREIGN TABLE t ALTER v TYPE text;
DEALLOCATE one_row;
PREPARE one_row(text) AS SELECT v FROM t WHERE id = $1;

-- the collation
PREPARE above AS SELECT count(*) FROM t WHERE id > 'K1';
EXPLAIN (COSTS OFF) EXECUTE above;
EXECUTE above;
ALTER FOREIGN TABLE t ALTER id TYPE text COLLATE "und-x-icu";
EXPLAIN (COSTS OFF) EXECUTE above;
EXECUTE above;
ALTER FOREIGN TABLE t ALTER id TYPE text COLLATE "C";
EXPLAIN (COSTS OFF) EXECUTE above;

-- the server's
EXECUTE one_row('k2');
ALTER SERVER bt OPTIONS (SET instance_id 'other');
SELECT failure($$EXECUTE one_row('k2')$$);
ALTER SERVER bt OPTIONS (SET instance_id 'test');
EXECUTE one_row('k2');
ALTER SERVER bt OPTIONS (SET emulator_host 'localhost:1', ADD max_attempts '1');
SELECT failure($$EXECUTE one_row('k2')$$);
ALTER SERVER bt OPTIONS (SET emulator_host :'emulator', DROP max_attempts);
EXECUTE one_row('k2');

-- user mappings come and go
CREATE USER MAPPING FOR CURRENT_USER SERVER bt;
EXECUTE one_row('k2');
DROP USER MAPPING FOR CURRENT_USER SERVER bt;
EXECUTE one_row('k2');
CREATE USER MAPPING FOR PUBLIC SERVER bt;
EXECUTE one_row('k2');
DROP USER MAPPING FOR PUBLIC SERVER bt;
EXECUTE one_row('k2');

-- an open cursor goes on with the connection that it has
\! $CREATE large f
SELECT cell(to_char(i, 'FM0000'), 'f:v', repeat('x', 500)) FROM generate_series(1, 9999) i
\g |$LOAD large
CREATE FOREIGN TABLE large (id text OPTIONS (row_key 'true') COLLATE "C", v text OPTIONS (family 'f', qualifier 'v')) SERVER bt;
BEGIN;
DECLARE c CURSOR FOR SELECT id, length(v) FROM large ORDER BY id;
FETCH 1 FROM c;
ALTER SERVER bt OPTIONS (SET emulator_host 'localhost:1', ADD max_attempts '1');
FETCH 1 FROM c;
SELECT failure('SELECT count(*) FROM large');
MOVE 9990 FROM c;
FETCH ALL FROM c;
ROLLBACK;
EXECUTE one_row('k2');

-- the table cannot be changed under an open cursor, but after it
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t ORDER BY id;
FETCH 1 FROM c;
SAVEPOINT s;
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'two');
ROLLBACK TO s;
FETCH 1 FROM c;
CLOSE c;
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'two');
EXECUTE one_row('k4');
ROLLBACK;
EXECUTE one_row('k4');
EXECUTE one_row('k2');

-- in one transaction, and in functions
CREATE FUNCTION test.v_of(key text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT v FROM remote.t WHERE id = key); END $$;
BEGIN;
SELECT test.v_of('k1');
ALTER FOREIGN TABLE t OPTIONS (SET table_name 'two');
SELECT test.v_of('k1');
ROLLBACK;
SELECT test.v_of('k1');
RESET plan_cache_mode;

-- a rebuilt Bigtable table is another one, without a word to us
\! $CREATE one f g
SELECT cell('k9', 'f:v', 'new')
\g |$LOAD one
EXECUTE all_rows;

-- a dropped server takes its tables along
DROP SERVER bt CASCADE;
SELECT failure('EXECUTE all_rows');
