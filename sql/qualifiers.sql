-- Qualifiers of any bytes: each column gets its own cells, and those of no
-- other, also where several are asked for in one regular expression.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init

-- Column N has one of these names, which a careless regular expression would confuse.
CREATE TABLE names (n int, qualifier bytea);
INSERT INTO names VALUES (1, 'a.b'), (2, 'aXb'), (3, 'a|b'), (4, 'a*'), (5, 'aa'), (6, '[a]'), (7, 'a'), (8, '(a'), (9, '^a$'),
  (10, '\\C'), (11, 'C'), (12, 'a\\'), (13, 'a b'), (14, '\x00'), (15, '\x61006c'), (16, '\xff'), (17, '\xc3a4'), (18, '\x0a'), (19, '.'), (20, '.*');
SELECT format('CREATE TABLE local.q (id text COLLATE "C" PRIMARY KEY, %s)', string_agg(format('c%s text', n), ', ' ORDER BY n)) FROM names \gexec
SELECT format('CREATE FOREIGN TABLE remote.q (id text OPTIONS (row_key ''true'') COLLATE "C", %s) SERVER bt',
  string_agg(format('c%s text OPTIONS (family ''f'', qualifier ''\x%s'')', n, encode(qualifier, 'hex')), ', ' ORDER BY n)) FROM names \gexec

-- Row N has column N alone; row 0 has all of them, and 99 has none.
SELECT format('INSERT INTO local.q (id, c%s) VALUES (%L, %L)', n, n, 'value ' || n) FROM names \gexec
INSERT INTO local.q SELECT '0';
SELECT format('UPDATE local.q SET c%s = %L WHERE id = ''0''', n, 'all ' || n) FROM names \gexec
INSERT INTO local.q SELECT '99';
\! $CREATE q f
SELECT cell(convert_to(n::text, 'UTF8'), '\x663a' || qualifier, convert_to('value ' || n, 'UTF8')) FROM names
UNION ALL SELECT cell('0'::bytea, '\x663a' || qualifier, convert_to('all ' || n, 'UTF8')) FROM names
UNION ALL SELECT cell('99', 'f:none of them', 'x')
\g |$LOAD q

SELECT compare('SELECT * FROM q');

-- one column, and pairs of columns
SELECT n, compare(format('SELECT id, c%s FROM q', n)) FROM names ORDER BY n;
SELECT compare, count(*) FROM names a, names b, compare(format('SELECT id, c%s, c%s FROM q', a.n, b.n)) WHERE a.n < b.n GROUP BY 1;

-- conditions on their values
SELECT n, compare(format('SELECT id FROM q WHERE c%s = %L', n, 'value ' || n)) FROM names ORDER BY n;
SELECT n, compare(format('SELECT id FROM q WHERE c%s IS NOT NULL', n)) FROM names ORDER BY n;
SELECT n, compare(format('SELECT id, c%s FROM q WHERE c%s > ''b'' AND c%s < ''z''', 1 + n % 20, n, n)) FROM names ORDER BY n;
