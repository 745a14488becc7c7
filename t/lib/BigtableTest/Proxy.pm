# A TCP proxy in front of a server that can make a connection half-open (it stays, and nothing comes through), or
# break it.
package BigtableTest::Proxy;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Socket qw(SOL_SOCKET SO_LINGER);

use constant CHUNK => 65536;

my $count = 0;

# The ends of pipes that keep proxies alive, by process id: a child must not hold those of the others.
my %alive;

# Starts one that leads to a port of this machine. Options:
#   silent_after  a list of numbers of bytes, one for each connection in turn: after as many bytes from the server
#                 the connection is silent in both directions. Connections beyond the list pass everything.
#   ending        what happens then instead: "reset" (RST) or "close" (FIN), at the client's side
#   all           true: the last number is for all further connections, too
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
		close $_ foreach $self->{alive}, values %alive;
		run($listener, $port, $alive, $self->{counts}, %options);
		require POSIX;
		POSIX::_exit(0);
	}
	$alive{ $self->{pid} } = $self->{alive};
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
	my ($listener, $port, $alive, $counts, %options) = @_;
	my @limits = @{ $options{silent_after} // [] };
	my $ending = $options{ending} // '';
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
				my $connection = { number => ++$connections, bytes => 0,
					limit => $options{all} && @limits == 1 ? $limits[0] : shift @limits };
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
			next if $left <= 0 && !$ending;
			$data = substr $data, 0, $left if $from_server;
			while (length $data)
			{
				my $written = syswrite $to, $data or last;
				substr $data, 0, $written, '';
			}
			next if !$ending || !$from_server || !defined $connection->{limit} || $connection->{bytes} < $connection->{limit};
			setsockopt $to, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) if $ending eq 'reset';
			$select->remove($socket, $to);
			close $_ foreach $socket, $to;
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
	delete $alive{ $self->{pid} };
	waitpid $self->{pid}, 0;
	return;
}

1;
