# A TCP proxy in front of a server that can make a connection half-open: it stays, and nothing comes through.
package BigtableTest::Proxy;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;

use constant CHUNK => 65536;

my $count = 0;

# Starts one that leads to a port of this machine. Options: silent_after, a list of numbers of bytes, one for
# each connection in turn: after as many bytes from the server the connection is silent in both directions.
# Connections beyond the list pass everything.
sub new
{
	my ($class, $port, %options) = @_;
	my $listener = IO::Socket::INET->new(Listen => 10, LocalAddr => '127.0.0.1', Proto => 'tcp', ReuseAddr => 1)
	  or die "could not listen: $!";
	my $self = bless {
		port => $listener->sockport,
		counts => sprintf('%s/proxy%d_%d', $PostgreSQL::Test::Utils::tmp_check, $$, ++$count),
	}, $class;
	open my $file, '>', $self->{counts} or die "could not write $self->{counts}: $!";
	close $file;

	# It ends when the test does, or when its object goes.
	pipe my $alive, $self->{alive} or die "no pipe: $!";
	$self->{pid} = fork // die "could not fork: $!";
	if (!$self->{pid})
	{
		close $self->{alive};
		run($listener, $port, $alive, $self->{counts}, @{ $options{silent_after} // [] });
		require POSIX;
		POSIX::_exit(0);
	}
	return $self;
}

sub address
{
	my ($self) = @_;
	return "127.0.0.1:$self->{port}";
}

# How many bytes have come from the server on each connection so far, in the order of connections.
sub bytes
{
	my ($self) = @_;
	my %bytes = map { split / / } split /\n/, slurp_file($self->{counts});
	return map { $bytes{$_} } sort { $a <=> $b } keys %bytes;
}

# The child: moves bytes until its parent goes.
sub run
{
	my ($listener, $port, $alive, $counts, @limits) = @_;
	my $select = IO::Select->new($listener, $alive);
	my (%of, $connections);
	$SIG{PIPE} = 'IGNORE';
	open my $log, '>>', $counts or die;
	for (;;)
	{
		foreach my $socket ($select->can_read)
		{
			return if $socket == $alive;
			if ($socket == $listener)
			{
				my $client = $listener->accept or next;
				my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Proto => 'tcp') or next;
				my $connection = { number => ++$connections, bytes => 0, limit => shift @limits };
				$of{$client} = [ $server, $connection, 0 ];
				$of{$server} = [ $client, $connection, 1 ];
				$select->add($client, $server);
				next;
			}
			my ($to, $connection, $from_server) = @{ $of{$socket} };
			my $n = sysread $socket, my $data, CHUNK;
			if (!$n)
			{
				$select->remove($socket, $to);
				close $_ foreach $socket, $to;
				next;
			}
			my $left = defined $connection->{limit} ? $connection->{limit} - $connection->{bytes} : $n;
			$connection->{bytes} += $n if $from_server;
			syswrite $log, "$connection->{number} $connection->{bytes}\n" if $from_server;
			next if $left <= 0;
			$data = substr $data, 0, $left if $from_server;
			while (length $data)
			{
				my $written = syswrite $to, $data or last;
				substr $data, 0, $written, '';
			}
		}
	}
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);
	return if !$self->{pid} || !$self->{alive};
	close $self->{alive};
	waitpid $self->{pid}, 0;
	return;
}

1;
