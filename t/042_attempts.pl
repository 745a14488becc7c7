# What each kind of call is retried on and with what headers: codes, RetryInfo, routing cookies, numbers of
# attempts, waits. The scan's part is in 002_resume, 004_status, 005_timeout and 011_requests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf', '--sum-family', 'sum');

# For servers that do not say where they are.
my $elsewhere = BigtableTest::Mock->new('--family', 'cf');
$ENV{BIGTABLE_EMULATOR_HOST} = $elsewhere->address;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, max_attempts => 4);
create_table($session, 't', 'mock');
$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (table_name 't', insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'),
  s bigint OPTIONS (family 'sum', qualifier 's', encoding 'binary')) SERVER mock OPTIONS (table_name 't')});

my %names = (
	1 => 'CANCELLED', 2 => 'UNKNOWN', 3 => 'INVALID_ARGUMENT', 4 => 'DEADLINE_EXCEEDED', 5 => 'NOT_FOUND',
	6 => 'ALREADY_EXISTS', 7 => 'PERMISSION_DENIED', 8 => 'RESOURCE_EXHAUSTED', 9 => 'FAILED_PRECONDITION',
	10 => 'ABORTED', 11 => 'OUT_OF_RANGE', 12 => 'UNIMPLEMENTED', 13 => 'INTERNAL', 14 => 'UNAVAILABLE',
	15 => 'DATA_LOSS', 16 => 'UNAUTHENTICATED');
my %sqlstates = (
	1 => '57014', 2 => 'HV000', 3 => '22023', 4 => '57014', 5 => 'HV00R', 6 => '42710', 7 => '42501',
	8 => '53400', 9 => '55000', 10 => '40001', 11 => '22023', 12 => '0A000', 13 => 'HV000', 14 => '08006',
	15 => 'HV000', 16 => '28000');

my $insert = q{INSERT INTO t VALUES ('a', '1'), ('b', '2'), ('c', '3')};
my $mutate = q{SELECT bigtable_mutate_row('mock', 't', 'a', ARRAY[bigtable_set_cell('cf', 'q', '1')])};

# The kinds of calls: name, method, statement, and the codes that they are retried on.
my %reads = map { $_ => 1 } 4, 10, 14;
my %writes = map { $_ => 1 } 4, 14;
my @kinds = (
	[ 'a scan', 'ReadRows', 'SELECT id, q FROM t', \%reads ],
	[ 'a point read', 'ReadRows', q{SELECT id, q FROM t WHERE id = 'a'}, \%reads ],
	[ 'a batch', 'MutateRows', $insert, \%writes ],
	[ 'a row', 'MutateRow', $mutate, \%writes ],
	[ 'a strict insert', 'CheckAndMutateRow', q{INSERT INTO strict VALUES ('a', '1')}, {} ],
	[ 'a conditional write', 'CheckAndMutateRow',
		q{SELECT bigtable_check_and_mutate('mock', 't', 'a', '{"pass_all_filter": true}', ARRAY[bigtable_set_cell('cf', 'q', '1')], NULL)}, {} ],
	[ 'a counter', 'ReadModifyWriteRow', q{UPDATE counters SET n = n + 1 WHERE id = 'a'}, {} ],
	[ 'increments', 'ReadModifyWriteRow', q{SELECT count(*) FROM bigtable_read_modify_write('mock', 't', 'a', ARRAY[bigtable_increment('cf', 'n')])}, {} ],
	[ 'a sum', 'MutateRow', q{UPDATE counters SET s = s + 1 WHERE id = 'a'}, {} ],
	[ 'TRUNCATE', 'DropRowRange', 'TRUNCATE t', {} ],
);

# What came of a statement: "fine" or the error's SQLSTATE, and how many calls it took.
sub outcome
{
	my ($method, $sql, @script) = @_;
	$mock->script(@script);
	my $result = $session->run($sql);
	my @calls = $mock->wait_for_done(1, $method);
	return ($result->{error} ? $result->{error}{sqlstate} : 'fine') . ' after ' . @calls;
}

# ---- codes ----

foreach my $kind (@kinds)
{
	my ($name, $method, $sql, $transient) = @$kind;
	my $answer = $method eq 'ReadRows' ? 'row a cf:q=1' : 'apply';
	foreach my $code (1 .. 16)
	{
		my $once = outcome($method, $sql, "call $method", "status $code no", "call $method", $answer);
		is($once, $transient->{$code} ? 'fine after 2' : "$sqlstates{$code} after 1", "$name: $names{$code}");
	}

	# INTERNAL whose text says that the connection was lost, in any spelling; and other texts.
	foreach my $text ('Received RST_STREAM with error code 2', 'HTTP/2 error code: INTERNAL_ERROR Received Rst Stream',
		'Stream closed before write could take place', 'Received unexpected EOS on DATA frame from server.')
	{
		my $once = outcome($method, $sql, "call $method", "status 13 $text", "call $method", $answer);
		is($once, %$transient ? 'fine after 2' : 'HV000 after 1', "$name: INTERNAL, $text");
	}
	foreach my $text ('rst', 'stream', 'unexpected EOS')
	{
		is(outcome($method, $sql, "call $method", "status 13 $text", "call $method", $answer), 'HV000 after 1', "$name: INTERNAL, $text");
	}

	# RetryInfo makes any code one to be retried, of what may be repeated.
	foreach my $code (%$transient ? 1 .. 16 : (8, 14))
	{
		my $once = outcome($method, $sql, "call $method", 'retry_info 0.001', "status $code no", "call $method", $answer);
		is($once, %$transient ? 'fine after 2' : "$sqlstates{$code} after 1", "$name: $names{$code} with RetryInfo");
	}

	# The limit on attempts.
	is(outcome($method, $sql, "call $method", 'status 14 never'), '08006 after ' . (%$transient ? 4 : 1), "$name: max_attempts");
}

# Entries of a batch have codes of their own.
foreach my $code (1 .. 16)
{
	my $once = outcome('MutateRows', $insert, 'call MutateRows', "entry 1 $code no", 'call MutateRows');
	is($once, $writes{$code} ? 'fine after 2' : "$sqlstates{$code} after 1", "an entry: $names{$code}");
	is(outcome('MutateRows', $insert, 'call MutateRows', "entry 1 $code no", 'entry_retry_info 1 0.001', 'call MutateRows'),
		'fine after 2', "an entry: $names{$code} with RetryInfo");
}
is(outcome('MutateRows', $insert, 'call MutateRows', 'entry 1 13 Received RST_STREAM with error code 2', 'call MutateRows'),
	'fine after 2', 'an entry: INTERNAL, RST_STREAM');

# A mutation whose time the server chooses is another one each time. Here, none is: the client's time is explicit.
$mock->script('call MutateRow', 'apply', 'status 14 lost', 'call MutateRow');
$session->query($mutate);
my %mutations = map { $_->{mutations} => 1 } $mock->applied;
is(scalar(keys %mutations), 1, 'a row that is written twice is the same to the byte');
like((keys %mutations)[0], qr/^set\(cf:q\@\d{13}000=1\)$/, 'it has an explicit time in whole milliseconds');
is(outcome('MutateRow', q{SELECT bigtable_mutate_row('mock', 't', 'a', ARRAY[bigtable_set_cell('cf', 'q', '1'), bigtable_add_to_cell('sum', 's', 1)])},
		'call MutateRow', 'status 14 no', 'call MutateRow'), '08006 after 1', 'a row with a sum among others is not tried again');
is(outcome('MutateRow', q{SELECT bigtable_mutate_row('mock', 't', 'a', ARRAY[bigtable_delete_cells('cf', 'q'), bigtable_delete_family('cf'), bigtable_delete_row()])},
		'call MutateRow', 'status 14 no', 'call MutateRow'), 'fine after 2', 'deletions may be repeated');

# ---- RetryInfo's delay, and the backoff ----

create_server($session, 'slow', $mock->address, retry_initial_delay => '20s', operation_timeout => '30s');
create_table($session, 'slow_t', 'slow', table_name => 't');
foreach my $case ([ 'ReadRows', 'SELECT id, q FROM slow_t' ], [ 'MutateRows', q{INSERT INTO slow_t VALUES ('a', '1')} ],
	[ 'MutateRow', $mutate =~ s/'mock'/'slow'/r ])
{
	my ($method, $sql) = @$case;

	# It is used as it is: shorter than the backoff, even 0, and longer than it.
	foreach my $delay (0, 0.001, 0.3)
	{
		my $took = 10;
		foreach (1 .. 3)
		{
			$mock->script("call $method", "retry_info $delay", 'status 8 quota', "call $method");
			my $at = now();
			$session->query($sql);
			my $seconds = now() - $at;
			$took = $seconds if $seconds < $took;
		}
		ok($took >= $delay && $took < $delay + 0.1, "$method: RetryInfo of $delay s") or diag("$took s");
	}

	# Beyond the deadline of the operation it is an error at once; so is a backoff.
	foreach my $script ([ 'retry_info 31', 'status 14 later' ], [ 'retry_info 999999999', 'status 14 later' ])
	{
		$mock->script("call $method", @$script, "call $method");
		my $at = now();
		my $result = $session->run($sql);
		is_error($result, '08006', qr/later; gRPC status 14 .* after 1 attempt\./, "$method: $script->[0] beyond the deadline");
		cmp_ok($result->{at} - $at, '<', 1, "$method: $script->[0] beyond the deadline: at once");
	}
}

# RetryInfo among other details, as google.rpc.Status: code 8, a QuotaFailure, then a RetryInfo of 0.25 s.
sub field
{
	my ($number, $bytes) = @_;
	return chr($number << 3 | 2) . chr(length $bytes) . $bytes;
}
my $retry_info = field(1, 'type.googleapis.com/google.rpc.RetryInfo') . field(2, field(1, "\x10\x80\xe5\x9a\x77"));
my $quota = field(1, 'type.googleapis.com/google.rpc.QuotaFailure') . field(2, '');
my $details = "\x08\x08" . field(2, 'quota') . field(3, $quota) . field(3, $retry_info);
$mock->script('call', 'trailer-bin grpc-status-details-bin ' . unpack('H*', $details), 'status 8 quota', 'call', 'row a cf:q=1');
my $at = now();
is($session->query('SELECT id, q FROM slow_t'), 'a|1', 'RetryInfo behind another detail');
my $took = now() - $at;
ok($took >= 0.25 && $took < 1.5, 'RetryInfo behind another detail: its delay') or diag("$took s");

# However short retry_initial_delay is, a wait takes 11 ms.
create_server($session, 'hasty', $mock->address, retry_initial_delay => '1ms', max_attempts => 6);
create_table($session, 'hasty_t', 'hasty', table_name => 't');
$mock->script('call', 'status 14 busy');
$at = now();
is_error($session->run('SELECT id, q FROM hasty_t'), '08006', qr/after 6 attempts/, 'a short retry_initial_delay');
cmp_ok(now() - $at, '>=', 5 * 0.011, 'a short retry_initial_delay: at least 11 ms');

# ---- numbers of attempts, and cookies, of every kind of call ----

sub cookies
{
	my ($call) = @_;
	my $headers = $call->{headers};
	return join ' ', map { "$_=$headers->{$_}" } sort grep { /cookie|other/ } keys %$headers;
}

foreach my $kind (@kinds[ 0 .. 3 ])
{
	my ($name, $method, $sql) = @$kind;

	# Of a stalled attempt, the initial metadata have come.
	$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '7', ADD attempt_timeout '300ms')});
	$mock->script(
		"call $method", 'initial x-goog-cbt-cookie-a 1', 'initial x-goog-cbt-cookie 2', 'trailer x-goog-cbt-cookie-z 3',
		'trailer x-goog-cbt-cooki 4', 'trailer x-goog-other 5', 'status 14 first',
		"call $method", 'trailer x-goog-cbt-cookie-a 6', 'status 14 second',
		"call $method", 'initial x-goog-cbt-cookie-z 7', 'trailer x-goog-cbt-cookie-z 8', 'status 14 third',
		"call $method", 'trailer-bin x-goog-cbt-cookie-b-bin 00ff0a', 'retry_info 0.001', 'status 8 fourth',
		"call $method", 'initial x-goog-cbt-cookie-a 9', 'headers', 'stall',
		"call $method", $method eq 'ReadRows' ? 'row a cf:q=1' : 'apply');
	$session->query($sql);
	my @calls = $mock->wait_for_done(6, $method);
	is(join(' ', map { $_->{headers}{'bigtable-attempt'} } @calls), '0 1 2 3 4 5', "$name: attempts are numbered from 0");
	my $cookie = 'x-goog-cbt-cookie';
	is_deeply([ map { cookies($_) } @calls ], [
		'',
		"$cookie=2 $cookie-a=1 $cookie-z=3",
		"$cookie=2 $cookie-a=6 $cookie-z=3",
		"$cookie=2 $cookie-a=6 $cookie-z=8",
		"$cookie=2 $cookie-a=6 $cookie-b-bin=%00%ff%0a $cookie-z=8",
		"$cookie=2 $cookie-a=9 $cookie-b-bin=%00%ff%0a $cookie-z=8",
	], "$name: cookies of initial and trailing metadata are echoed, replaced and kept");
	$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '4', DROP attempt_timeout)});

	$mock->script("call $method", $method eq 'ReadRows' ? 'row a cf:q=1' : 'apply');
	$session->query($sql);
	is(cookies(($mock->wait_for_done(1, $method))[0]), '', "$name: the next one has none");
}

# Failed entries of a call that ends well: its cookies count, too.
$mock->script('call MutateRows', 'initial x-goog-cbt-cookie-a 1', 'entry 1 14 later', 'trailer x-goog-cbt-cookie-b 2', 'call MutateRows');
$session->query($insert);
my @calls = $mock->wait_for_done(2, 'MutateRows');
is(cookies($calls[1]), 'x-goog-cbt-cookie-a=1 x-goog-cbt-cookie-b=2', 'a batch with failed entries: cookies are echoed');
is($calls[1]{headers}{'bigtable-attempt'}, 1, 'a batch with failed entries: another attempt');

# ---- admin calls that read ----

# A column of which no cell has come makes a new session ask for the table's families; it asks twice at most.
foreach my $code (1 .. 16)
{
	my $other = BigtableTest::Session->new($node);
	$mock->script('call', 'row a cf:other=1', 'call GetTable', "status $code no", 'call GetTable');
	is($other->query('SELECT id, q FROM t'), 'a|', "families, $names{$code}: the rows come all the same");
	is(join(' ', map { $_->{attempt} } $mock->wait_for_done(1, 'GetTable')), $writes{$code} ? '0 1' : '0', "families, $names{$code}: attempts");
	$other->close;
}

# ---- headers of every kind of call ----

create_server($session, 'odd', $mock->address, project_id => 'example.com:p', app_profile_id => 'a_b%c+d' =~ s/[%+]//gr);
$session->query(q{CREATE FOREIGN TABLE odd_t (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q')) SERVER odd OPTIONS (table_name 't')});
$session->query(q{CREATE FOREIGN TABLE odd_view (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q')) SERVER odd
  OPTIONS (table_name 't', authorized_view 'v')});
$session->query(q{CREATE FOREIGN TABLE odd_strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q')) SERVER odd
  OPTIONS (table_name 't', authorized_view 'v', insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE odd_materialized (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q')) SERVER odd
  OPTIONS (materialized_view 'm')});
my $by_table = 'table_name=projects/example.com%3Ap/instances/i/tables/t&app_profile_id=a_bcd';
foreach my $case (
	[ 'ReadRows', 'SELECT * FROM odd_t', $by_table ],
	[ 'ReadRows', 'SELECT * FROM odd_view', $by_table ],
	[ 'ReadRows', 'SELECT * FROM odd_materialized', 'name=projects/example.com%3Ap/instances/i&app_profile_id=a_bcd' ],
	[ 'MutateRows', q{INSERT INTO odd_t VALUES ('a', '1')}, $by_table ],
	[ 'MutateRows', q{INSERT INTO odd_view VALUES ('a', '1')}, $by_table ],
	[ 'CheckAndMutateRow', q{INSERT INTO odd_strict VALUES ('a', '1')}, $by_table ],
	[ 'MutateRow', $mutate =~ s/'mock'/'odd'/r, $by_table ],
	[ 'ReadModifyWriteRow', q{SELECT count(*) FROM bigtable_read_modify_write('odd', 't', 'a', ARRAY[bigtable_increment('cf', 'n')])}, $by_table ],
	[ 'DropRowRange', q{TRUNCATE odd_t}, 'name=projects/example.com%3Ap/instances/i/tables/t' ],
	[ 'GetTable', q{INSERT INTO odd_t SELECT * FROM odd_t}, 'name=projects/example.com%3Ap/instances/i/tables/t' ])
{
	my ($method, $sql, $params) = @$case;
	my $name = $sql =~ s/^.*(odd_\w+).*$/$1/r;

	# Each in a session of its own, which knows nothing of the table's families.
	my $other = BigtableTest::Session->new($node);
	$mock->script('call');
	$other->query($sql);
	my @of_method = $method eq 'GetTable' ? $mock->wait_for_begun(1, $method) : $mock->wait_for_done(1, $method);
	my $headers = $of_method[0]{headers};
	is($headers->{'x-goog-request-params'}, $params, "$method, $name: x-goog-request-params");
	is($headers->{'bigtable-features'}, 'CAEgATABOAE=', "$method, $name: bigtable-features");
	is($headers->{'bigtable-attempt'}, '0', "$method, $name: bigtable-attempt");
	like($headers->{'x-goog-api-client'}, qr{^gl-c/\d+%20grpc/[\d.]+\S*%20gccl/\d+\.\d+\.\d+$}, "$method, $name: x-goog-api-client");
	is(join(' ', grep { !/^(x-goog-(request-params|api-client)|bigtable-(features|attempt))$/ } keys %$headers), '', "$method, $name: and no others");
}

# ---- BIGTABLE_EMULATOR_HOST ----

# It is for data and for admin calls; what the server itself says goes first, as all of the above has shown.
$session->query(q{CREATE SERVER nowhere FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i')});
create_table($session, 'nowhere_t', 'nowhere', table_name => 't');
$_->script('call') foreach $mock, $elsewhere;
$session->query(q{SELECT * FROM nowhere_t; INSERT INTO nowhere_t SELECT 'a', q FROM nowhere_t; INSERT INTO nowhere_t VALUES ('a', '1'); TRUNCATE nowhere_t});
is($mock->log_text, '', 'BIGTABLE_EMULATOR_HOST: nothing goes elsewhere');
foreach my $method (qw(ReadRows MutateRows DropRowRange GetTable))
{
	cmp_ok(scalar $elsewhere->wait_for_begun(1, $method), '>=', 1, "BIGTABLE_EMULATOR_HOST: $method");
}

done_testing();
