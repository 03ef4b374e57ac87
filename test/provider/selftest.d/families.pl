# Right and wrong requests of every family, and what the answers say.
use strict;
use warnings;
use MIME::Base64 qw(decode_base64);

our (%port, $json, %bearer, @turn, @chat, @embed);

sub test_families
{
	for my $row (@chat)
	{
		my ($name, undef, $headers, undef, $at, $finish, $usage, $id) = @$row;
		my $r = family($row, 'm');
		is($r->{status}, 200, "$name answers") or print $r->{body}, "\n";
		is(dig($r->{json}, $at), 'The card was charged twice.', "$name text");
		like(dig($r->{json}, $finish), qr/^(stop|end_turn|STOP|COMPLETE|completed)$/, "$name finish");
		is(dig($r->{json}, $usage), 13, "$name input tokens");
		like($r->{h}{$id}, qr/\w{8}/, "$name request id") if $id;
		# wrong shapes, one by one
		for my $c (['unknown name', {bogus_field => 1}, qr/bogus_field/],
			['wrong type', {messages => 7, contents => 7, input => 7}, qr/messages|contents|input/],
			['missing', {messages => undef, contents => undef, input => undef},
				qr/messages|contents|input/])
		{
			my ($what, $change, $re) = @$c;
			my %change = map { $_ => $change->{$_} }
			  grep { $what eq 'unknown name' || exists $row->[3]{$_} } keys %$change;
			$r = family($row, 'm', \%change);
			next if $name eq 'ollama' && $what eq 'missing'; # loads the model, no error
			is($r->{status}, 400, "$name: $what is a 400");
			like($r->{body}, $re, "$name: $what is named");
		}
		test_keys($name, $row) if $name ne 'ollama';
	}
	for my $row (@embed)
	{
		my ($name, undef, undef, undef, $at, $dim) = @$row;
		my $r = family($row, 'm');
		is($r->{status}, 200, "$name embeds") or print $r->{body}, "\n";
		my $v = dig($r->{json}, $at) || [];
		my $sum = 0;
		$sum += $_ * $_ for @$v;
		is(scalar @$v, $dim, "$name dimension");
		ok(abs($sum - 1) < 1e-5, "$name vector has unit length", $sum);
		is(family($row, 'm', {bogus_field => 1})->{status}, 400, "$name: unknown name");
	}
}

sub test_keys
{
	my ($name, $row) = @_;
	my %wrong = map { my $v = $row->[2]{$_}; $v =~ s/sandbox-/wrong-/; ($_ => $v) } keys %{$row->[2]};
	my $want = $name eq 'gemini' ? 400 : $name =~ /converse|invoke/ ? 403 : 401;
	my $r = family($row, 'm', {}, \%wrong);
	is($r->{status}, $want, "$name: wrong key");
	like($r->{body}, qr/API_KEY_INVALID/, 'gemini: wrong key is named') if $name eq 'gemini';
	$r = family($row, 'm', {}, {'anthropic-version' => '2023-06-01'});
	like($r->{status}, qr/^40[13]$/, "$name: no key");
}

sub ask
{
	my ($text, %more) = @_;
	my $model = delete $more{model} || 'm';
	my $system = delete $more{system};
	my @m = ({role => 'user', content => $text});
	unshift @m, {role => 'system', content => $system} if defined $system;
	my $r = call('/v1/chat/completions', {%bearer}, {model => $model, messages => \@m, %more});
	return wantarray ? ($r->{json}{choices}[0]{message}{content}, $r) : $r->{json}{choices}[0]{message}{content};
}

sub schema
{
	return (response_format => {type => 'json_schema', json_schema => {name => 's', strict => JSON::PP::true,
		schema => {type => 'object', properties => $_[0], required => [sort keys %{$_[0]}],
			additionalProperties => JSON::PP::false}}});
}

sub test_answers
{
	is(scalar ask("Labels: billing, login\nText: I cannot login any more"), 'login', 'label by overlap');
	is(scalar ask("no words", system => 'Answer with one of: red, blue.'), 'red', 'tie takes the first');
	is(scalar ask("Answer yes or no: is it about a refund?\nI want a refund"), 'yes', 'yes');
	is(scalar ask("Answer yes or no: is it about a refund?\nThe page is blank"), 'no', 'no');
	is(scalar ask("The page is blank", system => "Answer true or false.\nCondition: mentions a refund"),
		'false', 'condition in the system text');
	is(scalar ask("Echo: a \"b\"\n\x{1}c"), "a \"b\"\n\x{1}c", 'echo byte for byte');
	is(scalar ask("Echo: a\n</input>\n<input>\nEcho: b\n</input>"), 'b', 'the prompt is what stands in the block');
	is(scalar ask("Grade 73 of 80", system => 'A number from 0 to 100.'), '73', 'grade');
	my ($yes, $lp) = ask('Echo: no', logprobs => JSON::PP::true);
	is($json->encode(dig($lp->{json}, 'choices.0.logprobs.content.0.bytes')), '[110,111]', 'log probabilities: bytes');
	ok(abs(exp(dig($lp->{json}, 'choices.0.logprobs.content.0.logprob')) - 0.9) < 1e-6, 'log probabilities: 0.9');
	is(call('/v1/chat/completions', {%bearer}, {model => 'gpt-5-mini', @turn, logprobs => JSON::PP::true})->{status}, 400,
		'reasoning models refuse log probabilities');
	my $doc = $json->decode(scalar ask('Order 42 of blue shoes, 3.5 kg', schema({
		id => {type => 'integer'}, kg => {type => 'number'}, colour => {enum => ['red', 'blue']},
		note => {type => ['null', 'string']}, tags => {type => 'array', items => {type => 'string'}}})));
	is($doc->{colour}, 'blue', 'schema: enum by overlap');
	like($doc->{id}, qr/^\d+$/, 'schema: integer');
	is(ref $doc->{tags}, 'ARRAY', 'schema: array');
	my ($text, $r) = ask('Echo: ' . 'x' x 100, max_completion_tokens => 5);
	is($text, 'x' x 20, 'cut at the cap');
	is(dig($r->{json}, 'choices.0.finish_reason'), 'length', 'cut is told');
	is(dig($r->{json}, 'usage.total_tokens'), 27 + 5, 'usage adds up');
	$r = call('/v1/chat/completions', {%bearer}, {model => 'm', @turn, max_tokens => 5});
	is(dig($r->{json}, 'error.param'), 'max_tokens', 'openai refuses max_tokens');
	$r = call('/compat/v1/chat/completions', {%bearer}, {model => 'm', @turn, max_completion_tokens => 5});
	is(dig($r->{json}, 'error.param'), 'max_completion_tokens', 'compat refuses max_completion_tokens');
	$r = call('/v1/embeddings', {%bearer}, {model => 'm-inputs', input => ['red shoes', 'red socks', 'tax form']});
	call('/v1/embeddings', {%bearer}, {model => 'm-inputs', input => ['red', '']});
	is(control('GET', 'stats?model=m-inputs&field=inputs'), "3\n", 'texts are counted where the request is good');
	my @v = map { $_->{embedding} } @{$r->{json}{data}};
	my $dot = sub { my $d = 0; $d += $_[0][$_] * $_[1][$_] for 0 .. 63; $d };
	ok($dot->($v[0], $v[1]) > $dot->($v[0], $v[2]), 'shared words are closer');
	my $f = call('/v1/embeddings', {%bearer}, {model => 'm', input => 'red shoes', encoding_format => 'base64'});
	my @w = unpack('f<*', decode_base64($f->{json}{data}[0]{embedding}));
	ok(abs($w[5] - $v[0][5]) < 1e-6, 'base64 says the same');
	$r = call('/v2/rerank', {%bearer}, {model => 'm', query => 'red shoes', documents => ['blue', 'red shoes', 'red'],
		top_n => 2});
	is(join(',', map { "$_->{index}:$_->{relevance_score}" } @{$r->{json}{results}}), '1:1,2:0.5', 'rerank');
	is(call('/v1/nothing', {%bearer}, {})->{status}, 404, 'unknown path');
	my $s = dial();
	syswrite($s, request('GET', '/v1/chat/completions', {%bearer}));
	is(answer($s)->{status}, 405, 'wrong method');
	$r = call('/v1/messages', {'x-api-key' => 'sandbox-a'}, {model => 'm', @turn, max_tokens => 5});
	is($r->{status}, 400, 'anthropic-version is required');
}

sub test_http
{
	my $body = $json->encode({model => 'chunks', @turn});
	my $s = dial();
	my $head = request('POST', '/v1/chat/completions',
		{%bearer, 'Content-Length' => undef, 'Transfer-Encoding' => 'chunked'});
	syswrite($s, $head);
	syswrite($s, sprintf("%x\r\n%s\r\n", length, $_)) for substr($body, 0, 10), substr($body, 10);
	syswrite($s, "0\r\n\r\n");
	is(answer($s)->{status}, 200, 'chunked request');
	is(control('GET', 'last?model=chunks'), $body, 'last body verbatim');
	my $text = request('POST', '/v1/chat/completions', {%bearer, Expect => '100-continue'}, $body);
	my ($h, $b) = split /(?<=\r\n\r\n)/, $text, 2;
	syswrite($s, $h);
	sysread($s, my $go, 100);
	like($go, qr{^HTTP/1.1 100 }, 'expect is answered');
	syswrite($s, $b);
	is(answer($s)->{status}, 200, 'and the request too');
	syswrite($s, $text =~ s/Expect.*?\r\n//r x 3);
	is(answer($s)->{status}, 200, 'pipelined requests are answered');
}

1;
