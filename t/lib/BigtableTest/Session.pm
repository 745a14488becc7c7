# A psql that runs in the background: a test sends it a statement, does something else, and reads the
# outcome later, with the time at which it came.
package BigtableTest::Session;

use strict;
use warnings;

use Errno;
use IO::Select;
use IPC::Open3;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# No statement of a test takes this long, in seconds, unless it hangs.
use constant TIMEOUT => 60;

# Connects to a cluster. Options: database, user.
sub new
{
	my ($class, $node, %options) = @_;
	my $connection = $node->connstr($options{database} // 'postgres');
	$connection .= " user='$options{user}'" if defined $options{user};

	my $pid = open3(my $in, my $out, undef,
		'psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--dbname', $connection);
	my $self = bless {
		psql => $pid, in => $in, out => $out, buffer => '', sent => 0, ended => 0,
		select => IO::Select->new($out),
	}, $class;
	$in->autoflush(1);
	$self->query('\set VERBOSITY verbose' . "\nSELECT 1");
	return $self;
}

# Sends statements and does not wait.
sub send
{
	my ($self, $sql) = @_;
	$self->{sent}++;
	print { $self->{in} } "$sql\n;\n\\echo end of $self->{sent}\n";
	return;
}

# Has anything of the outcome arrived?
sub has_output
{
	my ($self) = @_;
	return $self->{buffer} ne '' || scalar $self->{select}->can_read(0);
}

# Waits for the outcome of what was sent last, a hash:
#   rows    what psql printed, without the newline at the end
#   error   undef, or a hash with severity, sqlstate, message, detail, hint, context
#   messages  all that the server said, warnings too, as a list of such hashes
#   at      the time at which the outcome was complete
#   closed  true if the session has ended
sub finish
{
	my ($self, $timeout) = @_;
	my $until = now() + ($timeout // TIMEOUT);
	my $end = qr/^end of $self->{sent}\n/m;

	while (!$self->{ended} && $self->{buffer} !~ $end)
	{
		my $left = $until - now();
		die "timed out waiting for a statement; so far it printed:\n$self->{buffer}" if $left <= 0;

		# A signal, such as that of a child that has ended, interrupts both of these.
		next if !$self->{select}->can_read($left);
		my $n = sysread $self->{out}, $self->{buffer}, 65536, length $self->{buffer};
		$self->{ended} = 1 if defined $n ? $n == 0 : !$!{EINTR};
	}
	my $result = { at => now(), closed => $self->{ended} };
	my ($text) = $self->{ended} ? ($self->{buffer}) : $self->{buffer} =~ /^(.*?)$end/ms;
	$self->{buffer} =~ s/^.*?$end//ms;
	parse($result, $text);
	return $result;
}

# Splits psql's output into rows and messages; the first error is also noted by itself.
sub parse
{
	my ($result, $text) = @_;
	my (@rows, @messages, $message, $field);

	foreach my $line (split /\n/, $text)
	{
		if ($line =~ /^(ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|LOG|DEBUG):  (\w{5}): (.*)/)
		{
			$message = { severity => $1, sqlstate => $2, message => $3 };
			$field = 'message';
			push @messages, $message;
			$result->{error} //= $message if $1 =~ /ERROR|FATAL|PANIC/;
		}
		elsif ($message && $line =~ /^(DETAIL|HINT|CONTEXT|LOCATION|LINE \d+): +(.*)/)
		{
			$field = lc $1;
			$message->{$field} = $2;

			# In verbose messages it is the last one.
			$message = undef if $field eq 'location';
		}
		elsif ($message)
		{
			$message->{$field} .= "\n$line";
		}
		else
		{
			push @rows, $line;
		}
	}
	$result->{rows} = join "\n", @rows;
	$result->{messages} = \@messages;
	return;
}

# Sends statements and waits for the outcome.
sub run
{
	my ($self, $sql, $timeout) = @_;
	$self->send($sql);
	return $self->finish($timeout);
}

# The same for statements that must not fail; returns the rows as text.
sub query
{
	my ($self, $sql, $timeout) = @_;
	my $result = $self->run($sql, $timeout);
	die "unexpected error $result->{error}{sqlstate}: $result->{error}{message} "
	  . ($result->{error}{detail} // '') . "\nin: $sql"
	  if $result->{error};
	die "the session ended in: $sql\n$result->{rows}" if $result->{closed};
	return $result->{rows};
}

# The backend's process id.
sub pid
{
	my ($self) = @_;
	$self->{backend} //= $self->query('SELECT pg_backend_pid()');
	return $self->{backend};
}

# Kills the client without a word to the server.
sub kill_client
{
	my ($self) = @_;
	kill 'KILL', $self->{psql};
	return;
}

# Ends the session, whatever it is doing.
sub close
{
	my ($self) = @_;
	return if !$self->{psql};
	close $self->{in};
	kill 'TERM', $self->{psql};
	waitpid $self->{psql}, 0;
	close $self->{out};
	$self->{psql} = undef;
	return;
}

sub now
{
	return clock_gettime(CLOCK_MONOTONIC);
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);
	$self->close;
	return;
}

1;
