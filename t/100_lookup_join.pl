# Lookup joins: what is asked for, faults and cancels in the middle of a batch, memory, and rows that
# others change meanwhile. Results are compared in sql/lookup_join.sql.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

use constant ROWS => 400_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--value-bytes', 20, '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
my $pid = $session->pid;

create_server($session, 'mock', $mock->address, max_attempts => 3);
create_table($session, 't', 'mock', columns => ['c0']);
$session->query(q{CREATE TABLE orders AS SELECT i AS o, 'row' || lpad((i * 3)::text, 10, '0') AS fk FROM generate_series(1, 2500) i});
$session->query('ANALYZE orders');

my $join = 'SELECT count(*), count(c0), sum(o) FROM orders LEFT JOIN t ON t.id = fk';
my $right = join '|', 2500, 2500, 2500 * 2501 / 2;

sub number_of_keys
{
	my ($call) = @_;
	return scalar(() = $call->{keys} =~ /row\d+/g);
}

# ---- what is asked for ----

like($session->query("EXPLAIN (COSTS OFF) $join"), qr/Custom Scan \(BigtableLookupJoin\)/, 'the planner chooses a lookup join');
$mock->script('call', 'replay');
is($session->query($join), $right, 'it finds all rows');
my @calls = $mock->wait_for_done(3);
is(join(' ', map { number_of_keys($_) } @calls), '1000 1000 500', 'in one request a batch');
is(join(' ', map { $_->{ranges} } @calls), '[] [] []', 'that asks for keys alone');
like($calls[2]{keys}, qr/^\[row0000006003,row0000006006,.*,row0000007500\]$/, 'in their order');

# The keys of a batch are read as those of a list are: by several streams.
$session->query('SET bigtable_fdw.max_streams = 4');
$mock->script('call', 'replay');
is($session->query($join), $right, 'streams: it finds all rows');
is(join(' ', sort { $a <=> $b } map { number_of_keys($_) } $mock->wait_for_done(12)), join(' ', (125) x 4, (250) x 8), 'streams: four for each batch');
$session->query('RESET bigtable_fdw.max_streams');

$session->query('SET bigtable_fdw.lookup_batch_size = 2500');
$mock->script('call', 'replay');
is($session->query($join), $right, 'batches may be larger');
is(scalar(@calls = $mock->wait_for_done(1)), 1, 'and are fewer then');
$session->query('SET bigtable_fdw.lookup_batch_size = 100');

# Outer rows without a key take no request.
$mock->script('call', 'replay');
is($session->query("SELECT count(*), count(c0) FROM (SELECT nullif(fk, fk) AS fk FROM orders OFFSET 0) o LEFT JOIN t ON t.id = fk"),
	'2500|0', 'rows without a key match nothing');
is(scalar($mock->calls), 0, 'and contact nobody');

# ---- faults ----

# The third batch is lost in the middle, and is resumed behind its last row.
$mock->script('call', 'replay', 'call', 'replay',
	'call', 'row row0000000603 cf:c0=x', 'row row0000000606 cf:c0=x', 'send', 'status 14 lost', 'call', 'replay');
is($session->query($join), $right, 'a batch that is lost is resumed');
@calls = $mock->wait_for_done(26);
is(number_of_keys($calls[3]), 98, 'behind the rows that came');
$mock->script('call', 'replay', 'call', 'row row0000000303 cf:c0=x', 'send', 'status 3 no');
fails_with($session, $join, '22023', qr/could not read Bigtable table "t"/, 'a batch that fails');
$mock->script('call', 'replay');
is($session->query($join), $right, 'the next statement finds all rows');

# ---- cancel ----

prompt('a cancel in the middle of a batch', sub {
	$mock->script('call', 'replay', 'call', 'row row0000000303 cf:c0=x', 'send', 'stall');
	$session->send($join);
	wait_for_wait($observer, $session);
	my $sent = now();
	$observer->query("SELECT pg_cancel_backend($pid)");
	my $result = $session->finish;
	is($result->{error}{sqlstate}, '57014', 'the statement is cancelled');
	return $result->{at} - $sent;
});
$mock->script('call', 'replay');
is($session->query($join), $right, 'the session goes on');
is(scalar(grep { !$_->{done} } $mock->wait_for_done(25)), 0, 'and no call is left open');

# ---- memory ----

my $many = q{SELECT count(c0) FROM (SELECT 'row' || lpad(i::text, 10, '0') AS fk FROM generate_series(1, %d) i OFFSET 0) o JOIN t ON t.id = fk};
$session->query('RESET bigtable_fdw.lookup_batch_size');
$session->query("SET enable_$_ = off") foreach qw(nestloop hashjoin mergejoin);
$mock->script('call', 'replay');
like($session->query('EXPLAIN (COSTS OFF) ' . sprintf $many, ROWS), qr/BigtableLookupJoin/, 'many keys are looked up, too');
is($session->query(sprintf $many, 20_000), 20_000, 'all of them are found');
is($session->query(sprintf $many, ROWS / 2), ROWS / 2, 'of more as well');
my $before = memory_kb($pid);
is($session->query(sprintf $many, ROWS), ROWS, 'and of twice as many');
my $after = memory_kb($pid);
cmp_ok($after - $before, '<', 4 * 1024, 'memory is that of a batch') or diag("$before kB before, $after kB after");

# ---- rows that others change meanwhile ----

# What becomes of them is what becomes of them in a join with a local table: the changed row is joined to the
# foreign row that the old one had been joined to.
$session->query(q{CREATE TABLE copy AS SELECT id, c0 FROM t WHERE id < 'row0000000010'});
foreach my $table ('accounts', 'accounts_copy')
{
	$session->query("CREATE TABLE $table (n int, fk text, note text)");
}
sub changed_meanwhile
{
	my ($table, $other, $change) = @_;
	$session->query("TRUNCATE $table");
	$session->query("INSERT INTO $table SELECT i, 'row' || lpad(i::text, 10, '0'), 'old' FROM generate_series(1, 3) i");
	my $first = BigtableTest::Session->new($node);
	$first->query('BEGIN');
	$first->query(sprintf $change, $table);
	$session->send("UPDATE $table a SET note = note || ' ' || left(o.c0, 4) FROM $other o WHERE o.id = a.fk");
	wait_until('the update to wait for the other', sub {
		$observer->query("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") eq 't';
	});
	$first->query('COMMIT');
	my $result = $session->finish;
	ok(!$result->{error}, 'the update ends well') or diag(explain $result->{error});
	return $session->query("SELECT n, fk, note FROM $table ORDER BY n");
}
like($session->query('EXPLAIN (COSTS OFF) UPDATE accounts a SET note = o.c0 FROM t o WHERE o.id = a.fk'), qr/BigtableLookupJoin/,
	'an update looks up');
foreach my $change (q{UPDATE %s SET note = 'new' WHERE n = 2}, q{UPDATE %s SET fk = 'row0000000003' WHERE n = 2}, q{DELETE FROM %s WHERE n = 2})
{
	my $expected = changed_meanwhile('accounts_copy', 'copy', $change);
	is(changed_meanwhile('accounts', 't', $change), $expected, "after " . sprintf $change, 'accounts');
}
like(changed_meanwhile('accounts', 't', q{UPDATE %s SET note = 'new' WHERE n = 2}), qr/^2\|row0000000002\|new r2c0$/m, 'the change is seen');

done_testing();
