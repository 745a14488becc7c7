-- The demo's server, foreign tables and local tables. scripts/demo runs it with the variable emulator
-- set to HOST:PORT.
CREATE EXTENSION bigtable_fdw;

CREATE SERVER bigtable FOREIGN DATA WRAPPER bigtable_fdw
	OPTIONS (project_id 'demo', instance_id 'demo', emulator_host :'emulator');
CREATE USER MAPPING FOR PUBLIC SERVER bigtable;

CREATE FOREIGN TABLE users (
	id     text   OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
	name   text   OPTIONS (family 'info', qualifier 'name'),
	email  text   OPTIONS (family 'info', qualifier 'email'),
	city   text   OPTIONS (family 'info', qualifier 'city'),
	signup date   OPTIONS (family 'info', qualifier 'signup'),
	logins bigint OPTIONS (family 'stats', qualifier 'logins', encoding 'binary'),
	bytes  bigint OPTIONS (family 'stats', qualifier 'bytes', encoding 'binary'),
	vip    text   OPTIONS (family 'tag', qualifier 'vip'),
	beta   text   OPTIONS (family 'tag', qualifier 'beta')
) SERVER bigtable OPTIONS (table_name 'users');

-- The same rows, with all counters and all tags, whatever they are called.
CREATE FOREIGN TABLE profiles (
	id    text  OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
	name  text  OPTIONS (family 'info', qualifier 'name'),
	stats jsonb OPTIONS (family 'stats', encoding 'binary'),
	tags  jsonb OPTIONS (family 'tag'),
	cities text[] OPTIONS (family 'info', qualifier 'city', max_versions '3'),
	as_of timestamptz OPTIONS (as_of 'true')
) SERVER bigtable OPTIONS (table_name 'users');

CREATE FOREIGN TABLE orders (
	id       text    OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
	user_id  text    OPTIONS (family 'item', qualifier 'user'),
	product  text    OPTIONS (family 'item', qualifier 'product'),
	quantity integer OPTIONS (family 'item', qualifier 'quantity'),
	amount   numeric OPTIONS (family 'pay', qualifier 'amount'),
	shipped  date    OPTIONS (family 'ship', qualifier 'date')
) SERVER bigtable OPTIONS (table_name 'orders');

-- The same table of Bigtable once more: a row for each cell.
CREATE FOREIGN TABLE user_cells (
	row_key     text COLLATE "C",
	family      text COLLATE "C",
	qualifier   text COLLATE "C",
	"timestamp" timestamptz,
	value       bytea
) SERVER bigtable OPTIONS (table_name 'users', layout 'cells');

-- A time series: the key is put together of a sensor and a time, the newest first, and spread over
-- buckets, so that writes go to many servers.
CREATE FOREIGN TABLE readings (
	sensor      text        OPTIONS (key_part '1') COLLATE "C" NOT NULL,
	at          timestamptz OPTIONS (key_part '2', encoding 'ordered', reversed 'true') NOT NULL,
	temperature float8      OPTIONS (family 'r', qualifier 't', encoding 'binary'),
	battery     smallint    OPTIONS (family 'r', qualifier 'b', encoding 'binary')
) SERVER bigtable OPTIONS (table_name 'readings', key_delimiter '#', key_salt '8', key_salt_columns 'sensor');
INSERT INTO readings
SELECT format('sensor%s', s), timestamptz '2026-03-01 00:00Z' + m * interval '15 minutes', 18 + s + round(sin(m / 8.0) * 40) / 10, CASE WHEN m % 4 = 0 THEN 100 - m / 20 END
FROM generate_series(1, 20) s, generate_series(0, 95) m;

CREATE TABLE tickets (
	number   integer PRIMARY KEY,
	user_id  text COLLATE "C" NOT NULL,
	subject  text NOT NULL
);
INSERT INTO tickets VALUES
	(1, 'user#0042', 'Invoice shows the old address'),
	(2, 'user#0777', 'Lamp arrived broken'),
	(3, 'user#1500', 'Cannot log in'),
	(4, 'user#0042', 'Please add a second desk');
ANALYZE tickets;
