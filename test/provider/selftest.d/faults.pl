# Every fault once, the wait hints, the special ports, the counters.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

our (%port, $json, $here, $dir, %bearer, %version, @turn, @chat, @embed);

my %row = map { $_->[0] => $_ } @chat;

sub openai
{
	my ($model, $timeout) = @_;
	return call('/v1/chat/completions', {%bearer}, {model => $model, @turn}, $timeout);
}

# fault => what the OpenAI answer must look like
my %transport = (
	'reset' => sub { is($_[0]{end}, 'reset', 'reset') && is($_[0]{status}, 0, 'reset: no byte') },
	'resetmid' => sub {
		is($_[0]{end}, 'reset', 'resetmid');
		ok($_[0]{status} == 200 && length($_[0]{body}), 'resetmid: a part came');
	},
	'close' => sub { is($_[0]{end} . $_[0]{status}, 'eof0', 'close') },
	'truncate' => sub { is($_[0]{end} . $_[0]{status}, 'eof200', 'truncate') },
	'badjson' => sub { ok($_[0]{end} eq 'whole' && !$_[0]{json}, 'badjson') },
	'nonjson' => sub { ok($_[0]{status} == 200 && !$_[0]{json}, 'nonjson') },
	'html503' => sub { is("$_[0]{status} $_[0]{h}{'content-type'}", '503 text/html', 'html503') },
	'html200' => sub { is("$_[0]{status} $_[0]{h}{'content-type'}", '200 text/html', 'html200') },
	'ctype' => sub { ok($_[0]{json} && $_[0]{h}{'content-type'} =~ m{text/plain}, 'ctype') },
	'empty' => sub { is("$_[0]{status}$_[0]{body}", '200', 'empty') },
	'blanklines' => sub { ok($_[0]{body} =~ /^\n/ && $_[0]{json}, 'blanklines') },
	'redirect' => sub { is($_[0]{status} . $_[0]{h}{location}, '302/redirected?from=/v1/chat/completions', 'redirect') },
	'err200' => sub { ok($_[0]{status} == 200 && $_[0]{json}{error}, 'err200') },
	'nullcontent' => sub { ok($_[0]{body} =~ /"content":null/, 'nullcontent') },
	'arraycontent' => sub { is(ref dig($_[0]{json}, 'choices.0.message.content'), 'ARRAY', 'arraycontent') },
	'nochoices' => sub { is(scalar @{$_[0]{json}{choices}}, 0, 'nochoices') },
	'unknownfinish' => sub { is(dig($_[0]{json}, 'choices.0.finish_reason'), 'sandbox_whim', 'unknownfinish') },
	'length' => sub { is(dig($_[0]{json}, 'choices.0.finish_reason'), 'length', 'length') },
	'filter' => sub { is(dig($_[0]{json}, 'choices.0.finish_reason'), 'content_filter', 'filter') },
	'refusal' => sub { like(dig($_[0]{json}, 'choices.0.message.refusal'), qr/cannot/, 'refusal') },
	'wrongtypes' => sub { like($_[0]{body}, qr/"content":42.*"prompt_tokens":"13"/, 'wrongtypes') },
	'badschema' => sub { like($_[0]{body}, qr/unexpected/, 'badschema') },
	'badutf8' => sub { ok($_[0]{body} =~ /\xff\xfe/ && !$_[0]{json}, 'badutf8') },
	'nul' => sub { like($_[0]{body}, qr/\\u0000/, 'nul') },
	'nousage' => sub { ok($_[0]{json} && !$_[0]{json}{usage}, 'nousage') },
	'deep' => sub { ok(length($_[0]{body}) > 200000 && $_[0]{body} =~ /\[{1000}/, 'deep') },
	'keepclose' => sub { is($_[0]{h}{connection}, 'close', 'keepclose') && is(eof_of($_[0]), 1, 'keepclose closes') },
	'closeidle' => sub { is($_[0]{h}{connection}, 'keep-alive', 'closeidle') && is(eof_of($_[0]), 1, 'closeidle closes') },
	'slowhdr--drip-1' => sub { ok($_[0]{json} && $_[0]{took} > 0.15, 'slowhdr') },
	'slowbody--drip-1' => sub { ok($_[0]{json} && $_[0]{took} > 0.3, 'slowbody') },
	'huge' => sub { ok($_[0]{body} =~ /"total_tokens":\d+,.*\}$/ && length($_[0]{body}) > 64 << 20, 'huge') },
	'huge--size-1000' => sub { is(length dig($_[0]{json}, 'choices.0.message.content'), 1000, 'huge with a size') },
);

sub eof_of
{
	my ($r) = @_;
	return IO::Select->new($r->{socket})->can_read(30) && sysread($r->{socket}, my $x, 1) == 0 ? 1 : 0;
}

sub gunzip
{
	my ($r) = @_;
	open(my $f, '>', "$dir/body.gz") or die;
	print $f $r->{body};
	close $f;
	return `gzip -dc $dir/body.gz 2>/dev/null`;
}

sub test_faults
{
	for my $fault (sort keys %transport)
	{
		my $t = time;
		my $r = openai("m--fault-$fault");
		$r->{took} = time - $t;
		$transport{$fault}->($r);
	}
	my $r = openai('m--fault-hang', 0.3);
	is($r->{end} . $r->{status}, 'timeout0', 'hang');
	is(control('GET', 'wait?model=m--fault-hang&field=in_flight&ge=1'), "1\n", 'hang is in flight');
	close $r->{socket};
	control('GET', 'wait?model=m--fault-hang&field=aborted&ge=1');
	is(field('m--fault-hang', 'in_flight'), 0, 'hang ends when the client leaves');
	$r = openai('m--fault-gzip');
	ok($r->{h}{'content-encoding'} eq 'gzip' && gunzip($r) =~ /charged twice/, 'gzip');
	$r = openai('m--fault-gzipbad');
	ok($r->{h}{'content-encoding'} eq 'gzip' && gunzip($r) !~ /charged twice/, 'gzipbad');
	# whatever the family: an HTTP error, an error in a 200, no text, all with well-formed bodies
	for my $row (@chat)
	{
		for my $status (400, 401, 403, 404, 408, 413, 424, 429, 500, 502, 503, 529)
		{
			my $r = family($row, "m--status-$status");
			ok($r->{status} == $status && $r->{json}, "$row->[0] $status", $r->{body});
		}
		for my $fault (qw(err200 nullcontent arraycontent nochoices unknownfinish length filter refusal
			wrongtypes nousage))
		{
			my $r = family($row, "m--fault-$fault");
			ok($r->{status} == 200 && $r->{json}, "$row->[0] $fault", $r->{body});
		}
		my $r = family($row, 'm--think-5--cached-3');
		like($r->{body}, qr/think|thought|reason/i, "$row->[0] thinks");
	}
	for my $row (@embed)
	{
		for my $fault (qw(reorder missing extra shortvec wrongtypes nousage))
		{
			my $r = family($row, "m--fault-$fault", $row->[0] eq 'gemini batch' ? {requests => [
				{model => "models/m--fault-$fault", content => {parts => [{text => 'a'}]}}]} : {});
			ok($r->{status} == 200 && $r->{json}, "$row->[0] embed $fault", $r->{body});
		}
	}
	my %two = (input => ['a', 'b']);
	is(call('/v1/embeddings', {%bearer}, {model => 'm--fault-reorder', %two})->{json}{data}[0]{index}, 1, 'reorder');
	is(scalar @{call('/v1/embeddings', {%bearer}, {model => 'm--fault-missing', %two})->{json}{data}}, 1, 'missing');
	is(scalar @{call('/v1/embeddings', {%bearer}, {model => 'm--fault-extra', %two})->{json}{data}}, 3, 'extra');
	is(scalar @{call('/v1/embeddings', {%bearer}, {model => 'm--fault-shortvec', %two})->{json}{data}[0]{embedding}}, 63,
		'shortvec');
	is(scalar @{call('/v1/embeddings', {%bearer}, {model => 'm--dim-7', %two})->{json}{data}[0]{embedding}}, 7, 'dim');
	is(call('/v1/responses', {%bearer}, {model => 'm--fault-failed', input => 'x'})->{json}{status}, 'failed', 'failed');
}

sub statuses
{
	my ($model, $n) = @_;
	return join ' ', map { openai($model)->{status} } 1 .. $n;
}

sub test_hints
{
	is(statuses('g--status-503--first-2', 4), '503 503 200 200', 'first');
	is(statuses('g--status-503--every-2', 4), '200 503 200 503', 'every');
	is(statuses('g--status-503--after-1--first-1', 3), '200 503 200', 'after and first');
	my %want = (
		s => ['retry-after', qr/^2$/], ms => ['retry-after-ms', qr/^1500$/],
		float => ['retry-after', qr/^1\.500$/], date => ['retry-after', qr/^\w{3}, \d\d \w{3} \d{4} \S+ GMT$/],
		gojur => ['x-ratelimit-reset-requests', qr/^1\.5s$/],
		rfc3339 => ['anthropic-ratelimit-requests-reset', qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
		unix => ['x-ratelimit-reset', qr/^\d{10}$/], amazon => ['x-amz-retry-after', qr/^1500$/],
		raw => ['retry-after', qr/^1\.5$/]);
	for my $fmt (sort keys %want)
	{
		my $r = openai("r--status-429--retry-1.5--retryfmt-$fmt");
		like($r->{h}{$want{$fmt}[0]}, $want{$fmt}[1], "hint $fmt");
	}
	is(openai('r--retry-90--retryfmt-gojur')->{h}{'x-ratelimit-reset-requests'}, '1m30s', 'hint on a good answer');
	like(family($row{gemini}, 'r--status-429--retry-1.5')->{body}, qr/"retryDelay":"1\.5s"/, 'hint google');
	like(family($row{gemini}, 'r--code-PerDay')->{body}, qr/RequestsPerDay/, 'gemini quota of the day');
	my $r = openai('r--code-insufficient_quota');
	is($r->{status} . dig($r->{json}, 'error.code'), '429insufficient_quota', 'code sets the status');
	$r = family($row{converse}, 'r--status-429');
	like($r->{h}{'x-amzn-errortype'}, qr/^ThrottlingException:/, 'bedrock error type');
	is(family($row{anthropic}, 'r--status-529')->{json}{error}{type}, 'overloaded_error', 'anthropic 529');
	is(family($row{azure}, 'r--code-content_filter')->{json}{error}{innererror}{code}, 'ResponsibleAIPolicyViolation',
		'azure content filter');
	is(openai('r--status-503--shouldretry-true')->{h}{'x-should-retry'}, 'true', 'x-should-retry');
}

sub test_ports
{
	my $curl = sub {
		my ($cert, $host, $p) = @_;
		my $body = $json->encode({model => 'tls', @turn});
		my $out = `curl -s -o /dev/null -w '%{http_code}' --max-time 30 --cacert $cert --connect-to $host:$p:127.0.0.1:$p -H 'Authorization: Bearer sandbox-k' -H 'Content-Type: application/json' -d '$body' https://$host:$p/v1/chat/completions`;
		return $out . '/' . ($? >> 8);
	};
	is($curl->("$dir/certs/ca.pem", '127.0.0.1', $port{tls_port}), '200/0', 'TLS with our authority');
	is($curl->("$dir/certs/ca.pem", 'localhost', $port{tls_port}), '200/0', 'TLS by name');
	is($curl->("$dir/certs/ca.pem", 'other.example', $port{tls_port}), '000/60', 'TLS refuses another host');
	is($curl->('/etc/ssl/certs/ca-certificates.crt', '127.0.0.1', $port{tls_port}), '000/60', 'TLS of an unknown authority');
	my %other = start('--tls-port', 0, '--cert-dir', "$dir/other", '--cert', 'expired.pem');
	is($curl->("$dir/other/ca.pem", '127.0.0.1', $other{tls_port}), '000/60', 'expired certificate');
	my $s = dial($port{hang_port});
	syswrite($s, "hello\n");
	ok(!IO::Select->new($s)->can_read(0.3), 'hang port is silent');
	my $t = time;
	my $b = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port{blackhole_port}, Timeout => 0.5);
	ok(!$b && time - $t > 0.4, 'blackhole port does not accept');
}

sub test_counters
{
	control('POST', 'reset');
	is(field('', 'requests'), 0, 'reset');
	my $begin = time;
	is(control('POST', 'model', {model => 'plain', status => 503, first => 1}), "ok\n", 'control/model');
	is(statuses('plain', 2), '503 200', 'behaviour by control');
	like(control('POST', 'model', {model => 'plain', fault => 'nonsense'}), qr/unknown fault/, 'control refuses nonsense');
	control('POST', 'model', {model => 'plain'});
	my $s = dial();
	for (1 .. 3)
	{
		syswrite($s, request('POST', '/v1/chat/completions', {%bearer}, {model => 'plain', @turn}));
		answer($s);
	}
	my $m = $json->decode(control('GET', 'stats?model=plain'));
	is("$m->{requests} $m->{ok} $m->{errors} $m->{connections} $m->{peak} $m->{in_flight} $m->{digests}",
		'5 4 1 3 1 0 1', 'counters');
	is($m->{last_headers}{authorization}, '18 bytes', 'keys are not shown');
	# Unless the machine stood still meanwhile.
	is($m->{max_per_second}, 5, 'arrivals in a second') if time - $begin < 1;
	# Some tries, for the same reason.
	my ($tries, $took) = (0);
	do
	{
		my @s = map { dial() } 1 .. 20;
		my $t = time;
		syswrite($_, request('POST', '/v1/chat/completions', {%bearer}, {model => 'late--lat-300', @turn})) for @s;
		is(control('GET', 'wait?model=late--lat-300&field=in_flight&ge=20'), "20\n", 'wait') if !$tries++;
		answer($_) for @s;
		$took = time - $t;
	} while ($took >= 0.4 && $tries < 5);
	ok($took >= 0.3 && $took < 0.4, 'latency', $took);
	is(field('late--lat-300', 'peak'), 20, 'peak');
	is(control('GET', 'wait?model=never&field=requests&ge=1&timeout_ms=50'), "0\n", 'wait gives up');
	my $all = $json->decode(control('GET', 'stats'));
	is("$all->{requests} $all->{ok} $all->{peak}", join(' ', 5 + 20 * $tries, 4 + 20 * $tries, 20), 'totals');
	$s = dial();
	syswrite($s, request('POST', '/redirected', {%bearer}, ''));
	answer($s);
	is(field('redirected', 'requests') . field('redirected', 'with_auth'), '11', 'redirected is counted');
}

1;
