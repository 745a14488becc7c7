# Hours of mixed load: several sessions scan, look up, copy and count, while statements are cancelled, backends
# terminated and servers restarted, and the mock server injects faults. What comes back is compared with what was
# written. Run by scripts/soak; the last line is the verdict.
use strict;
use warnings;

# What the test modules print goes to a log of theirs.
our $OUT;
BEGIN { open $OUT, '>&', \*STDOUT or die "could not open standard output: $!" }

use FindBin;
use lib "$FindBin::RealBin/../../t/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant ROWS => 20_000;			# of the replayed table
use constant KEYS => 2_000;				# of the table in the emulator
use constant BATCH => 500;				# rows of a COPY
use constant COUNTERS => 10;
use constant HANG => 60;				# no statement may take so many seconds
use constant GROWTH_KB => 6 * 1024;		# what a backend may grow by once it has warmed up

my $seconds = $ENV{SOAK_SECONDS} // 600;
my $interval = $ENV{SOAK_INTERVAL} // ($seconds > 600 ? 60 : 15);
my $seed = $ENV{SOAK_SEED} // int rand 1e9;
srand $seed;
$OUT->autoflush(1);

my $reads = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--rows-per-message', 100, '--family', 'cf');
my $writes = BigtableTest::Mock->new('--family', 'cf');
my $emulator = BigtableTest::Emulator->new;
my $node = start_cluster();
my $admin = BigtableTest::Session->new($node);

# ---- tables ----

create_server($admin, 'reads', $reads->address, max_attempts => 100);
create_server($admin, 'writes', $writes->address, max_attempts => 100);
create_server($admin, 'emulator', $emulator->address);
create_table($admin, 'replayed', 'reads', columns => ['c0']);
create_table($admin, 'copied', 'writes');
create_table($admin, 'stored', 'emulator');
$admin->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL,
	n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary')) SERVER emulator});
$emulator->create($_, 'cf') foreach 'stored', 'counters';
$admin->query(sprintf q{INSERT INTO stored SELECT 'k' || to_char(i, 'FM00000'), md5(i::text) FROM generate_series(1, %d) i}, KEYS);
$admin->query(sprintf q{INSERT INTO counters SELECT 'c' || i, 0 FROM generate_series(0, %d) i}, COUNTERS - 1);
$admin->query(sprintf q{CREATE TABLE wanted AS SELECT 'k' || to_char(i, 'FM00000') AS id, md5(i::text) AS q
	FROM generate_series(1, %d) i; ANALYZE wanted}, KEYS);

# ---- faults ----

my @read_faults = (
	[ 'call', 'replay' ],
	[ 'call', 'per_message 200', 'trickle 1', 'replay' ],
	[ 'call', 'replay 3000', 'sleep 5', 'rst', 'call', 'replay 700', 'status 14 busy', 'call', 'replay' ],
	[ 'call', 'replay 100', 'sleep 5', 'drop', 'call', 'goaway', 'replay' ],
	[ 'call', 'retry_info 0.02', 'status 8 slower', 'call', 'replay 5000', 'status 10 moved', 'call', 'replay' ],
);
my @write_faults = (
	['call MutateRows'],
	[ 'call MutateRows', 'status 14 lost', 'call MutateRows' ],
	[ 'call MutateRows', 'apply', 'status 14 lost', 'call MutateRows' ],
	[ 'call MutateRows', 'entry 3 14 busy', 'entry 7 4 slow', 'omit 11', 'call MutateRows' ],
	[ 'call MutateRows', 'answer 0 100', 'send', 'sleep 5', 'rst', 'call MutateRows' ],
	[ 'call MutateRows', 'sleep 20', 'drop', 'call MutateRows' ],
);

# ---- what the sessions do ----

my (%done, %errors, %disturbed, @wrong);
my $copies = 0;
my @counters = map { { sure => 0, perhaps => 0 } } 1 .. COUNTERS;

sub wrong
{
	my ($what) = @_;
	push @wrong, $what;
	print $OUT "WRONG: $what\n" if @wrong <= 20;
	return;
}

# Each kind makes a statement and says how to check its rows; "failed" is called for one that has failed.
my %kinds = (
	scan => sub {
		return {
			sql => 'SELECT count(*), count(DISTINCT id), sum(substr(id, 4)::bigint) FROM replayed',
			rows => sub { join '|', ROWS, ROWS, ROWS * (ROWS + 1) / 2 },
		};
	},
	lookup => sub {
		my $from = 1 + int rand(KEYS - 60);
		return {
			sql => sprintf(q{SELECT count(*), count(*) FILTER (WHERE s.q = w.q) FROM wanted w JOIN stored s USING (id)
				WHERE w.id BETWEEN 'k%05d' AND 'k%05d'}, $from, $from + 49),
			rows => sub { '50|50' },
		};
	},
	copy => sub {
		my $prefix = sprintf 'w%08d', ++$copies;
		return {
			sql => "INSERT INTO copied SELECT '$prefix-' || i, i FROM generate_series(1, " . BATCH . ') i',
			rows => sub { '' },
			done => sub {
				my %applied;
				foreach my $change ($writes->applied)
				{
					$applied{ $change->{key} }{ $change->{mutations} } = 1 if $change->{key} =~ /^\Q$prefix\E-/;
				}
				my @lost = grep { !$applied{"$prefix-$_"} } 1 .. BATCH;
				wrong("lost rows of $prefix: @lost") if @lost;

				# The same again is the same; with another timestamp it would be a second version.
				my @doubled = grep { keys %{ $applied{$_} } > 1 } keys %applied;
				wrong("doubled rows of $prefix: @doubled") if @doubled;
			},
		};
	},
	count => sub {
		my $i = int rand COUNTERS;
		return {
			sql => "UPDATE counters SET n = n + 1 WHERE id = 'c$i'",
			rows => sub { '' },
			done => sub { $counters[$i]{sure}++ },
			failed => sub { $counters[$i]{perhaps}++ },
		};
	},
	cursor => sub {
		return {
			sql => 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM replayed; MOVE 1000 FROM c; '
			  . 'SELECT count(*) FROM stored; ROLLBACK',
			rows => sub { KEYS },
		};
	},
);

# What may go wrong because of what is done to sessions and servers: cancels, terminations, servers away.
my $expected_error = qr/^(?:57014|57P01|08006|08003|25P02)$/;

# A worker is a session and what it does; "steady" ones are never terminated, and are watched.
sub start_worker
{
	my ($worker) = @_;
	$worker->{session} = BigtableTest::Session->new($node);
	$worker->{pid} = $worker->{session}->pid;
	return;
}

sub begin_statement
{
	my ($worker) = @_;
	my @kinds = @{ $worker->{kinds} };
	my $kind = $kinds[ rand @kinds ];
	if ($kind eq 'scan' || $kind eq 'cursor')
	{
		$reads->script(@{ $read_faults[ rand @read_faults ] }) if rand() < 0.2;
	}
	elsif ($kind eq 'copy')
	{
		$writes->script(@{ $write_faults[ rand @write_faults ] });
	}
	$worker->{kind} = $kind;
	$worker->{statement} = $kinds{$kind}->();
	$worker->{began} = now();
	$worker->{session}->send($worker->{statement}{sql});
	return;
}

sub end_statement
{
	my ($worker) = @_;
	my $statement = delete $worker->{statement};
	my $result = $worker->{session}->finish(HANG);
	my $error = $result->{error};
	if ($error || $result->{closed})
	{
		my $state = $error ? $error->{sqlstate} : '08003';
		$errors{$state}++;
		wrong("$worker->{kind}: $state $error->{message} " . ($error->{detail} // ''))
		  if $state !~ $expected_error || ($worker->{steady} && !$worker->{cancelled} && $state =~ /^57/);
		$statement->{failed}->() if $statement->{failed};
		$worker->{session}->run('ROLLBACK') if !$result->{closed};
	}
	else
	{
		$done{ $worker->{kind} }++;
		my $rows = $statement->{rows}->();
		wrong("$worker->{kind}: got $result->{rows}, expected $rows") if $result->{rows} ne $rows;
		$statement->{done}->() if $statement->{done};
	}
	$worker->{cancelled} = 0;
	start_worker($worker) if $result->{closed};
	return;
}

my @workers = (
	{ kinds => [ 'scan', 'lookup', 'cursor' ], steady => 1 },
	{ kinds => [ 'copy', 'lookup', 'count' ], steady => 1 },
	{ kinds => ['scan'] },
	{ kinds => [ 'lookup', 'count' ] },
	{ kinds => [ 'cursor', 'count', 'scan' ] },
	{ kinds => ['lookup'] });

# ---- what is done to them ----

sub disturb
{
	my $worker = $workers[ rand @workers ];
	my $what = rand;
	if ($what < 0.6)
	{
		return if !$worker->{statement};
		$worker->{cancelled} = 1;
		kill 'INT', $worker->{pid};
		$disturbed{cancel}++;
	}
	elsif ($what < 0.9)
	{
		return if $worker->{steady};
		kill 'TERM', $worker->{pid};
		$disturbed{terminate}++;
	}
	else
	{
		$reads->stop('KILL');
		sleep rand 0.3;
		$reads->start;
		$disturbed{restart}++;
	}
	return;
}

# ---- what is seen ----

my $began = now();
my %first;

sub observe
{
	my ($last) = @_;
	my $elapsed = now() - $began;
	my @steady = map {
		sprintf 'pid %d: %d kB, %d fds, %d threads', $_->{pid}, memory_kb($_->{pid}), descriptors($_->{pid}), threads($_->{pid})
	} grep { $_->{steady} } @workers;
	printf $OUT "%6d s  %s; errors %s; %s\n         %s\n", $elapsed,
	  join(', ', map { "$_ $done{$_}" } sort keys %done),
	  join(', ', map { "$_ $errors{$_}" } sort keys %errors) || 'none',
	  join(', ', map { "$_ $disturbed{$_}" } sort keys %disturbed) || 'undisturbed',
	  join('; ', @steady);
	foreach my $worker (grep { $_->{steady} } @workers)
	{
		my $seen = { memory => memory_kb($worker->{pid}), fds => descriptors($worker->{pid}), threads => threads($worker->{pid}) };
		$first{ $worker->{pid} } //= $seen if $elapsed > $seconds / 4;
		$worker->{seen} = $seen;
	}
	return;
}

# ---- the run ----

print $OUT "seed $seed, $seconds seconds\n";
start_worker($_) foreach @workers;
my ($next_disturbance, $next_look) = (now() + 1, now() + $interval);
while (now() - $began < $seconds && @wrong < 20)
{
	my $busy = 0;
	foreach my $worker (@workers)
	{
		begin_statement($worker) if !$worker->{statement};
		if ($worker->{session}->has_output)
		{
			end_statement($worker);
			$busy = 1;
		}
		elsif (now() - $worker->{began} > HANG)
		{
			wrong("$worker->{kind}: a statement hangs");
			last;
		}
	}
	if (now() > $next_disturbance)
	{
		disturb();
		$next_disturbance = now() + rand 0.4;
	}
	if (now() > $next_look)
	{
		observe();
		$next_look += $interval;
	}
	sleep 0.005 if !$busy;
}
foreach my $worker (@workers)
{
	end_statement($worker) if $worker->{statement};
}
observe();

# ---- the verdict ----

foreach my $i (0 .. COUNTERS - 1)
{
	my $n = $admin->query("SELECT n FROM counters WHERE id = 'c$i'");
	my ($least, $most) = ($counters[$i]{sure}, $counters[$i]{sure} + $counters[$i]{perhaps});
	wrong("counter c$i is $n, not from $least to $most") if $n < $least || $n > $most;
}
foreach my $worker (grep { $_->{steady} } @workers)
{
	my ($then, $now) = ($first{ $worker->{pid} }, $worker->{seen});
	next if !$then;
	my $grown = $now->{memory} - $then->{memory};
	wrong("process $worker->{pid} has grown by $grown kB") if $grown > GROWTH_KB;
	wrong("process $worker->{pid} has $now->{fds} descriptors, $then->{fds} before") if $now->{fds} > $then->{fds} + 4;
	wrong("process $worker->{pid} has $now->{threads} threads, $then->{threads} before") if $now->{threads} > $then->{threads} + 4;
}
my $log = slurp_file($node->logfile);
wrong('a process crashed') if $log =~ /PANIC|was terminated by signal/;
$_->{session}->close foreach @workers;
$admin->close;
$node->stop('fast');
my $statements = 0;
$statements += $_ foreach values %done;
Test::More->builder->no_ending(1);
printf $OUT "verdict: %s; %d statements were right, %d things were wrong, seed %d\n", @wrong ? 'FAILED' : 'fine', $statements,
  scalar @wrong, $seed;
exit(@wrong ? 1 : 0);
