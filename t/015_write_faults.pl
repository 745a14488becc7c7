# Batches under faults: what may pass is tried again, and only that; nothing is lost, nothing is applied twice
# by a retry that was told it had succeeded, and each failure is reported.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf', '--sum-family', 'sum');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, max_attempts => 4, batch_size => 10);
create_table($session, 't', 'mock');
$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'),
  s bigint OPTIONS (family 'sum', qualifier 's', encoding 'binary')) SERVER mock});

sub insert
{
	my ($from, $to) = @_;
	return "INSERT INTO t SELECT 'k' || lpad(i::text, 4, '0'), 'v' || i FROM generate_series($from, $to) i";
}

# How often each key was applied, as "key*times", in order, from one to another.
sub applied
{
	my %times;
	$times{ $_->{key} }++ foreach $mock->applied;
	return join ' ', map { $times{$_} == 1 ? $_ : "$_*$times{$_}" } sort keys %times;
}

sub keys_of
{
	return join ' ', map { sprintf 'k%04d', $_ } @_;
}

# ---- nothing goes wrong ----

$mock->script('call MutateRows');
$session->query(insert(1, 25));
is(applied(), keys_of(1 .. 25), 'all rows are applied once');
my @calls = $mock->wait_for_done(3, 'MutateRows');
is(join(' ', map { $_->{entries} } @calls), '10 10 5', 'in batches');
like($calls[0]{table}, qr{^projects/p/instances/i/tables/t$}, 'to the table');
like(($mock->applied)[0]{mutations}, qr/^set\(cf:q\@\d{13}000=v1\)$/, 'with a timestamp in whole milliseconds');
is($calls[0]{headers}{'bigtable-attempt'}, 0, 'the attempts are counted from 0');
like($calls[0]{headers}{'x-goog-request-params'}, qr{^table_name=projects/p/instances/i/tables/t$}, 'and routed by the table');

# ---- entries that fail and may pass ----

foreach my $code (4, 14)
{
	$mock->script('call MutateRows', "entry 2 $code not now", "entry 7 $code not now",
		'call MutateRows', "entry 0 $code still not", 'call MutateRows');
	$session->query(insert(1, 10));
	is(applied(), keys_of(1 .. 10), "code $code in entries: all rows are applied, none twice");
	@calls = $mock->wait_for_done(3, 'MutateRows');
	is(join(' ', map { $_->{keys} } @calls[1, 2]), '[k0003,k0008] [k0003]', "code $code: only they are sent again");
	is(join(' ', map { $_->{attempt} } @calls), '0 1 2', "code $code: as further attempts");
}

# Timestamps stay what they were, so that a write that is repeated changes nothing.
$mock->script('call MutateRows', 'apply', 'status 14 lost', 'call MutateRows');
$session->query(insert(1, 2));
my %mutations;
$mutations{ $_->{mutations} }++ foreach $mock->applied;
is_deeply([ values %mutations ], [ 2, 2 ], 'a repeated write is the same to the byte');

# ---- entries that fail for good ----

$mock->script('call MutateRows', 'entry 3 3 bad value', 'entry 4 3 bad value', 'entry 6 9 not so', 'entry 8 14 later', 'call MutateRows');
my $result = fails_with($session, insert(1, 10), '22023', qr/^could not write 3 rows to Bigtable table "t"\n/, 'permanent errors');
my $detail = $result->{error}{detail};
like($detail, qr/^The first that failed has row key "k0004"\. Rows written: 7\.$/m, 'the first key and the numbers are told');
like($detail, qr/^2 failed: bad value; gRPC status 3 \(INVALID_ARGUMENT\) from $address after 1 attempt\.$/m, 'the first cause');
like($detail, qr/^1 failed: not so; gRPC status 9 \(FAILED_PRECONDITION\) from $address after 1 attempt\.$/m, 'the second cause');
is(applied(), keys_of(1 .. 3, 6, 8 .. 10), 'the others are written, and what may pass is tried again');

# The rest of the statement is not sent, but what is under way is heard of.
$mock->script('call MutateRows', 'entry 0 7 denied', 'call MutateRows');
$result = fails_with($session, insert(1, 500), '42501', qr/^could not write 1 row to/, 'a failure ends the statement');
my ($written) = $result->{error}{detail} =~ /Rows written: (\d+)\./;
my ($unsent) = $result->{error}{detail} =~ /Not sent: (\d+)\./;
my @applied = $mock->applied;
is($written, scalar @applied, 'what is reported as written has been applied');
cmp_ok($written, '<', 100, 'and it ends soon');
# What was packed when the failure was noticed has not been sent; what came after was not even packed.
cmp_ok($written + ($unsent // 0) + 1, '<=', 500, 'the numbers do not exceed the rows');

# More causes than are told apart, in one request.
$mock->script('call MutateRows', map { ("entry $_ 3 reason $_") } 0 .. 9);
$result = fails_with($session, insert(1, 10), '22023', qr/^could not write 10 rows/, 'many causes');
my $sum = 0;
$sum += $1 while $result->{error}{detail} =~ /^(\d+) failed:/mg;
is($sum, 10, 'they add up');

# ---- the stream fails ----

foreach my $case (
	[ 'before the answer', 'status 14 gone' ],
	[ 'after it was applied', 'apply', 'status 14 gone' ],
	[ 'by a reset', 'apply', 'sleep 20', 'rst' ],
	[ 'by a lost connection', 'sleep 20', 'drop' ],
	[ 'after part of the answer', 'answer 0 3', 'send', 'sleep 20', 'status 14 gone' ],
	[ 'by GOAWAY', 'goaway 0 0', 'sleep 20', 'drop' ])
{
	my ($name, @actions) = @$case;
	$mock->script('call MutateRows', @actions, 'call MutateRows');
	$session->query(insert(1, 10));
	my %keys = map { $_->{key} => 1 } $mock->applied;
	is(join(' ', sort keys %keys), keys_of(1 .. 10), "$name: nothing is lost");
	@calls = $mock->wait_for_done(2, 'MutateRows');
	is($calls[1]{entries}, $name =~ /part/ ? 6 : 10, "$name: what has no result is sent again");
}

# An answer that names not all of them, though it ends well.
$mock->script('call MutateRows', 'omit 4', 'call MutateRows');
$session->query(insert(1, 10));
@calls = $mock->wait_for_done(2, 'MutateRows');
is($calls[1]{keys}, '[k0005]', 'an entry without a result is sent again');
$mock->script('call MutateRows', 'omit all');
fails_with($session, insert(1, 3), 'HV000', qr/^could not write 3 rows.*the server sent no result for the row; gRPC status 13 \(INTERNAL\) from $address after 4 attempts/s, 'no result at all');

# Answers that are wrong.
foreach my $case ([ 'an index out of range', '0a0208630a' ], [ 'an index twice', '0a0012000a001200' ], [ 'not protobuf', 'ffff' ])
{
	my ($name, $hex) = @$case;
	$mock->script('call MutateRows', "raw $hex", 'sleep 1', 'status 0');
	fails_with($session, insert(1, 3), 'HV000', qr/invalid MutateRows response; gRPC status 13 \(INTERNAL\)/, $name);
}

# ---- RetryInfo, cookies, deadlines, attempts ----

foreach my $code (3, 8, 13)
{
	$mock->script('call MutateRows', 'retry_info 0.05', "status $code later", 'call MutateRows');
	my $before = now();
	$session->query(insert(1, 3));
	cmp_ok(now() - $before, '>=', 0.05, "RetryInfo of a call with code $code: its delay is kept");
	$mock->script('call MutateRows', 'entry_retry_info 0.05', "entry 1 $code later", 'call MutateRows');
	$before = now();
	$session->query(insert(1, 3));
	cmp_ok(now() - $before, '>=', 0.05, "RetryInfo of an entry with code $code: its delay is kept");
	is(applied(), keys_of(1 .. 3), "code $code: all rows are applied");
}

$mock->script('call MutateRows', 'trailer x-goog-cbt-cookie-a one', 'status 14 x', 'call MutateRows');
$session->query(insert(1, 1));
@calls = $mock->wait_for_done(2, 'MutateRows');
is($calls[1]{headers}{'x-goog-cbt-cookie-a'}, 'one', 'a routing cookie comes back');

$mock->script('call MutateRows', 'entry all 14 never');
$result = fails_with($session, insert(1, 10), '08006', qr/never; gRPC status 14 \(UNAVAILABLE\) from $address after 4 attempts\./, 'max_attempts');
like($result->{error}{detail}, qr/Of the failed, 10 may have been written all the same\./, 'the outcome is said to be unknown');
is(scalar($mock->wait_for_done(4, 'MutateRows')), 4, 'and no more attempts');

$session->query(q{ALTER SERVER mock OPTIONS (ADD attempt_timeout '200ms', ADD operation_timeout '700ms')});
$mock->script('call MutateRows', 'stall', 'call MutateRows');
my $before = now();
$session->query(insert(1, 3));
my $took = now() - $before;
ok($took >= 0.2 && $took < 1.5, "an attempt that stalls ends at its timeout ($took s)");
$mock->script('call MutateRows', 'stall');
$before = now();
fails_with($session, insert(1, 3), '57014', qr/gRPC status 4 \(DEADLINE_EXCEEDED\)/, 'the deadline over all attempts');
$took = now() - $before;
ok($took >= 0.3 && $took < 2, "is kept ($took s)");
$session->query(q{ALTER SERVER mock OPTIONS (DROP attempt_timeout, DROP operation_timeout)});

# ABORTED is not one that writes are retried on.
$mock->script('call MutateRows', 'entry 0 10 conflict', 'call MutateRows');
fails_with($session, insert(1, 3), '40001', qr/conflict/, 'ABORTED');

# ---- keys that are repeated, and order ----

$mock->script('call MutateRows', 'sleep 30', 'call MutateRows');
$session->query(q{INSERT INTO t SELECT 'k' || i % 7, i FROM generate_series(1, 100) i});
my (%open, $clash);
@applied = $mock->applied;
my %last;
foreach my $write (@applied)
{
	my ($value) = $write->{mutations} =~ /=(\d+)\)$/;
	$clash = 1 if defined $last{ $write->{key} } && $last{ $write->{key} } > $value;
	$last{ $write->{key} } = $value;
}
ok(!$clash, 'writes of a key are applied in their order');
is(join(' ', map { $last{"k$_"} } 0 .. 6), '98 99 100 94 95 96 97', 'the last one of each key is the last');
@calls = $mock->wait_for_done(1, 'MutateRows');
my $repeated = grep { my %seen; grep { $seen{$_}++ } $_->{keys} =~ /k\d+/g } @calls;
is($repeated, 0, 'no request has a key twice');

# An entry that is to be tried again holds up a later write of its key.
$mock->script('call MutateRows', 'entry_key k1 14 later', 'call MutateRows');
$session->query(q{INSERT INTO t VALUES ('k1', 'old'), ('k2', 'x'), ('k1', 'new')});
is(join(' ', map { "$_->{key}$_->{mutations}" =~ s/\@\d+//r } $mock->applied), 'k2set(cf:q=x) k1set(cf:q=old) k1set(cf:q=new)',
	'a retry does not overtake a later write');

# ---- what must not be repeated ----

foreach my $case (
	[ 'INSERT in strict mode', q{INSERT INTO strict VALUES ('k', 'v')}, 'CheckAndMutateRow' ],
	[ 'a counter', q{UPDATE counters SET n = n + 1 WHERE id = 'k'}, 'ReadModifyWriteRow' ],
	[ 'a sum', q{UPDATE counters SET s = s + 1 WHERE id = 'k'}, 'MutateRow' ])
{
	my ($name, $sql, $method) = @$case;
	foreach my $code (4, 10, 14)
	{
		$mock->script("call $method", 'apply', "status $code what now");
		my $failed = fails_with($session, $sql, $code == 4 ? '57014' : $code == 10 ? '40001' : '08006',
			qr/what now; gRPC status $code \(\w+\) from $address after 1 attempt\./, "$name, code $code");
		like($failed->{error}{detail}, qr/outcome is unknown: it may have been applied/, "$name, code $code: the outcome is said to be unknown");
		is(scalar($mock->wait_for_done(1, $method)), 1, "$name, code $code: is not tried again");
		is(scalar($mock->applied), 1, "$name, code $code: and applied once");
	}
	$mock->script("call $method", 'retry_info 0.01', 'status 14 again', "call $method");
	fails_with($session, $sql, '08006', qr/again/, "$name: not even if RetryInfo says so");
	$mock->script("call $method", 'status 3 no');
	my $failed = fails_with($session, $sql, '22023', qr/no; gRPC status 3/, "$name, refused");
	unlike($failed->{error}{detail}, qr/unknown/, "$name, refused: then the outcome is known");
}

# Sums in a batch: an entry without a result is not sent again, plain ones are.
$session->query(q{ALTER FOREIGN TABLE counters ALTER n OPTIONS (DROP encoding)});
$mock->script('call MutateRows', 'apply', 'status 14 lost', 'call MutateRows');
$result = fails_with($session, q{INSERT INTO counters VALUES ('plain', 1, NULL), ('sum', NULL, 5)}, '08006', qr/^could not write 1 row/, 'a sum in a batch');
like($result->{error}{detail}, qr/^The first that failed has row key "sum"\. Rows written: 1\. Of the failed, 1 may have been written/, 'its outcome is unknown');
is(join(' ', map { "$_->{key}:$_->{mutations}" =~ s/\@1\d+=/=/r } $mock->applied), 'plain:set(cf:n=1) sum:add(sum:s@0+5) plain:set(cf:n=1)', 'it is not added twice');

# ---- strict mode, and its window ----

$mock->script('call CheckAndMutateRow', 'matched 1');
fails_with($session, q{INSERT INTO strict VALUES ('k', 'v')}, '23505', qr/^row key "k" already exists in foreign table "strict"$/m, 'a row that exists');
$mock->script('call CheckAndMutateRow');
$session->query(q{INSERT INTO strict SELECT 'k' || i % 50, i FROM generate_series(1, 200) i});
@calls = $mock->wait_for_done(200, 'CheckAndMutateRow');
is(scalar @calls, 200, 'strict mode: one call a row');
is($calls[0]{predicate}, '', 'that asks for any cell');
is($calls[0]{if_true}, '', 'changes nothing if there is one');
like($calls[0]{if_false}, qr/^set\(cf:q\@\d+=1\)$/, 'and writes if there is none');

# ---- a warning of what is written, where the error is another's ----

$mock->script('call MutateRows');
$session->run(q{SET client_min_messages = warning});
$session->send(q{INSERT INTO t SELECT 'k' || i, 1 / (95 - i) FROM generate_series(1, 200) i});
$result = $session->finish;
is_error($result, '22012', qr/division by zero/, 'an error in the middle');
my $count = scalar $mock->applied;
cmp_ok($count, '>=', 10, 'some rows have been written by then');

done_testing();
