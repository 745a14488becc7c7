# What a scan asks the server for: resource names, headers, limits, and how many requests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

# The service refuses larger ones.
use constant MAX_REQUEST_BYTES => 512 * 1024;
use constant ROWS => 200_000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_server($session, 'encoded', $mock->address,
	project_id => 'example.com:my-p', instance_id => 'i+1', app_profile_id => 'a b&c=d%e/' =~ s{[ /]}{}gr);
create_table($session, 't', 'mock');
create_table($session, 'profiled', 'mock', table_name => 't', app_profile_id => 'batch');
create_table($session, 'viewed', 'mock', table_name => 't', authorized_view => 'v');
create_table($session, 'materialized', 'mock', materialized_view => 'mv');
create_table($session, 'odd', 'encoded', table_name => 't.1-x_y');
create_table($session, 'big', 'mock', columns => ['c0']);

# Runs a query and returns its requests.
sub requests
{
	my ($sql) = @_;
	$mock->script('call', 'row a cf:q=1');
	$session->query($sql);
	return $mock->wait_for_done(1);
}

# The one request of a query.
sub request
{
	my ($sql) = @_;
	my @calls = requests($sql);
	die "not one request: $sql" if @calls != 1;
	return $calls[0];
}

# ---- headers ----

my $call = request('SELECT id, q FROM t');
is_deeply([ sort keys %{ $call->{headers} } ],
	[ 'bigtable-attempt', 'bigtable-features', 'x-goog-api-client', 'x-goog-request-params' ], 'headers');
is($call->{headers}{'x-goog-request-params'}, 'table_name=projects/p/instances/i/tables/t', 'x-goog-request-params');

# Reverse scans (2), last scanned rows (8), routing cookies (16) and RetryInfo (32), as FeatureFlags.
is($call->{headers}{'bigtable-features'}, 'CAEgATABOAE=', 'bigtable-features');
like($call->{headers}{'x-goog-api-client'}, qr{^gl-c/[\d.]+%20grpc/[\d.]+\S*%20gccl/\d+\.\d+\.\d+$}, 'x-goog-api-client');
is($call->{headers}{'bigtable-attempt'}, '0', 'bigtable-attempt');
is("$call->{table} $call->{app_profile}", 'projects/p/instances/i/tables/t ', 'table, no app profile');

$call = request('SELECT id, q FROM profiled');
is($call->{app_profile}, 'batch', 'an app profile in the request');
is($call->{headers}{'x-goog-request-params'},
	'table_name=projects/p/instances/i/tables/t&app_profile_id=batch', 'an app profile in the header');

$call = request('SELECT id, q FROM odd');
is($call->{table}, 'projects/example.com:my-p/instances/i+1/tables/t.1-x_y', 'odd names in the request');
is($call->{headers}{'x-goog-request-params'},
	'table_name=projects/example.com%3Amy-p/instances/i%2B1/tables/t.1-x_y&app_profile_id=ab%26c%3Dd%25e',
	'odd names are percent-encoded in the header');

$call = request('SELECT id, q FROM viewed');
is($call->{authorized_view}, 'projects/p/instances/i/tables/t/authorizedViews/v', 'an authorized view in the request');
is($call->{table}, '', 'and no table');
is($call->{headers}{'x-goog-request-params'}, 'table_name=projects/p/instances/i/tables/t',
	'an authorized view is routed by its table');

$call = request('SELECT id, q FROM materialized');
is($call->{materialized_view}, 'projects/p/instances/i/materializedViews/mv', 'a materialized view in the request');
is($call->{table}, '', 'and no table');
is($call->{headers}{'x-goog-request-params'}, 'name=projects/p/instances/i', 'a materialized view is routed by its instance');

# ---- limits ----

is(request(q{SELECT id, q FROM t WHERE id = 'a'})->{limit}, 1, 'a point read asks for one row');
is(request(q{SELECT id, q FROM t WHERE id IN ('a', 'b')})->{limit}, 0, 'a read of two keys has no limit');
is(request(q{SELECT id, q FROM t LIMIT 7})->{limit}, 7, 'LIMIT');
is(request(q{SELECT id, q FROM t LIMIT 7 OFFSET 5})->{limit}, 12, 'LIMIT and OFFSET');
is(request(q{SELECT id, q FROM t WHERE length(q) > 0 LIMIT 7})->{limit}, 0, 'LIMIT over a local condition');
is(request(q{SELECT count(*) FROM t LIMIT 7})->{limit}, 0, 'LIMIT over an aggregate');

# Deadlines: a scan's is that of the operation, a point read's that of an attempt.
cmp_ok(request(q{SELECT id, q FROM t})->{peer_deadline_ms}, '>', 11 * 3600 * 1000, 'the deadline of a scan');
my $deadline = request(q{SELECT id, q FROM t WHERE id = 'a'})->{peer_deadline_ms};
ok($deadline > 15_000 && $deadline < 21_000, 'the deadline of a point read');

# Statistics are asked for only where they are shown.
is(request('SELECT id, q FROM t')->{stats}, 0, 'no statistics');
is(request('EXPLAIN ANALYZE SELECT id, q FROM t')->{stats}, 2, 'statistics for EXPLAIN ANALYZE');
$mock->script('call', 'row a cf:q=1', 'send', 'stats 1000 1 5000 1', 'send');
like($session->query('EXPLAIN (ANALYZE, TIMING off, SUMMARY off) SELECT id, q FROM t'), qr/Rows Seen: 1000\b/,
	'which are shown');

# ---- nothing is sent for nothing ----

$mock->script('call', 'row a cf:q=wrong');
$session->query('PREPARE p(text, text[]) AS SELECT id, q FROM t WHERE id = $1 AND id = ANY($2)');
$session->query(q{SET plan_cache_mode = force_generic_plan});
my %nothing = (
	'two keys at once' => q{SELECT * FROM t WHERE id = 'a' AND id = 'b'},
	'an inverted range' => q{SELECT * FROM t WHERE id > 'b' AND id < 'a'},
	'an empty range' => q{SELECT * FROM t WHERE id >= 'b' AND id < 'b'},
	'an empty array' => q{SELECT * FROM t WHERE id = ANY('{}'::text[])},
	'an array of NULL' => q{SELECT * FROM t WHERE id = ANY(ARRAY[NULL]::text[])},
	'a NULL' => q{SELECT * FROM t WHERE id = (SELECT NULL::text)},
	'an empty key' => q{SELECT * FROM t WHERE id = ''},
	'no rows' => q{SELECT * FROM t LIMIT 0},
	'parameters that contradict' => q{EXECUTE p('a', '{b,c}')},
	'a NULL parameter' => q{EXECUTE p(NULL, '{b,c}')},
	'an empty array as a parameter' => q{EXECUTE p('a', '{}')},
	'outer rows that match nothing' =>
	  q{SELECT t.* FROM (VALUES (NULL::text), ('')) v(k), LATERAL (SELECT * FROM t WHERE id = v.k OFFSET 0) t},
);
foreach my $name (sort keys %nothing)
{
	is($session->query($nothing{$name}), '', "$name: no rows");
}
is($mock->log_text, '', 'and no request');
$session->query('EXPLAIN (VERBOSE) SELECT * FROM t; EXPLAIN EXECUTE p(\'a\', \'{a}\')');
is($mock->log_text, '', 'nor for EXPLAIN');
$session->query('RESET plan_cache_mode');

# ---- large row sets ----

# Bytes that a key takes in a request at least: itself, a tag and a length.
sub request_bytes
{
	my ($call) = @_;
	my ($keys) = $call->{keys} =~ /^\[(.*)\]$/;
	my $bytes = 0;
	$bytes += length($_) + 2 foreach split /,/, $keys;
	while ($call->{ranges} =~ /[\[(]([^,]*),([^\])]*)[\])]/g)
	{
		$bytes += 2 + ($1 eq '' ? 0 : length($1) + 2) + ($2 eq '' ? 0 : length($2) + 2);
	}
	return $bytes;
}

# Reads 100,000 keys, of 200,000 that there are and some that there are not.
my @wanted = map { sprintf 'row%010d', 3 * $_ } 1 .. 100_000;
my @found = grep { $_ le sprintf 'row%010d', ROWS } @wanted;
my $list = join ',', reverse @wanted;
$mock->script('call', 'replay');
$session->query("CREATE TABLE wanted AS SELECT unnest('{$list}'::text[]) AS key");
foreach my $order ('', ' DESC')
{
	$mock->forget;
	my $rows = $session->query("SELECT id FROM big WHERE id = ANY('{$list}') ORDER BY id$order");
	my @expected = $order ? reverse @found : @found;
	ok($rows eq join("\n", @expected), "100,000 keys in one list$order: rows");
	my @calls = $mock->wait_for_done(3);
	cmp_ok(scalar @calls, '>', 2, 'they are asked for in several requests');
	is(scalar(grep { request_bytes($_) > MAX_REQUEST_BYTES - 64 * 1024 } @calls), 0,
		'which are well below the limit of the service');
	my @keys = map { /^\[(.*)\]$/ && split /,/, $1 } map { $_->{keys} } @calls;
	is(join(',', sort @keys), join(',', @wanted), 'each key is asked for once');
	is(scalar(grep { $_->{attempt} } @calls), 0, 'none of them is a second attempt');
}

# Ranges, too, and a LIMIT over several requests.
my $ranges = join ' OR ', map { sprintf q{id BETWEEN 'row%010d' AND 'row%010d'}, 10 * $_, 10 * $_ + 2 } 1 .. 2000;
$mock->forget;
is($session->query("SELECT count(*) FROM big WHERE $ranges"), 6000, '2,000 ranges');
cmp_ok(scalar $mock->wait_for_done(1), '>=', 1, 'are asked for');
$mock->forget;
is($session->query("SELECT count(*) FROM (SELECT id FROM big WHERE id = ANY('{$list}') ORDER BY id LIMIT 40000) s"), 40_000,
	'a LIMIT over several requests');
my @calls = $mock->wait_for_done(2);
is($calls[0]{limit}, 40_000, 'the first request has all of the limit');
is($calls[1]{limit}, 40_000 - $calls[0]{done}{rows}, 'the next has what is left of it');

# A failure within the second request does not ask for the first one's keys again.
$mock->script('call', 'replay', 'call', 'replay 100', 'status 14 again', 'call', 'replay');
my $rows = $session->query("SELECT id FROM big WHERE id = ANY('{$list}')");
ok($rows eq join("\n", @found), 'a failure within the second request: rows');
@calls = $mock->wait_for_done(4);
is(join(' ', map { $_->{attempt} } @calls[ 0 .. 3 ]), '0 0 1 0', 'a failure within the second request: attempts');
my ($second, $again) = map { $_->{keys} =~ tr/,// + 1 } @calls[ 1, 2 ];
is($again, $second - 100, 'a failure within the second request: what is asked for again');

done_testing();
