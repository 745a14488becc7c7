# A scan that ends early cancels its call, and leaves nothing behind, however it comes to its end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock');
$session->query(q{
	CREATE FOREIGN TABLE numbers (id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
		q int OPTIONS (family 'cf', qualifier 'q')) SERVER mock OPTIONS (table_name 't');
	CREATE TABLE local AS SELECT i AS n FROM generate_series(1, 10) i});

# Twenty rows; then nothing more comes.
my @stalling = ('call', 'rows 1 20 k%02d cf:q=%d', 'send', 'stall');

# Waits for the call of a scan that has been closed, and checks that it was the scan that ended it.
sub is_cancelled
{
	my ($name, $count) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$count //= 1;
	my @calls = $mock->wait_for_done($count);
	is(join(' ', map { $_->{done}{cancelled} } @calls), join(' ', (1) x $count), "$name: the call is cancelled");
	return;
}

# Runs statements over a stream that stalls; they must not read on.
sub closes
{
	my ($name, $sql, $rows) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$mock->script(@stalling);
	is($session->query($sql), $rows, "$name: rows");
	is_cancelled($name);
	return;
}

# The same for statements that fail.
sub fails
{
	my ($name, $sql, $sqlstate, $pattern) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$mock->script(@stalling);
	fails_with($session, $sql, $sqlstate, $pattern, $name);
	is_cancelled($name);
	return;
}

# ---- within a statement ----

closes('LIMIT over a local condition', 'SELECT q FROM t WHERE length(q) = 2 LIMIT 2', "10\n11");
closes('EXISTS', 'SELECT EXISTS (SELECT FROM t WHERE length(q) > 0)', 't');
closes('a scalar subquery', 'SELECT (SELECT q FROM t WHERE length(q) > 1 LIMIT 1)', '10');
closes('a join that has enough', 'SELECT count(*) FROM (SELECT FROM t, local WHERE length(q) > 0 LIMIT 50) s', '50');
closes('a set of rows from a function that is not read to its end',
	q{SELECT * FROM (SELECT q FROM t WHERE q <> '') s FETCH FIRST 3 ROWS ONLY}, "1\n2\n3");

# Each repetition of a subplan closes the scan before.
$mock->script(@stalling);
is($session->query('SELECT n, (SELECT q FROM t WHERE length(q) > n / 100 LIMIT 1) FROM local WHERE n <= 3'),
	"1|1\n2|1\n3|1", 'a scan that is repeated: rows');
is_cancelled('a scan that is repeated', 3);

# ---- cursors ----

$mock->script(@stalling);
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT q FROM t');
is($session->query('FETCH 3 FROM c'), "1\n2\n3", 'a cursor: rows');
is(scalar(grep { $_->{done} } $mock->calls), 0, 'a cursor that is open has its call');
$session->query('CLOSE c');
is_cancelled('a cursor that is closed in a transaction');
$session->query('COMMIT');

closes('a cursor at ROLLBACK', 'BEGIN; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 2 FROM c; ROLLBACK', "1\n2");
closes('a cursor at COMMIT', 'BEGIN; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 2 FROM c; COMMIT', "1\n2");
closes('a cursor that is not read', 'BEGIN; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 1 FROM c; MOVE 3 FROM c; CLOSE ALL; END', '1');

$mock->script(@stalling);
$session->query('BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT q FROM t');
is($session->query('FETCH 2 FROM c'), "1\n2", 'a cursor in a subtransaction: rows');
$session->query('ROLLBACK TO s');
is_cancelled('a cursor in a subtransaction that is rolled back');
is($session->query('SELECT 1'), '1', 'the transaction goes on');
$session->query('COMMIT');

# An outer cursor outlives what fails inside.
$mock->script(@stalling);
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT q FROM t');
is($session->query('FETCH 2 FROM c'), "1\n2", 'a cursor before a subtransaction');
$session->query('SAVEPOINT s');
is_error($session->run('SELECT 1 / (q::int - 4) FROM t'), '22012', qr/division by zero/, 'a failure beside it');
$session->query('ROLLBACK TO s');
$mock->wait_for_calls(sub { @_ == 2 && $_[1]{done} && !$_[0]{done} });
is($session->query('FETCH 2 FROM c'), "3\n4", 'the cursor goes on');
$session->query('COMMIT');
is_cancelled('both', 2);

# A cursor that is held is read to its end at COMMIT.
$mock->script('call', 'rows 1 5 k%d cf:q=%d');
is($session->query('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT q FROM t; FETCH 1 FROM h; COMMIT; FETCH 2 FROM h; CLOSE h'),
	"1\n2\n3", 'a cursor WITH HOLD');
is(($mock->wait_for_done(1))[0]{done}{cancelled}, 0, 'a scan that is read to its end is not cancelled');

# ---- errors ----

fails('an error in the target list', 'SELECT 1 / (q::int - 4) FROM t', '22012', qr/division by zero/);
fails('an error in a condition', 'SELECT count(*) FROM t WHERE 1 / (q::int - 4) = 0', '22012', qr/division by zero/);
fails('an error in another node', 'SELECT count(*) FROM t, local WHERE 1 / (n - length(q)) > 5', '22012',
	qr/division by zero/);
fails('an error in an aggregate', 'SELECT sum(1 / (q::int - 4)) FROM t GROUP BY length(q)', '22012', qr/division by zero/);
fails('an error in a function',
	q{DO $$DECLARE r record; BEGIN FOR r IN SELECT q FROM t LOOP IF r.q = '7' THEN RAISE 'seven'; END IF; END LOOP; END$$},
	'P0001', qr/^seven$/);

$mock->script('call', 'row a cf:q=1', 'row b cf:q=x', 'row c cf:q=3', 'send', 'stall');
my $result = fails_with($session, 'SELECT sum(q) FROM numbers', '22P02', qr/invalid input syntax for type integer: "x"/,
	'a value that does not decode');
like($result->{error}{context}, qr/column "q" of foreign table "numbers", row key ["']?b/,
	'a value that does not decode: where it is');
is_cancelled('a value that does not decode');

# Caught by an exception block: its subtransaction ends the scan.
$mock->script(@stalling);
is($session->query(q{
	DO $$
	DECLARE
		r record;
		caught int := 0;
	BEGIN
		FOR i IN 1..5 LOOP
			BEGIN
				FOR r IN SELECT q FROM t LOOP
					PERFORM 1 / (r.q::int - 4);
				END LOOP;
			EXCEPTION WHEN division_by_zero THEN
				caught := caught + 1;
			END;
		END LOOP;
		ASSERT caught = 5;
	END$$;
	SELECT 'caught'}), 'caught', 'errors that are caught');
is_cancelled('errors that are caught', 5);

# ---- the end of a session ----

$mock->script(@stalling);
my $other = BigtableTest::Session->new($node);
$other->query('BEGIN; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 1 FROM c');
my $pid = $other->pid;
$other->close;
is_cancelled('the end of a session with an open cursor');
wait_until('the backend to exit', sub { gone($pid) });

# ---- nothing is left behind ----

# Things that end scans in all these ways, many times.
my @endings = (
	'SELECT q FROM t WHERE length(q) > 0 LIMIT 1',
	'SELECT EXISTS (SELECT FROM t WHERE length(q) > 0)',
	'SELECT 1 / (q::int - 4) FROM t',
	'SELECT sum(q) FROM numbers WHERE 1 / (q - 2) > 5',
	'BEGIN; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 2 FROM c; CLOSE c; COMMIT',
	'BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT q FROM t; FETCH 2 FROM c; ROLLBACK TO s; SELECT 1 / 0',
	'ROLLBACK',
	q{SET statement_timeout = '10ms'; SELECT count(*) FROM t; RESET statement_timeout},
	'RESET statement_timeout',
);
$mock->script(@stalling);
$pid = $session->pid;

sub end_scans
{
	my ($times) = @_;
	foreach (1 .. $times)
	{
		$session->run($_) foreach @endings;
	}
	return;
}

end_scans(20);
my ($descriptors, $threads) = (descriptors($pid), threads($pid));
note("before: $descriptors descriptors, $threads threads");
end_scans(40);
is(descriptors($pid), $descriptors, 'no descriptor is left behind by scans that end early');

# gRPC makes threads as it sees fit, up to a few for each processor; a leak would be of hundreds.
cmp_ok(threads($pid), '<=', $threads + 4, 'no thread is left behind');
my @calls = $mock->wait_for_calls(sub { !grep { !$_->{done} } @_ });
is(scalar(grep { $_->{done}{cancelled} != 1 } @calls), 0, 'every call was cancelled');
is($session->query(q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'bigtable_fdw request'}), '0',
	'no memory of a scan is left behind');
$mock->script('call', 'row a cf:q=1');
is($session->query('SELECT id, q FROM t'), 'a|1', 'the session reads on');

done_testing();
