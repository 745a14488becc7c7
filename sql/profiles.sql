-- The worked examples of doc/mapping.md, as they stand there: counters, versions
-- and time, profiles with counters and tags.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
ALTER SERVER bt RENAME TO bigtable;
CREATE TABLE remote.events (at timestamptz, user_id text);
INSERT INTO remote.events VALUES ('2024-02-01 00:00+00', 'ann'), ('2024-06-01 00:00+00', 'ann');
\! $CREATE counters n && $CREATE users info && $CREATE profiles info n tag
SELECT cell('ann', 'info:city', city, (extract(epoch FROM at::timestamptz) * 1000000)::bigint) FROM (VALUES ('Lagos', '2023-03-01 00:00+00'), ('Lisboa', '2024-01-15 00:00+00'), ('Porto', '2024-05-01 00:00+00')) v(city, at)
\g |$LOAD users

-- counters
CREATE FOREIGN TABLE counters (
    id     text   OPTIONS (row_key 'true') COLLATE "C",
    visits bigint OPTIONS (family 'n', qualifier 'visits', encoding 'binary'),
    n      jsonb  OPTIONS (family 'n', encoding 'binary')
) SERVER bigtable;
UPDATE counters SET visits = visits + 1 WHERE id = 'ann';
UPDATE counters SET visits = visits + 41 WHERE id = 'ann';
SELECT id, n FROM counters WHERE id = 'ann';

-- versions and time
CREATE FOREIGN TABLE users (
    id     text          OPTIONS (row_key 'true') COLLATE "C",
    city   text          OPTIONS (family 'info', qualifier 'city'),
    cities text[]        OPTIONS (family 'info', qualifier 'city', max_versions '3'),
    moved  timestamptz[] OPTIONS (family 'info', qualifier 'city', max_versions '3', cell 'timestamp'),
    log    jsonb         OPTIONS (family 'info', qualifier 'city', cell 'history'),
    as_of  timestamptz   OPTIONS (as_of 'true')
) SERVER bigtable;
SELECT cities[1], cities[2] FROM users WHERE id = 'ann';
SELECT log FROM users WHERE id = 'ann';
SET bigtable_fdw.as_of = '2024-01-01 00:00+00';
SELECT id, city, cities FROM users WHERE city = 'Lagos';
RESET bigtable_fdw.as_of;
SELECT new.id, old.city, new.city
FROM (SELECT * FROM users WHERE as_of = '2024-01-01') old
JOIN users new ON new.id = old.id WHERE old.city <> new.city;
SELECT e.at, u.city
FROM events e, LATERAL (SELECT city FROM users WHERE id = e.user_id AND as_of = e.at OFFSET 0) u;
INSERT INTO users (id, city) SELECT id, city FROM users WHERE as_of = '2024-01-01' AND id = 'ann';
SELECT cities FROM users WHERE id = 'ann';

-- profiles with counters and tags
CREATE FOREIGN TABLE profiles (
    id   text  OPTIONS (row_key 'true') COLLATE "C",
    name text  OPTIONS (family 'info', qualifier 'name'),
    n    jsonb OPTIONS (family 'n', encoding 'binary'),
    tag  jsonb OPTIONS (family 'tag'),
    doc  jsonb OPTIONS (row_json 'true')
) SERVER bigtable;
INSERT INTO profiles (id, name, n, tag) VALUES ('ann', 'Ann', '{"visits": 7}', '{"color": "red", "vip": "yes"}');
SELECT id, tag->>'color' FROM profiles WHERE tag ? 'vip' AND (n->>'visits')::bigint > 5;
UPDATE profiles SET tag = (tag - 'vip') || '{"color": "blue"}' WHERE id = 'ann';
SELECT key, count(*) FROM profiles, jsonb_each(tag) GROUP BY key;
SELECT doc FROM profiles;
ALTER SERVER bigtable RENAME TO bt;

-- the table of encodings
CREATE FOREIGN TABLE encoded (id text OPTIONS (row_key 'true', encoding 'text'), s smallint OPTIONS (family 'f', qualifier 's'), i int OPTIONS (family 'f', qualifier 'i'), d date OPTIONS (family 'f', qualifier 'd'), t text OPTIONS (family 'f', qualifier 't')) SERVER bt OPTIONS (encoding 'text');
\! $CREATE encoded f
INSERT INTO encoded VALUES ('text', 64, -1, '1970-01-02', 'hi');
ALTER FOREIGN TABLE encoded OPTIONS (SET encoding 'binary');
INSERT INTO encoded VALUES ('binary', 64, -1, '1970-01-02', 'hi');
ALTER FOREIGN TABLE encoded OPTIONS (SET encoding 'ordered');
INSERT INTO encoded VALUES ('ordered', 64, -1, '1970-01-02', NULL);
ALTER FOREIGN TABLE encoded OPTIONS (SET encoding 'hex');
INSERT INTO encoded VALUES ('hex', 64, -1, '1970-01-02', 'hi');
ALTER FOREIGN TABLE encoded OPTIONS (SET encoding 'base64');
INSERT INTO encoded VALUES ('base64', 64, -1, '1970-01-02', 'hi');
\set cells `$READ encoded`
SELECT * FROM written(:'cells');
