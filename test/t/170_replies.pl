# Replies that no honest provider sends: they come from a server that writes raw bytes, since the
# sandbox speaks proper HTTP.  A header line with bare CRs in it is one header; foreign words in
# errors arrive in the encoding of the database.
use strict;
use warnings;
use Test::More;
use IO::Socket::INET;
use AiRouterTest;

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp', Listen => 20)
  or die "could not listen: $!";
my $port = $listener->sockport;

# What a request gets, by the model that its body names; %d is the length of the body.
my $ok = '{"choices":[{"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}';
my $foreign = "{\"error\":{\"message\":\"caf\xc3\xa9 \xe2\x98\x83\"}}";
my %reply = (
	cr => [ "HTTP/1.1 200 OK\r\nX-A: 1" . ("\ra:b" x 20000) . "\r\n", $ok ],
	odd => [ "HTTP/1.1 200 OK\r\n:\r\n: x\r\nX-Empty:\r\nX-Blank: \t \r\n", $ok ],
	foreign => [ "HTTP/1.1 400 Bad\r\nx-request-id: id-7\rx\r\n", $foreign ]);

my $server = fork // die "could not fork: $!";
if ($server == 0)
{
	while (my $client = $listener->accept)
	{
		my $got = '';
		while ($got !~ /\r\n\r\n/ || length($') < ($got =~ /content-length: *(\d+)/i)[0])
		{
			last unless sysread($client, $got, 65536, length $got);
		}
		my ($model) = $got =~ /"model" *: *"(\w+)"/;
		my ($head, $body) = @{ $reply{ $model // '' } // [ "HTTP/1.1 500 No\r\n", '{}' ] };
		syswrite($client, $head . "Connection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
		close $client;
	}
	exit 0;
}
$listener->close;

my $t = AiRouterTest->new('replies', conf => 'ai_router.retries = 0');
for my $db (qw(postgres latin1 eucjp))
{
	my %encoding = (latin1 => 'LATIN1', eucjp => 'EUC_JP');

	if ($encoding{$db})
	{
		$t->sql("CREATE DATABASE $db TEMPLATE template0 ENCODING '$encoding{$db}' LOCALE 'C'");
		$t->node->safe_psql($db, 'CREATE EXTENSION ai_router');
	}
	$t->node->safe_psql($db, <<"SQL");
CREATE SERVER raw FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://127.0.0.1:$port/v1');
CREATE USER MAPPING FOR PUBLIC SERVER raw OPTIONS (api_key 'sandbox-key');
INSERT INTO ai_router.rules(name) VALUES ('default');
INSERT INTO ai_router.models(name, server, model) SELECT m, 'raw', m FROM unnest('{cr,odd,foreign}'::text[]) m;
SQL
}

my $in = sub {
	my ($db, $sql) = @_;
	my ($rc, $out, $err) = $t->node->psql($db, $sql);
	return $rc == 0 ? $out : $err;
};
is($in->('postgres', q{SELECT string_agg(ai_complete('x' || left(i::text, 0), '{"model": "cr"}'), ' ') FROM generate_series(1, 5) i}),
	'fine fine fine fine fine', 'a header line with 20,000 bare CRs is one header');
is($in->('postgres', q{SELECT ai_complete('x', '{"model": "odd"}')}), 'fine', 'header lines without name or value');

my $error = q{SET client_encoding = 'UTF8'; SELECT (ai_call('x', '{"model": "foreign"}')).error};
my $says = sub { return qq{RT009: provider "raw", model "foreign": $_[0] (HTTP 400, request id id-7 x)}; };
is($in->('postgres', $error), $says->("caf\xc3\xa9 \xe2\x98\x83"), 'an error in UTF-8 as it is');
is($in->('latin1', $error), $says->('caf? ?'), 'with ? for what a LATIN1 database lacks');
is($in->('eucjp', $error), $says->('caf? ?'), 'with ? for what an EUC_JP database lacks');
like($in->('eucjp', q{SELECT ai_complete('x', '{"model": "foreign"}')}), qr/caf\? \?/, 'and raised as an error');

# What no encoding can say is the caller's error, and the session goes on.
$t->sql(q{CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'});
$t->node->safe_psql('ascii', <<'SQL');
CREATE EXTENSION ai_router;
CREATE SERVER fx FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.rules(name) VALUES ('default');
INSERT INTO ai_router.models(name, server, rank, params) VALUES ('a', 'fx', 1, NULL), ('b', 'fx', 2, E'{"k": "\xff"}');
INSERT INTO ai_router.fixtures(model, error, answer) VALUES ('a', '503', NULL), ('b', NULL, 'fine');
SQL
like($in->('ascii', q{SELECT ai_complete(ARRAY['x', 'y', E'bad\xff', 'z'])}), qr/invalid byte sequence/, 'a prompt that is no text');

# The second candidate cannot be asked, amid 60 calls: an error, and nothing is left behind.
my ($rc, $out, $err) = $t->node->psql('ascii', <<'SQL', on_error_stop => 0);
SELECT ai_complete(ARRAY(SELECT 'p' || g FROM generate_series(1, 60) g));
UPDATE ai_router.models SET params = NULL;
SELECT count(*) FROM unnest(ai_complete(ARRAY(SELECT 'p' || g FROM generate_series(1, 60) g))) u WHERE u = 'fine';
SQL
like($err, qr/invalid byte sequence/, 'params that are no text');
is($out, '60', 'and the session makes calls again');

# Deferred triggers run after the last statement: what they swallowed is told at the commit.
($rc, $out, $err) = $t->node->psql('ascii', <<'SQL');
CREATE TABLE late (i int);
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE x text;
BEGIN x := ai_complete('q', '{"model": "a", "on_error": "null"}'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION late();
SET ai_router.retries = 0;
BEGIN;
INSERT INTO late VALUES (1), (2);
COMMIT;
SQL
like($err, qr/WARNING:  2 AI calls failed and returned NULL/, 'the warning of a deferred trigger');

kill 'TERM', $server;
waitpid $server, 0;
is($t->node->psql('postgres', 'SELECT 1'), 0, 'the server still runs');
done_testing();
