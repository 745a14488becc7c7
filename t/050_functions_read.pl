# bigtable_read_rows() and bigtable_sample_row_keys(): every field of the requests, retries, timeouts, cancels,
# and memory.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--rows', 300_000, '--rows-per-message', 1000);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address);

# The only call that reading with these arguments makes.
sub request_of
{
	my ($arguments) = @_;
	$mock->script('call', 'replay 1');
	$session->query("SELECT count(*) FROM bigtable_read_rows('mock', 't'$arguments)");
	my @calls = $mock->wait_for_done(1);
	die 'more than one call' if @calls != 1;
	return $calls[0];
}

# How many calls a statement makes.
sub calls_of
{
	my ($sql) = @_;
	$mock->script('call', 'replay');
	is($session->query($sql), '', "$sql: no rows");
	return scalar $mock->calls;
}

# ---- requests ----

my $call = request_of('');
is("$call->{table} $call->{keys} $call->{ranges}", 'projects/p/instances/i/tables/t [] [(,)]', 'all rows are a range');
is("$call->{app_profile}|$call->{limit}|$call->{reversed}|$call->{filter}|$call->{stats}", '|0|0||0', 'and nothing else is asked for');
is($call->{headers}{'x-goog-request-params'}, 'table_name=projects/p/instances/i/tables/t', 'with the routing header');

$call = request_of(q{, ARRAY['b', 'a', 'b']});
is("$call->{keys} $call->{ranges}", '[a,b] []', 'keys, each once, in order');
$call = request_of(q{, '{x}', '{[a,b),(c,d],[e,e],("\\\\xff",)}', '{"chain": [{"family_name_regex_filter": "cf"}, {"cells_per_column_limit_filter": 1}]}',
	7, true, 'profile', '90 s'});
is($call->{keys}, '[e,x]', 'a range of one key is a key');
is($call->{ranges}, '[[a,b),(c,d],(%ff,)]', 'ranges keep what is in and what is not');
is($call->{filter}, 'chain(family(cf),column_limit(1))', 'the filter');
is("$call->{limit} $call->{reversed} $call->{app_profile}", '7 1 profile', 'limit, direction and app profile');
cmp_ok($call->{peer_deadline_ms}, '>', 60_000, 'the timeout is the deadline');
cmp_ok($call->{peer_deadline_ms}, '<', 100_000, 'as gRPC rounds it');
is($call->{headers}{'x-goog-request-params'}, 'table_name=projects/p/instances/i/tables/t&app_profile_id=profile', 'the app profile routes');
$call = request_of(q{, '{a}', '{[a,c],[b,d)}'});
is("$call->{keys} $call->{ranges}", '[] [[a,d)]', 'what overlaps is asked for once');
is(request_of(q{, '{a}'})->{limit}, 1, 'a point read wants one row');

foreach my $nothing (q{'{}'::bytea[]}, q{'{}'::text[]}, q{'{}', '{}'}, q{NULL, '{}'}, q{NULL, '{["",""]}'}, 'rows_limit => 0')
{
	is(calls_of("SELECT row_key FROM bigtable_read_rows('mock', 't', $nothing)"), 0, "$nothing: no call");
}

# ---- cells ----

$mock->script('call', 'chunk key=k family=cf qualifier=q ts=1234567 value=v label=one label=two commit');
is($session->query(q{SELECT extract(epoch FROM "timestamp"), labels FROM bigtable_read_rows('mock', 't')}), '1.234567|{one,two}',
	'timestamps in microseconds, and labels');
$mock->script('call', 'chunk key=k family=c%ff qualifier=q ts=0 value=v commit');
fails_with($session, q{SELECT * FROM bigtable_read_rows('mock', 't')}, '22021', qr/^invalid byte sequence/, 'a family that is not UTF-8');
$mock->script('call', 'chunk key=k family=c%00 qualifier=q ts=0 value=v commit');
fails_with($session, q{SELECT * FROM bigtable_read_rows('mock', 't')}, '22021', qr/^invalid byte sequence/, 'a family with a NUL');
$mock->script('call', 'chunk key=k family=cf qualifier=q ts=-9223372036854775808 value=v commit');
fails_with($session, q{SELECT * FROM bigtable_read_rows('mock', 't')}, '22008', qr/^timestamp of cell is out of range/, 'a timestamp out of range');

# ---- order, retries, timeouts ----

my $keys = q{SELECT string_agg(encode(row_key, 'escape'), ' ' ORDER BY n) FROM bigtable_read_rows('mock', 't'%s)
	WITH ORDINALITY AS f(row_key, family, qualifier, "timestamp", value, labels, n)};
$mock->script('call', 'replay');
is($session->query(sprintf $keys, q{, rows_limit => 2, reversed => true, filter => '{"column_qualifier_regex_filter": "c0"}'}), 'row0000300000 row0000299999', 'reversed');
$mock->script('call', 'row a cf:q=1', 'row b cf:q=2', 'send', 'sleep 20', 'status 14 lost', 'call', 'row c cf:q=3');
is($session->query(sprintf $keys, ', rows_limit => 3'), 'a b c', 'a stream that breaks is resumed');
is_deeply([ map { "$_->{ranges} $_->{limit}" } $mock->calls ], [ '[(,)] 3', '[(b,)] 1' ], 'behind the last row, with the rest of the limit');
$mock->script('call', 'row c cf:q=1', 'row b cf:q=2', 'send', 'sleep 20', 'drop', 'call', 'row a cf:q=3');
is($session->query(sprintf $keys, q{, '{a,b,c}', reversed => true}), 'c b a', 'also in reverse');
is(($mock->calls)[1]{keys}, '[a]', 'where only the first key is left');
$mock->script('call', 'status 3 bad filter');
fails_with($session, q{SELECT * FROM bigtable_read_rows('mock', 't')}, '22023',
	qr/^could not read Bigtable table "t"\nbad filter; gRPC status 3 \(INVALID_ARGUMENT\) from \S+ after 1 attempt\.$/, 'a refusal');

# Checks that a statement fails with its timeout, and when.
sub times_out
{
	my ($sql, $milliseconds, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $began = now();
	my $result = $session->run($sql);
	is_error($result, '57014', qr/gRPC status 4 \(DEADLINE_EXCEEDED\).*\nArgument "timeout" says how long to wait\.$/s, $name);
	my $took = 1000 * ($result->{at} - $began);
	ok($took >= $milliseconds && $took < $milliseconds + 2000, "$name: in time") or diag("it took $took ms");
	return;
}

$mock->script('call', 'row a cf:q=1', 'send', 'stall');
times_out(q{SELECT * FROM bigtable_read_rows('mock', 't', timeout => '150 ms')}, 150, 'a stream that stalls');
is(scalar $mock->wait_for_done(1), 1, 'one attempt');
$mock->script('call MutateRow', 'stall', 'call CheckAndMutateRow', 'stall', 'call ReadModifyWriteRow', 'stall', 'call DropRowRange', 'stall',
	'call SampleRowKeys', 'stall');
times_out(q{SELECT bigtable_mutate_row('mock', 't', 'k', ARRAY[bigtable_set_cell('cf', 'q', 'v')], timeout => '150 ms')}, 150, 'bigtable_mutate_row');
times_out(q{SELECT bigtable_check_and_mutate('mock', 't', 'k', NULL, ARRAY[bigtable_delete_row()], timeout => '150 ms')}, 150, 'bigtable_check_and_mutate');
times_out(q{SELECT bigtable_read_modify_write('mock', 't', 'k', ARRAY[bigtable_increment('cf', 'n')], timeout => '150 ms')}, 150, 'bigtable_read_modify_write');
times_out(q{SELECT bigtable_drop_row_range('mock', 't', 'k', timeout => '150 ms')}, 150, 'bigtable_drop_row_range');
times_out(q{SELECT * FROM bigtable_sample_row_keys('mock', 't', timeout => '150 ms')}, 150, 'bigtable_sample_row_keys');
is(scalar(grep { $_->{attempt} ne '0' } map { $mock->calls($_) } qw(MutateRow CheckAndMutateRow ReadModifyWriteRow DropRowRange SampleRowKeys)),
	0, 'each was one attempt');
$mock->script('call MutateRows', 'stall');
is($session->query(q{SELECT code FROM bigtable_mutate_rows('mock', 't', ARRAY[bigtable_row('k', bigtable_delete_row())], timeout => '150 ms')}), '4',
	'bigtable_mutate_rows: a code for each row');

# What is made but once has all the time that it is given, beyond the default of 20 s.
$mock->script('call CheckAndMutateRow', 'matched 1');
is($session->query(q{SELECT bigtable_check_and_mutate('mock', 't', 'k', NULL, ARRAY[bigtable_delete_row()], timeout => '45 s')}), 't', 'a long timeout');
cmp_ok(($mock->calls('CheckAndMutateRow'))[0]{peer_deadline_ms}, '>', 30_000, 'is the deadline of the one attempt');

# ---- cancels ----

$observer->pid;
foreach my $sql (q{SELECT * FROM bigtable_read_rows('mock', 't')}, q{SELECT * FROM bigtable_sample_row_keys('mock', 't')})
{
	prompt("a cancel of $sql", sub {
		$mock->script('call', 'row a cf:q=1', 'send', 'stall', 'call SampleRowKeys', 'sample a 1', 'send', 'stall');
		my $pid = $session->pid;
		$session->send($sql);
		wait_for_wait($observer, $session);
		my $began = now();
		$observer->query("SELECT pg_cancel_backend($pid)");
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement due to user request/, 'cancelled');
		return $result->{at} - $began;
	});
}

# ---- samples ----

my $samples = q{SELECT encode(row_key, 'escape'), offset_bytes FROM bigtable_sample_row_keys('mock', 't'%s)};
$mock->script('call SampleRowKeys', 'sample b%00c 100', 'send', 'sample x 12345678901', 'send', 'sample end 20000000000', 'send');
is($session->query(sprintf $samples, q{, 'profile'}), "b\\000c|100\nx|12345678901\n|20000000000", 'samples as the server orders them');
($call) = $mock->calls('SampleRowKeys');
is("$call->{table} $call->{app_profile}", 'projects/p/instances/i/tables/t profile', 'the request');
is($call->{headers}{'x-goog-request-params'}, 'table_name=projects/p/instances/i/tables/t&app_profile_id=profile', 'the routing header');
is($call->{headers}{'bigtable-features'}, 'CAEgATABOAE=', 'the features');

$mock->script('call SampleRowKeys', 'initial x-goog-cbt-cookie-a 1', 'sample b 1', 'send', 'sleep 20', 'status 14 again',
	'call SampleRowKeys', 'sample c 2', 'send', 'sample end 3', 'send', 'sleep 20', 'status 10 again', 'call SampleRowKeys', 'sample d 4', 'send');
is($session->query(sprintf $samples, ''), 'd|4', 'an attempt that fails leaves nothing behind');
my @calls = $mock->calls('SampleRowKeys');
is_deeply([ map { $_->{attempt} } @calls ], [ 0, 1, 2 ], 'there were three');
is($calls[2]{headers}{'x-goog-cbt-cookie-a'}, '1', 'cookies come back');
$mock->script('call SampleRowKeys', 'sample b 1', 'send', 'sleep 20', 'drop', 'call SampleRowKeys', 'sample c 2', 'send');
is($session->query(sprintf $samples, ''), 'c|2', 'a lost connection');
$mock->script('call SampleRowKeys', 'retry_info 0.1', 'status 8 not now', 'call SampleRowKeys', 'sample c 2', 'send');
is($session->query(sprintf $samples, ''), 'c|2', 'RetryInfo makes any code retryable');
$mock->script('call SampleRowKeys', 'sample b 1', 'send', 'status 14 never');
$session->query(q{ALTER SERVER mock OPTIONS (ADD max_attempts '4')});
fails_with($session, sprintf($samples, ''), '08006', qr/^could not sample the row keys of Bigtable table "t"\nnever; .* after 4 attempts\./,
	'samples are no progress: attempts end');
$session->query(q{ALTER SERVER mock OPTIONS (DROP max_attempts)});
$mock->script('call SampleRowKeys', 'sample b 1', 'send', 'sleep 20', 'status 7 no');
fails_with($session, sprintf($samples, ''), '42501', qr/no; gRPC status 7/, 'what is refused is not tried again');
is(scalar $mock->calls('SampleRowKeys'), 1, 'there was one attempt');
$mock->script('call SampleRowKeys', 'raw 0a05', 'send');
fails_with($session, sprintf($samples, ''), 'HV000', qr/invalid SampleRowKeys response/, 'malformed bytes');
$mock->script('call SampleRowKeys');
is($session->query(sprintf $samples, ''), '', 'no samples at all');

# ---- memory ----

$mock->script('call', 'replay');
$session->query(q{SET work_mem = '1MB'});
my $few = q{SELECT count(*) FROM bigtable_read_rows('mock', 't', rows_limit => 20000)};
is($session->query($few), 80_000, 'a part of a large table');
my $before = memory_kb($session->pid);
is($session->query('SELECT count(*) FROM ' . q{bigtable_read_rows('mock', 't')}), 1_200_000, 'all of it');
my $grown = memory_kb($session->pid) - $before;
cmp_ok($grown, '<', 16_384, 'takes no more memory') or diag("$grown kB more");

done_testing();
