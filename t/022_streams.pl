# Scans of many keys or ranges read several streams at once: their order, what fails or is slow in one of them, and
# what they leave behind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

use constant ROWS => 20_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--rows-per-message', 20, '--family', 'cf');
my $node = start_cluster(conf => 'bigtable_fdw.max_streams = 4');
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address, max_attempts => 3);
create_table($session, 't', 'mock', columns => ['c0']);

sub key { return sprintf 'row%010d', $_[0] }
sub in_list { return 'id IN (' . join(', ', map { "'" . key($_) . "'" } @_) . ')' }
sub keys_text { return join "\n", map { key($_) } @_ }

# The first key that each call asked for, in order.
sub first_keys { return join ' ', sort map { $_->{keys} =~ /^\[row0*(\d+)/ ? sprintf '%05d', $1 : $_->{keys} } @_ }

# The connection is there: from here on, calls arrive in the order in which they are made.
$session->query('SELECT id FROM t LIMIT 1');

# ---- when, and how many ----

my $thousand = in_list(1 .. 1000);
foreach my $case (
	[ 'few keys', in_list(1 .. 199), 4, '00001' ],
	[ 'some keys', in_list(1 .. 200), 4, '00001 00101' ],
	[ '1,000 keys', $thousand, 4, '00001 00251 00501 00751' ],
	[ '1,000 keys in three streams', $thousand, 3, '00001 00335 00668' ],
	[ '1,000 keys in one stream', $thousand, 1, '00001' ])
{
	my ($name, $where, $streams, $expected) = @$case;
	$mock->script('call', 'replay');
	$session->query("SET bigtable_fdw.max_streams = $streams");
	my $keys = () = $where =~ /row/g;
	is($session->query("SELECT id FROM t WHERE $where ORDER BY id"), keys_text(1 .. $keys), "$name: rows");
	is(first_keys($mock->wait_for_done(scalar(split / /, $expected))), $expected, "$name: requests");
}
$session->query('RESET bigtable_fdw.max_streams');

# They are under way together: each waits for the others, as it were.
$mock->script(('call', 'sleep 400', 'replay') x 4);
my $before = now();
is($session->query("SELECT count(*), min(id), max(id) FROM t WHERE $thousand"), '1000|' . key(1) . '|' . key(1000), 'slow answers: rows');
my $took = now() - $before;
cmp_ok($took, '<', 1.2, "four answers of 400 ms take less than three in turn ($took s)");

# More parts than streams: no more are under way at once than may be. The first four hang.
$mock->script(('call', 'stall') x 4, 'call', 'replay');
my $many = in_list(map { 2 * $_ } 1 .. 5000);
$session->pid;
$session->send("SELECT count(*) FROM t WHERE $many");
$mock->wait_for_begun(4);
wait_for_wait($observer, $session);
is(scalar($mock->calls), 4, '5,000 keys: four streams at once');
$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
is_error($session->finish, '57014', qr/^canceling statement due to user request/m, 'a cancel ends them');
is(join(' ', map { $_->{done}{cancelled} } $mock->wait_for_done(4)), '1 1 1 1', 'all of them');

$mock->script('call', 'replay');
is($session->query("SELECT id FROM t WHERE $many ORDER BY id"), keys_text(map { 2 * $_ } 1 .. 5000), '5,000 keys: rows');
is(scalar($mock->wait_for_done(8)), 8, '5,000 keys: as many parts for each stream');

# Ranges.
$mock->script('call', 'replay');
my $ranges = join ' OR ', map { "id BETWEEN '" . key($_ * 1000 + 1) . "' AND '" . key($_ * 1000 + 300) . "'" } 0 .. 3;
is($session->query("SELECT count(*), count(DISTINCT id) FROM t WHERE $ranges"), '1200|1200', 'ranges: rows');
is(scalar($mock->wait_for_done(4)), 4, 'ranges: a stream for each');

# ---- order ----

# The first stream is the slowest. By key, its rows are first all the same; else they are the last.
foreach my $case ([ 'ORDER BY id', 1, 1000 ], [ 'ORDER BY id DESC', 1000, 1 ], [ '', 251, 250 ])
{
	my ($order, $first, $last) = @$case;
	$mock->script('call', $order =~ /DESC/ ? () : 'sleep 300', 'replay', ('call', 'replay') x 2, 'call', $order =~ /DESC/ ? 'sleep 300' : (), 'replay');
	my @rows = split /\n/, $session->query("SELECT id FROM t WHERE $thousand $order");
	is($rows[-1], key($last), "$order: the last row");
	my @wanted = map { key($_) } 1 .. 1000;
	@wanted = reverse @wanted if $order =~ /DESC/;
	if ($order eq '')
	{
		isnt($rows[0], key(1), 'without an order: the slow stream is not waited for');
		is(join("\n", sort @rows), join("\n", @wanted), 'without an order: all rows');
	}
	else
	{
		is(join("\n", @rows), join("\n", @wanted), "$order: all rows, in order");
	}
}

# ---- faults ----

# A stream that is lost in the middle goes on behind its last row; the others are not asked again.
foreach my $order ('ORDER BY id', '')
{
	my $name = $order || 'without an order';
	$mock->script(('call', 'replay') x 2, 'call', 'replay 40', 'sleep 50', 'status 14 lost', ('call', 'replay') x 2);
	my @rows = split /\n/, $session->query("SELECT id FROM t WHERE $thousand $order");
	is(join("\n", sort @rows), keys_text(1 .. 1000), "$name, a lost stream: rows");
	my @calls = $mock->wait_for_done(5);
	is(first_keys(@calls), '00001 00251 00501 00541 00751', "$name, a lost stream: what is asked for again");
	is(join(' ', sort map { $_->{attempt} } @calls), '0 0 0 0 1', "$name, a lost stream: attempts");
}

# One that fails for good: an error, unless all that is wanted came before it.
$mock->script(('call', 'replay') x 3, 'call', 'status 7 not yours');
fails_with($session, "SELECT id FROM t WHERE $thousand ORDER BY id", '42501', qr/not yours; gRPC status 7 \(PERMISSION_DENIED\).* after 1 attempt/, 'an error in the last stream');
$mock->script('call', 'status 7 not yours', ('call', 'replay') x 3);
fails_with($session, "SELECT id FROM t WHERE $thousand", '42501', qr/not yours/, 'an error in the first stream');
$mock->script(('call', 'replay') x 3, 'call', 'status 7 not yours');
is($session->query("SELECT id FROM t WHERE $thousand AND length(c0) > 0 ORDER BY id LIMIT 3"), keys_text(1 .. 3), 'an error behind the rows that are wanted');

# Each stream has its own timeout, and only what is really waited for counts: the executor may take its time.
$session->query(q{ALTER SERVER mock OPTIONS (ADD attempt_timeout '300ms', SET max_attempts '2')});
$mock->script(('call', 'replay') x 3, 'call', 'stall');
fails_with($session, "SELECT id FROM t WHERE $thousand ORDER BY id", '57014', qr/no message within the attempt timeout of 0.300 s/, 'a stream that hangs');
$mock->script('call', 'replay');
is($session->query("SELECT count(pg_sleep(0.8)) FROM (SELECT id FROM t WHERE $thousand ORDER BY id OFFSET 999) s"), '1', 'a host that takes its time');
$session->query(q{ALTER SERVER mock OPTIONS (DROP attempt_timeout, SET max_attempts '3')});

# ---- limits ----

# As long as a few keys may be enough, there is one request, with the limit; else no more streams than can be of use.
$mock->script('call', 'replay');
is($session->query("SELECT id FROM t WHERE $many ORDER BY id LIMIT 3"), keys_text(2, 4, 6), 'a small limit: rows');
is(join(' ', map { $_->{limit} } $mock->wait_for_done(1)), '3', 'a small limit: one request');
$mock->script('call', 'replay');
is($session->query("SELECT id FROM t WHERE $many ORDER BY id LIMIT 700"), keys_text(map { 2 * $_ } 1 .. 700), 'a larger one: rows');
is(join(' ', sort map { $_->{limit} } $mock->wait_for_done(2)), '700 700', 'a larger one: as many keys as it may take');
is($session->query("SELECT count(*) FROM (SELECT id FROM t WHERE $many LIMIT 4999) s"), '4999', 'a limit without an order');

# ---- again and again ----

$mock->script('call', 'replay');
$session->query('SET bigtable_fdw.enable_lookup_join = off');
is($session->query("SELECT g, count(id), min(id), max(id) FROM (SELECT g, ARRAY(SELECT 'row' || lpad((i * g)::text, 10, '0') FROM generate_series(1, 300 * g) i) AS ids "
	  . "FROM generate_series(1, 3) g OFFSET 0) a, LATERAL (SELECT id FROM t WHERE id = ANY (a.ids)) s GROUP BY g ORDER BY g"),
	join("\n", '1|300|' . key(1) . '|' . key(300), '2|600|' . key(2) . '|' . key(1200), '3|900|' . key(3) . '|' . key(2700)), 'rescans: rows');
is(scalar($mock->wait_for_done(11)), 3 + 4 + 4, 'rescans: each has streams for its own keys');
$session->query('RESET bigtable_fdw.enable_lookup_join');
is($session->query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM t WHERE $thousand ORDER BY id; FETCH 2 FROM c"), keys_text(1, 2), 'a cursor begins');
is($session->query("SELECT count(*) FROM t WHERE $thousand"), '1000', 'another scan meanwhile');
is($session->query('MOVE 900 IN c; FETCH 1 FROM c; CLOSE c; COMMIT'), keys_text(903), 'the cursor goes on');

# EXPLAIN ANALYZE counts all of them together.
my $plan = $session->query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM t WHERE $thousand ORDER BY id");
like($plan, qr/^ +Streams: 4\n +Requests: 4\n +Messages: \d+\n(?:.*\n)* +Rows Returned: 1000$/m, 'EXPLAIN ANALYZE');
unlike($session->query("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM t WHERE id = '" . key(1) . "'"), qr/Streams/, 'of one stream it says nothing');

# ---- memory ----

# The first stream hangs while the others could send 300 MB: what they hold does not depend on it.
my $value = 'fill=' . 1_000_000;
my $pid = $session->pid;
my $kb = memory_kb($pid);
my @large = map { my $from = $_; ('call', map { ("chunk key=" . key($from + $_) . " family=cf qualifier=c0 ts=1000 $value commit", 'send') } 0 .. 99) } 251, 501, 751;
$mock->script('call', 'stall', @large);
$session->send("SELECT count(c0) FROM (SELECT id, c0 FROM t WHERE $thousand ORDER BY id OFFSET 0) s");
$mock->wait_for_begun(4);
my $highest = 0;
my $until = now() + 2;
while (now() < $until)
{
	my $now = memory_kb($pid);
	$highest = $now if $now > $highest;
	select undef, undef, undef, 0.02;
}
$observer->query("SELECT pg_cancel_backend($pid)");
is_error($session->finish, '57014', qr/^canceling/m, 'a slow stream among large ones: it is waited for');
cmp_ok($highest - $kb, '<', 64 * 1024, 'memory does not grow with what the others have');

done_testing();
