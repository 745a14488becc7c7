-- Security barriers: what a leaky function might see, Bigtable must have been
-- asked for under the barrier's own condition.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, owner text COLLATE "C", secret text COLLATE "C");
INSERT INTO local.t VALUES ('1', 'alice', 'a1'), ('2', 'bob', 'b1'), ('3', 'alice', 'a2'), ('4', 'bob', 'b2');
\! $CREATE t f
SELECT line FROM local.t, LATERAL (VALUES (cell(id, 'f:owner', owner)), (cell(id, 'f:secret', secret))) c(line)
\g |$LOAD t
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C", owner text OPTIONS (family 'f', qualifier 'owner') COLLATE "C", secret text OPTIONS (family 'f', qualifier 'secret') COLLATE "C") SERVER bt;

-- plain views are transparent
CREATE VIEW plain AS SELECT id, secret FROM t WHERE owner = 'alice';
SELECT plan($$SELECT * FROM plain WHERE id > '1' AND secret = 'a2'$$);
SELECT * FROM plain;
SELECT * FROM plain WHERE id > '1' AND secret = 'a2';

-- a barrier: leakproof operators pass it, others wait
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, secret FROM t WHERE owner = 'alice';
CREATE FUNCTION test.leak(x text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'sees %', x; RETURN true; END $$;
SET client_min_messages = notice;
SELECT plan($$SELECT * FROM barrier WHERE id = '1'$$);
SELECT plan($$SELECT * FROM barrier WHERE id > '1'$$);
SELECT plan($$SELECT * FROM barrier WHERE id LIKE '1%'$$);
SELECT plan($$SELECT * FROM barrier WHERE secret = 'b1'$$);
SELECT plan($$SELECT * FROM barrier WHERE secret LIKE 'b%'$$);
SELECT * FROM barrier WHERE test.leak(secret);
SELECT * FROM barrier WHERE test.leak(id) AND id > '1';
SELECT * FROM barrier WHERE secret LIKE 'b%';
SELECT count(*) FROM barrier LIMIT 1;
SELECT * FROM plain WHERE test.leak(secret);

-- what could fail only on rows that are not ours, must not
CREATE VIEW numbers WITH (security_barrier) AS SELECT id, secret FROM t WHERE id < '3';
SELECT plan($$SELECT * FROM numbers WHERE 1 / (3 - id::int) > 0$$);
SELECT * FROM numbers WHERE 1 / (3 - id::int) > 0;

-- with the rights of the view's owner
CREATE ROLE regress_bigtable_reader;
GRANT USAGE ON SCHEMA remote, test TO regress_bigtable_reader;
GRANT SELECT ON plain, barrier TO regress_bigtable_reader;
SET ROLE regress_bigtable_reader;
SELECT failure('SELECT * FROM t');
SELECT * FROM plain;
SELECT * FROM barrier WHERE test.leak(secret) ORDER BY id;
RESET ROLE;
CREATE VIEW invoker WITH (security_invoker) AS SELECT id FROM t;
GRANT SELECT ON invoker TO regress_bigtable_reader;
SET ROLE regress_bigtable_reader;
SELECT failure('SELECT * FROM invoker');
RESET ROLE;

-- row level security of a partitioned table whose partition is foreign
CREATE TABLE part (id text COLLATE "C", owner text COLLATE "C", secret text COLLATE "C") PARTITION BY RANGE (id);
ALTER TABLE part ATTACH PARTITION t FOR VALUES FROM ('1') TO ('5');
ALTER TABLE part ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON part USING (owner = current_setting('regress.who'));
GRANT SELECT ON part TO regress_bigtable_reader;
SET regress.who = 'bob';
SET ROLE regress_bigtable_reader;
SELECT plan($$SELECT * FROM part WHERE id > '1' AND test.leak(secret)$$);
SELECT * FROM part WHERE id > '1' AND test.leak(secret);
SELECT * FROM part WHERE id = '1';
SELECT count(*) FROM part;
SELECT id FROM part ORDER BY id LIMIT 1;
RESET ROLE;
DROP OWNED BY regress_bigtable_reader;
DROP ROLE regress_bigtable_reader;
