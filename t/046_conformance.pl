# Cases of the kind that the official clients are tested by, and answers that no server should give, of every
# kind of call. What other tests have is not repeated here.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf', '--sum-family', 'sum');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = quotemeta $mock->address;

create_server($session, 'mock', $mock->address, max_attempts => 4, batch_size => 2000);
create_table($session, 't', 'mock');
$session->query(q{CREATE FOREIGN TABLE strict (id text OPTIONS (row_key 'true'), q text OPTIONS (family 'cf', qualifier 'q'))
  SERVER mock OPTIONS (table_name 't', insert_mode 'strict')});
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true'), n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'),
  m bigint OPTIONS (family 'cf', qualifier 'm', encoding 'binary')) SERVER mock OPTIONS (table_name 't')});

# ---- scan markers that are behind what was asked for ----

# A list of keys takes several requests. What the server says it has scanned is of one of them, whatever the key.
sub wide_key { return sprintf 'key%010d', $_[0] }
my $list = join ',', map { wide_key($_) } 1 .. 25_000;
my @lists;
foreach my $case ([ 'ascending', '', [ 1, 2 ], 24_000 ], [ 'descending', ' DESC', [ 25_000, 24_999 ], 2_000 ])
{
	my ($name, $order, $first, $marker) = @$case;
	my @rows = map { 'row ' . wide_key($_) . ' cf:q=1' } @$first;
	foreach my $end ('status 14 lost', 'status 0')
	{
		$mock->script('call', 'status 0');
		$session->query("SELECT id FROM t WHERE id = ANY('{$list}') ORDER BY id$order");
		my @alone = map { $_->{keys} } $mock->wait_for_done(3);
		cmp_ok(scalar @alone, '>', 2, "$name: several requests");
		$mock->script('call', @rows, 'scanned ' . wide_key($marker), $end, 'call');
		is($session->query("SELECT id FROM t WHERE id = ANY('{$list}') ORDER BY id$order"), join("\n", map { wide_key($_) } @$first),
			"$name, a marker in a later request's keys, $end: rows");
		my @calls = $mock->wait_for_done(scalar @alone);
		ok(join("\n", map { $_->{keys} } @calls) eq join("\n", @alone), "$name, a marker in a later request's keys, $end: the later requests are whole");
	}

	# In the middle of the second one, it is resumed behind the marker, and the third is as it was.
	my $middle = $order ? 15_000 : 10_000;
	$mock->script('call', @rows, 'call', 'scanned ' . wide_key($middle), 'status 14 lost', 'call');
	is($session->query("SELECT count(*) FROM (SELECT id FROM t WHERE id = ANY('{$list}') ORDER BY id$order OFFSET 0) s"), 2, "$name, a marker in the second request: rows");
	my @calls = $mock->wait_for_done(4);
	my ($again) = map { $_->{keys} =~ /^\[(.*)\]$/ } $calls[2];
	my @again = split /,/, $again;
	is($order ? $again[-1] : $again[0], wide_key($order ? $middle - 1 : $middle + 1), "$name, a marker in the second request: what is asked for again");
	is(join(' ', map { $_->{attempt} } @calls[ 0 .. 3 ]), '0 0 1 0', "$name, a marker in the second request: attempts");
	my %asked;
	$asked{$_}++ foreach map { /^\[(.*)\]$/ && split /,/, $1 } map { $_->{keys} } @calls[ 0, 1, 3 .. $#calls ];
	is(scalar(grep { $_ == 1 } values %asked), 25_000, "$name, a marker in the second request: each key is asked for");
}

# ---- ends of streams ----

# What a scan of a script comes to: rows in one line, or the error's SQLSTATE; and how many requests it took.
sub outcome
{
	my ($sql, @script) = @_;
	my ($method) = $sql =~ /^INSERT/ ? 'MutateRows' : 'ReadRows';
	$mock->script(@script);
	my $result = $session->run($sql);
	my $calls = $mock->wait_for_done(1, $method);
	return ($result->{error} ? $result->{error}{sqlstate} : $result->{rows} =~ s/\n/ /gr) . " after $calls";
}

# A row that is not committed is read anew, whole, however its stream was lost; the resets are those of HTTP/2.
my $part = 'chunk key=b family=cf qualifier=q value_size=10 value=old';
foreach my $end ([ 'status 14 lost' ], [ 'status 10 lost' ], [ 'rst 0' ], [ 'rst 2' ], [ 'rst 7' ], [ 'end_stream' ], [ 'drop' ])
{
	is(outcome('SELECT id, q FROM t', 'call', 'row a cf:q=1', 'send', $part, 'send', 'sleep 20', @$end, 'call', 'row b cf:q=new'), 'a|1 b|new after 2', "@$end within a value");
}

# What is behind the last row that the limit allows does not matter, be it nonsense; what is before it does.
foreach my $rest ('row a cf:q=1', $part, 'raw ffff', 'status 7 no', 'rst')
{
	is(outcome('SELECT id FROM t LIMIT 1', 'call', 'row b cf:q=1', 'send', $rest), 'b after 1', "behind the limit: $rest");
	is(outcome(q{SELECT id FROM t WHERE id = 'b'}, 'call', 'row b cf:q=1', 'send', $rest), 'b after 1', "behind the row of a point read: $rest");
}
is(outcome('SELECT id FROM t LIMIT 2', 'call', 'row b cf:q=1', 'row b cf:q=1'), 'HV000 after 1', 'a row twice within the limit');

# A marker at the end of what was asked for, in either direction.
is(outcome(q{SELECT id FROM t WHERE id < 'k'}, 'call', 'row a cf:q=1', 'scanned k', 'status 14 lost', 'call', 'row b cf:q=wrong'), 'a after 1', 'a marker at an upper bound');
is(outcome(q{SELECT id FROM t WHERE id > 'k' ORDER BY id DESC}, 'call', 'row z cf:q=1', 'scanned k', 'status 14 lost', 'call', 'row y cf:q=wrong'), 'z after 1', 'a marker at a lower bound');
is(outcome(q{SELECT id FROM t WHERE id >= 'k' ORDER BY id DESC}, 'call', 'row z cf:q=1', 'scanned l', 'status 14 lost', 'call', 'row k cf:q=1'), 'z k after 2', 'a marker just above a lower bound');
is(outcome(q{SELECT id FROM t WHERE id = 'k'}, 'call', 'scanned k', 'status 14 lost', 'call', 'row k cf:q=wrong'), ' after 1', 'a marker at the key of a point read');
is(outcome(q{SELECT id FROM t WHERE id = 'k'}, 'call', 'scanned j', 'status 14 lost', 'call', 'row k cf:q=1'), 'k after 2', 'a marker before the key of a point read');

# RetryInfo is of the attempt that it comes with.
is(outcome('SELECT id FROM t', 'call', 'retry_info 0.001', 'status 3 later', 'call', 'status 3 no', 'call', 'row a cf:q=1'), '22023 after 2', 'RetryInfo, then none');

# Entries that have their result keep it, whatever the stream ends with.
my $two = q{INSERT INTO t VALUES ('a', '1'), ('b', '2')};
foreach my $end ('status 14 late', 'status 7 late', 'rst', 'drop')
{
	is(outcome($two, 'call MutateRows', 'answer', 'send', 'sleep 20', $end, 'call MutateRows'), ' after 1', "all entries are done, then $end");
}
is(outcome($two, 'call MutateRows', 'entry 0 3 bad', 'answer 0 0', 'send', 'sleep 20', 'retry_info 0.001', 'status 8 quota', 'call MutateRows'), '22023 after 2', 'an entry is refused, the rest told to wait');
is(join(' ', map { $_->{key} } $mock->applied), 'b', 'an entry is refused, the rest told to wait: it is written');
my $at = now();
is(outcome($two, 'call MutateRows', 'entry 0 14 later', 'entry_retry_info 0 0.3', 'entry 1 14 later', 'entry_retry_info 1 0.05', 'call MutateRows'), ' after 2', 'entries with delays of their own');
cmp_ok(now() - $at, '>=', 0.3, 'entries with delays of their own: the longest is waited for');

# ---- keys that no row can have ----

# The service allows 4 KiB: longer ones are not asked for, and bounds are cut to what can be asked for.
my ($longest, $too_long) = (q{repeat('x', 4096)}, q{repeat('x', 4097)});
$session->query(q{SET bigtable_fdw.enable_lookup_join = off});
foreach my $case (
	[ 'a longer key', "SELECT id FROM t WHERE id = $too_long" ],
	[ 'longer keys', "SELECT id FROM t WHERE id IN ($too_long, $too_long || 'y')" ],
	[ 'a longer prefix', "SELECT id FROM t WHERE id LIKE $too_long || '%'" ],
	[ 'a range of longer keys', "SELECT id FROM t WHERE id BETWEEN $too_long AND $too_long || 'y'" ],
	[ 'DELETE of a longer key', "DELETE FROM t WHERE id = $too_long" ],
	[ 'UPDATE of a longer key', "UPDATE t SET q = 'x' WHERE id = $too_long" ])
{
	my ($name, $sql) = @$case;
	$mock->script('call', 'row a cf:q=1');
	is($session->query($sql), '', "$name: no rows");
	is($mock->log_text, '', "$name: no request");
}
foreach my $case (
	[ 'the longest key', "id = $longest", 'keys=[x*4096] ranges=[]' ],
	[ 'a longer key among others', "id IN ($too_long, 'b')", 'keys=[b] ranges=[]' ],
	[ 'from a longer key', "id >= $too_long", 'keys=[] ranges=[(x*4096,)]' ],
	[ 'above a longer key', "id > $too_long AND id < 'z'", 'keys=[] ranges=[(x*4096,z)]' ],
	[ 'up to a longer key', "id > 'a' AND id <= $too_long", 'keys=[] ranges=[(a,x*4096]]' ],
	[ 'below a longer key', "id < $too_long", 'keys=[] ranges=[(,x*4096]]' ],
	[ 'all but a longer key', "id <> $too_long", 'keys=[] ranges=[(,)]' ])
{
	my ($name, $where, $expected) = @$case;
	$mock->script('call');
	$session->query("SELECT id FROM t WHERE $where");
	my ($call) = $mock->wait_for_done(1);
	is("keys=$call->{keys} ranges=$call->{ranges}" =~ s/(x{2,})/'x*' . length $1/ger, $expected, $name);
}

# An increment makes the rows that are not there. So a key of which none can be made is an error, and nothing is sent.
$mock->script('call ReadModifyWriteRow');
fails_with($session, "UPDATE counters SET n = n + 1 WHERE id IN ('a', $too_long)", '22023', qr/^row key of foreign table "counters" is too long$/m, 'a counter of a longer key');
is(scalar($mock->calls('ReadModifyWriteRow')), 0, 'a counter of a longer key: no request');

# In a join, too, by either of its plans.
foreach my $setting ('off', 'on')
{
	$session->query("SET bigtable_fdw.enable_lookup_join = $setting");
	$mock->script('call', 'row b cf:q=1');
	is($session->query("SELECT length(v.k), t.q FROM (VALUES ($too_long), ('b')) v(k) LEFT JOIN t ON t.id = v.k ORDER BY v.k"), "1|1\n4097|",
		"a longer key in a join, lookup joins $setting");
	is(scalar(grep { $_->{keys} =~ /x/ } $mock->wait_for_done(1)), 0, "a longer key in a join is not asked for, lookup joins $setting");
}

# ---- filters that the service refuses ----

# One label at most in a chain, on whatever level; in an interleave each has cells of its own.
my $label = sub { qq({"apply_label_transformer": "$_[0]"}) };
my ($first, $second) = map { $label->($_) } qw(a b);
$mock->script('call');
fails_with($session, qq{SELECT * FROM bigtable_read_rows('mock', 't', filter => '{"chain": [$_, $second]}')}, '22023',
	qr/^invalid filter at "chain\[1\]"\nA chain has one label at most\.$/m, 'two labels in a chain')
  foreach $first, qq({"chain": [$first, {"pass_all_filter": true}]}), qq({"interleave": [$first, {"pass_all_filter": true}]}),
  qq({"condition": {"predicate_filter": {"pass_all_filter": true}, "true_filter": $first}});
is($mock->log_text, '', 'two labels in a chain: no request');
$session->query(qq{SELECT * FROM bigtable_read_rows('mock', 't', filter => '{"chain": [{"interleave": [$first, $second]}, {"pass_all_filter": true}]}')});
is(($mock->wait_for_done(1))[0]{filter}, 'chain(interleave(label(a),label(b)),all)', 'two labels in an interleave');

# ---- many different failures of the entries of a batch ----

# What may pass is tried again, and only that, however many messages there are.
sub insert { return "INSERT INTO t SELECT 'k' || lpad(i::text, 4, '0'), i FROM generate_series(0, $_[0] - 1) i" }
foreach my $n (40, 1300)
{
	my @refused = map { "entry $_ 3 value $_ is bad" } 0 .. $n - 21;
	my $later = $n - 10;
	$mock->script('call MutateRows', @refused, "entry $later 14 later", 'entry ' . ($n - 9) . ' 3 told to wait', 'entry_retry_info ' . ($n - 9) . ' 0.001',
		'entry ' . ($n - 8) . ' 9 not so', 'call MutateRows');
	my $result = fails_with($session, insert($n), '22023', qr/^could not write ${\($n - 19)} rows .*\nThe first that failed has row key "k0000"\. Rows written: 19\./s, "$n entries, $n messages");
	my @calls = $mock->wait_for_done(2, 'MutateRows');
	is(join(' ', map { $_->{keys} } @calls[ 1 .. $#calls ]), sprintf('[k%04d,k%04d]', $later, $later + 1), "$n entries: what is tried again");
	my $told = 0;
	$told += $1 while $result->{error}{detail} =~ /^(\d+) failed:/mg;
	is($told, $n - 19, "$n entries: all failures are told");
	my @bad = map { "entry $_ 14 busy $_" } 0 .. $n - 21;
	$mock->script('call MutateRows', @bad, "entry $later 3 bad", 'call MutateRows');
	fails_with($session, insert($n), '22023', qr/^could not write 1 row .*row key "k0*$later"/s, "$n entries, one of them bad");
	@calls = $mock->wait_for_done(2, 'MutateRows');
	is($calls[1]{entries}, $n - 20, "$n entries, one of them bad: it is not tried again");
}

# Each row's own message is told where each row is told of.
my $rows = join ',', map { "ROW('k$_', ARRAY[bigtable_set_cell('cf', 'q', '$_')])::bigtable_row_mutations" } 0 .. 19;
$mock->script('call MutateRows', (map { ("entry $_ " . ($_ % 2 ? 3 : 9) . " reason $_") } 0 .. 18));
is($session->query("SELECT code || ' ' || message FROM bigtable_mutate_rows('mock', 't', ARRAY[$rows]) WHERE code <> 0"),
	join("\n", map { ($_ % 2 ? 3 : 9) . " reason $_" } 0 .. 18), 'bigtable_mutate_rows: each has its own message');

# ---- answers to writes of one row: none, several, incomplete ----

my $mutate = q{SELECT bigtable_mutate_row('mock', 't', 'a', ARRAY[bigtable_set_cell('cf', 'q', '1')])};
foreach my $case (
	[ 'ReadModifyWriteRow', q{UPDATE counters SET n = n + 1 WHERE id = 'a' RETURNING n} ],
	[ 'ReadModifyWriteRow', q{SELECT count(*) FROM bigtable_read_modify_write('mock', 't', 'a', ARRAY[bigtable_increment('cf', 'n')])} ],
	[ 'CheckAndMutateRow', q{INSERT INTO strict VALUES ('a', '1')} ],
	[ 'CheckAndMutateRow', q{SELECT bigtable_check_and_mutate('mock', 't', 'a', NULL, NULL, ARRAY[bigtable_set_cell('cf', 'q', '1')])} ],
	[ 'MutateRow', $mutate ])
{
	my ($method, $sql) = @$case;
	my $unknown = $method eq 'MutateRow' ? '' : 'Its outcome is unknown: [^\n]*\n';
	foreach my $answer ([ 'no answer', 'apply', 'status 0' ], [ 'more than one answer', 'answer', 'send', 'raw', 'status 0' ])
	{
		my ($what, @actions) = @$answer;
		$mock->script("call $method", @actions, "call $method");
		fails_with($session, $sql, 'HV000', qr/^[^\n]*\n${unknown}the server sent $what; gRPC status 13 \(INTERNAL\) from $address after 1 attempt\.$/m, "$method: $what");
		is(scalar $mock->wait_for_done(1, $method), 1, "$method, $what: is not tried again");
	}
}

# A counter that the answer does not name: nothing is made up for it, least of all the value of another row.
sub cells
{
	my $column = '';
	my %values = @_;
	$column .= field(2, field(1, $_) . field(2, field(2, pack 'q>', $values{$_}))) foreach sort keys %values;
	return 'raw ' . unpack 'H*', field(1, field(2, field(1, 'cf') . $column));
}
sub field
{
	my ($number, $bytes) = @_;
	return chr($number << 3 | 2) . chr(length $bytes) . $bytes;
}
my $increment = q{UPDATE counters SET n = n + 1, m = m - 2 WHERE id IN ('a', 'b') RETURNING id, n, m};
$mock->script('call ReadModifyWriteRow', 'apply', cells(n => 7, m => -5), 'status 0', 'call ReadModifyWriteRow', 'apply', cells(m => -2, n => 1), 'status 0');
is($session->query($increment), "a|7|-5\nb|1|-2", 'two counters in either order');
foreach my $answer ('raw', cells(n => 7))
{
	$mock->script('call ReadModifyWriteRow', 'apply', cells(n => 7, m => -5), 'status 0', 'call ReadModifyWriteRow', 'apply', $answer, 'status 0');
	fails_with($session, $increment, 'HV000', qr/^could not increment row "b".*outcome is unknown.*invalid ReadModifyWriteRow response/s, 'an answer without a counter');
}

# ---- the time that the statement has left ----

# SampleRowKeys has no more than the others.
$session->query(q{SET statement_timeout = '7s'});
foreach my $sql (q{SELECT count(*) FROM bigtable_sample_row_keys('mock', 't')}, 'ANALYZE t')
{
	$mock->script('call SampleRowKeys', 'retry_info 0.3', 'status 14 later', 'call SampleRowKeys', 'sample end 1', 'send', 'call', 'row a cf:q=1');
	$session->query($sql);
	my @left = map { $_->{peer_deadline_ms} } $mock->wait_for_done(2, 'SampleRowKeys');
	ok($left[0] <= 7000 && $left[1] <= 6700 && $left[1] > 3000, "$sql: all attempts end with the statement") or diag("@left");
}
$session->query(q{SET statement_timeout = '300ms'});
$mock->script('call SampleRowKeys', 'sample a 1', 'send', 'stall');
is_error($session->run(q{SELECT * FROM bigtable_sample_row_keys('mock', 't')}), '57014', qr/^canceling statement due to statement timeout$/m, 'SampleRowKeys that stalls');
$session->query('RESET statement_timeout');

unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
