-- Row triggers: they see each row, may change or skip it, and see each write at
-- once.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

CREATE TABLE local.t (id text COLLATE "C" PRIMARY KEY, n int, v text COLLATE "C", w text COLLATE "C");
\! $CREATE t f g
CREATE FOREIGN TABLE t (
  id text OPTIONS (row_key 'true') COLLATE "C", n int OPTIONS (family 'f', qualifier 'n', encoding 'binary'),
  v text OPTIONS (family 'f', qualifier 'v') COLLATE "C", w text OPTIONS (family 'f', qualifier 'w') COLLATE "C") SERVER bt;
CREATE TABLE test.log (number serial, entry text);

-- the same triggers on both
CREATE FUNCTION test.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO test.log (entry) VALUES (concat_ws(' ', TG_TABLE_SCHEMA, TG_WHEN, TG_OP, TG_LEVEL,
    CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN OLD END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN NEW END));
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION test.alter_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RETURN CASE WHEN OLD.v = 'keep' THEN NULL ELSE OLD END;
  END IF;
  IF NEW.v = 'skip' THEN RETURN NULL; END IF;
  NEW.w := concat(NEW.v, '+', TG_OP);
  IF NEW.v = 'none' THEN NEW.n := NULL; END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION test.log_since(first int) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT count(*) || ' x ' || replace(entry, 'remote', 'local') FROM log WHERE number > first GROUP BY replace(entry, 'remote', 'local') ORDER BY min(number)
$$;
CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON remote.t FOR EACH ROW EXECUTE FUNCTION alter_row();
CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON local.t FOR EACH ROW EXECUTE FUNCTION alter_row();
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON remote.t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON local.t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c AFTER INSERT OR UPDATE OR DELETE ON remote.t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c AFTER INSERT OR UPDATE OR DELETE ON local.t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER d BEFORE INSERT OR UPDATE OR DELETE ON remote.t FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER d BEFORE INSERT OR UPDATE OR DELETE ON local.t FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER e AFTER INSERT OR UPDATE OR DELETE ON remote.t FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER e AFTER INSERT OR UPDATE OR DELETE ON local.t FOR EACH STATEMENT EXECUTE FUNCTION note();

SELECT change($$INSERT INTO t VALUES ('a', 1, 'one'), ('b', 2, 'skip'), ('c', 3, NULL), ('d', 4, 'none')$$);
SELECT log_since(0);
SELECT coalesce(max(number), 0) AS last FROM log \gset
SELECT change($$INSERT INTO t VALUES ('e', 5, 'keep'), ('f', 6, 'skip') RETURNING *$$);
SELECT change($$UPDATE t SET v = 'two' WHERE n = 1$$);
SELECT change($$UPDATE t SET n = n + 1$$);
SELECT change($$UPDATE t SET v = 'skip' WHERE id = 'c' RETURNING *$$);
SELECT change($$UPDATE t SET v = 'none', n = 7 WHERE id = 'c' RETURNING *$$);
SELECT change($$UPDATE t SET n = 9 FROM (VALUES ('a'), ('c')) s(k) WHERE s.k = id$$);
SELECT log_since(:last);
SELECT coalesce(max(number), 0) AS last FROM log \gset
SELECT change($$DELETE FROM t WHERE id IN ('a', 'e')$$);
SELECT change($$DELETE FROM t WHERE n > 0 RETURNING id, n$$);
SELECT change($$DELETE FROM t WHERE id = 'e'$$);
SELECT change($$DELETE FROM t WHERE id > 'b'$$);
SELECT log_since(:last);

-- COPY
COPY t (id, n, v) FROM stdin;
x	1	one
y	2	skip
z	3	three
\.
SELECT * FROM t ORDER BY id;
SELECT coalesce(max(number), 0) AS last FROM log \gset

-- a trigger's own key: a new one at INSERT, refused at UPDATE
CREATE FUNCTION alter_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.id := NEW.id || '!';
  RETURN NEW;
END $$;
CREATE TRIGGER k BEFORE INSERT OR UPDATE OF v ON t FOR EACH ROW EXECUTE FUNCTION alter_key();
INSERT INTO t VALUES ('key', 1, 'one');
SELECT id FROM t WHERE id LIKE 'key%';
SELECT failure($$UPDATE t SET v = 'x' WHERE id = 'key!'$$);
UPDATE t SET n = 2 WHERE id = 'key!';
SELECT id, n, v, w FROM t WHERE id LIKE 'key%';
DROP TRIGGER k ON t;

-- a trigger sees the rows of its own statement, as they were written
CREATE FUNCTION sees() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO test.log (entry) VALUES (TG_WHEN || ' ' || (SELECT count(*) FROM remote.t) || ' rows');
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;
DROP TRIGGER c ON t;
DROP TRIGGER d ON t;
DROP TRIGGER e ON t;
DELETE FROM t;
CREATE TRIGGER s AFTER INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION sees();
SELECT coalesce(max(number), 0) AS last FROM log \gset
INSERT INTO t (id, n) VALUES ('1', 1), ('2', 2), ('3', 3);
SELECT entry FROM log WHERE number > :last ORDER BY number;
SELECT coalesce(max(number), 0) AS last FROM log \gset
DELETE FROM t WHERE n < 3;
SELECT entry FROM log WHERE number > :last ORDER BY number;
DROP TRIGGER s ON t;
CREATE TRIGGER s BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sees();
SELECT coalesce(max(number), 0) AS last FROM log \gset
INSERT INTO t (id, n) VALUES ('1', 1), ('2', 2), ('4', 4);
SELECT entry FROM log WHERE number > :last ORDER BY number;
DROP TRIGGER s ON t;
CREATE TRIGGER s AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION sees();
SELECT coalesce(max(number), 0) AS last FROM log \gset
INSERT INTO t (id, n) SELECT i, i FROM generate_series(1, 50) i;
SELECT entry FROM log WHERE number > :last ORDER BY number;
DROP TRIGGER s ON t;

-- a trigger that fails: what was written before stays, and is counted
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n > 2 THEN RAISE 'no more than 2'; END IF;
  RETURN NEW;
END $$;
DELETE FROM t;
CREATE TRIGGER f AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fails();
SELECT failure($$INSERT INTO t (id, n) VALUES ('1', 1), ('2', 2), ('3', 3), ('4', 4)$$);
SELECT id FROM t ORDER BY id;
DROP TRIGGER f ON t;
DELETE FROM t;
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fails();
SELECT failure($$INSERT INTO t (id, n) VALUES ('1', 1), ('2', 2), ('3', 3), ('4', 4)$$);
SELECT id FROM t ORDER BY id;
DROP TRIGGER f ON t;

-- UPDATE by a trigger of columns that SET does not name, and only then
DELETE FROM t;
CREATE FUNCTION alter_w() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n = 2 THEN NEW.w := 'changed'; END IF;
  IF NEW.n = 3 THEN NEW.v := NULL; END IF;
  RETURN NEW;
END $$;
SELECT line FROM (VALUES ('1', 0, 'v1', 'w1'), ('2', 1, 'v2', 'w2'), ('3', 2, 'v3', 'w3')) s(id, n, v, w), LATERAL (VALUES (cell(id, 'f:n', binary(n))), (cell(id, 'f:v', v)), (cell(id, 'f:w', w))) c(line)
\g |$LOAD t
CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION alter_w();
UPDATE t SET n = n + 1;
SELECT * FROM t ORDER BY id;
\set cells `$READ t`
SELECT * FROM written(:'cells');
DROP TRIGGER u ON t;

-- WHEN
CREATE TRIGGER w AFTER UPDATE ON t FOR EACH ROW WHEN (OLD.n IS DISTINCT FROM NEW.n) EXECUTE FUNCTION note();
SELECT coalesce(max(number), 0) AS last FROM log \gset
UPDATE t SET n = greatest(n, 2);
SELECT entry FROM log WHERE number > :last ORDER BY number;
DROP TRIGGER w ON t;

-- what PostgreSQL refuses for foreign tables
SELECT failure($$CREATE TRIGGER t AFTER INSERT ON t REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION note()$$);
SELECT failure($$CREATE CONSTRAINT TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()$$);
SELECT failure($$CREATE TRIGGER t INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()$$);
