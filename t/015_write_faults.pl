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
my $observer = BigtableTest::Session->new($node);
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

# Keys that were in two requests at once. The server may apply requests that are under way in any order.
sub overlaps
{
	return join ' ', map { $_->{overlap} eq '[]' ? () : $_->{overlap} } $mock->calls('MutateRows');
}

# ---- nothing goes wrong ----

$mock->script('call MutateRows');
$session->query(insert(1, 25));
is(applied(), keys_of(1 .. 25), 'all rows are applied once');
my @calls = $mock->wait_for_done(3, 'MutateRows');
is(join(' ', map { $_->{entries} } @calls), '10 10 5', 'in batches');
is(join(' ', map { $_->{keys} =~ /k\d+/g } @calls), keys_of(1 .. 25), 'in their order');
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

# A batch of every kind of write: its failures are told in the same way.
foreach my $case (
	[ 'DELETE by key', q{DELETE FROM t WHERE id IN ('k1', 'k2', 'k3')}, 'delete_row()' ],
	[ 'DELETE of a range', q{DELETE FROM t WHERE id BETWEEN 'k1' AND 'k3'}, 'delete_row()' ],
	[ 'UPDATE', q{UPDATE t SET q = 'new' WHERE id LIKE 'k%'}, 'set(cf:q=new)' ])
{
	my ($name, $sql, $mutation) = @$case;
	my @read = ('call', map { "row k$_ cf:q=old" } 1 .. 3);
	my $made = sub { join ' ', map { my $what = $_->{mutations} =~ s/^.*(?=set)|\@\d+//gr; "$_->{key}:$what" } $mock->applied };

	$mock->script(@read, 'call MutateRows', 'entry_key k2 14 later', 'call MutateRows');
	$session->query($sql);
	is($made->(), join(' ', map { "$_:$mutation" } qw(k1 k3 k2)), "$name: what may pass is tried again");
	$mock->script(@read, 'call MutateRows', 'entry_key k2 9 no');
	fails_with($session, $sql, '55000', qr/^could not write 1 row to.*^The first that failed has row key "k2"\. Rows written: 2\./ms, "$name, refused");
	is($made->(), join(' ', map { "$_:$mutation" } qw(k1 k3)), "$name, refused: the others are made");
}

# TRUNCATE is not repeated: rows that others have written since must not go, too.
$mock->script('call DropRowRange', 'apply', 'status 14 lost');
fails_with($session, 'TRUNCATE t', '08006', qr/lost; gRPC status 14 \(UNAVAILABLE\) from $address after 1 attempt\./, 'TRUNCATE');
is(scalar($mock->wait_for_done(1, 'DropRowRange')), 1, 'TRUNCATE is not tried again');

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
	[ 'before the answer', 1, 10, 'status 14 gone' ],
	[ 'by a lost connection', 1, 10, 'sleep 20', 'drop' ],
	[ 'by a reset', 1, 10, 'sleep 20', 'rst' ],
	[ 'by a refused stream', 1, 10, 'sleep 20', 'rst 7' ],
	[ 'by GOAWAY', 1, 10, 'goaway 0 0', 'sleep 20', 'drop' ],
	[ 'after it was applied', 2, 10, 'apply', 'status 14 gone' ],
	[ 'by a reset after it was applied', 2, 10, 'apply', 'sleep 20', 'rst' ],
	[ 'by a lost connection after it was applied', 2, 10, 'apply', 'sleep 20', 'drop' ],
	[ 'in the answer', 1, 6, 'answer 0 3', 'send', 'sleep 20', 'status 14 gone' ],
	[ 'in the answer, by a reset', 1, 6, 'answer 0 1', 'send', 'answer 2 3', 'send', 'sleep 50', 'rst' ],
	[ 'in the answer, by a lost connection', 1, 6, 'answer 4 7', 'send', 'sleep 50', 'drop' ])
{
	my ($name, $times, $again, @actions) = @$case;
	$mock->script('call MutateRows', @actions, 'call MutateRows');
	$session->query(insert(1, 10));
	my %mutations;
	$mutations{"$_->{key} $_->{mutations}"}++ foreach $mock->applied;
	is(join(' ', map { /^(\S+)/ } sort keys %mutations), keys_of(1 .. 10), "$name: nothing is lost, and a repeated write is the same to the byte");
	is(join(' ', sort { $a <=> $b } values %mutations), join(' ', ($times) x 10), "$name: each is applied as often as was asked for");
	@calls = $mock->wait_for_done(2, 'MutateRows');
	is(join(' ', map { $_->{entries} } @calls), "10 $again", "$name: what has no result is sent again");
}

# The same for a write that first removes what is there: both are one entry.
$session->query(q{ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'replace')});
$mock->script('call MutateRows', 'apply', 'status 14 gone', 'call MutateRows');
$session->query(insert(1, 1));
like(join(' ', map { $_->{mutations} } $mock->applied), qr/^(delete_column\(cf:q[^ ]*\),set\(cf:q\@\d+=v1\)) \1$/, 'in replace mode, too');
$session->query(q{ALTER FOREIGN TABLE t OPTIONS (DROP write_mode)});

# An answer that names not all of them, though it ends well.
$mock->script('call MutateRows', 'omit 4', 'call MutateRows');
$session->query(insert(1, 10));
@calls = $mock->wait_for_done(2, 'MutateRows');
is($calls[1]{keys}, '[k0005]', 'an entry without a result is sent again');
is(applied(), keys_of(1 .. 10), 'and only it');
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

# Of two entries with the same code, only the one with RetryInfo is tried again.
$mock->script('call MutateRows', 'entry 0 3 same', 'entry 2 3 same', 'entry_retry_info 2 0.01', 'call MutateRows');
fails_with($session, insert(1, 3), '22023', qr/^could not write 1 row to.*row key "k0001"\. Rows written: 2\./s, 'RetryInfo of one entry');
is(applied(), keys_of(2, 3), 'RetryInfo of one entry: it is written');

# A delay that does not fit is not waited for.
$mock->script('call MutateRows', 'retry_info 3600', 'status 14 much later');
my $at = now();
fails_with($session, insert(1, 3), '08006', qr/much later; .* after 1 attempt\./, 'RetryInfo beyond the deadline');
cmp_ok(now() - $at, '<', 5, 'RetryInfo beyond the deadline: the error comes at once');

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

# That the server's log can tell: two sessions do what one must not.
my $other = BigtableTest::Session->new($node);
$mock->script('call MutateRows', 'stall', 'call MutateRows');
$other->pid;
$other->send(q{INSERT INTO t VALUES ('k1', 'x'), ('k2', 'x')});
$mock->wait_for_begun(1, 'MutateRows');
$session->query(q{INSERT INTO t VALUES ('k2', 'x'), ('k3', 'x')});
is(overlaps(), '[k2]', 'two sessions may write the same key at once');
$observer->query('SELECT pg_cancel_backend(' . $other->pid . ')');
is_error($other->finish, '57014', qr/^canceling statement/m, 'the first of them still waited');
$mock->wait_for_done(2, 'MutateRows');
$other->close;

# While the first write of a key is not acknowledged, the second is not sent; all before it are.
$mock->script('call MutateRows', 'stall', 'call MutateRows');
$session->pid;
$session->send(q{INSERT INTO t SELECT 'k' || CASE i WHEN 25 THEN 5 ELSE i END, i FROM generate_series(1, 100) i});
$mock->wait_for_begun(2, 'MutateRows');
wait_for_wait($observer, $session);
@calls = $mock->wait_for_begun(2, 'MutateRows');
is(scalar(grep { $_ eq 'k5' } map { $_->{keys} =~ /k\d+/g } @calls), 1, 'a key that is under way is not sent again');
$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
is_error($session->finish, '57014', qr/^canceling statement/m, 'a key that is under way: the statement waits for it');
$mock->wait_for_done(2, 'MutateRows');

$mock->script('call MutateRows', 'sleep 30', 'call MutateRows');
$session->query(q{INSERT INTO t SELECT 'k' || i % 7, i FROM generate_series(1, 100) i});
my ($clash, %last);
foreach my $write ($mock->applied)
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
is(overlaps(), '', 'no two requests that are under way have a key in common');

# An entry that is to be tried again holds up a later write of its key.
$mock->script('call MutateRows', 'entry_key k1 14 later', 'call MutateRows');
$session->query(q{INSERT INTO t VALUES ('k1', 'old'), ('k2', 'x'), ('k1', 'new')});
is(join(' ', map { "$_->{key}$_->{mutations}" =~ s/\@\d+//r } $mock->applied), 'k2set(cf:q=x) k1set(cf:q=old) k1set(cf:q=new)',
	'a retry does not overtake a later write');

# ---- anything at once ----

# Faults by chance, the same each time: 400 writes of 150 keys in batches of 10 meet 60 calls of which each may
# refuse entries for a while, leave them out, break off, or lose what it has applied.
srand 20;
my @faults;
foreach (1 .. 60)
{
	my $kind = int rand 5;
	my ($from, $to) = sort { $a <=> $b } int(rand 10), int(rand 10);
	push @faults, 'call MutateRows',
	    $kind == 0 ? ("entry $from 14 later", "entry $to 4 slow")
	  : $kind == 1 ? ("omit $from", "omit $to")
	  : $kind == 2 ? ("answer $from $to", 'send', 'sleep 5', 'status 14 broken off')
	  : $kind == 3 ? ('apply', 'sleep 5', 'status 14 lost')
	  : ('sleep ' . int rand 20);
}
$mock->script(@faults, 'call MutateRows');
$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '60')});
$session->query(q{INSERT INTO t SELECT 'k' || i * 7 % 150, i FROM generate_series(1, 400) i});
$session->query(q{ALTER SERVER mock OPTIONS (SET max_attempts '4')});
@calls = $mock->wait_for_done(60, 'MutateRows');

# What a call has applied and lost is no answer; what others have applied, the client has heard of.
my %is_lost = map { $_->{call} => 1 } grep { $_->{done}{status} == 14 && $_->{done}{sent} == 0 } @calls;
my (%times, %versions, %newest, @overtaken);
foreach my $write ($mock->applied)
{
	my ($timestamp, $value) = $write->{mutations} =~ /^set\(cf:q\@(\d+)=(\d+)\)$/ or die $write->{mutations};
	push @overtaken, "$write->{key}=$value" if ($newest{ $write->{key} } // 0) > $value;
	$newest{ $write->{key} } = $value;
	$versions{$value}{"$write->{key} $timestamp"} = 1;
	$times{$value} += !$is_lost{ $write->{call} };
}
cmp_ok(scalar keys %is_lost, '>', 3, 'faults by chance: some calls have been applied and lost');
is(join(' ', grep { ($times{$_} // 0) != 1 } 1 .. 400), '', 'faults by chance: nothing is lost, and nothing repeated that was acknowledged');
is(join(' ', grep { join(',', keys %{ $versions{$_} }) !~ /^k${\($_ * 7 % 150)} \d+$/ } 1 .. 400), '', 'a repeated write is the same');
is("@overtaken", '', 'no write is overtaken by an older one of its key');
is(overlaps(), '', 'no two requests have a key in common');

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

# What is said to be written of a table beside an error: the rows that are, and those that may be.
sub warned
{
	my ($outcome, $table) = @_;
	$table //= 't';
	my ($warning) = grep { $_->{severity} eq 'WARNING' } @{ $outcome->{messages} };
	return () if ($warning->{message} // '') ne qq{rows of Bigtable table "$table" that were written before the failure stay};
	return $warning->{detail} =~ /^(\d+) rows were written, (\d+) more may have been\.$/;
}

# Nine batches have been sent when the error comes.
$mock->script('call MutateRows');
$result = $session->run(q{INSERT INTO t SELECT 'k' || i, 1 / (95 - i) FROM generate_series(1, 200) i});
is_error($result, '22012', qr/division by zero/, 'an error in the middle');
my ($known, $possible) = warned($result);
is(($known // 0) + ($possible // 0), 90, 'a warning accounts for all rows that were sent');
cmp_ok(scalar($mock->applied), '>=', $known // 91, 'what it says is written has been applied');

# What that statement had under way, and has cancelled, may reach the mock late: it comes before this row.
$session->query(q{INSERT INTO t VALUES ('barrier', 'x')});

# The last batches are stuck, so that the numbers are known.
$mock->script(('call MutateRows') x 7, 'call MutateRows', 'stall');
$result = $session->run(q{INSERT INTO t SELECT 'k' || i, 1 / (95 - i) FROM generate_series(1, 200) i});
($known, $possible) = warned($result);
is(($known // 0) + ($possible // 0), 90, 'a warning with batches that are stuck accounts for all');
cmp_ok($possible // 0, '>=', 20, 'and counts them as unknown');

# An error that is caught leaves the session, and the statements that follow, alone.
$mock->script('call MutateRows');
$result = $session->run(q{DO $$ BEGIN
	FOR i IN 1 .. 3 LOOP
		BEGIN
			INSERT INTO t SELECT 'a' || j, 1 / (15 - j) FROM generate_series(1, 20) j;
		EXCEPTION WHEN division_by_zero THEN
			INSERT INTO t VALUES ('caught' || i, 'x');
		END;
	END LOOP;
END $$});
ok(!$result->{error}, 'errors that are caught') or diag(explain $result->{error});
is(scalar(grep { $_->{severity} eq 'WARNING' } @{ $result->{messages} }), 3, 'each has its warning');
is(join(' ', map { $_->{key} =~ /^caught/ ? $_->{key} : () } $mock->applied), 'caught1 caught2 caught3', 'what follows is written');

# Nothing has been sent: nothing to warn of.
$mock->script('call MutateRows');
$result = $session->run(q{INSERT INTO t SELECT 'k' || i, 1 / (5 - i) FROM generate_series(1, 200) i});
is(scalar(@{ $result->{messages} }), 1, 'no warning where nothing was sent');
is(scalar($mock->applied), 0, 'and nothing is');

# ---- what is not tried again, of many rows ----

# Four increments are under way; two are done, one fails, and of the last one nobody has heard.
$session->query(q{CREATE FOREIGN TABLE hits (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) SERVER mock});
$mock->script(('call ReadModifyWriteRow') x 2, 'call ReadModifyWriteRow', 'sleep 50', 'status 14 gone',
	'call ReadModifyWriteRow', 'stall');
$result = $session->run(q{UPDATE hits SET n = n + 1 WHERE id IN ('a', 'b', 'c', 'd')});
is_error($result, '08006', qr/^could not increment row "c" of Bigtable table "hits"\nIts outcome is unknown/, 'one of several counters');
is_deeply([ warned($result, 'hits') ], [ 2, 1 ], 'a warning tells of the others');

$mock->script('call CheckAndMutateRow', 'call CheckAndMutateRow', 'apply', 'status 14 gone');
$result = $session->run(q{INSERT INTO strict VALUES ('a', 'x'), ('b', 'y')});
is_error($result, '08006', qr/^could not insert row "b"/, 'one of several strict inserts');
is_deeply([ warned($result, 'strict') ], [ 1, 1 ], 'a warning counts the one whose outcome is unknown');

$mock->script('call DropRowRange', 'status 14 lost');
fails_with($session, 'TRUNCATE t', '08006', qr/^could not truncate Bigtable table "t"\nIts outcome is unknown/, 'TRUNCATE');
unlike($session->run('TRUNCATE t')->{error}{hint} // '', qr/emulator_host/, 'a server that has answered is where it should be');

# A column that could be added to but not read is refused; in text it can be.
$session->query(q{CREATE FOREIGN TABLE unread (id text OPTIONS (row_key 'true'), s bigint OPTIONS (family 'sum', qualifier 's', encoding 'ordered')) SERVER mock});
$mock->script('call MutateRows');
fails_with($session, q{INSERT INTO unread VALUES ('k', 1)}, 'HV004', qr/^column "s" cannot be written to an aggregate/, 'a sum in ordered encoding');
is(scalar($mock->applied), 0, 'nothing of it is sent');

done_testing();
