# Signature Version 4: known vectors, and requests signed here by the book.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex hmac_sha256 hmac_sha256_hex);

our (%port);

my $host = 'bedrock-runtime.us-east-1.amazonaws.com';
my $hi = '{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":16}}';
my $claude = '/model/us.anthropic.claude-haiku-4-5-20251001-v1';

# path on the wire, signature, session token
my @vectors = (
	["$claude%3A0/converse", 'be06ed1ddee7a412f6a7bb258a7aad5f9130616998d01d4d2112e09a8a3b7dae'],
	["$claude:0/converse", '02e35b02ee3087a8761370dfa03a61310f8d966004d0707255b9a25343758097'],
	['/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123def456/converse',
		'e590046535e5720e6423e7b462091e101f7bbbae87964b54f3ac358b899f88eb', 'EXAMPLESESSIONTOKEN//w=='],
);

sub sign
{
	my ($path, $body, %o) = @_;
	my $date = $o{date} || '20260822T120000Z';
	my $day = substr($date, 0, 8);
	my $service = $o{service} || 'bedrock';
	my %h = ('content-type' => 'application/json', host => "127.0.0.1:$port{port}", 'x-amz-date' => $date,
		$o{token} ? ('x-amz-security-token' => $o{token}) : ());
	my $names = join ';', sort keys %h;
	my $twice = $path =~ s{([^A-Za-z0-9._~/-])}{sprintf '%%%02X', ord $1}ger;
	my $canonical = join "\n", 'POST', $twice, '', (map { "$_:$h{$_}" } sort keys %h), '', $names, sha256_hex($body);
	my $scope = "$day/eu-west-1/$service/aws4_request";
	my $key = 'AWS4' . ($o{secret} || 'sandbox-secret');
	$key = hmac_sha256($_, $key) for split m{/}, $scope;
	my $sig = hmac_sha256_hex("AWS4-HMAC-SHA256\n$date\n$scope\n" . sha256_hex($canonical), $key);
	my $id = $o{id} || 'AKIDSANDBOX';
	return {%h, Authorization => "AWS4-HMAC-SHA256 Credential=$id/$scope, SignedHeaders=$names, Signature=$sig",
		'content-type' => undef, host => undef};
}

sub test_signatures
{
	for my $v (@vectors)
	{
		my ($path, $sig, $token) = @$v;
		my $names = 'content-type;host;x-amz-date' . ($token ? ';x-amz-security-token' : '');
		for my $good (1, 0)
		{
			my $s = dial();
			my $given = $good ? $sig : reverse $sig;
			syswrite($s, "POST $path HTTP/1.1\r\nHost: $host\r\nContent-Type: application/json\r\n"
				  . "X-Amz-Date: 20260822T120000Z\r\n" . ($token ? "X-Amz-Security-Token: $token\r\n" : '')
				  . 'Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260822/us-east-1/bedrock/aws4_request, '
				  . "SignedHeaders=$names, Signature=$given\r\nContent-Length: " . length($hi) . "\r\n\r\n$hi");
			is(answer($s)->{status}, $good ? 200 : 403, "vector $path, " . ($good ? 'right' : 'wrong'));
		}
	}
	is(field('us.anthropic.claude-haiku-4-5-20251001-v1:0', 'requests'), 4, 'the model id is decoded');
	my $try = sub {
		my ($path, %o) = @_;
		my $r = call($path, sign($path, $hi, %o), $o{sent} || $hi);
		return "$r->{status} " . (($r->{h}{'x-amzn-errortype'} || '') =~ s/:.*//r);
	};
	my $p = '/model/m%3A0/converse';
	is($try->($p), '200 ', 'signed here');
	is($try->($p, token => 'sandbox-token'), '200 ', 'with a session token');
	is($try->($p, token => 'another'), '403 UnrecognizedClientException', 'wrong session token');
	is($try->($p, id => 'AKIDOTHER'), '403 UnrecognizedClientException', 'unknown access key');
	is($try->($p, secret => 'x'), '403 InvalidSignatureException', 'wrong secret');
	is($try->($p, service => 'bedrock-runtime'), '403 InvalidSignatureException', 'wrong service');
	is($try->($p, sent => "$hi "), '403 InvalidSignatureException', 'changed body');
	my %now = %port;
	%port = start('--port', 0, '--check-skew');
	is($try->($p), '403 InvalidSignatureException', 'old signature with --check-skew');
	my @t = gmtime;
	is($try->($p, date => sprintf('%04d%02d%02dT%02d%02d%02dZ', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0])), '200 ',
		'fresh signature with --check-skew');
	%port = %now;
}

1;
