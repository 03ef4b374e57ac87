# What every part of the self test needs: checks, a small HTTP client, start and control.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time sleep);

our $here = dirname(__FILE__) . '/..';
our $dir = tempdir(CLEANUP => 1);
our ($passed, $failed) = (0, 0);
our $json = JSON::PP->new->canonical->utf8->allow_nonref;
our (%port, @pids);

sub ok
{
	my ($good, $name, $more) = @_;
	$good ? $passed++ : $failed++;
	print "not ok: $name", defined $more ? " ($more)" : '', "\n" unless $good;
	return $good;
}

sub is
{
	my ($got, $want, $name) = @_;
	$got = '(undef)' unless defined $got;
	return ok($got eq $want, $name, "got '" . substr($got, 0, 300) . "', want '$want'");
}

sub like
{
	my ($got, $re, $name) = @_;
	$got = '(undef)' unless defined $got;
	return ok(scalar($got =~ $re), $name, "got '" . substr($got, 0, 300) . "', want $re");
}

sub start
{
	my (@args) = @_;
	my $file = "$dir/ready." . scalar(@pids);
	my $pid = fork();
	if ($pid == 0)
	{
		open(STDOUT, '>', '/dev/null');
		exec("$here/ai_sandbox", '--die-with-parent', '--ready-file', $file, @args) or exit 127;
	}
	push @pids, $pid;
	for (1 .. 3000)
	{
		last if -e $file;
		sleep 0.01;
	}
	open(my $f, '<', $file) or die "the sandbox did not start\n";
	my %p = map { /(\w+)=(-?\d+)/ ? ($1, $2) : () } split ' ', scalar <$f>;
	return %p;
}

sub dial
{
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0] || $port{port},
		Timeout => 30) or die "connect: $!\n";
	setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
	return $s;
}

# One answer from an open connection: status, headers, body, how the connection fared.
sub answer
{
	my ($s, $timeout) = @_;
	my ($in, $end) = ('', time + ($timeout || 30));
	my %r = (status => 0, h => {}, body => '', end => 'whole');
	my $sel = IO::Select->new($s);
	while (1)
	{
		if (!$r{status} && $in =~ /\r\n\r\n/)
		{
			(my $head, $r{body}) = split /\r\n\r\n/, $in, 2;
			($r{status}) = $head =~ m{^HTTP/1\.1 (\d+)};
			$r{head} = $head;
			$r{h}{lc $1} = $2 while $head =~ /^([\w-]+): (.*?)\r?$/mg;
		}
		return \%r if $r{status} && length($r{body}) >= ($r{h}{'content-length'} || 0);
		my $left = $end - time;
		if ($left <= 0 || !$sel->can_read($left))
		{
			$r{end} = 'timeout';
			return \%r;
		}
		my $n = sysread($s, my $piece, 1 << 20);
		if (!defined $n || $n == 0)
		{
			$r{end} = defined $n ? 'eof' : $!{ECONNRESET} ? 'reset' : "error $!";
			return \%r;
		}
		$r{status} ? ($r{body} .= $piece) : ($in .= $piece);
	}
}

sub request
{
	my ($method, $path, $headers, $body) = @_;
	my $text = "$method $path HTTP/1.1\r\nHost: 127.0.0.1:$port{port}\r\n";
	$body = $json->encode($body) if ref $body;
	$body = '' unless defined $body;
	my %h = ('Content-Type' => 'application/json', 'Content-Length' => length($body), %$headers);
	$text .= "$_: $h{$_}\r\n" for grep { defined $h{$_} } sort keys %h;
	return "$text\r\n$body";
}

sub call
{
	my ($path, $headers, $body, $timeout) = @_;
	my $s = dial();
	syswrite($s, request('POST', $path, $headers, $body));
	my $r = answer($s, $timeout);
	# the decoder is slow: huge bodies are looked at as text
	$r->{json} = eval { $json->decode($r->{body}) } if length($r->{body}) < 1 << 20;
	$r->{socket} = $s;
	return $r;
}

sub control
{
	my ($method, $path, $body) = @_;
	my $s = dial();
	syswrite($s, request($method, "/control/$path", {}, $body));
	return answer($s)->{body};
}

sub field
{
	my ($model, $field) = @_;
	my $v = control('GET', "stats?model=$model&field=$field");
	chomp $v;
	return $v;
}

# Follows a path like choices.0.message.content through decoded JSON.
sub dig
{
	my ($v, $path) = @_;
	for my $k (split /\./, $path)
	{
		$v = ref $v eq 'HASH' ? $v->{$k} : ref $v eq 'ARRAY' ? $v->[$k] : undef;
	}
	return $v;
}

our %bearer = (Authorization => 'Bearer sandbox-key');
our %version = ('anthropic-version' => '2023-06-01');
my $prompt = 'Summarize: The card was charged twice. Please help.';
our @turn = (messages => [{role => 'user', content => $prompt}]);
our %gturn = (contents => [{role => 'user', parts => [{text => $prompt}]}]);
our %cturn = (messages => [{role => 'user', content => [{text => $prompt}]}]);

# name, path with %s for the model, headers, body, path of the answer, finish, usage, request id
our @chat = (
	['openai', '/v1/chat/completions', {%bearer}, {@turn, max_completion_tokens => 64},
		'choices.0.message.content', 'choices.0.finish_reason', 'usage.prompt_tokens', 'x-request-id'],
	['compat', '/compat/v1/chat/completions', {%bearer}, {@turn, max_tokens => 64},
		'choices.0.message.content', 'choices.0.finish_reason', 'usage.prompt_tokens', 'x-request-id'],
	['responses', '/v1/responses', {%bearer}, {input => $prompt, max_output_tokens => 64},
		'output.0.content.0.text', 'status', 'usage.input_tokens', 'x-request-id'],
	['azure', '/openai/v1/chat/completions', {'api-key' => 'sandbox-a'},
		{@turn, max_completion_tokens => 64},
		'choices.0.message.content', 'choices.0.finish_reason', 'usage.prompt_tokens',
		'apim-request-id'],
	['azure dated', '/openai/deployments/%s/chat/completions?api-version=2024-10-21',
		{'api-key' => 'sandbox-a'}, {@turn},
		'choices.0.message.content', 'choices.0.finish_reason', 'usage.prompt_tokens',
		'apim-request-id'],
	['anthropic', '/v1/messages', {'x-api-key' => 'sandbox-a', %version}, {@turn, max_tokens => 64},
		'content.0.text', 'stop_reason', 'usage.input_tokens', 'request-id'],
	['converse', '/model/%s/converse', {%bearer}, {%cturn, inferenceConfig => {maxTokens => 64}},
		'output.message.content.0.text', 'stopReason', 'usage.inputTokens', 'x-amzn-requestid'],
	['invoke', '/model/anthropic.%s/invoke', {%bearer},
		{@turn, max_tokens => 64, anthropic_version => 'bedrock-2023-05-31'},
		'content.0.text', 'stop_reason', 'usage.input_tokens', 'x-amzn-requestid'],
	['gemini', '/v1beta/models/%s:generateContent', {'x-goog-api-key' => 'sandbox-g'},
		{%gturn, generationConfig => {maxOutputTokens => 64}},
		'candidates.0.content.parts.0.text', 'candidates.0.finishReason',
		'usageMetadata.promptTokenCount', undef],
	['ollama', '/api/chat', {}, {@turn, stream => JSON::PP::false, options => {num_predict => 64}},
		'message.content', 'done_reason', 'prompt_eval_count', undef],
	['cohere', '/v2/chat', {%bearer}, {@turn, max_tokens => 64},
		'message.content.0.text', 'finish_reason', 'usage.tokens.input_tokens', 'x-request-id'],
);

our @embed = (
	['openai', '/v1/embeddings', {%bearer}, {input => ['a b', 'a c']}, 'data.1.embedding', 64],
	['azure', '/openai/v1/embeddings', {%bearer}, {input => 'a b', dimensions => 8},
		'data.0.embedding', 8],
	['azure dated', '/openai/deployments/%s/embeddings?api-version=1', {'api-key' => 'sandbox-a'},
		{input => 'a b'}, 'data.0.embedding', 64],
	['titan', '/model/amazon.titan-embed-%s/invoke', {%bearer}, {inputText => 'a b', dimensions => 512},
		'embedding', 512],
	['cohere on bedrock', '/model/cohere.embed-%s/invoke', {%bearer},
		{texts => ['a', 'b'], input_type => 'search_query', embedding_types => ['float']},
		'embeddings.float.1', 64],
	['gemini', '/v1beta/models/%s:embedContent', {'x-goog-api-key' => 'sandbox-g'},
		{content => {parts => [{text => 'a b'}]}, outputDimensionality => 16}, 'embedding.values', 16],
	['gemini batch', '/v1beta/models/%s:batchEmbedContents', {'x-goog-api-key' => 'sandbox-g'},
		{requests => [{model => 'models/m', content => {parts => [{text => 'a b'}]}}]},
		'embeddings.0.values', 64],
	['ollama', '/api/embed', {}, {input => ['a', 'b'], dimensions => 32}, 'embeddings.1', 32],
	['cohere', '/v2/embed', {%bearer}, {texts => ['a', 'b'], input_type => 'search_document'},
		'embeddings.float.1', 64],
);

# Sends the body of a family's table row for a model, changed as asked.
sub family
{
	my ($row, $model, $change, $headers) = @_;
	my ($path, %body) = ($row->[1], %{$row->[3]}, %{$change || {}});
	# the model is in the path, or else in the body
	if ($path !~ s/%s/$model/)
	{
		$body{model} = $model unless exists $body{model};
	}
	delete $body{$_} for grep { !defined $body{$_} } keys %body;
	return call($path, $headers || $row->[2], \%body);
}

1;
