# Sizes, of what is read and written, and answers to writes that are odd or wrong.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant MIB => 1024 * 1024;

# The service takes no more in a request.
use constant MAX_MUTATIONS => 100_000;
use constant MAX_REQUEST_BYTES => 20 * MIB;

my $full = ($ENV{BIGTABLE_TEST_FULL} // 'no') eq 'yes';
my $mock = BigtableTest::Mock->new('--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, max_attempts => 3);
create_table($session, 't', 'mock');
create_table($session, 'three', 'mock', table_name => 't', columns => [qw(a b c)], batch_size => 100_000);

# ---- large cells and rows ----

# The pieces of a value of x, with a message for each.
sub pieces
{
	my ($size, $n) = @_;
	my $rest = $size - ($n - 1) * int($size / $n);
	return ((map { ($_ == 1 ? 'chunk key=b family=cf qualifier=q' : 'chunk') . " value_size=$size fill=" . int($size / $n), 'send' } 1 .. $n - 1),
		"chunk fill=$rest commit");
}
$mock->script('call', 'row a cf:q=1', 'chunk key=b family=cf qualifier=q fill=' . 40 * MIB . ' commit', 'row c cf:q=3');
is($session->query(q{SELECT id, length(q), q = repeat('x', length(q)) FROM t}), "a|1|f\nb|" . 40 * MIB . "|t\nc|1|f", 'a cell of 40 MiB in one message');
$mock->script('call', pieces(30 * MIB + 7, 1000), 'row c cf:q=3');
is($session->query(q{SELECT id, length(q) FROM t}), 'b|' . (30 * MIB + 7) . "\nc|1", 'a cell of 30 MiB in 1,000 pieces');
$mock->script('call', 'chunk key=a family=cf qualifier=a value=x', (map { "chunk qualifier=n$_ value=$_" } 1 .. 20_000), 'chunk qualifier=q value=y commit');
is($session->query('SELECT id, q FROM t'), 'a|y', 'a row of 20,000 cells');

# A value that says it is longer than it is, or shorter.
$mock->script('call', 'chunk key=a family=cf qualifier=q value_size=2147483647 value=abc', 'chunk value=d commit');
my $odd = $session->run('SELECT id, q FROM t');
ok(($odd->{rows} // '') eq 'a|abcd' || ($odd->{error}{sqlstate} // '') eq 'HV000', 'a value that is shorter than it says: no wrong row')
  or diag(explain $odd);
$mock->script('call', 'chunk key=a family=cf qualifier=q value_size=1 value=abc', 'chunk value=d commit');
$odd = $session->run('SELECT id, q FROM t');
ok(($odd->{rows} // '') eq 'a|abcd' || ($odd->{error}{sqlstate} // '') eq 'HV000', 'a value that is longer than it says: no wrong row')
  or diag(explain $odd);

SKIP:
{
	skip 'rows of hundreds of megabytes only in a full run', 3 if !$full;

	# The largest cells and rows that there may be.
	$mock->script('call', 'chunk key=a family=cf qualifier=a fill=' . 100 * MIB, 'chunk qualifier=b fill=' . 100 * MIB . ' commit');
	is($session->query('SELECT id, length(a), length(b), c IS NULL FROM three'), join('|', 'a', (100 * MIB) x 2, 't'), 'a row of 200 MiB in one message');
	$mock->script('call', pieces(100 * MIB, 50));
	is($session->query('SELECT id, length(q) FROM t'), 'b|' . 100 * MIB, 'a cell of 100 MiB in pieces');

	# More than any row is.
	$mock->script('call', 'chunk key=a family=cf qualifier=a fill=' . 100 * MIB, map { "chunk qualifier=$_ fill=" . 100 * MIB } qw(b c));
	fails_with($session, 'SELECT id FROM three', '53400', qr/gRPC status 8 \(RESOURCE_EXHAUSTED\)/, 'a message of 300 MiB');
	$mock->script('call', 'row a cf:q=1');
	is($session->query('SELECT id, q FROM t'), 'a|1', 'the session reads on');
}

# ---- large requests ----

# Three mutations a row: the limit on mutations comes before that on rows.
$mock->script('call MutateRows');
$session->query(q{INSERT INTO three SELECT i::text, 'x', 'y', 'z' FROM generate_series(1, 70000) i});
my @calls = $mock->wait_for_done(3, 'MutateRows');
my $entries = 0;
$entries += $_->{entries} foreach @calls;
is($entries, 70_000, '70,000 rows of three cells: all are sent');
is(scalar(grep { $_->{mutations} > MAX_MUTATIONS } @calls), 0, 'no request has more than 100,000 mutations');
is(scalar(grep { $_->{bytes} > MAX_REQUEST_BYTES } @calls), 0, 'nor more than 20 MiB');

# Large values: the bytes count.
$mock->script('call MutateRows');
$session->query(q{INSERT INTO t SELECT i::text, repeat('x', 3000000) FROM generate_series(1, 20) i});
@calls = $mock->wait_for_done(4, 'MutateRows');
cmp_ok(scalar @calls, '>=', 4, '60 MB: in several requests');
is(scalar(grep { $_->{bytes} > MAX_REQUEST_BYTES } @calls), 0, '60 MB: none has more than 20 MiB');
is(join(' ', sort { $a <=> $b } map { $_->{key} } $mock->applied), join(' ', 1 .. 20), '60 MB: all are applied, none twice');

# A row that is larger than a request should be goes alone.
$mock->script('call MutateRows');
$session->query(q{INSERT INTO t VALUES ('a', 'x'), ('b', repeat('x', 30000000)), ('c', 'x')});
@calls = $mock->wait_for_done(3, 'MutateRows');
is(join(' ', map { $_->{keys} } sort { $a->{call} <=> $b->{call} } @calls), '[a] [b] [c]', 'a row of 30 MB goes alone');

# ---- odd answers ----

# What an answer says of an entry, as bytes: its index and its status.
sub field
{
	my ($number, $bytes) = @_;
	return chr($number << 3 | 2) . chr(length $bytes) . $bytes;
}
sub entry
{
	my ($index, $status) = @_;
	return field(1, ($index ? "\x08" . chr $index : '') . field(2, $status // ''));
}
sub raw
{
	return 'raw ' . unpack 'H*', join '', @_;
}
my $insert = q{INSERT INTO t VALUES ('a', '1'), ('b', '2'), ('c', '3')};

# RateLimitInfo (a period of 60 s, a factor of 0.1): it has not been asked for, and slows nothing down.
my $limit = field(3, field(1, "\x08\x3c") . "\x11\x9a\x99\x99\x99\x99\x99\xb9\x3f");
$mock->script('call MutateRows', raw(map({ entry($_) } 0 .. 2), $limit));
my $at = now();
$session->query($insert) foreach 1 .. 5;
cmp_ok(now() - $at, '<', 5, 'RateLimitInfo is ignored');
@calls = $mock->wait_for_done(5, 'MutateRows');
is(join(' ', map { $_->{entries} } @calls), '3 3 3 3 3', 'RateLimitInfo: every row is sent once');

# In any order, over several messages, with empty ones and unknown fields between.
$mock->script('call MutateRows', raw(entry(2)), 'raw', raw(field(15, 'what')), raw(entry(0), entry(1)));
$session->query($insert);
is(scalar $mock->wait_for_done(1, 'MutateRows'), 1, 'answers in any order, in pieces');

# Answers that cannot be: the error comes at once, though the stream does not end. What was told before counts.
foreach my $case (
	[ 'an index twice in one message', entry(1), entry(1) ],
	[ 'an index out of range', entry(1), entry(3) ],
	[ 'an index far out of range', entry(1), field(1, "\x08" . "\xff" x 9 . "\x01" . field(2, '')) ],
	[ 'bytes that are no message', entry(1), "\xff\xff" ],
	[ 'an entry cut short', entry(1), "\x0a\x7f\x08" ],
	[ 'a status that is no message', entry(1), entry(0, "\x0f\xff") ])
{
	my ($name, @parts) = @$case;
	$mock->script('call MutateRows', raw(@parts), 'stall');
	$at = now();
	my $result = fails_with($session, $insert, 'HV000',
		qr/^could not write 2 rows to.*row key "a"\. Rows written: 1\. Of the failed, 2 may have been written all the same\.\ninvalid MutateRows response; gRPC status 13 \(INTERNAL\) from $address after 1 attempt\.$/s,
		$name);
	cmp_ok($result->{at} - $at, '<', 2, "$name: at once");
}
$mock->script('call MutateRows', raw(entry(1)), raw(entry(1)), 'stall');
fails_with($session, $insert, 'HV000', qr/could not write 2 rows.*invalid MutateRows response/s, 'an index twice in two messages');

# A row that the answer does not name takes what the stream ends with.
$mock->script('call MutateRows', 'answer 0 0', 'send', 'status 9 not so');
fails_with($session, $insert, '55000', qr/^could not write 2 rows.*row key "b"\. Rows written: 1\.\nnot so; gRPC status 9/s, 'rows without a result: the status of the stream');
$mock->script('call MutateRows', 'entry 0 3 wrong', 'answer 0 0', 'send', 'status 9 not so');
my $result = fails_with($session, $insert, '22023', qr/^could not write 3 rows/, 'rows with and without a result');
like($result->{error}{detail}, qr/^1 failed: wrong; gRPC status 3 .*^2 failed: not so; gRPC status 9/ms, 'each has its own status');

# Texts in no encoding.
$mock->script('call MutateRows', raw(entry(0), entry(1, "\x08\x03" . field(2, "caf\xe9 \xff")), entry(2)));
fails_with($session, $insert, '22023', qr/could not write 1 row.*caf.*gRPC status 3/s, 'the text of an entry in no encoding');
$mock->script('call MutateRows', raw(entry(0), entry(1, "\x08\x4d" . field(2, 'odd')), entry(2)));
fails_with($session, $insert, 'HV000', qr/odd; gRPC status 77/, 'a code that there is not');

# All is told, but the stream does not end: it is cut off, and nothing is sent again.
$session->query(q{ALTER SERVER mock OPTIONS (ADD attempt_timeout '300ms')});
$mock->script('call MutateRows', 'answer', 'send', 'stall');
$session->query($insert);
is(scalar $mock->wait_for_done(1, 'MutateRows'), 1, 'a stream that does not end after the last result: no other attempt');
$session->query(q{ALTER SERVER mock OPTIONS (DROP attempt_timeout)});

# The wait of one batch is not that of another: the first is stuck for a second, the second is told to wait for 0.2 s.
create_server($session, 'batched', $mock->address, batch_size => 1);
create_table($session, 'batched_t', 'batched', table_name => 't');
$mock->script('call MutateRows', 'sleep 1000', 'call MutateRows', 'retry_info 0.2', 'status 14 later', 'call MutateRows');
$session->pid;
$at = now();
$session->send(q{INSERT INTO batched_t VALUES ('a', '1'), ('b', '2')});
$mock->wait_for_begun(3, 'MutateRows');
my $took = now() - $at;
ok($took >= 0.2 && $took < 0.9, 'a batch is tried again while an older one is under way') or diag("$took s");
$result = $session->finish;
ok(!$result->{error} && $result->{at} - $at >= 1, 'both are written');
is(join(' ', sort map { $_->{key} } $mock->applied), 'a b', 'once each');

# ---- odd answers to writes of one row ----

$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (table_name 't', insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'))
  SERVER mock OPTIONS (table_name 't')});
foreach my $case (
	[ 'CheckAndMutateRow', q{INSERT INTO strict VALUES ('a', '1')} ],
	[ 'ReadModifyWriteRow', q{UPDATE counters SET n = n + 1 WHERE id = 'a' RETURNING n} ])
{
	my ($method, $sql) = @$case;
	$mock->script("call $method", 'apply', 'raw ffff', 'status 0');
	fails_with($session, $sql, 'HV000', qr/outcome is unknown.*invalid $method response; gRPC status 13/s, "$method: an answer that is no message");
	is(scalar $mock->wait_for_done(1, $method), 1, "$method: is not tried again");
}
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
