# TLS, and the two kinds of credentials that need nobody else: a service account's key, and a token.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use BigtableTest::Pki;
use Test::More;

my $key = make_key();
my $authority = make_authority();
my $certificate = make_certificate($authority, 'IP:127.0.0.1');
my @tls = ('--tls-cert', $certificate->{cert}, '--tls-key', $certificate->{key});
my $data = BigtableTest::Mock->new(@tls, '--jwt-key', $key->{public});
my $admin = BigtableTest::Mock->new(@tls, '--jwt-key', $key->{public}, '--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

# Makes a server with TLS, and a foreign table of its name.
sub create_tls_server
{
	my ($name, %options) = @_;
	$session->query("CREATE SERVER $name FOREIGN DATA WRAPPER bigtable_fdw "
		  . sql_options(project_id => 'p', instance_id => 'i', ssl_ca_file => $authority->{cert}, max_attempts => 1, %options));
	create_table($session, "of_$name", $name);
	return;
}

# The same for a user mapping, in the place of the one that there is.
sub set_credentials
{
	my ($server, %options) = @_;
	$session->query("SET client_min_messages = warning; DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER $server; "
		  . "CREATE USER MAPPING FOR CURRENT_USER SERVER $server " . sql_options(%options));
	return;
}

# What a call's JWT claims, a hash.
sub claims
{
	my ($call) = @_;
	my ($text) = ($call->{headers}{authorization} // '') =~ /^jwt:(.*)/ or return {};
	$text =~ s/%([0-9a-f]{2})/chr hex $1/gei;
	return { $text =~ /"(\w+)":"?([^",}]*)/g };
}

# ---- the key of a service account ----

create_tls_server('tls', endpoint => $data->address, admin_endpoint => $admin->address);
set_credentials('tls', credentials_json => service_account($key));
$data->script('call', 'row k1 cf:q=one', 'row k2 cf:q=two');
is($session->query('SELECT id, q FROM of_tls ORDER BY id'), "k1|one\nk2|two", 'rows come over TLS');
my ($call) = $data->wait_for_done(1);
my $claims = claims($call);
is($claims->{iss}, 'robot@p.iam.gserviceaccount.com', 'the token names the account');
is($claims->{sub}, $claims->{iss}, 'as its subject, too');
is($claims->{aud}, 'https://' . $data->address . '/', 'and the endpoint as its audience');
cmp_ok($claims->{exp} - $claims->{iat}, '<=', 3600, 'it is good for an hour');
cmp_ok(abs($claims->{iat} - time), '<', 60, 'from now on');

# Writes and counters.
$data->script('call MutateRows', 'call MutateRow', 'call ReadModifyWriteRow', 'call');
$session->query(q{INSERT INTO of_tls VALUES ('k3', 'three')});
is_deeply([ map { "$_->{key} $_->{mutations}" =~ s/@\d+//r } $data->applied ], ['k3 set(cf:q=three)'], 'rows are written over TLS');

# The other API has another endpoint: the list of families, for which INSERT has asked, and TRUNCATE.
($call) = $admin->wait_for_begun(1, 'GetTable');
is(claims($call)->{aud}, 'https://' . $admin->address . '/', 'families are asked for at the other endpoint, by a token for that one');
$admin->script('call DropRowRange');
$session->query('TRUNCATE of_tls');
is(scalar $admin->wait_for_done(1, 'DropRowRange'), 1, 'TRUNCATE is, too');
is(scalar grep({ $_ =~ /Unknown|GetTable|DropRowRange/ } $data->log_text), 0, 'not at the one for data');

# The server that checks tokens does check them.
my $other = make_key();
set_credentials('tls', credentials_json => service_account($other));
fails_with($session, 'SELECT * FROM of_tls', '28000',
	qr/could not read Bigtable table "of_tls".*the token's signature is wrong.*UNAUTHENTICATED.*key have not been disabled/s,
	'a key that is not the account\'s');
set_credentials('tls', access_token => 'opaque');
fails_with($session, 'SELECT * FROM of_tls', '28000', qr/not a JWT.*good for about an hour/s, 'a token of another kind');

# One key in a file.
my $file = write_file('account.json', service_account($key));
set_credentials('tls', credentials_file => $file);
$data->script('call', 'row k cf:q=file');
is($session->query('SELECT q FROM of_tls'), 'file', 'credentials from a file');
is(claims(($data->wait_for_done(1))[0])->{iss}, 'robot@p.iam.gserviceaccount.com', 'name their account');

# A file that is replaced: the next statement goes with what it has now.
my $new = write_file('account.json', service_account($key, client_email => 'second@p.iam.gserviceaccount.com'));
rename $new, $file or die "could not rename $new: $!";
is($session->query('SELECT q FROM of_tls'), 'file', 'a file that was replaced');
is(claims(($data->wait_for_done(2))[1])->{iss}, 'second@p.iam.gserviceaccount.com', 'has its effect on the next statement');
unlink $file;
is($session->query('SELECT q FROM of_tls'), 'file', 'a file that is gone: the session goes on with what it had');
my $late = BigtableTest::Session->new($node);
fails_with($late, 'SELECT q FROM of_tls', '58P01', qr/could not read credentials file ".*account.json"/, 'a session that begins without it');
$late->close;

# ---- a token ----

my $open = BigtableTest::Mock->new(@tls);
create_tls_server('token', endpoint => $open->address, admin_endpoint => $open->address);
set_credentials('token', access_token => 'ya29.opaque-token');
$open->script('call', 'row k cf:q=v');
is($session->query('SELECT q FROM of_token'), 'v', 'an access token');
($call) = $open->wait_for_done(1);
is($call->{headers}{authorization}, 'Bearer%20ya29.opaque-token', 'is sent as it is');
$open->script('call', 'status 16 expired');
fails_with($session, 'SELECT * FROM of_token', '28000', qr/expired.*set option "access_token" of the user mapping again/s, 'one that is refused');
$open->script('call', 'status 7 no');
fails_with($session, 'SELECT * FROM of_token', '42501', qr/Grant the account .* roles\/bigtable\.reader/s, 'an account without rights');

# ---- who is not believed ----

my $stranger = make_authority();
create_tls_server('stranger', endpoint => $open->address, ssl_ca_file => $stranger->{cert});
set_credentials('stranger', access_token => 'secret-token');
$open->script('call', 'row k cf:q=v');
fails_with($session, 'SELECT * FROM of_stranger', '08006',
	qr/certificate verify failed.*UNAVAILABLE.*Option "ssl_ca_file"/s, 'a server whose certificate is of another authority');
create_tls_server('unknown', endpoint => $open->address);
set_credentials('unknown', access_token => 'secret-token');
$session->query('ALTER SERVER unknown OPTIONS (DROP ssl_ca_file)');
fails_with($session, 'SELECT * FROM of_unknown', '08006', qr/certificate verify failed/, 'or of one that this machine does not know');
create_tls_server('misnamed', endpoint => 'localhost:' . $open->port);
set_credentials('misnamed', access_token => 'secret-token');
fails_with($session, 'SELECT * FROM of_misnamed', '08006', qr/UNAVAILABLE/, 'a certificate for another host');
my $plain = BigtableTest::Mock->new;
create_tls_server('plain', endpoint => $plain->address);
set_credentials('plain', access_token => 'secret-token');
fails_with($session, 'SELECT * FROM of_plain', '08006', qr/from 127\.0\.0\.1:\d+ after 1 attempt.*Check option "endpoint"/s, 'a server that speaks plaintext');
unlike($open->log_text . $plain->log_text, qr/secret-token/, 'none of them has seen the token');

# ---- plaintext has no credentials ----

create_server($session, 'emulator', $plain->address);
create_table($session, 'of_emulator', 'emulator');
set_credentials('emulator', access_token => 'secret-token');
$plain->script('call', 'row k cf:q=plain');
is($session->query('SELECT q FROM of_emulator'), 'plain', 'an emulator, and a user who has credentials');
($call) = $plain->wait_for_done(1);
is($call->{headers}{authorization}, undef, 'which are not sent');
set_credentials('emulator', credentials_json => service_account($key));
is($session->query('SELECT q FROM of_emulator'), 'plain', 'the same with a key');
is(scalar grep({ defined $_->{headers}{authorization} } $plain->wait_for_done(2)), 0, 'which signs nothing');

# ---- the rules of a backend hold with TLS ----

# In another session: gRPC goes on trying to connect to the servers above.
$session->close;
$session = BigtableTest::Session->new($node);
set_credentials('tls', credentials_json => service_account($key));
$data->script('call', 'row k cf:q=v', 'send', 'stall');
$session->pid;
my $observer = BigtableTest::Session->new($node);
prompt('a cancel of a scan over TLS', sub {
	$session->send('SELECT * FROM of_tls');
	wait_for_wait($observer, $session);
	my $start = now();
	$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
	my $result = $session->finish;
	is($result->{error}{sqlstate}, '57014', 'a scan is cancelled');
	return $result->{at} - $start;
});
$data->script('call', 'row k cf:q=v');
set_credentials('tls', credentials_json => service_account($key));
$session->query('SELECT * FROM of_tls');
my $before = descriptors($session->pid);
my $threads = threads($session->pid);
foreach my $i (1 .. 10)
{
	set_credentials('tls', credentials_json => service_account($key));
	$session->query('SELECT * FROM of_tls');
}
wait_until('the descriptors to be as before', sub { descriptors($session->pid) <= $before }, 5);
is(descriptors($session->pid), $before, 'connections that are made anew leave no descriptor behind');
cmp_ok(threads($session->pid), '<=', $threads + 4, 'and no threads');
my $pid = $session->pid;
my $start = now();
$session->close;
wait_until('the backend to end', sub { gone($pid) });
cmp_ok(now() - $start, '<', 2, 'a backend with TLS connections ends at once');

done_testing();
