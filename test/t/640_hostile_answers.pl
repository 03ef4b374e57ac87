# Hostile answers: whatever a provider says, each row has its right value or an error, never that of another row.
# Rows go through the AI Batch node together; some of their requests meet a fault.  What is right is known
# from the rows themselves, and from the provider's counters how many were spoilt.
use strict;
use warnings;
use JSON::PP;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('hostile_answers', conf => "ai_router.retries = 0\n");
my %servers = (
	openai => { api => 'openai', path => '/v1', max_tokens_field => 'max_completion_tokens' },
	responses => { api => 'openai_responses', path => '/v1' },
	anthropic => { api => 'anthropic' },
	bedrock => { api => 'bedrock', region => 'us-east-1' },
	gemini => { api => 'gemini', path => '/v1beta' },
	ollama => { api => 'ollama', key => undef },
	cohere => { api => 'cohere' });
my @families = sort keys %servers;

$t->server($_, %{ $servers{$_} }) for @families;
$t->sql("INSERT INTO ai_router.rules(name) VALUES ('default')");

# Rows whose answers differ, and are known: the label's word is in the text, as is the grade.
my @labels = qw(billing login delivery praise);
my $labels = "ARRAY['billing', 'login', 'delivery', 'praise']";
my $n = 12;
$t->sql('CREATE TABLE docs (id int PRIMARY KEY, body text); CREATE TYPE graded AS (grade int)');
for my $id (0 .. $n - 1)
{
	$t->sql("INSERT INTO docs VALUES ($id, 'A matter of $labels[$id % 4] with grade ${\ (7 * $id)}."
		  . ($id % 3 ? '' : ' A refund is wanted.') . " It is row $id.')");
}
my %calls = (
	ai_classify => [ "ai_classify(body, $labels, HINTS)", sub { $labels[ $_[0] % 4 ] } ],
	ai_classify_multi => [ "array_to_string(ai_classify_multi(body, $labels, HINTS), ',')", sub { $labels[ $_[0] % 4 ] } ],
	ai_classify_detail => [ "(ai_classify_detail(body, $labels, HINTS)).value", sub { $labels[ $_[0] % 4 ] } ],
	ai_extract => [ "ai_extract(body, '{\"type\": \"object\", \"properties\": {\"grade\": {\"type\": \"integer\"}}, \"required\": [\"grade\"], \"additionalProperties\": false}', HINTS) ->> 'grade'", sub { 7 * $_[0] } ],
	ai_extract_as => [ "(ai_extract_as(body, NULL::graded, HINTS)).grade", sub { 7 * $_[0] } ],
	ai_filter => [ "ai_filter(body, 'asks for a refund', HINTS)", sub { $_[0] % 3 ? 'false' : 'true' } ],
	ai_score => [ "ai_score(body, 'has a grade', HINTS)", sub { 7 * $_[0] / 100 } ],
	ai_summarize => [ "ai_summarize(body, HINTS)", sub { "A matter of $labels[$_[0] % 4] with grade ${\ (7 * $_[0])}." } ],
	ai_redact => [ "ai_redact(body, HINTS)", sub { "A matter of $labels[$_[0] % 4] with grade ${\ (7 * $_[0])}." } ]);

my @names = sort keys %calls;
my $session = $t->session;

# The values of all calls for all rows, in one statement: [row][call], undef for null.
sub values_of
{
	my ($model) = @_;
	my $hints = qq('{"model": "$model", "on_error": "null"}');
	my $columns = join ', ', map { $calls{$_}[0] =~ s/HINTS/$hints/r } @names;
	my $c = join ', ', map { "c$_" } 1 .. @names;
	my $rows = decode_json($session->value(
		"SELECT json_agg(ARRAY[" . ($c =~ s/(c\d+)/$1::text/gr) . "] ORDER BY id) FROM (SELECT id, $columns FROM docs OFFSET 0) s(id, $c)"));
	return @$rows;
}

# Where all rows are right, and where a row whose request was spoilt is null.
my @harmless = qw(gzip blanklines nousage unknownfinish arraycontent keepclose);
my @harmful = qw(badjson nonjson empty deep html503 html200 gzipbad badutf8 nul err200 nullcontent nochoices
  wrongtypes length filter refusal truncate reset resetmid close redirect);

for my $family (@families)
{
	# Without log probabilities small answers are held to a schema, too.
	my $caps = $family eq 'anthropic' || $family eq 'bedrock' ? '{json_schema}' : '{json_schema,logprobs}';
	my (@wrong, @unmet);

	for my $fault ('', @harmless, @harmful)
	{
		my $harmful = grep { $_ eq $fault } @harmful;
		my $id = $fault eq '' ? "good-$family" : "m-$family--fault-$fault--every-3";
		my $null = 0;

		# Ollama has no words for these two.
		next if $family eq 'ollama' && $fault =~ /^(filter|refusal)$/;
		$t->model('m', $family, $id, capabilities => $caps);
		my @got = values_of('m');
		for my $row (0 .. $n - 1)
		{
			for my $c (0 .. $#names)
			{
				my ($right, $got) = ($calls{ $names[$c] }[1]->($row), $got[$row][$c]);

				$null++ if !defined $got;
				push @wrong, "$fault $names[$c] row $row: " . ($got // 'null') . ", not $right"
				  if defined $got ? $got ne $right : !$harmful;
			}
		}
		# Every third request was spoilt, and no other row suffered from it.
		my $requests = $t->counter($id, 'requests');
		push @wrong, "$fault: $null null of $requests requests" if $null > $requests / 3;
		push @unmet, $fault if $harmful && $null == 0;
		$t->sql("DELETE FROM ai_router.models");
	}
	is(join("\n", @wrong), '', "$family: right values or errors, in their own rows");
	is(join(' ', @unmet), '', "$family: the faults were met");
}

# A document that is none of what was asked for, also when the model has been told: nothing.
for my $family (@families)
{
	$t->model('m', $family, "stubborn-$family--fault-badschema", capabilities => '{json_schema}');
	my @some = grep { my $row = $_; grep { defined $row->[$_] && $names[$_] !~ /summarize|redact/ } 0 .. $#names } values_of('m');
	is(scalar(@some), 0, "$family: no value of an answer that does not fit");
	$t->sql("DELETE FROM ai_router.models");
}

# Aggregates: a group whose part failed has nothing, the others have their own.
$t->model('parts', 'openai', 'parts', input_price => 0, output_price => 0, context_window => 1200);
$t->sql("CREATE TABLE groups AS SELECT i % 8 AS g, i, 'group ' || i % 8 || ' is here. Row ' || i || ' of many.' AS body FROM generate_series(1, 400) i");
my (@wrong, $null, $right);
for my $fault (@harmful)
{
	$t->behave('parts', fault => $fault, every => 5);
	my $groups = decode_json($session->value(
		q(SELECT json_agg(json_build_array(g, a, s) ORDER BY g) FROM (SELECT g, ai_agg(body, 'Repeat the first one', '{"model": "parts", "on_error": "null", "max_tokens": 100}' ORDER BY i) a,
		  ai_summarize_agg(body, '{"model": "parts", "on_error": "null", "max_tokens": 100}' ORDER BY i) s FROM groups GROUP BY g) x)));

	push @wrong, "$fault: " . scalar(@$groups) . ' groups' if @$groups != 8;
	for my $row (@$groups)
	{
		my ($g, @values) = @$row;

		push @wrong, "$fault, group $g: $_" for grep { defined && !/^(\d+: )?group $g is here\.$/ } @values;
		$null += grep { !defined } @values;
		$right += grep { defined } @values;
	}
}
is(join("\n", @wrong), '', 'aggregates: of their own group');
cmp_ok($null, '>', 0, 'some have nothing');
cmp_ok($right, '>', 0, 'and some have something');

# Reranking: each document keeps its own score.
$t->model('judge', 'cohere', 'judge', mode => 'rerank');
my $rank = q(SELECT string_agg(ord || ':' || document || ':' || round(score::numeric, 3), ' ' ORDER BY score DESC, ord) FROM ai_rerank('red round fish', '{a blue bird,a red fish,red round fish,a round thing}', '{"model": "judge", "on_error": "null"}'));
my $good = $session->value($rank);
like($good, qr/^3:red round fish:1.000 2:a red fish:0.667 4:a round thing:0.333 1:a blue bird:0.000$/, 'documents in their order');
for my $fault (qw(badjson nonjson empty deep html200 gzipbad err200 wrongtypes truncate reset missing extra))
{
	$t->behave('judge', fault => $fault);
	my $got = $session->value($rank);
	ok(!defined $got || $got !~ /\d:[a-z ]+:\d/, "rerank, $fault: no scores") or diag $got;
}
for my $fault (qw(gzip blanklines nousage))
{
	$t->behave('judge', fault => $fault);
	is($session->value($rank), $good, "rerank, $fault: the same");
}
$session->quit;

done_testing();
