# A proxy that the environment names: TLS goes through it, and nothing else does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use BigtableTest::Pki;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $authority = make_authority();
my $certificate = make_certificate($authority, 'DNS:bigtable.googleapis.com');
my $mock = BigtableTest::Mock->new('--tls-cert', $certificate->{cert}, '--tls-key', $certificate->{key});
my $emulator = BigtableTest::Mock->new;

# Copies between two sockets until one of them ends; appends what passes to a file.
sub relay
{
	my ($client, $server, $tap) = @_;
	my %other = ($client => $server, $server => $client);
	my $select = IO::Select->new($client, $server);
	for (;;)
	{
		foreach my $from ($select->can_read)
		{
			return if !sysread $from, my $data, 65536;
			print $tap $data;
			syswrite $other{$from}, $data;
		}
	}
}

# The proxy, in a process of its own: whatever host is asked for, it connects to the mock.
my $log = "$PostgreSQL::Test::Utils::tmp_check/proxy$$";
my $listen = IO::Socket::INET->new(Listen => 10, LocalAddr => '127.0.0.1') or die "could not listen: $!";
my $port = $listen->sockport;
my $proxy = fork // die "could not fork: $!";
if ($proxy == 0)
{
	$SIG{CHLD} = 'IGNORE';
	open my $tap, '>>', "$log.traffic" or POSIX::_exit(1);
	open my $requests, '>>', "$log.requests" or POSIX::_exit(1);
	$_->autoflush(1) foreach $tap, $requests;
	while (my $client = $listen->accept)
	{
		next if fork;
		my $request = '';
		while ($request !~ /\r\n\r\n/ && sysread $client, $request, 4096, length $request) { }
		print $requests $request =~ /^(.*)\r\n/ ? "$1\n" : "none\n";
		if ($request =~ /^POST .*^Content-Length: (\d+).*?\r\n\r\n(.*)/msi)
		{
			my ($length, $body) = ($1, $2);
			while (length $body < $length && sysread $client, $body, 4096, length $body) { }
			my $token = '{"access_token": "through-the-proxy", "expires_in": 3600}';
			syswrite $client, sprintf "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length $token, $token;
			POSIX::_exit(0);
		}
		my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $mock->port) or POSIX::_exit(1);
		syswrite $client, "HTTP/1.1 200 OK\r\n\r\n";
		relay($client, $server, $tap);
		POSIX::_exit(0);
	}
}
close $listen;
END { kill 'KILL', $proxy if $proxy }

my $node;
{
	local $ENV{https_proxy} = "http://127.0.0.1:$port";
	local $ENV{http_proxy} = "http://127.0.0.1:$port";
	delete local @ENV{qw(grpc_proxy no_proxy no_grpc_proxy BIGTABLE_EMULATOR_HOST)};
	$node = start_cluster();
}
my $session = BigtableTest::Session->new($node);
$session->query('CREATE SERVER service FOREIGN DATA WRAPPER bigtable_fdw '
	  . sql_options(project_id => 'p', instance_id => 'i', ssl_ca_file => $authority->{cert}, max_attempts => 1));
create_table($session, 't', 'service');
$session->query('CREATE USER MAPPING FOR CURRENT_USER SERVER service ' . sql_options(access_token => 'the-secret-token'));
$mock->script('call', 'row k cf:q=the-secret-value');
is($session->query('SELECT q FROM t'), 'the-secret-value', 'the service is reached through a proxy');
like(slurp_file("$log.requests"), qr{^CONNECT bigtable\.googleapis\.com:443 HTTP/1\.\d\n$}, 'which is asked to connect to it');
is(($mock->wait_for_done(1))[0]{headers}{authorization}, 'Bearer%20the-secret-token', 'the token arrives');
my $traffic = slurp_file("$log.traffic");
cmp_ok(length $traffic, '>', 500, 'all of it went through the proxy');
unlike($traffic, qr/the-secret/, 'which can read none of it');

create_server($session, 'emulator', $emulator->address);
create_table($session, 'local', 'emulator');
$emulator->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM local'), 'v', 'an emulator is reached');
is(scalar(() = slurp_file("$log.requests") =~ /\n/g), 1, 'without a proxy');

# Tokens are fetched through it.
$session->query('DROP USER MAPPING FOR CURRENT_USER SERVER service; CREATE USER MAPPING FOR CURRENT_USER SERVER service '
	  . sql_options(credentials_json => json({ type => 'external_account', audience => 'a', subject_token_type => 't',
			token_url => 'http://nowhere.invalid/token', credential_source => { file => $certificate->{cert} } })));
$mock->forget;
$mock->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM t'), 'v', 'tokens are fetched through a proxy');
like(slurp_file("$log.requests"), qr{^POST http://nowhere\.invalid/token HTTP/1\.1$}m, 'which is asked for their place');
is(($mock->wait_for_done(1))[0]{headers}{authorization}, 'Bearer%20through-the-proxy', 'and the token is used');

done_testing();
