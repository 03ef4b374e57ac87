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
$t->sql("CREATE TABLE docs (id int PRIMARY KEY, body text)");
for my $id (0 .. $n - 1)
{
	$t->sql("INSERT INTO docs VALUES ($id, 'A matter of $labels[$id % 4] with grade ${\ (7 * $id)}."
		  . ($id % 3 ? '' : ' A refund is wanted.') . " It is row $id.')");
}
my %calls = (
	ai_classify => [ "ai_classify(body, $labels, HINTS)", sub { $labels[ $_[0] % 4 ] } ],
	ai_classify_multi => [ "array_to_string(ai_classify_multi(body, $labels, HINTS), ',')", sub { $labels[ $_[0] % 4 ] } ],
	ai_classify_detail => [ "(ai_classify_detail(body, $labels, HINTS)).value", sub { $labels[ $_[0] % 4 ] } ],
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
	my $rows = decode_json($session->value(
		"SELECT json_agg(a ORDER BY id) FROM (SELECT id, ARRAY[c1::text, c2, c3, c4::text, c5, c6::text, c7]"
		  . " FROM (SELECT id, $columns FROM docs OFFSET 0) s(id, c1, c2, c3, c4, c5, c6, c7)) r(id, a)"));
	return @$rows;
}

# Where all rows are right, and where a row whose request was spoilt is null.
my @harmless = qw(gzip blanklines nousage unknownfinish arraycontent keepclose);
my @harmful = qw(badjson nonjson empty deep html503 html200 gzipbad badutf8 nul err200 nullcontent nochoices
  wrongtypes length filter refusal truncate reset resetmid close redirect);

for my $family (@families)
{
	my $caps = $family eq 'anthropic' || $family eq 'bedrock' ? '{json_schema}' : '{logprobs}';
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
$session->quit;

done_testing();
